from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sealables import KINDS, RECORD, write_sealable

from countenance.errors import InputError
from countenance.provenance.authority import anchor_pem
from countenance.provenance.container import embedded, kind_of
from countenance.provenance.history import read_history
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM
from countenance.provenance.sealing import extend, seal
from countenance.provenance.steps import still
from countenance.store.project import Project, init_project

BOTH = (MARK_ALGORITHM, SOUND_MARK_ALGORITHM)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def sealed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("sealed")
    master = write_sealable(folder / "master.mp4")
    for suffix in KINDS:
        render = write_sealable(folder / f"render{suffix}")
        seal(project, render, folder / f"sealed{suffix}", RECORD, master, references=["ab" * 32], marks=BOTH)
    return lambda suffix: folder / f"sealed{suffix}"


def _state(path: Path, project: Project) -> str:
    return read_history(path, anchor_pem(project)).state


def _trusted_after_flips(path: Path, places: list[int], bits: list[int], project: Project, scratch: Path) -> list[int]:
    """At which of the places a flipped bit leaves the file trusted."""
    scratch = scratch / f"flipped{path.suffix}"
    content = path.read_bytes()
    scratch.write_bytes(content)
    found = []
    with scratch.open("r+b", buffering=0) as stream:
        for place, bit in zip(places, bits, strict=True):
            stream.seek(place)
            stream.write(bytes([content[place] ^ 1 << bit]))
            if _state(scratch, project) == "Trusted":
                found.append(place)
            stream.seek(place)
            stream.write(content[place : place + 1])
    assert _state(scratch, project) == "Trusted"  # the last flip was taken back
    return found


@pytest.mark.parametrize("suffix", KINDS)
def test_a_sealed_file_of_every_kind_is_trusted_and_names_its_release(
    project: Project, sealed: Callable[[str], Path], suffix: str
) -> None:
    history = read_history(sealed(suffix), anchor_pem(project))
    assert (history.state, history.problems) == ("Trusted", ())
    assert history.release_id == "01JD3ZRELEASE"
    assert history.receipt_sha256 == "ab" * 32
    assert history.mark_id == "00ff00ff00ff00ff"
    assert dict(history.marks) == dict.fromkeys(BOTH, "00ff00ff00ff00ff")
    assert history.stamped_at is None


@pytest.mark.parametrize("suffix", KINDS)
def test_one_flipped_bit_anywhere_breaks_the_seal(
    project: Project, sealed: Callable[[str], Path], suffix: str, tmp_path: Path
) -> None:
    path = sealed(suffix)
    size, random = path.stat().st_size, np.random.default_rng(3)
    store = path.read_bytes().index(b"jumb")
    # Half of the tries anywhere, half in and around the manifest, where the bytes are that nothing signs.
    places = [*random.integers(0, size, 30).tolist(), *random.integers(store - 4, min(store + 9000, size), 30).tolist()]
    places += [0, size - 1]
    bits = random.integers(0, 8, len(places)).tolist()
    assert _trusted_after_flips(path, places, bits, project, tmp_path) == []


@pytest.mark.long
@pytest.mark.parametrize("suffix", KINDS)
def test_no_flipped_bit_of_a_thousand_is_overlooked(
    project: Project, sealed: Callable[[str], Path], suffix: str, tmp_path: Path
) -> None:
    path, random = sealed(suffix), np.random.default_rng(11)
    places, bits = random.integers(0, path.stat().st_size, 1000), random.integers(0, 8, 1000)
    assert _trusted_after_flips(path, places.tolist(), bits.tolist(), project, tmp_path) == []


@pytest.mark.parametrize("suffix", [".jpg", ".mp4"])
def test_the_bytes_that_nothing_signs_are_held_to_what_was_written(
    project: Project, sealed: Callable[[str], Path], suffix: str, tmp_path: Path
) -> None:
    """The frame of the store and the padding: byte by byte, where a reader of C2PA sees nothing."""
    path = sealed(suffix)
    content = path.read_bytes()
    store = embedded(content, str(kind_of(path))).store
    start = content.index(store[16:40]) - 16
    frame = range(start, start + 110, 3)
    padding = content.index(b"cpadY") + 5
    places = [*frame, padding - 4, padding, padding + 1, padding + 500]
    if suffix == ".mp4":
        places += [4, 8, 12, 16, 30]  # the file type box
    for bit in (0, 5):
        assert _trusted_after_flips(path, places, [bit] * len(places), project, tmp_path) == []


