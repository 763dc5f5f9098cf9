from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.safezones import captions_foot_px, free_place
from countenance.provenance.placement import Box, FaceSeen, covered, meet, zones_for

TALL, WIDE = (1080, 1920), (1920, 1080)
SOCIAL = ["tiktok", "instagram", "youtube", "facebook", "snapchat"]


def face(x: float, y: float, size: float) -> FaceSeen:
    lips = (x - size / 5, y + size / 4, x + size / 5, y + size / 3)
    return FaceSeen((x - size / 2, y - size / 2, x + size / 2, y + size / 2), lips)


shares = st.floats(0.05, 0.95)


@given(
    st.sampled_from([TALL, WIDE, (1080, 1080), (1080, 1350)]),
    st.tuples(st.integers(20, 500), st.integers(10, 200)),
    st.tuples(shares, shares),
    st.lists(st.tuples(shares, shares, st.floats(60, 900)), max_size=3),
    st.sets(st.sampled_from(SOCIAL)),
)
def test_what_is_placed_is_inside_under_nothing_and_on_no_lips(
    size: tuple[int, int],
    item: tuple[int, int],
    wish: tuple[float, float],
    faces: list[tuple[float, float, float]],
    channels: set[str],
) -> None:
    item = (item[0] * 2, item[1] * 2)
    pictures = [[face(x * size[0], y * size[1], high) for x, y, high in faces]]
    box = free_place(size, item, (wish[0] * size[0], wish[1] * size[1]), pictures, channels=channels)
    if box is None:
        return
    assert (box[2] - box[0], box[3] - box[1]) == item and box[0] % 2 == box[1] % 2 == 0
    assert box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]
    assert covered(box, pictures)[1] == 0
    for zone in zones_for(channels, *size):
        left, top, right, bottom = zone.box
        assert not meet(box, (left * size[0], top * size[1], right * size[0], bottom * size[1]))


def test_a_free_wish_is_granted_almost_to_the_pixel() -> None:
    box = free_place(TALL, (400, 100), (540, 900))
    assert box is not None
    assert (box[0] + box[2]) / 2 == pytest.approx(540, abs=2) and (box[1] + box[3]) / 2 == pytest.approx(900, abs=2)


def test_it_steps_off_a_face_where_there_is_room_and_off_lips_always() -> None:
    there = [[face(540, 900, 500)]]
    box = free_place(TALL, (400, 100), (540, 900), there)
    assert box is not None and covered(box, there) == (0, 0)
    everywhere = [[FaceSeen((0, 0, 1080, 1920), (300, 800, 800, 1000))]]
    box = free_place(TALL, (400, 100), (540, 900), everywhere)
    assert box is not None and covered(box, everywhere) == (1, 0)


def test_where_there_is_no_room_it_says_so() -> None:
    taken: list[Box] = [(0, 0, 1080, 1920)]
    assert free_place(TALL, (400, 100), (540, 900), taken=taken) is None
    assert free_place(TALL, (1200, 100), (540, 900)) is None


def test_captions_stand_above_what_the_channels_lay_over_the_lower_edge() -> None:
    assert captions_foot_px(TALL, ["web"]) == 0
    assert captions_foot_px(TALL, ["tiktok"]) == pytest.approx(0.344 * 1920, abs=1)
    assert captions_foot_px(TALL, ["tiktok", "instagram"]) == 672
    assert captions_foot_px(WIDE, ["youtube"]) == pytest.approx(0.12 * 1080, abs=1)
