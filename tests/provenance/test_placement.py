from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from countenance.campaign.brief import CHANNELS
from countenance.provenance.badge import Badge
from countenance.provenance.label import CORNERS
from countenance.provenance.placement import FaceSeen, covered, hidden_by, place, zones_for

WIDE, TALL, SQUARE = (1920, 1080), (1080, 1920), (1080, 1080)
BADGE = Badge("corner", "de")


def face(width: int, height: int, x: float, y: float, size: float) -> FaceSeen:
    """A face of `size` shares of the height around a point in shares."""
    high, wide = size * height, 0.75 * size * height
    left, top = x * width - wide / 2, y * height - high / 2
    lips = (left + 0.3 * wide, top + 0.7 * high, left + 0.7 * wide, top + 0.85 * high)
    return FaceSeen((left, top, left + wide, top + high), lips)


@pytest.mark.parametrize("size", [WIDE, TALL, SQUARE])
def test_without_a_reason_it_stands_at_the_top_right_edge(size: tuple[int, int]) -> None:
    label = place(BADGE, *size, [], ["web"])
    assert (label.corner, label.clear_x, label.clear_y) == ("top-right", 0, 0)


@pytest.mark.parametrize(
    ("x", "y", "corner"),
    [(0.85, 0.2, "top-left"), (0.15, 0.2, "top-right"), (0.5, 0.5, "top-right")],
)
def test_it_gets_out_of_a_face_s_way(x: float, y: float, corner: str) -> None:
    pictures = [[face(*WIDE, x, y, 0.4)]] * 10
    label = place(BADGE, *WIDE, pictures, ["web"])
    assert label.corner == corner
    box = replace(BADGE, label=label).raster(*WIDE).box
    assert covered(box, pictures) == (0, 0)


def test_two_faces_at_the_top_send_it_to_the_bottom_above_the_captions() -> None:
    pictures = [[face(*WIDE, 0.8, 0.2, 0.4), face(*WIDE, 0.2, 0.2, 0.4)]] * 5
    label = place(BADGE, *WIDE, pictures, ["web"])
    box = replace(BADGE, label=label).raster(*WIDE).box
    assert label.corner == "bottom-left"
    assert covered(box, pictures) == (0, 0) and hidden_by(replace(BADGE, label=label), *WIDE, ["web"]) == ()


def test_when_every_corner_is_on_a_face_lips_are_spared() -> None:
    # A close-up that fills the picture; its lips lie at the lower left.
    whole = FaceSeen((0, 0, *WIDE), (100, 600, 900, 1000))
    pictures = [[whole]] * 4
    label = place(BADGE, *WIDE, pictures, ["web"])
    assert covered(replace(BADGE, label=label).raster(*WIDE).box, pictures) == (1.0, 0.0)


def test_a_passing_face_weighs_less_than_one_that_stays() -> None:
    passing = [[face(*WIDE, 0.85, 0.15, 0.3)]] + [[face(*WIDE, 0.15, 0.15, 0.3)]] * 9
    assert place(BADGE, *WIDE, passing, ["web"]).corner == "top-right"


@pytest.mark.parametrize(("channel", "size"), list(itertools.product(CHANNELS, (WIDE, TALL, SQUARE))))
def test_no_channel_hides_it(channel: str, size: tuple[int, int]) -> None:
    for language in ("en", "pl", "ar"):
        badge = Badge("corner", language)
        label = place(badge, *size, [], [channel])
        assert hidden_by(replace(badge, label=label), *size, [channel]) == ()


def test_all_social_channels_at_once() -> None:
    channels = ["youtube", "instagram", "tiktok", "snapchat", "facebook"]
    label = place(BADGE, *TALL, [[face(*TALL, 0.5, 0.4, 0.3)]] * 5, channels)
    badge = replace(BADGE, label=label)
    assert hidden_by(badge, *TALL, channels) == () and label.clear_y > 0.13
    assert hidden_by(replace(BADGE, label=place(BADGE, *TALL, [], ["web"])), *TALL, channels) == (
        "tabs and search (tiktok)", "account bar (instagram)", "account bar (facebook)",
        "right side of Reels (instagram)", "right side of Reels (facebook)", "account bar (snapchat)",
        "bar of Shorts (youtube)",
    )  # fmt: skip


@pytest.mark.parametrize("corner", CORNERS)
def test_a_corner_that_is_named_is_kept(corner: str) -> None:
    pictures = [[face(*WIDE, x, y, 0.4) for x in (0.1, 0.9) for y in (0.1, 0.9)]]
    label = place(BADGE, *WIDE, pictures, ["web", "youtube"], corner)
    assert label.corner == corner
    assert hidden_by(replace(BADGE, label=label), *WIDE, ["web", "youtube"]) == ()


def test_every_zone_lies_in_the_picture_and_names_a_known_channel() -> None:
    for width, height in (WIDE, TALL, SQUARE):
        for zone in zones_for(CHANNELS, width, height):
            left, top, right, bottom = zone.box
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1 and zone.what
            assert zone.channel in ("any", *CHANNELS)
