"""Labels of released variants: placed by what is seen, drawn, told, and found again by preflight."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from campaigns import Told, write_campaign
from clips import frames_of, write_clip

from countenance.campaign.labelling import require_badge
from countenance.campaign.produce import produce
from countenance.delivery.preflight import Preflight, preflight
from countenance.errors import IntegrityError
from countenance.provenance.disclosure import record_from_json
from countenance.provenance.label import label_from_json
from countenance.store.project import init_project

CHANGED = ("keep-de", "ben-en", "ben-de")


def receipt(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    return content


def broken(done: Preflight) -> set[str]:
    return {one.rule.id for one in done.findings if one.state == "failed"}


@pytest.mark.parametrize("key", CHANGED)
def test_a_released_variant_shows_its_badge_clear_of_faces(told: Told, key: str) -> None:
    folder = told.out / told.all.rows[key].id
    label = label_from_json(receipt(folder)["record"]["label"])
    assert (label.corner, label.form, label.covers_face) == ("top-right", "words", 0.0)
    done = preflight(folder, "web", project=told.project)
    assert done.ok, [one.told for one in done.findings if one.blocks]
    assert not {"ALL-BADGE", "ALL-FACE", "ALL-POSTER", "ALL-CAPTIONS", "YT-AUTO-2"} & broken(done)


def test_the_package_tells_machines_what_people_are_told(told: Told) -> None:
    fields = receipt(told.out / told.all.rows["ben-de"].id)["disclosure"]
    assert fields["badge"]["words"] == "KI-bearbeitet" and fields["ai"] == "modified"
    assert fields["parts"] == ["face", "mouth", "voice"] and fields["spoken_notice"].startswith("Hinweis:")
    page = json.loads((told.out / told.all.rows["ben-de"].id / "video.jsonld").read_text(encoding="utf-8"))
    assert page["accessibilitySummary"] == fields["player_note"]
    untouched = receipt(told.out / told.all.rows["keep-en"].id)["disclosure"]
    assert (untouched["ai"], untouched["badge"], untouched["player_note"]) == ("none", None, "")


def test_a_label_with_wishes_of_its_own_and_the_sound_alone(short_master: Path, tmp_path: Path) -> None:
    project = init_project(tmp_path)
    brief = write_campaign(
        tmp_path / "brief",
        short_master,
        faces=("keep",),
        languages=("de",),
        release={
            "approve": "manual",
            "audio": True,
            "badge": {"position": "bottom-left", "when": "start", "seconds": 2, "size": "large"},
        },
    )
    outcome = produce(project, brief, tmp_path / "out", approve_as="Rita Reviewer")
    folder = tmp_path / "out" / outcome.variants[0].id
    label = label_from_json(receipt(folder)["record"]["label"])
    assert (label.corner, label.when, label.size) == ("bottom-left", "start", "large")
    assert label.clear_y == pytest.approx(0.2, abs=0.01)  # above the captions
    done = preflight(folder, "web", "DE", project=project)
    assert done.ok and broken(done) <= {"EU-LBL-1a", "EU-MRK-3a", "ALL-FACE"}
    states = {one.rule.id: one.state for one in done.findings}
    assert states["EU-LBL-2"] == states["ALL-AUDIO"] == states["ALL-BADGE"] == "passed"
    with av.open(str(folder / "audio.m4a")) as sound, av.open(str(folder / "video.mp4")) as film:
        assert not sound.streams.video and sound.duration > film.duration + 3 * av.time_base  # the notice comes first


def test_nothing_is_sealed_whose_badge_cannot_be_read(told: Told, tmp_path: Path) -> None:
    folder = told.out / told.all.rows["ben-de"].id
    record = record_from_json(receipt(folder)["record"])
    require_badge(folder / "video.mp4", record)
    frames = [frame.copy() for frame in frames_of(folder / "video.mp4")]
    for frame in frames:
        frame.planes[0][:120, 420:] = 128  # something else lies there
    hidden = write_clip(tmp_path / "hidden.mp4", frames)
    with pytest.raises(IntegrityError, match=r"but the badge 'KI-bearbeitet' is .* set another `position` or `size`"):
        require_badge(hidden, record)
    require_badge(hidden, replace(record, badge="off"))
