from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import releases
from clips import EXAMPLES, frames_of, write_clip

from countenance.delivery.cue import Cue
from countenance.delivery.reframe import plan_camera
from countenance.delivery.relabel import badge_for, faces_shown, relabelled, reshaping
from countenance.delivery.subtitles import Subtitles
from countenance.delivery.viewing import View, view
from countenance.errors import InputError
from countenance.media.encode import encode
from countenance.media.frame import Frame
from countenance.media.reframe import fitted
from countenance.provenance.badge import Badge, badge_of
from countenance.provenance.label import Label
from countenance.provenance.label_check import check_badge
from countenance.provenance.label_look import CLEAR, look
from countenance.provenance.placement import covered, hidden_by
from countenance.provenance.watermark import Marker, read_mark

WIDE, TALL = (1280, 720), (720, 1280)
CHANNELS = ["tiktok", "instagram", "youtube"]
KEY, MARK = bytes(range(32)), 0xA5F00BA5DEADBEEF


@pytest.fixture(scope="module")
def wide() -> list[Frame]:
    """A second of ada in the middle of a wide picture."""
    return [fitted(frame, WIDE) for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=25)]


@pytest.fixture(scope="module")
def looked(wide: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> View:
    return view(write_clip(tmp_path_factory.mktemp("wide") / "wide.mp4", wide, options={"crf": "14"}))


def worn_by(frames: list[Frame], badge: Badge) -> list[Frame]:
    """Copies that bear a badge."""
    copies = [frame.copy() for frame in frames]
    for frame in copies:
        badge.draw(frame.planes, frame.time, Fraction(1))
    return copies


def test_the_badge_of_a_tall_cut_is_readable_and_clear_of_lips_and_of_the_channels(
    wide: list[Frame], looked: View, tmp_path: Path
) -> None:
    record = replace(releases.record(), badge="corner")
    plan = reshaping(looked, TALL, record, CHANNELS)
    assert hidden_by(plan.badge, *TALL, CHANNELS) == ()
    box = plan.badge.raster(*TALL).box
    faces, lips = covered(box, faces_shown(plan.camera, looked.seen))
    assert lips == 0 and plan.badge.label.covers_face == faces
    frames = plan.frames(worn_by(wide, plan.worn))
    out = tmp_path / "tall.mp4"
    encode(out, frames, size=TALL, time_base=Fraction(1, 25), frame_rate=Fraction(25))
    found = check_badge(out, replace(record, label=plan.badge.label))
    assert found.ok and found.first_exposure and found.contrast > 4.5
    assert plan.problems(out, record) == ()
    unlabelled = write_clip(tmp_path / "bare.mp4", (plan.camera.shoot(n, frame) for n, frame in enumerate(wide)))
    assert plan.problems(unlabelled, record)


def test_of_the_old_badge_nothing_is_left_to_read(wide: list[Frame], looked: View) -> None:
    camera = plan_camera(looked.seen, (720, 720))  # cuts the old badge through
    worn = Badge("corner", "de")
    badge = replace(worn, label=Label("bottom-left"))
    (clean,) = relabelled([wide[3].copy()], camera, worn=Badge("off"), badge=badge, duration=Fraction(1))
    (made,) = relabelled(worn_by([wide[3]], worn), camera, worn=worn, badge=badge, duration=Fraction(1))
    cut_through = camera.crop(3)
    assert cut_through is not None and worn.raster(*WIDE).box[0] < cut_through.x + cut_through.width - 40
    gap = np.abs(made.planes[0].astype(int) - clean.planes[0])
    assert gap.max() < 60 and gap[:160].mean() < 2.5  # white letters on a dark field would differ by 100 and more


def test_pictures_outside_the_badge_keep_every_bit(wide: list[Frame], looked: View) -> None:
    camera = plan_camera(looked.seen, (720, 720))
    worn = Badge("corner", "en", label=Label("bottom-right"))
    badge = replace(worn, label=Label("top-left"))
    (clean,) = relabelled([wide[0].copy()], camera, worn=Badge("off"), badge=badge, duration=Fraction(1))
    (made,) = relabelled(worn_by([wide[0]], worn), camera, worn=worn, badge=badge, duration=Fraction(1))
    assert np.array_equal(made.planes[0][:500], clean.planes[0][:500])


def test_no_badge_is_ever_lost(wide: list[Frame], looked: View) -> None:
    camera = plan_camera(looked.seen, TALL)
    with pytest.raises(InputError, match="would lose it"):
        list(relabelled(wide, camera, worn=Badge("corner"), badge=Badge("off"), duration=Fraction(1)))
    assert badge_for(Badge("off"), camera, looked.seen, []).kind == "off"


def test_an_end_card_is_set_anew_before_a_blurred_picture(wide: list[Frame], looked: View, tmp_path: Path) -> None:
    record = replace(releases.record(), badge="endcard")
    plan = reshaping(looked, TALL, record, [])
    plan = replace(
        plan, worn=replace(plan.worn, card_s=Fraction(4, 5)), badge=replace(plan.badge, card_s=Fraction(4, 5))
    )
    shown = list(plan.frames(worn_by(wide, plan.worn)))
    raster = plan.badge.raster(*TALL, card=True)
    there = tuple(slice(at, at + side) for at, side in zip((raster.y, raster.x), raster.keep.shape, strict=True))
    assert look(shown[-1].planes[0], raster).state == CLEAR
    assert np.median(shown[-1].planes[0][there][raster.white > 0.95]) > 225
    assert np.array_equal(shown[2].planes[0], plan.camera.shoot(2, wide[2]).planes[0])  # before the card
    assert shown[-1].planes[0][900:].std() < 0.2 * shown[2].planes[0][900:].std()


def test_subtitles_stand_on_the_new_picture(wide: list[Frame], looked: View) -> None:
    camera = plan_camera(looked.seen, TALL)
    told = Subtitles((Cue(0, 1000, ("Guten Morgen",)),), ((0.0, 1.0),), foot_px=300)
    badge = badge_for(Badge("corner"), camera, looked.seen, CHANNELS)
    (with_text,) = relabelled([wide[0].copy()], camera, worn=Badge("off"), badge=badge, duration=Fraction(1),
                              subtitles=told)  # fmt: skip
    (without,) = relabelled([wide[0].copy()], camera, worn=Badge("off"), badge=badge, duration=Fraction(1))
    rows = np.flatnonzero((with_text.planes[0] != without.planes[0]).any(axis=1))
    assert len(rows) and rows.max() < 1280 - 300


def test_the_mark_of_the_release_is_still_read_after_a_tall_cut(
    wide: list[Frame], looked: View, tmp_path: Path
) -> None:
    record = replace(releases.record(), badge="corner")
    plan = reshaping(looked, TALL, record, [])
    frames, marker = worn_by(wide, badge_of(record)), Marker(KEY, MARK)
    for frame in frames:
        marker.embed(frame.planes[0])
    out = write_clip(tmp_path / "tall.mp4", plan.frames(frames), options={"crf": "20"})
    reading = read_mark([frame.planes[0] for frame in frames_of(out)], KEY)
    assert reading.mark_id == MARK
