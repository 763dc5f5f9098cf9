"""The badge on pictures of the example presenters, whole and damaged, as they come out of the encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, write_clip
from records import FACE
from records import RECORD as MADE

from countenance.media.frame import U8, Frame
from countenance.provenance.badge import Badge, badge_of
from countenance.provenance.label import Label
from countenance.provenance.label_check import check_badge
from countenance.provenance.label_look import contrast_ratio, look

SIZE = (1280, 720)
RECORD = replace(MADE, engines=(FACE,), grants=())


@pytest.fixture(scope="module")
def plain() -> Frame:
    """A presenter, enlarged so that the background behind the badge has something in it."""
    face = cv2.resize(frames_of(EXAMPLES / "ada" / "master.mp4", stop=1)[0].rgb(), SIZE)
    return Frame.from_rgb(np.ascontiguousarray(face))


def encoded(frame: Frame, folder: Path, crf: int = 28) -> U8:
    """The luma of a picture after the encoder."""
    clip = write_clip(folder / f"one-{crf}.mp4", [frame], options={"crf": str(crf)})
    return frames_of(clip)[0].planes[0]


def labelled(plain: Frame, badge: Badge) -> Frame:
    frame = plain.copy()
    badge.draw(frame.planes)
    return frame


@pytest.mark.parametrize("language", ["en", "de", "pl", "ar", "zh", "hi"])
@pytest.mark.parametrize("crf", [18, 36])
def test_a_whole_badge_is_clear_after_the_encoder(plain: Frame, tmp_path: Path, language: str, crf: int) -> None:
    badge = Badge("corner", language)
    seen = look(encoded(labelled(plain, badge), tmp_path, crf), badge.raster(*SIZE))
    assert (seen.state, seen.parts) == ("clear", 1.0)
    assert seen.contrast > 7 and seen.match > 0.9 and seen.capitals_px > 20


@pytest.mark.parametrize("level", [0, 128, 255])
def test_the_contrast_is_enough_on_any_ground(tmp_path: Path, level: int) -> None:
    ground = Frame.from_rgb(np.full((720, 1280, 3), level, np.uint8))
    seen = look(encoded(labelled(ground, Badge("corner", "tr")), tmp_path), Badge("corner", "tr").raster(*SIZE))
    assert seen.state == "clear" and seen.contrast >= 4.5


def test_on_pictures_of_noise_it_is_still_read(tmp_path: Path) -> None:
    noise = Frame.from_rgb(np.random.default_rng(4).integers(0, 256, (720, 1280, 3), np.uint8))
    seen = look(encoded(labelled(noise, Badge("corner")), tmp_path), Badge("corner").raster(*SIZE))
    assert seen.state == "clear" and seen.contrast >= 4.5


def covered(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = badge.raster(*SIZE).box
    luma[top - 4 : bottom + 4, (left + right) // 2 : right + 4] = 180  # a logo over its right half
    return luma


def faint(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = badge.raster(*SIZE).box
    part = luma[top:bottom, left:right].astype(float)
    luma[top:bottom, left:right] = (part * 0.25 + 120 * 0.75).astype(np.uint8)
    return luma


def cropped(luma: U8, badge: Badge) -> U8:
    left, _, right, _ = badge.raster(*SIZE).box
    return np.ascontiguousarray(luma[:, : int(left + 0.72 * (right - left))])


def shrunk(luma: U8, _badge: Badge) -> U8:
    """The whole picture at half its size in the middle of another one."""
    canvas = np.full_like(luma, 60)
    small = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    canvas[100 : 100 + small.shape[0], 200 : 200 + small.shape[1]] = small
    return canvas


def moved(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = badge.raster(*SIZE).box
    part = luma[top:bottom, left:right].copy()
    luma[top:bottom, left:right] = 90
    luma[500 : 500 + bottom - top, 100 : 100 + right - left] = part
    return luma


def blurred(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = badge.raster(*SIZE).box
    luma[top:bottom, left:right] = cv2.GaussianBlur(luma[top:bottom, left:right], (0, 0), 9)
    return luma


def wiped(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = badge.raster(*SIZE).box
    luma[top - 8 : bottom + 8, left - 8 : right + 8] = 100
    return luma


@pytest.mark.parametrize(
    ("damage", "states"),
    [
        (covered, ("covered",)),
        (faint, ("faint",)),
        (cropped, ("cut",)),
        (shrunk, ("too small",)),
        (moved, ("moved",)),
        (blurred, ("faint", "covered", "missing")),
        (wiped, ("missing",)),
    ],
)
@pytest.mark.parametrize("language", ["en", "de", "pl", "ar", "zh"])
def test_damage_is_found_and_named(
    plain: Frame, tmp_path: Path, language: str, damage: Callable[[U8, Badge], U8], states: tuple[str, ...]
) -> None:
    badge = Badge("corner", language)
    luma = damage(encoded(labelled(plain, badge), tmp_path), badge)
    assert look(luma, badge.raster(*SIZE)).state in states


def test_letters_of_another_language_are_not_taken_for_it(plain: Frame, tmp_path: Path) -> None:
    luma = encoded(labelled(plain, Badge("corner", "fr")), tmp_path)
    assert look(luma, Badge("corner", "de").raster(*SIZE)).state != "clear"


def test_contrast_is_that_of_wcag() -> None:
    assert contrast_ratio(16, 235) == contrast_ratio(0, 255, full_range=True) == pytest.approx(21)
    assert contrast_ratio(119, 255, full_range=True) == pytest.approx(4.48, abs=0.01)  # the grey #777 on white
    assert contrast_ratio(80, 80) == 1


def film(folder: Path, plain: Frame, badge: Badge, seconds: int = 8, size: tuple[int, int] = (640, 360)) -> Path:
    """A film of 5 pictures a second with a badge on it."""
    small = Frame.from_rgb(np.ascontiguousarray(cv2.resize(plain.rgb(), (640, 360))))
    frames = []
    for number in range(5 * seconds):
        frame = small.copy()
        badge.draw(frame.planes, Fraction(number, 5), Fraction(seconds))
        if size != (640, 360):
            frame = Frame.from_rgb(cv2.resize(frame.rgb(), size, interpolation=cv2.INTER_AREA))
        frames.append(frame)
    return write_clip(folder / "film.mp4", frames, rate=Fraction(5), options={"crf": "24", "g": "10"})


LOOKS = [
    Label(),
    Label(corner="bottom-left", clear_y=0.2, size="large"),
    Label(when="start", seconds=3),
    Label(when="start", seconds=3, end_card=True),
    Label(form="icon"),
]


@pytest.mark.parametrize("label", LOOKS)
def test_a_film_that_shows_what_its_record_says_is_passed(plain: Frame, tmp_path: Path, label: Label) -> None:
    record = replace(RECORD, label=label)
    found = check_badge(film(tmp_path, plain, badge_of(record)), record)
    assert found.problems == () and found.first_exposure
    assert found.contrast >= 4.5 and len(found.looks) >= 4


def test_an_end_card_is_looked_for_at_the_end(plain: Frame, tmp_path: Path) -> None:
    record = replace(RECORD, badge="endcard")
    path = film(tmp_path, plain, badge_of(record))
    found = check_badge(path, record)
    assert found.problems == () and all(at_s > 6 for at_s, _ in found.looks)
    assert check_badge(film(tmp_path, plain, Badge("off")), record).problems


def test_a_badge_that_comes_too_late_or_ends_too_early_is_noticed(plain: Frame, tmp_path: Path) -> None:
    path = film(tmp_path, plain, badge_of(replace(RECORD, label=Label(when="start", seconds=3))))
    (problem,) = check_badge(path, RECORD).problems
    assert problem.startswith("the badge 'KI-bearbeitet' is missing in ")
    assert "first at 3." in problem or "first at 4." in problem


def test_no_badge_at_all_is_noticed_on_the_first_picture(plain: Frame, tmp_path: Path) -> None:
    found = check_badge(film(tmp_path, plain, Badge("off")), RECORD)
    assert not found.ok and not found.first_exposure and "first at 0.00 s" in found.problems[0]


def test_where_no_badge_is_due_none_is_looked_for(plain: Frame, tmp_path: Path) -> None:
    found = check_badge(film(tmp_path, plain, Badge("off")), replace(RECORD, badge="off"))
    assert (found.due, found.ok, found.looks) == (False, True, ())


def test_a_rendition_of_another_size_is_measured_in_its_own_pixels(plain: Frame, tmp_path: Path) -> None:
    path = film(tmp_path, plain, badge_of(RECORD), size=(576, 324))
    found = check_badge(path, RECORD, made_size=(640, 360))
    assert found.ok and 9 < found.capitals_px < 11
    tiny = film(tmp_path, plain, badge_of(RECORD), size=(320, 180))
    assert "too small" in check_badge(tiny, RECORD, made_size=(640, 360)).problems[0]


def test_a_file_that_was_cropped_through_the_badge_is_noticed(plain: Frame, tmp_path: Path) -> None:
    whole = film(tmp_path, plain, badge_of(RECORD), seconds=3)
    left, _, right, _ = badge_of(RECORD).raster(640, 360).box
    width = int(left + 0.75 * (right - left)) // 2 * 2
    parts = [Frame.from_rgb(np.ascontiguousarray(one.rgb()[:, :width])) for one in frames_of(whole)]
    cropped_film = write_clip(tmp_path / "cropped.mp4", parts, rate=Fraction(5), options={"crf": "20"})
    (problem,) = check_badge(cropped_film, RECORD).problems
    assert "is cut in" in problem


def test_a_card_over_a_film_shorter_than_itself_is_looked_for_once_it_is_there(plain: Frame, tmp_path: Path) -> None:
    record = replace(RECORD, badge="endcard")
    found = check_badge(film(tmp_path, plain, badge_of(record), seconds=1), record)
    assert found.problems == () and found.looks
