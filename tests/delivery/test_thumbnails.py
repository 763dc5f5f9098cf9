from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, picture, write_clip

from countenance.delivery.thumbnail_looks import face_looks, picture_looks, pictures_at, weighed
from countenance.delivery.thumbnail_title import Title, draw_title, require_title
from countenance.delivery.thumbnails import SIZES, candidates, still
from countenance.delivery.viewing import View, view
from countenance.errors import InputError, TextError
from countenance.media.frame import Frame
from countenance.media.reframe import Crop, cut
from countenance.provenance.badge import Badge
from countenance.provenance.placement import FaceSeen

BLURRED = range(36, 48)  # pictures of the clip that are out of focus


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> View:
    """Two seconds of ada, who blinks around picture 20, half a second of it out of focus."""
    frames = [cut(frame, Crop(0, 0, 720, 720), (480, 480)) for frame in frames_of(EXAMPLES / "ada" / "master.mp4", 50)]
    for number in BLURRED:
        y = frames[number].planes[0]
        y[...] = cv2.GaussianBlur(y, (0, 0), 4)
    return view(write_clip(tmp_path_factory.mktemp("thumbs") / "ada.mp4", frames, options={"crf": "14"}))


def test_closed_eyes_and_blur_are_told_from_what_is_good(looked: View) -> None:
    looks = picture_looks(looked, face_looks(looked, weighed(looked.master)))
    assert looks.faces.all() and all(((mark >= 0) & (mark <= 1)).all() for mark in looks.marks.values())
    closed = np.flatnonzero(looks.marks["eyes"] < 0.2)
    assert len(closed) and closed.min() >= 12 and closed.max() <= 28
    sharp = looks.marks["sharpness"]
    assert sharp[list(BLURRED)].max() < 0.5 * np.median(sharp[:36])
    assert not looks.fit[closed].any() and not looks.fit[list(BLURRED)].any() and looks.fit[:10].all()


def test_chosen_moments_are_fit_apart_and_the_same_each_time(looked: View) -> None:
    found = candidates(looked, 3)
    assert found == candidates(looked, 3)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    numbers = sorted(one.number for one in found)
    assert all(one.marks["eyes"] > 0.8 for one in found) and not set(numbers) & set(BLURRED)
    assert np.diff(numbers).min() >= 6


def test_only_usable_moments_are_offered(looked: View) -> None:
    assert all(one.time_s > 1.0 for one in candidates(looked, 3, lambda time_s: time_s > 1.0))
    with pytest.raises(InputError, match="no picture may be used"):
        candidates(looked, 3, lambda _time_s: False)
    with pytest.raises(InputError, match="from 1 to 20"):
        candidates(looked, 0)


def test_a_video_without_faces_gives_its_sharpest_pictures(tmp_path: Path) -> None:
    frames = [picture(0) for _ in range(30)]
    for number in range(15):
        y = frames[number].planes[0]
        y[...] = cv2.GaussianBlur(y, (0, 0), 6)
    clip = write_clip(tmp_path / "nobody.mp4", frames, options={"crf": "14"})
    found = candidates(view(clip), 2)
    assert set(found[0].marks) == {"sharpness", "light"} and all(one.number >= 15 for one in found)


def test_wanted_pictures_are_found_wherever_they_lie(looked: View) -> None:
    whole = frames_of(looked.master.path)
    for numbers in ([0, 1, 49], [7], [20, 21, 22]):
        found = list(pictures_at(looked.master, numbers))
        assert [frame.pts for frame in found] == [whole[number].pts for number in numbers]


def test_every_shape_holds_the_whole_face_and_the_badge(looked: View) -> None:
    (one,) = candidates(looked, 1)
    (frame,) = pictures_at(looked.master, [one.number])
    for size in SIZES:
        made = still(looked, one, frame.copy(), size, worn=Badge("off"), badge=Badge("corner", "de"))
        assert made.rgb.shape == (size[1], size[0], 3) and made.title_box is None
        x, y, right, bottom = made.badge.raster(*made.badge_size).box
        assert 0 <= x < right <= size[0] and 0 <= y < bottom <= size[1]
        assert made.rgb[y:bottom, x:right].max() > 240  # white letters


def test_a_title_stands_clear_of_lips_badge_and_clock_smaller_if_need_be(looked: View) -> None:
    (one,) = candidates(looked, 1)
    (frame,) = pictures_at(looked.master, [one.number])
    made = still(
        looked, one, frame, (1280, 720), worn=Badge("off"), badge=Badge("corner", "en"),
        title=Title("A long title that needs several lines to be read at all", "en"),
    )  # fmt: skip
    assert made.title_box is not None
    badge = made.badge.raster(*made.badge_size).box
    left, top, right, bottom = made.title_box
    assert right <= badge[0] or left >= badge[2] or top >= badge[3] or bottom <= badge[1]
    assert right <= 0.8 * 1280 or bottom <= 0.86 * 720


def test_a_title_for_which_there_is_no_room_is_left_out() -> None:
    frame = Frame.from_rgb(np.full((360, 640, 3), 120, np.uint8))
    before = frame.copy()
    lips = [[FaceSeen((0, 0, 640, 360), (0, 0, 640, 360))]]
    assert draw_title(frame.planes, Title("Espresso", "en"), lips) is None
    assert all(np.array_equal(a, b) for a, b in zip(frame.planes, before.planes, strict=True))
    assert draw_title(frame.planes, Title("Espresso", "en"), []) is not None
    assert frame.planes[0].max() >= 230


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Espresso für alle", "de"),
        ("قهوة Espresso للجميع", "ar"),
        ("אספרסו לכולם", "he"),
        ("みんなのエスプレッソ", "ja"),
    ],
)
def test_titles_are_set_in_their_script(text: str, language: str) -> None:
    require_title(Title(text, language))
    frame = Frame.from_rgb(np.full((720, 1280, 3), 120, np.uint8))
    assert draw_title(frame.planes, Title(text, language), []) is not None
    assert frame.planes[0].max() >= 230


@pytest.mark.parametrize("text", ["  ", "தமிழ்"])
def test_titles_that_cannot_be_set_are_refused(text: str) -> None:
    with pytest.raises(TextError, match="cannot be written"):
        require_title(Title(text, "ta"))
