from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from countenance.errors import InputError
from countenance.media.frame import F32, Frame
from countenance.media.reframe import Crop, cut, fit_box, fitted, largest_crop

SOURCE, TALL = (640, 360), (288, 512)


def textured(size: tuple[int, int] = SOURCE) -> Frame:
    """Soft noise: edges in all directions, nothing that repeats, and colours of their own in all three planes."""
    rng = np.random.default_rng(5)
    width, height = size
    planes = []
    for wide, high in ((width, height), (width // 2, height // 2), (width // 2, height // 2)):
        noise = cv2.GaussianBlur(rng.normal(0, 1, (high, wide)), (0, 0), 3.0 * wide / width)
        planes.append(np.clip(128 + noise / noise.std() * 40, 16, 235).astype(np.uint8))
    return Frame(7, Fraction(1, 25), (planes[0], planes[1], planes[2]))


def test_the_whole_picture_at_its_own_size_keeps_every_bit() -> None:
    frame = textured()
    same = cut(frame, Crop(0, 0, *SOURCE), SOURCE)
    assert same.pts == 7 and same.time_base == Fraction(1, 25)
    assert all(np.array_equal(a, b) for a, b in zip(same.planes, frame.planes, strict=True))


def test_whole_even_pixels_are_cut_out_bit_by_bit() -> None:
    frame = textured()
    part = cut(frame, Crop(100, 40, 200, 120), (200, 120))
    assert np.array_equal(part.planes[0], frame.planes[0][40:160, 100:300])
    assert np.array_equal(part.planes[1], frame.planes[1][20:80, 50:150])


def test_a_slow_pan_moves_evenly_and_does_not_tremble() -> None:
    # A twentieth of a pixel a picture: rounded to whole pixels it would stand still nineteen times and then jump.
    wave_px = 40.5
    waves = 128 + 80 * np.sin(2 * np.pi * np.arange(640) / wave_px)
    luma = np.tile(np.rint(waves).astype(np.uint8), (360, 1))
    frame = Frame(0, Fraction(1, 25), (luma, luma[::2, ::2], luma[::2, ::2]))  # chroma is level with even columns
    steps = np.arange(61) * 0.05
    views = [cut(frame, Crop(200 + x, 0, 202.5, 360), TALL).planes for x in steps]
    for plane in range(3):
        columns = np.arange(views[0][plane].shape[1]) * (1 if plane == 0 else 2)
        turning = np.exp(-2j * np.pi * columns * 202.5 / 288 / wave_px)
        phases = np.unwrap([np.angle((view[plane].mean(axis=0) - 128) @ turning) for view in views])
        moved = (phases - phases[0]) * wave_px / (2 * np.pi)
        assert np.abs(moved - steps).max() < 0.03  # pixels of the source


def test_colours_stay_where_the_brightness_is() -> None:
    # One pattern in luma and, as 4:2:0 has it, in chroma: after cut and scale the two must still agree.
    wide = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, (360, 640)), (0, 0), 8)
    pattern = np.clip(128 + wide / wide.std() * 30, 16, 235).astype(np.float32)

    def chroma(luma: F32) -> F32:
        level = cv2.sepFilter2D(luma, cv2.CV_32F, np.array([0.25, 0.5, 0.25]), np.array([1.0]))
        return np.asarray((level[0::2, 0::2] + level[1::2, 0::2]) / 2, np.float32)  # level in x, between rows in y

    small = np.rint(chroma(pattern)).astype(np.uint8)
    view = cut(
        Frame(0, Fraction(1, 25), (np.rint(pattern).astype(np.uint8), small, small)), Crop(91.3, 20.7, 150, 266.7), TALL
    )
    gap = chroma(view.planes[0].astype(np.float32)) - view.planes[1]
    assert np.abs(gap)[4:-4, 4:-4].mean() < 0.6


def test_what_shrinks_is_averaged_and_not_skipped() -> None:
    lines = np.tile(np.array([16, 235], np.uint8), (360, 320))  # columns that no small picture can show
    grey = np.full((180, 320), 128, np.uint8)
    small = cut(Frame(0, Fraction(1, 25), (lines, grey, grey)), Crop(0, 0, 640, 360), (160, 90))
    assert np.abs(small.planes[0].astype(int) - 126).max() <= 3


def test_a_picture_that_is_shown_whole_lies_in_the_middle_before_its_own_blur() -> None:
    frame = textured()
    whole = fitted(frame, TALL)
    box = fit_box(SOURCE, TALL)
    assert (box.x, box.width, box.height) == (0, 288, 162) and abs(box.y - (512 - box.y - box.height)) <= 2
    assert np.array_equal(whole.planes[0][box.rows], cut(frame, Crop(0, 0, *SOURCE), (288, 162)).planes[0])
    around = np.delete(whole.planes[0], np.r_[box.rows], axis=0).astype(float)
    assert around.std() < 0.5 * frame.planes[0].std() and 16 < around.mean() < 0.8 * frame.planes[0].mean()
    black = fitted(frame, TALL, black=True)
    assert set(np.delete(black.planes[0], np.r_[box.rows], axis=0).ravel().tolist()) == {16}


def test_a_crop_that_juts_out_and_odd_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="juts out"):
        cut(textured(), Crop(500, 0, 200, 300), TALL)
    with pytest.raises(InputError, match="even sides"):
        cut(textured(), Crop(0, 0, 100, 100), (101, 100))


def test_the_largest_crop_has_the_target_s_shape_and_touches_two_edges() -> None:
    assert largest_crop((1920, 1080), (1080, 1920)) == (607.5, 1080)
    assert largest_crop((1080, 1920), (1080, 1080)) == (1080, 1080)
