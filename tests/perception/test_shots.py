from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, picture

from countenance.media.frame import Frame
from countenance.perception.shots import ShotDetector


def cuts(frames: list[Frame]) -> list[int]:
    detector = ShotDetector()
    return [number for number, frame in enumerate(frames) if detector.is_cut(frame)]


@pytest.fixture(scope="module")
def ada() -> list[Frame]:
    return frames_of(EXAMPLES / "ada" / "master.mp4", stop=30)


def scene(number: int) -> list[Frame]:
    """Twelve pictures of a camera that pans over a coloured wall."""
    wall = picture(number, 480, 180).rgb()
    return [Frame.from_rgb(wall[:, 8 * step : 8 * step + 320]) for step in range(12)]


def test_a_cut_is_found_where_two_clips_meet(ada: list[Frame]) -> None:
    assert cuts(ada + scene(1) + ada[::-1]) == [30, 42]


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 4), (5, 6), (7, 8)])
def test_pans_are_no_cuts_but_another_wall_is(one: int, other: int) -> None:
    assert cuts(scene(one) + scene(other)) == [12]


def test_speech_and_nods_are_no_cuts(ada: list[Frame]) -> None:
    assert cuts(ada) == []


def test_a_fade_is_no_cut(ada: list[Frame]) -> None:
    faded = []
    for step in range(12):
        y, u, v = ada[0].planes
        weight = 1 - step / 11
        planes = (cv2.addWeighted(y, weight, np.full_like(y, 16), 1 - weight, 0), u, v)
        faded.append(Frame(step, Fraction(1, 25), planes))
    assert cuts(faded) == []


def test_grain_is_no_cut() -> None:
    rng = np.random.default_rng(0)
    noisy = [Frame.from_rgb(rng.integers(0, 256, (180, 320, 3), np.uint8)) for _ in range(6)]
    assert cuts(noisy) == []


def test_the_first_picture_starts_no_second_shot() -> None:
    assert cuts([picture(1)]) == []


@pytest.mark.footage
def test_real_cuts_are_found_and_real_motion_is_none(footage: Path) -> None:
    assert cuts(frames_of(footage / "multi" / "dark-talking.mov")) == [318, 438]
    assert cuts(frames_of(footage / "multi" / "dance-360p.mp4", stop=200)) == []
