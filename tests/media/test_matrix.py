from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.matrix import LUMA_WEIGHTS, to_bt709


def flat(y: int, u: int, v: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(np.full(shape, value, np.uint8) for shape, value in (((4, 6), y), ((2, 3), u), ((2, 3), v)))  # type: ignore[return-value]


def coded(rgb: tuple[float, float, float], matrix: str) -> tuple[float, float, float]:
    """Limited-range Y'CbCr by the defining formulas of the recommendations, RGB 0..1."""
    red, blue = LUMA_WEIGHTS[matrix]
    y = red * rgb[0] + (1 - red - blue) * rgb[1] + blue * rgb[2]
    return 16 + 219 * y, 128 + 224 * (rgb[2] - y) / (2 * (1 - blue)), 128 + 224 * (rgb[0] - y) / (2 * (1 - red))


def test_bt709_is_left_alone() -> None:
    planes = flat(100, 90, 160)
    assert to_bt709(planes, "bt709") is planes


@pytest.mark.parametrize("matrix", ["bt601", "bt2020"])
@given(y=st.integers(16, 235))
def test_grey_stays_the_same_grey(matrix: str, y: int) -> None:
    assert all(
        (new == old).all() for new, old in zip(to_bt709(flat(y, 128, 128), matrix), flat(y, 128, 128), strict=True)
    )


@pytest.mark.parametrize("matrix", ["bt601", "bt2020"])
@given(rgb=st.tuples(*[st.floats(0, 1)] * 3))
def test_every_colour_stays_the_same_colour(matrix: str, rgb: tuple[float, float, float]) -> None:
    y, u, v = (round(value) for value in coded(rgb, matrix))
    for plane, wanted in zip(to_bt709(flat(y, u, v), matrix), coded(rgb, "bt709"), strict=True):
        # Half a step of rounding on each of three planes on the way in, and half a step on the way out.
        assert np.abs(plane - wanted).max() <= 1.6


def test_colours_that_no_camera_makes_are_clipped_not_wrapped() -> None:
    y, u, v = to_bt709(flat(235, 0, 0), "bt601")
    assert (y == 255).all() and (u == 0).all() and (v == 0).all()
