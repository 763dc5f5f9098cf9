from __future__ import annotations

import io

import numpy as np
import pytest
from clips import picture
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from countenance.media.frame import U8, Box
from countenance.synthesis.layer import layer, over, png

SIZE = (96, 64)


def pictures(shape: tuple[int, ...]) -> st.SearchStrategy[U8]:
    return arrays(np.uint8, shape, elements=st.integers(0, 255))


def painted(box: Box) -> tuple[U8, U8]:
    """A plate, and the same with another picture in a box."""
    plate = picture(1, *SIZE).rgb()
    composed = plate.copy()
    composed[box.rows, box.columns] = picture(2, *SIZE).rgb()[box.rows, box.columns]
    return plate, composed


@given(pictures((4, 6, 3)), pictures((4, 6, 3)))
def test_a_layer_over_the_plate_gives_the_composed_picture(plate: U8, composed: U8) -> None:
    assert np.array_equal(over(plate, layer(plate, composed)), composed)


@pytest.mark.parametrize("power", [1.0, 2.2, 0.45])
def test_it_does_so_in_any_working_space(power: float) -> None:
    plate, composed = painted(Box(30, 20, 40, 30))
    shown = layer(plate, composed)
    alpha = shown[..., 3:] / 255
    laid = (alpha * (shown[..., :3] / 255) ** power + (1 - alpha) * (plate / 255) ** power) ** (1 / power)
    assert np.allclose(laid * 255, composed, atol=1e-6)


def test_nothing_is_left_where_nothing_changed() -> None:
    plate, composed = painted(Box(30, 20, 20, 10))
    shown = layer(plate, composed)
    assert (shown[20:30, 30:50, 3] == 255).all()
    assert not shown[:12].any() and not shown[:, :22].any()
    assert not layer(plate, plate).any()


def test_it_ends_softly() -> None:
    shown = layer(*painted(Box(30, 20, 20, 10)))
    fall = shown[25, 22:31, 3].astype(int)
    assert (np.diff(fall) >= 0).all() and len(set(fall.tolist())) > 3


def test_layers_of_people_who_overlap_give_the_whole_picture_in_any_order() -> None:
    boxes = (Box(0, 0, 60, 40), Box(20, 10, 60, 50))
    before = picture(1, *SIZE).rgb()
    after = before.copy()
    for box in boxes:
        after[box.rows, box.columns] = picture(2, *SIZE).rgb()[box.rows, box.columns]
    for order in (boxes, boxes[::-1]):
        whole = before.copy()
        for box in order:
            shown = layer(before[box.rows, box.columns], after[box.rows, box.columns])
            whole[box.rows, box.columns] = over(whole[box.rows, box.columns], shown)
        assert np.array_equal(whole, after)


def test_pixels_leave_with_the_mark_and_only_where_the_picture_changed() -> None:
    plate, composed = painted(Box(30, 20, 40, 30))
    marked = np.where(composed > 127, composed - 2, composed + 2).astype(np.uint8)  # everywhere, as a mark is
    plain, shown = layer(plate, composed), layer(plate, composed, marked)
    assert np.array_equal(shown[..., 3], plain[..., 3])
    assert np.array_equal(shown[..., :3], marked * (plain[..., 3:] > 0))


@pytest.mark.parametrize(("shape", "mode"), [((2, 4, 4), "RGBA"), ((2, 4), "L")])
def test_it_is_stored_as_a_whole_picture(shape: tuple[int, ...], mode: str) -> None:
    box = Box(10, 20, 4, 2)
    pixels = np.arange(1, 1 + np.prod(shape), dtype=np.uint8).reshape(shape)
    with Image.open(io.BytesIO(png(pixels, box, SIZE))) as stored:
        assert (stored.size, stored.mode) == (SIZE, mode)
        found = np.asarray(stored)
    assert np.array_equal(found[box.rows, box.columns], pixels)
    assert found.astype(int).sum() == pixels.astype(int).sum()
