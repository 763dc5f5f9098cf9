from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.media.frame import Box, Frame
from countenance.quality.exact import untouched

PLACES = st.integers(0, 15).map(lambda n: 2 * n)
SIDES = st.integers(1, 8).map(lambda n: 2 * n)
BOXES = st.lists(st.builds(Box, PLACES, PLACES, SIDES, SIDES), max_size=3)
SPOTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 31), st.integers(0, 31)), max_size=6)


def grey() -> Frame:
    y, u, v = (np.full((side, side), 90, np.uint8) for side in (48, 24, 24))
    return Frame(0, Fraction(1, 25), (y, u, v))


@settings(max_examples=40, deadline=None)
@given(BOXES, SPOTS)
def test_the_count_is_that_of_looking_at_every_pixel(boxes: list[Box], spots: list[tuple[int, int, int]]) -> None:
    before, after = grey(), grey()
    for plane, row, column in spots:
        height, width = after.planes[plane].shape
        after.planes[plane][row % height, column % width] ^= 3
    same = outside = 0
    for row in range(48):
        for column in range(48):
            if any(b.y <= row < b.y + b.height and b.x <= column < b.x + b.width for b in boxes):
                continue
            outside += 1
            here = ((row, column), (row // 2, column // 2), (row // 2, column // 2))
            same += all(before.planes[p][at] == after.planes[p][at] for p, at in enumerate(here))
    assert untouched(before, after, boxes) == (same, outside)
