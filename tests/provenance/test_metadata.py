from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from sealables import RECORD, write_sealable

from countenance.errors import InputError
from countenance.provenance.authority import anchor_pem
from countenance.provenance.history import read_history
from countenance.provenance.metadata import read_packet, read_source_type, write_source_type
from countenance.provenance.sealing import seal
from countenance.store.project import init_project

TERM = "compositeWithTrainedAlgorithmicMedia"
KINDS = [".jpg", ".png", ".mp4"]


def _pictures(path: Path) -> list[np.ndarray]:
    if path.suffix != ".mp4":
        with Image.open(path) as image:
            return [np.asarray(image)]
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("suffix", KINDS)
def test_the_source_type_is_written_and_read_back_and_no_pixel_changes(suffix: str, tmp_path: Path) -> None:
    plain = write_sealable(tmp_path / f"plain{suffix}")
    assert read_source_type(plain) is None
    write_source_type(plain, tmp_path / f"told{suffix}", TERM)
    assert read_source_type(tmp_path / f"told{suffix}") == TERM
    for before, after in zip(_pictures(plain), _pictures(tmp_path / f"told{suffix}"), strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("suffix", KINDS)
def test_it_stays_readable_in_the_sealed_file_and_the_seal_covers_it(suffix: str, tmp_path: Path) -> None:
    project = init_project(tmp_path / "studio")
    write_source_type(write_sealable(tmp_path / f"plain{suffix}"), tmp_path / f"told{suffix}", TERM)
    sealed = tmp_path / f"sealed{suffix}"
    seal(project, tmp_path / f"told{suffix}", sealed, RECORD, write_sealable(tmp_path / "master.mp4"))
    assert read_source_type(sealed) == TERM
    if suffix != ".mp4":  # another reader of images finds the same packet
        with Image.open(sealed) as image:
            told = image.info["xmp"] if suffix == ".jpg" else image.info["XML:com.adobe.xmp"].encode()
            assert told == read_packet(sealed)
    sealed.write_bytes(sealed.read_bytes().replace(TERM.encode(), b"digitalCapture".ljust(len(TERM)), 1))
    assert read_history(sealed, anchor_pem(project)).state == "Invalid"


def test_a_packet_written_by_others_is_understood(tmp_path: Path) -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><e:DigitalSourceType>'
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
        "</e:DigitalSourceType></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    Image.new("RGB", (8, 8)).save(tmp_path / "other.jpg", xmp=packet.encode())
    assert read_source_type(tmp_path / "other.jpg") == "trainedAlgorithmicMedia"
    with pytest.raises(InputError, match="has an XMP packet already"):
        write_source_type(tmp_path / "other.jpg", tmp_path / "told.jpg", TERM)


def test_a_packet_that_is_no_xmp_declares_nothing(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
    for packet in (bomb, "no xml", "<a>", "<a/>"):
        Image.new("RGB", (8, 8)).save(tmp_path / "odd.jpg", xmp=packet.encode())
        assert read_packet(tmp_path / "odd.jpg") == packet.encode()
        assert read_source_type(tmp_path / "odd.jpg") is None


def test_what_cannot_carry_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no source type is written into"):
        write_source_type(write_sealable(tmp_path / "a.wav"), tmp_path / "b.wav", TERM)
    with pytest.raises(InputError, match="no digital source type of IPTC"):
        write_source_type(write_sealable(tmp_path / "a.jpg"), tmp_path / "b.jpg", "photo")
    (tmp_path / "cut.mp4").write_bytes(write_sealable(tmp_path / "a.mp4").read_bytes()[:-5])
    with pytest.raises(InputError, match="impossible size"):
        write_source_type(tmp_path / "cut.mp4", tmp_path / "b.mp4", TERM)
    assert not (tmp_path / "b.mp4").exists() and not (tmp_path / "b.jpg").exists()
    assert read_source_type(write_sealable(tmp_path / "c.mp3")) is None
