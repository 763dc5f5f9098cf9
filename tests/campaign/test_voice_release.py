"""A dub that a person spoke in a studio, from the brief to the signed file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaigns import grant, write_campaign

from countenance.campaign.evidence import write_evidence
from countenance.campaign.produce import produce
from countenance.media.audio import write_wav
from countenance.provenance.verify import verify_file
from countenance.speech.espeak import speak
from countenance.store.files import read_json, sha256_file
from countenance.store.project import Project, init_project

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def told(short_master: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path, Path]:
    """The project, the recording and the package of a release that it speaks in."""
    folder = tmp_path_factory.mktemp("voiced")
    spoken = speak("Diese Maschine.", "de", voice="f2")
    write_wav(folder / "studio.wav", spoken.samples, spoken.rate_hz)
    allows = grant("ada", purposes=["lipsync", "voice"])
    brief = write_campaign(
        folder / "brief", short_master, faces=("keep",), languages=("de",), grants={"ada": allows},
        voices={"de": {"recording": str(folder / "studio.wav"), "of": "ada"}},
    )  # fmt: skip
    project = init_project(folder)
    outcome = produce(project, brief, folder / "out", approve_as="Demo Reviewer")
    assert [row.state for row in outcome.variants] == ["released"]
    return project, folder / "studio.wav", folder / "out" / outcome.variants[0].id


def test_the_receipt_names_the_recording_and_whose_it_is(told: tuple[Project, Path, Path]) -> None:
    _, recording, package = told
    voice = read_json(package / "receipt.json")["receipt"]["voice"]
    assert voice["engine"] == "recording" and voice["of"] == "ada" and voice["rate_factor"] == 1.0
    assert voice["sha256"] == sha256_file(recording) and voice["file"] == "studio.wav"


def test_a_persons_voice_is_not_called_synthetic(told: tuple[Project, Path, Path]) -> None:
    _, _, package = told
    record = read_json(package / "receipt.json")["record"]
    assert record["recorded_voice"] and [one["part"] for one in record["engines"]] == ["mouth"]
    assert "Stimme" not in (package / "captions.vtt").read_text(encoding="utf-8").split("Release")[0]


def test_the_signed_history_holds_the_recorded_track(told: tuple[Project, Path, Path]) -> None:
    project, _, package = told
    from c2pa import Reader

    assert verify_file(project, package / "video.mp4").intact
    with (package / "video.mp4").open("rb") as stream, Reader("video/mp4", stream) as reader:
        manifests = json.loads(reader.json())["manifests"].values()
    created = [
        action
        for manifest in manifests
        for assertion in manifest.get("assertions", ())
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
        if action["action"] == "c2pa.created"
    ]
    assert [one["digitalSourceType"].rpartition("/")[2] for one in created] == ["digitalCapture"]
    assert "softwareAgent" not in created[0]


def test_evidence_names_the_voice(told: tuple[Project, Path, Path], tmp_path: Path) -> None:
    project, _, package = told
    write_evidence(project, package.name, tmp_path / "evidence")
    assert read_json(tmp_path / "evidence" / "evidence.json")["voice"]["of"] == "ada"
