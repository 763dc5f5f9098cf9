"""The sound mark of a real release, read back from its packaged MP4 and from what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import cut_master, write_campaign
from sounds import through_codec

from countenance.campaign.produce import produce
from countenance.campaign.release import MARK_KEY
from countenance.campaign.variants import variant_rows
from countenance.media.audio import read_audio
from countenance.provenance.sound_read import read_sound_mark
from countenance.store.project import init_project
from countenance.store.secrets import load_or_create_symmetric

TRANSLATION = (
    "Diese Kaffeemaschine mahlt die Bohnen für jede einzelne Tasse frisch, sie hält die Milch lange kalt, "
    "und sie spült sich jeden Abend selbst."
)


@pytest.mark.long
@pytest.mark.parametrize(("face", "language"), [("ben", "en"), ("keep", "de")], ids=["swap", "dub"])
def test_a_release_of_eight_seconds_is_told_by_its_sound(tmp_path: Path, face: str, language: str) -> None:
    master = cut_master(tmp_path / "master.mp4", 8.0)
    project = init_project(tmp_path)
    brief = write_campaign(tmp_path / "brief", master, faces=(face,), languages=(language,))
    if language == "de":
        brief.with_name("script.de.txt").write_text(TRANSLATION, encoding="utf-8")
    produce(project, brief, tmp_path / "out", approve_as="Demo Reviewer")
    (row,) = variant_rows(project)
    sound = read_audio(tmp_path / "out" / row.id / "video.mp4", 48_000)
    assert sound is not None
    key = load_or_create_symmetric(project, MARK_KEY)
    decoded, rate_hz = through_codec(sound, 48_000, "aac", 64_000)
    for heard, heard_hz in ((sound, 48_000), (decoded, rate_hz)):
        reading = read_sound_mark(heard, heard_hz, key)
        assert reading is not None and reading.mark_id == int(row.review["mark_id"], 16)
    assert read_sound_mark(sound, 48_000, bytes(32)) is None
