from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import c2pa
import cv2
import numpy as np
import pytest

from countenance.errors import InputError, IntegrityError
from countenance.provenance.authority import anchor_pem
from countenance.provenance.disclosure import EngineUse, ReleaseRecord
from countenance.provenance.history import read_history, seal
from countenance.provenance.manifest import manifest_contradictions
from countenance.store.project import Project, init_project

RECORD = ReleaseRecord(
    release_id="01JD3ZRELEASE",
    variant_id="01JD3ZVARIANT",
    mark_id="00ff00ff00ff00ff",
    released_at="2026-11-20T10:00:00.000000Z",
    receipt_sha256="ab" * 32,
    language="de",
    master_language="en",
    master_source_type="digitalCapture",
    engines=(EngineUse("face", "countenance.swap", "0.1.0"), EngineUse("voice", "espeak-ng", "1.52")),
    badge="corner",
    grants=("cd" * 32,),
)
SUFFIXES = [".mp4", ".jpg"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("studio"))


def _picture() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (96, 96, 3), np.uint8)


def _write_media(path: Path) -> Path:
    if path.suffix in (".jpg", ".png"):
        assert cv2.imwrite(str(path), _picture())
        return path
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture())))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_media(tmp_path_factory.mktemp("shoot") / "zoe_example_master.mp4")


@pytest.fixture(scope="module")
def sealed(project: Project, master: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("sealed")
    for suffix in SUFFIXES:
        seal(project, _write_media(folder / f"render{suffix}"), folder / f"sealed{suffix}", RECORD, master)
    return lambda suffix: folder / f"sealed{suffix}"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_sealed_file_is_trusted_and_names_its_release(
    project: Project, sealed: Callable[[str], Path], suffix: str
) -> None:
    history = read_history(sealed(suffix), anchor_pem(project))
    assert (history.state, history.problems) == ("Trusted", ())
    assert history.release_id == "01JD3ZRELEASE"
    assert history.receipt_sha256 == "ab" * 32
    assert history.mark_id == "00ff00ff00ff00ff"
    assert manifest_contradictions(RECORD, history.manifest) == ()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_independent_reader_with_our_anchor_says_trusted(
    project: Project, sealed: Callable[[str], Path], suffix: str
) -> None:
    settings = {
        "trust": {"user_anchors": anchor_pem(project), "trust_config": "1.3.6.1.5.5.7.3.4\n"},
        "verify": {"remote_manifest_fetch": False},
    }
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Reader(str(sealed(suffix)), context=context) as reader,
    ):
        assert reader.get_validation_state() == "Trusted"
        store = json.loads(reader.json())
    manifest = store["manifests"][store["active_manifest"]]
    (ingredient,) = manifest["ingredients"]
    assert (ingredient["relationship"], ingredient["title"]) == ("parentOf", "master")
    labels = {assertion["label"] for assertion in manifest["assertions"]}
    assert {
        "c2pa.actions.v2",
        "c2pa.soft-binding",
        "cawg.training-mining",
        "org.countenance.release",
    } <= labels


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_name_of_a_person_or_file_is_in_the_seal(sealed: Callable[[str], Path], suffix: str) -> None:
    assert b"zoe" not in sealed(suffix).read_bytes().lower()


def _media_bytes(content: bytes, suffix: str) -> range:
    """Where the media itself lies: everything behind the signature's padding."""
    padding = content.rindex(b"\0" * 1000)
    start = content.index(b"moov", padding) if suffix == ".mp4" else content.index(b"\xff\xdb", padding)
    return range(start, len(content))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_flipped_bit_of_the_media_breaks_the_seal(
    project: Project, sealed: Callable[[str], Path], suffix: str, tmp_path: Path
) -> None:
    content = sealed(suffix).read_bytes()
    places = _media_bytes(content, suffix)
    some = np.random.default_rng(3).choice(places, 25, replace=False).tolist()
    for place in (places[0], *some, places[-1]):
        changed = bytearray(content)
        changed[place] ^= 1
        (tmp_path / f"changed{suffix}").write_bytes(changed)
        history = read_history(tmp_path / f"changed{suffix}", anchor_pem(project))
        assert history.state == "Invalid", place
        assert history.problems


