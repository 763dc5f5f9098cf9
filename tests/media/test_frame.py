from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from clips import bits, picture, psnr_db
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.frame import Box, Frame, cut_rgb

SIZE = (96, 64)
BOX = Box(20, 10, 40, 32)
EVEN_BOXES = st.builds(
    lambda x, y, w, h: Box(2 * x, 2 * y, 2 * w, 2 * h),
    st.integers(0, 24), st.integers(0, 16), st.integers(1, 24), st.integers(1, 16),
)  # fmt: skip


def noise(seed: int = 0) -> Frame:
    rng = np.random.default_rng(seed)
    width, height = SIZE
    shapes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    y, u, v = (rng.integers(16, 236, shape, np.uint8) for shape in shapes)
    return Frame(0, Fraction(1, 25), (y, u, v))


def paint(box: Box, value: tuple[int, int, int] = (200, 40, 90)) -> np.ndarray:
    return np.full((box.height, box.width, 3), value, np.float32)


def outside(frame: Frame, box: Box) -> list[np.ndarray]:
    planes = frame.copy().planes
    for plane, part in zip(planes, (box, box.half, box.half), strict=True):
        plane[part.rows, part.columns] = 0
    return list(planes)


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_time_is_exact() -> None:
    assert Frame(1001, Fraction(1, 24000), noise().planes).time == Fraction(1001, 24000)


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
        ((128, 128, 128), (126, 128, 128)),
    ],
)
def test_the_primaries_have_the_codes_of_bt709(rgb: tuple[int, int, int], yuv: tuple[int, int, int]) -> None:
    frame = Frame.from_rgb(np.full((4, 4, 3), rgb, np.uint8))
    assert tuple(int(plane[0, 0]) for plane in frame.planes) == yuv
    assert np.abs(frame.rgb().astype(int) - rgb).max() <= 2


def test_soft_pictures_survive_the_way_in_and_out() -> None:
    rgb = cv2.resize(
        np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC
    )
    assert psnr_db(Frame.from_rgb(rgb).rgb(), rgb) > 38


def test_an_odd_row_and_column_are_cut_off() -> None:
    assert Frame.from_rgb(np.zeros((35, 51, 3), np.uint8)).size == (50, 34)


@given(box=EVEN_BOXES, seed=st.integers(0, 3))
def test_a_mask_of_zero_changes_no_bit(box: Box, seed: int) -> None:
    frame = noise(seed)
    before = bits(frame)
    frame.paste(box, paint(box), np.zeros((box.height, box.width), np.float32))
    assert bits(frame) == before


@given(box=EVEN_BOXES, value=st.floats(0, 1))
def test_nothing_outside_the_box_is_touched(box: Box, value: float) -> None:
    frame = noise()
    before = outside(frame, box)
    frame.paste(box, paint(box), np.full((box.height, box.width), value, np.float32))
    assert same(outside(frame, box), before)


@given(seed=st.integers(0, 20))
def test_inside_the_box_a_pixel_whose_mask_is_zero_keeps_its_luma(seed: int) -> None:
    frame = noise(seed)
    before = frame.planes[0][BOX.rows, BOX.columns].copy()
    mask = np.random.default_rng(seed).random((BOX.height, BOX.width), np.float32)
    mask[mask < 0.5] = 0
    frame.paste(BOX, paint(BOX), mask)
    after = frame.planes[0][BOX.rows, BOX.columns]
    assert np.array_equal(after[mask == 0], before[mask == 0])
    assert not np.array_equal(after[mask > 0], before[mask > 0])


def test_a_full_mask_puts_the_paint_there() -> None:
    frame = noise()
    frame.paste(BOX, paint(BOX), np.ones((BOX.height, BOX.width), np.float32))
    assert np.abs(frame.rgb(BOX).astype(int) - (200, 40, 90)).max() <= 2


def test_half_a_mask_meets_halfway() -> None:
    frame = Frame.from_rgb(np.full((64, 96, 3), (100, 100, 100), np.uint8))
    frame.paste(BOX, paint(BOX, (200, 200, 200)), np.full((BOX.height, BOX.width), 0.5, np.float32))
    assert np.abs(frame.rgb(BOX).astype(int) - 150).max() <= 1


def test_paint_beyond_the_range_is_clipped() -> None:
    frame = noise()
    frame.paste(BOX, paint(BOX, (900, 900, 900)), np.ones((BOX.height, BOX.width), np.float32))
    assert (frame.planes[0][BOX.rows, BOX.columns] == 255).all()


@given(box=EVEN_BOXES)
def test_a_box_is_the_same_as_that_part_of_the_whole(box: Box) -> None:
    frame = Frame.from_rgb(picture(5, *SIZE).rgb())
    whole = frame.rgb()[box.rows, box.columns]
    part = cut_rgb(frame.planes, box)
    assert part.shape == (box.height, box.width, 3)
    # Chroma at the box's rim cannot look across it.
    assert np.abs(part[2:-2, 2:-2].astype(int) - whole[2:-2, 2:-2]).max(initial=0) <= 1


@given(box=EVEN_BOXES)
def test_planes_that_are_cut_out_go_back_exactly(box: Box) -> None:
    frame, other = noise(1), noise(2)
    before = outside(frame, box)
    frame.put(box, other.cut(box))
    assert same(list(frame.cut(box)), list(other.cut(box)))
    assert same(outside(frame, box), before)


def test_a_copy_is_its_own() -> None:
    frame = noise()
    copy = frame.copy()
    copy.planes[0][:] = 0
    assert frame.planes[0].any()


@given(
    points=st.lists(st.tuples(st.floats(-50, 150), st.floats(-50, 120)), min_size=1, max_size=5),
    margin_px=st.floats(0, 20),
)
def test_a_box_around_points_is_even_inside_the_frame_and_holds_them(
    points: list[tuple[float, float]], margin_px: float
) -> None:
    box = Box.around(np.array(points), margin_px, SIZE)
    inside = [(x, y) for x, y in points if 0 <= x < SIZE[0] and 0 <= y < SIZE[1]]
    if box is None:
        assert not inside or margin_px < 2
        return
    assert not any(side % 2 for side in (box.x, box.y, box.width, box.height))
    assert box.x >= 0 and box.y >= 0
    assert box.x + box.width <= SIZE[0] and box.y + box.height <= SIZE[1]
    for x, y in inside:
        assert box.x <= x <= box.x + box.width
        assert box.y <= y <= box.y + box.height
    assert (box.half.x * 2, box.half.width * 2) == (box.x, box.width)
