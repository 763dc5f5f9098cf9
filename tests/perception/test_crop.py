from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from countenance.media.frame import Box, Frame
from countenance.perception.crop import Square, square_around, thumbnail, warp_yuv

WIDTH, HEIGHT = 641, 361  # odd on purpose: whole steps do not fit


def ramp() -> Frame:
    """Luma tells the column (a quarter level a pixel) plus the row (an eighth)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    luma = np.clip(columns / 4 + rows / 8 + 20, 0, 255).astype(np.uint8)
    grey = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    return Frame(0, Fraction(1, 25), (luma, grey, grey))


@settings(max_examples=40, deadline=None)
@example(208.5, 120.0, 385.0, 0.0, 64)  # the outermost column once took in what lies outside the picture
@given(st.floats(200, 440), st.floats(120, 240), st.floats(30, 900), st.floats(-0.6, 0.6), st.sampled_from([64, 112]))
def test_a_crop_shows_what_lies_there_at_every_scale(
    x: float, y: float, side: float, angle: float, size_px: int
) -> None:
    to_picture = Square(x, y, side, angle).to_picture(size_px)
    luma = warp_yuv(ramp(), to_picture, size_px)[..., 0].astype(float)
    rows, columns = np.mgrid[:size_px, :size_px]
    places = np.stack([columns, rows], axis=2) @ to_picture[:, :2].T + to_picture[:, 2]
    margin = 3 + 2 * side / size_px
    inside = (places > margin).all(axis=2) & (places < np.array([WIDTH, HEIGHT]) - 1 - margin).all(axis=2)
    told = places[..., 0] / 4 + places[..., 1] / 8 + 20
    assert np.abs(luma - told)[inside].max(initial=0) < 1.6


def test_the_square_around_a_face_is_upright_to_its_eyes() -> None:
    random = np.random.default_rng(0)
    points = random.uniform(100, 200, (468, 3)).astype(np.float32)
    points[33, :2], points[263, :2] = (120, 140), (160, 180)
    square = square_around(points)
    assert square.angle == pytest.approx(np.pi / 4)
    to_picture = square.to_picture(100)
    placed = (points[:, :2] - to_picture[:, 2]) @ np.linalg.inv(to_picture[:, :2]).T
    low, high = placed.min(axis=0), placed.max(axis=0)
    assert (low + high) / 2 == pytest.approx([50, 50], abs=0.01)
    assert (high - low).max() == pytest.approx(100 / 1.5, abs=0.01)


@pytest.mark.parametrize("size", [(192, 108), (64, 36), (640, 360)])
@pytest.mark.parametrize("box", [None, Box(0, 0, 384, 216), Box(256, 144, 384, 216), Box(100, 50, 384, 216)])
def test_a_thumbnail_shows_its_part_of_the_picture_from_edge_to_edge(size: tuple[int, int], box: Box | None) -> None:
    part = box or Box(0, 0, WIDTH, HEIGHT)
    grey = thumbnail(ramp(), size, box)[..., 1].astype(float) * 219 / 255 + 16
    rows, columns = np.mgrid[: size[1], : size[0]]
    x = part.x + (columns + 0.5) * part.width / size[0] - 0.5
    y = part.y + (rows + 0.5) * part.height / size[1] - 0.5
    # Up to one step of the whole factor is left out at the far edges.
    assert grey == pytest.approx(x / 4 + y / 8 + 20, abs=3)