@pytest.mark.parametrize("told", [b"01JD3ZRELEASE", b"00ff00ff00ff00ff", b"notAllowed", b"c2pa.edited", b"espeak"])
def test_a_changed_word_of_the_manifest_breaks_the_seal(
    project: Project, sealed: Callable[[str], Path], told: bytes, tmp_path: Path
) -> None:
    content = sealed(".mp4").read_bytes()
    assert told in content
    (tmp_path / "changed.mp4").write_bytes(content.replace(told, told[:-1] + b"X", 1))
    assert read_history(tmp_path / "changed.mp4", anchor_pem(project)).state == "Invalid"


def test_a_file_cut_short_is_not_trusted(project: Project, sealed: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "cut.mp4").write_bytes(sealed(".mp4").read_bytes()[:-100])
    assert read_history(tmp_path / "cut.mp4", anchor_pem(project)).state == "Invalid"


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


def test_a_file_without_a_manifest_has_no_history(project: Project, master: Path, tmp_path: Path) -> None:
    history = read_history(master, anchor_pem(project))
    assert (history.state, history.release_id, history.problems) == ("none", None, ())
    (tmp_path / "notes.txt").write_text("just text")
    assert read_history(tmp_path / "notes.txt", anchor_pem(project)).state == "none"
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert read_history(tmp_path / "empty.mp4", anchor_pem(project)).state != "Trusted"
    with pytest.raises(InputError, match="cannot be read"):
        read_history(tmp_path / "absent.mp4", anchor_pem(project))


def test_a_renamed_file_keeps_its_history(project: Project, sealed: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "download").write_bytes(sealed(".mp4").read_bytes())
    assert read_history(tmp_path / "download", anchor_pem(project)).state == "Trusted"


def test_an_untouched_variant_and_a_wholly_synthetic_one_are_sealed_as_such(
    project: Project, master: Path, tmp_path: Path
) -> None:
    render = _write_media(tmp_path / "render.mp4")
    for record, parent, first in (
        (replace(RECORD, engines=(), language="en"), master, "c2pa.opened"),
        (replace(RECORD, master_source_type=None), None, "c2pa.created"),
    ):
        seal(project, render, tmp_path / "sealed.mp4", record, parent)
        history = read_history(tmp_path / "sealed.mp4", anchor_pem(project))
        actions = {one["label"]: one["data"] for one in history.manifest["assertions"]}["c2pa.actions.v2"]
        assert history.state == "Trusted"
        assert actions["actions"][0]["action"] == first


def test_the_history_of_a_master_from_elsewhere_is_kept(
    project: Project, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    other = init_project(tmp_path / "elsewhere")
    seal(other, _write_media(tmp_path / "render.mp4"), tmp_path / "sealed.mp4", RECORD, sealed(".mp4"))
    history = read_history(tmp_path / "sealed.mp4", anchor_pem(other))
    assert history.state == "Trusted"
    (ingredient,) = history.manifest["ingredients"]
    before = read_history(sealed(".mp4"), anchor_pem(project))
    assert ingredient["active_manifest"] == before.manifest_id


def test_a_master_in_a_container_without_c2pa_is_still_named(project: Project, tmp_path: Path) -> None:
    master = _write_media(tmp_path / "master.mkv")
    seal(project, _write_media(tmp_path / "render.mp4"), tmp_path / "sealed.mp4", RECORD, master)
    (ingredient,) = read_history(tmp_path / "sealed.mp4", anchor_pem(project)).manifest["ingredients"]
    assert ingredient["relationship"] == "parentOf"


def test_what_cannot_be_sealed_leaves_no_file(project: Project, master: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video at all")
    (tmp_path / "render.mkv").write_bytes(b"x")
    out = tmp_path / "out" / "sealed.mp4"
    with pytest.raises(IntegrityError, match="could not be signed"):
        seal(project, tmp_path / "broken.mp4", out, RECORD, master)
    with pytest.raises(InputError, match="cannot carry a signed history"):
        seal(project, tmp_path / "render.mkv", out, RECORD, master)
    with pytest.raises(InputError, match="cannot be read"):
        seal(project, tmp_path / "absent.mp4", out, RECORD, master)
    with pytest.raises(InputError, match="agree on whether there was a master"):
        seal(project, tmp_path / "broken.mp4", out, RECORD, None)
    assert not out.exists()
    assert not out.parent.exists() or list(out.parent.iterdir()) == []