def test_a_flipped_bit_in_what_a_derived_file_inherited_is_found(
    project: Project, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    poster = write_sealable(tmp_path / "poster.jpg")
    extend(project, sealed(".mp4"), poster, [still(1)])  # type: ignore[arg-type]
    random = np.random.default_rng(5)
    places = random.integers(0, poster.stat().st_size, 80).tolist()
    assert _trusted_after_flips(poster, places, [1] * 80, project, tmp_path) == []


@pytest.mark.parametrize("told", [b"01JD3ZRELEASE", b"00ff00ff00ff00ff", b"notAllowed", b"c2pa.edited", b"espeak"])
def test_a_changed_word_of_the_manifest_breaks_the_seal(
    project: Project, sealed: Callable[[str], Path], told: bytes, tmp_path: Path
) -> None:
    content = sealed(".mp4").read_bytes()
    assert told in content
    (tmp_path / "changed.mp4").write_bytes(content.replace(told, told[:-1] + b"X", 1))
    assert _state(tmp_path / "changed.mp4", project) == "Invalid"


@pytest.mark.parametrize("suffix", KINDS)
def test_whatever_becomes_of_a_file_its_reader_says_so(
    project: Project, sealed: Callable[[str], Path], suffix: str, tmp_path: Path
) -> None:
    """Bytes cut out, put in, exchanged and doubled, sizes made huge or nothing, most of it about the manifest."""
    content, random = sealed(suffix).read_bytes(), np.random.default_rng(17)
    store = content.index(b"jumb")
    for number in range(60):
        end = min(len(content), store + 6000) if number % 3 else len(content)
        place, length = int(random.integers(max(0, store - 50) if number % 3 else 0, end)), int(random.integers(1, 40))
        noise, elsewhere = random.bytes(length), int(random.integers(len(content)))
        cut, put, over = place + length, place, min(place + length, len(content))
        middle, rest = {
            0: (b"", content[cut:]),
            1: (noise, content[put:]),
            2: (noise[: over - place], content[over:]),
            3: (b"\xff" * 4, content[place + 4 :]),
            4: (content[elsewhere : elsewhere + length], content[put:]),
        }[number % 5]
        changed = content[:place] + middle + rest
        (tmp_path / f"odd{suffix}").write_bytes(changed)
        assert changed == content or _state(tmp_path / f"odd{suffix}", project) in ("Invalid", "none")


@pytest.mark.parametrize("suffix", KINDS)
def test_a_file_cut_short_anywhere_is_not_trusted(
    project: Project, sealed: Callable[[str], Path], suffix: str, tmp_path: Path
) -> None:
    content = sealed(suffix).read_bytes()
    for share in (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.99):
        (tmp_path / f"cut{suffix}").write_bytes(content[: int(share * len(content))])
        assert _state(tmp_path / f"cut{suffix}", project) != "Trusted"
    (tmp_path / f"cut{suffix}").write_bytes(content[:-1])
    assert _state(tmp_path / f"cut{suffix}", project) != "Trusted"


def test_a_box_more_does_not_go_unseen(project: Project, sealed: Callable[[str], Path], tmp_path: Path) -> None:
    content = sealed(".mp4").read_bytes()
    for box in (b"\0\0\0\x0cfreeabcd", b"\0\0\0\x08skip", content[: content.index(b"uuid") - 4]):
        (tmp_path / "more.mp4").write_bytes(content + box)
        history = read_history(tmp_path / "more.mp4", anchor_pem(project))
        assert history.state == "Invalid"
        assert "bytes that the signature does not cover were changed" in history.problems[0]


def test_under_a_strangers_anchor_a_file_is_whole_but_not_trusted(
    project: Project, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    stranger = init_project(tmp_path)
    history = read_history(sealed(".mp4"), anchor_pem(stranger))
    assert history.state == "Valid"
    assert "signingCredential.untrusted" in history.problems[0]
    assert read_history(sealed(".mp4"), "").state == "Valid"
    both = anchor_pem(stranger) + anchor_pem(project)
    assert read_history(sealed(".mp4"), both).state == "Trusted"


def test_a_file_without_a_manifest_has_no_history(project: Project, tmp_path: Path) -> None:
    history = read_history(write_sealable(tmp_path / "plain.mp4"), anchor_pem(project))
    assert (history.state, history.release_id, history.problems) == ("none", None, ())
    (tmp_path / "notes.txt").write_text("just text")
    assert _state(tmp_path / "notes.txt", project) == "none"
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert _state(tmp_path / "empty.mp4", project) != "Trusted"
    with pytest.raises(InputError, match="cannot be read"):
        read_history(tmp_path / "absent.mp4", anchor_pem(project))


@pytest.mark.parametrize("suffix", KINDS)
def test_a_renamed_file_keeps_its_history(
    project: Project, sealed: Callable[[str], Path], suffix: str, tmp_path: Path
) -> None:
    (tmp_path / "download").write_bytes(sealed(suffix).read_bytes())
    assert _state(tmp_path / "download", project) == "Trusted"
    wrong = tmp_path / ("really.png" if suffix != ".png" else "really.mp4")
    wrong.write_bytes(sealed(suffix).read_bytes())
    assert _state(wrong, project) == "Trusted"
