from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest
from sealables import KINDS, RECORD, write_sealable

from countenance.errors import InputError, IntegrityError
from countenance.provenance import steps
from countenance.provenance.authority import anchor_pem
from countenance.provenance.container import MEDIA_TYPES
from countenance.provenance.history import read_history
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM, Sources, manifest_contradictions
from countenance.provenance.sealing import extend, seal, seal_voice
from countenance.store.files import sha256_file
from countenance.store.project import Project, init_project

BOTH = (MARK_ALGORITHM, SOUND_MARK_ALGORITHM)
REFERENCES = ("ab" * 32, "cd" * 32)

# What anybody can run who has a file, the root certificate and the C2PA library, and nothing of ours.
STRANGER = """
import sys, json, c2pa
settings = {"trust": {"user_anchors": open(sys.argv[1]).read(), "trust_config": "1.3.6.1.5.5.7.3.4\\n"},
            "verify": {"remote_manifest_fetch": False}}
for path in sys.argv[2:]:
    with c2pa.Context.from_dict(settings) as context, c2pa.Reader(path, context=context) as reader:
        print(reader.get_validation_state())
assert not [name for name in sys.modules if name.startswith("countenance")]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sealable(tmp_path_factory.mktemp("shoot") / "zoe_example_master.mp4")


@pytest.fixture(scope="module")
def voice(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voice")
    seal_voice(project, write_sealable(folder / "spoken.wav"), folder / "voice.wav", RECORD)
    return folder / "voice.wav"


@pytest.fixture(scope="module")
def sealed(
    project: Project, master: Path, voice: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("sealed")
    for suffix in KINDS:
        render = write_sealable(folder / f"render{suffix}")
        target = folder / f"sealed{suffix}"
        seal(project, render, target, RECORD, master, voice=voice, references=REFERENCES, marks=BOTH)
    return lambda suffix: folder / f"sealed{suffix}"


def _manifest(path: Path, project: Project) -> Mapping[str, Any]:
    history = read_history(path, anchor_pem(project))
    assert history.state == "Trusted", history.problems
    return history.manifest


def _actions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    (data,) = [one["data"] for one in manifest["assertions"] if one["label"] == "c2pa.actions.v2"]
    return list(data["actions"])


def test_a_reader_in_a_process_of_its_own_trusts_every_kind_of_file(
    project: Project, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "root.pem").write_text(anchor_pem(project))
    (tmp_path / "stranger.py").write_text(STRANGER)
    files = [str(sealed(suffix)) for suffix in KINDS]
    told = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "stranger.py"), str(tmp_path / "root.pem"), *files],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert told.stdout.split() == ["Trusted"] * len(KINDS)


@pytest.mark.parametrize("suffix", KINDS)
def test_another_implementation_of_c2pa_agrees(project: Project, sealed: Callable[[str], Path], suffix: str) -> None:
    report = encypher_c2pa.verify(
        sealed(suffix).read_bytes(), MEDIA_TYPES[suffix], trust_pem=anchor_pem(project), no_default_trust=True,
        telemetry=False,
    )  # fmt: skip
    assert (report["integrity"], report["hard_binding"]) == ("valid", "match")
    assert report["trust"]["status"] == "valid_for_supplied_material"
    assert report["validation_results"]["failure"] == []


def test_the_history_names_everything_that_the_release_was_made_from(
    project: Project, sealed: Callable[[str], Path], master: Path, voice: Path
) -> None:
    manifest = _manifest(sealed(".mp4"), project)
    parts = {one["title"]: one for one in manifest["ingredients"]}
    assert {title: one["relationship"] for title, one in parts.items()} == {
        "master": "parentOf", "voice": "componentOf", "reference-1": "inputTo", "reference-2": "inputTo",
    }  # fmt: skip
    # The stills are named by their hash and nothing else (RFC 6920): SHA-256 ab ab ab ... in base64url.
    assert parts["reference-1"]["instance_id"] == "ni:///sha-256;q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"
    assert not {"active_manifest", "thumbnail", "data"} & parts["reference-1"].keys()
    assert parts["voice"]["active_manifest"] == read_history(voice, anchor_pem(project)).manifest_id
    assert parts["master"]["instance_id"].startswith("ni:///sha-256;")
    sources = Sources(master, voice, REFERENCES, BOTH)
    assert manifest_contradictions(RECORD, manifest, sources) == ()
    assert manifest_contradictions(RECORD, manifest, replace(sources, references=())) != ()
    assert manifest_contradictions(RECORD, manifest, replace(sources, marks=(MARK_ALGORITHM,))) != ()


def test_the_actions_point_to_the_parts_that_they_used(project: Project, sealed: Callable[[str], Path]) -> None:
    manifest = _manifest(sealed(".mp4"), project)
    labels = {one["label"]: one["title"] for one in manifest["ingredients"]}
    used = []
    for action in _actions(manifest):
        urls = [one["url"] for one in action["parameters"].get("ingredients", ())]
        used.append((action["action"], [labels[url.rsplit("/", 1)[1]] for url in urls]))
    assert used == [
        ("c2pa.opened", ["master"]),
        ("c2pa.edited", ["reference-1", "reference-2"]),
        ("c2pa.edited", []),
        ("c2pa.placed", ["voice"]),
        ("c2pa.translated", []),
        ("c2pa.addedText", []),
        ("c2pa.watermarked.bound", []),
        ("c2pa.watermarked.bound", []),
    ]
    translated = _actions(manifest)[4]["parameters"]
    assert (translated["sourceLanguage"], translated["targetLanguage"]) == ("en", "de")


@pytest.mark.parametrize("suffix", KINDS)
def test_no_name_of_a_person_or_file_is_in_the_seal(sealed: Callable[[str], Path], suffix: str) -> None:
    content = sealed(suffix).read_bytes().lower()
    assert b"zoe" not in content and b"spoken" not in content


def test_an_untouched_variant_and_a_wholly_synthetic_one_are_sealed_as_such(
    project: Project, master: Path, tmp_path: Path
) -> None:
    render = write_sealable(tmp_path / "render.mp4")
    for record, parent, first in (
        (replace(RECORD, engines=(), language="en"), master, "c2pa.opened"),
        (replace(RECORD, master_source_type=None), None, "c2pa.created"),
    ):
        seal(project, render, tmp_path / "sealed.mp4", record, parent)
        assert _actions(_manifest(tmp_path / "sealed.mp4", project))[0]["action"] == first


def test_the_voice_is_sealed_as_made_by_an_engine(project: Project, voice: Path, tmp_path: Path) -> None:
    (created,) = _actions(_manifest(voice, project))
    assert created["action"] == "c2pa.created"
    assert created["digitalSourceType"].endswith("/algorithmicMedia")
    assert created["softwareAgent"]["name"] == "espeak-ng"
    with pytest.raises(InputError, match="has no voice of its own"):
        seal_voice(project, voice, tmp_path / "v.wav", replace(RECORD, engines=()))


def test_what_is_derived_continues_the_chain_link_by_link(
    project: Project, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    poster, thumbnail = write_sealable(tmp_path / "poster.jpg"), write_sealable(tmp_path / "thumbnail.png")
    first = extend(project, sealed(".mp4"), poster, [steps.still(Fraction(7, 3))], title="poster")
    second = extend(project, poster, thumbnail, [steps.cropped(64, 64), steps.resized(32, 32)], title="thumbnail")
    history = read_history(thumbnail, anchor_pem(project))
    assert (history.state, history.manifest_id, history.release_id) == ("Trusted", second, "01JD3ZRELEASE")
    assert [one["action"] for one in _actions(history.manifest)] == [
        "c2pa.opened", "c2pa.cropped", "c2pa.resized", "c2pa.watermarked.bound",
    ]  # fmt: skip
    assert history.manifest["title"] == "release 01JD3ZRELEASE: thumbnail"
    assert history.manifest["ingredients"][0]["active_manifest"] == first
    video = read_history(sealed(".mp4"), anchor_pem(project))
    assert _manifest(poster, project)["ingredients"][0]["active_manifest"] == video.manifest_id
    # Only the picture's mark can be in a still.
    assert dict(history.marks) == {MARK_ALGORITHM: RECORD.mark_id}


def test_a_rendition_and_the_sound_alone_keep_what_is_of_their_medium(
    project: Project, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    rendition, sound = write_sealable(tmp_path / "small.mp4"), write_sealable(tmp_path / "sound.m4a")
    extend(project, sealed(".mp4"), rendition, [steps.resized(48, 48), steps.transcoded("h264"), steps.captioned("de")])
    extend(project, sealed(".mp4"), sound, [steps.sound_taken_out()])
    assert set(read_history(rendition, anchor_pem(project)).marks) == set(BOTH)
    assert set(read_history(sound, anchor_pem(project)).marks) == {SOUND_MARK_ALGORITHM}


@pytest.mark.parametrize("suffix", [".mov", ".avi", ".flac"])
def test_the_less_usual_kinds_are_sealed_and_continued_as_well(
    project: Project, master: Path, tmp_path: Path, suffix: str
) -> None:
    seal(project, write_sealable(tmp_path / f"render{suffix}"), tmp_path / f"sealed{suffix}", RECORD, master)
    again = tmp_path / f"again{suffix}"
    again.write_bytes((tmp_path / f"sealed{suffix}").read_bytes())
    extend(project, tmp_path / f"sealed{suffix}", again, [steps.transcoded("again")])
    assert read_history(again, anchor_pem(project)).release_id == RECORD.release_id


def test_only_what_is_ours_and_whole_is_continued(
    project: Project, sealed: Callable[[str], Path], master: Path, tmp_path: Path
) -> None:
    poster = write_sealable(tmp_path / "poster.jpg")
    before = sha256_file(poster)
    changed = tmp_path / "changed.mp4"
    content = bytearray(sealed(".mp4").read_bytes())
    content[-20] ^= 1
    changed.write_bytes(content)
    other = init_project(tmp_path / "elsewhere")
    for owner, source in ((project, changed), (project, master), (other, sealed(".mp4"))):
        with pytest.raises(IntegrityError, match="is no sealed release of this project"):
            extend(owner, source, poster, [steps.still(Fraction(0))])
    assert sha256_file(poster) == before


def test_the_history_of_a_master_from_elsewhere_is_kept(
    project: Project, sealed: Callable[[str], Path], tmp_path: Path
) -> None:
    other = init_project(tmp_path / "elsewhere")
    seal(other, write_sealable(tmp_path / "render.mp4"), tmp_path / "sealed.mp4", RECORD, sealed(".mp4"))
    (ingredient,) = _manifest(tmp_path / "sealed.mp4", other)["ingredients"]
    assert ingredient["active_manifest"] == read_history(sealed(".mp4"), anchor_pem(project)).manifest_id


def test_a_master_in_a_container_without_c2pa_is_still_named(project: Project, tmp_path: Path) -> None:
    master = write_sealable(tmp_path / "master.mkv")
    seal(project, write_sealable(tmp_path / "render.mp4"), tmp_path / "sealed.mp4", RECORD, master)
    (ingredient,) = _manifest(tmp_path / "sealed.mp4", project)["ingredients"]
    assert ingredient["relationship"] == "parentOf"
    assert json.dumps(ingredient).count("ni:///sha-256;") == 1
