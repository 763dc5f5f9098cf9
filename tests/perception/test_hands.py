from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES, frames_of

from countenance.media.decode import decode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.perception.crop import Square
from countenance.perception.hands import LITTLE, MIDDLE, WRIST, HandNetworks


@pytest.fixture(scope="module")
def networks() -> HandNetworks:
    return HandNetworks()


@pytest.fixture(scope="module")
def waving(footage: Path) -> list[Frame]:
    """A raised open hand, seen from its palm, fingers up, at about x 640, y 400."""
    clip = probe(footage / "azure-avatar" / "Requesting_a_five-star_review.mp4")
    return list(decode(clip, stop=30))[24:]


def test_a_raised_hand_is_found_where_it_is(networks: HandNetworks, waving: list[Frame]) -> None:
    (hand,) = networks.find(waving[0], Square(800, 450, 800, 0.0))
    assert hand.score > 0.9
    wrist, middle = hand.points[WRIST], hand.points[MIDDLE + 3]
    assert middle == pytest.approx([600, 320], abs=60)
    assert wrist[1] > middle[1] + 100
    assert 60 < hand.palm_px < 200


def test_a_found_hand_is_followed(networks: HandNetworks, waving: list[Frame]) -> None:
    (hand,) = networks.find(waving[0], Square(800, 450, 800, 0.0))
    for frame in waving[1:]:
        followed = networks.follow(frame, hand)
        assert followed is not None
        assert np.abs(followed.points - hand.points).max() < 0.4 * hand.palm_px
        hand = followed


def test_a_hand_that_left_is_not_followed(networks: HandNetworks, waving: list[Frame]) -> None:
    (hand,) = networks.find(waving[0], Square(800, 450, 800, 0.0))
    empty = Frame.from_rgb(np.full((1080, 1920, 3), 250, np.uint8))
    assert networks.follow(empty, hand) is None


def test_a_face_is_no_hand(networks: HandNetworks) -> None:
    frame = frames_of(EXAMPLES / "ada" / "master.mp4", stop=1)[0]
    assert networks.find(frame, Square(360, 360, 700, 0.0)) == []


def test_a_palm_keeps_its_size_when_it_is_seen_at_a_slant(networks: HandNetworks, waving: list[Frame]) -> None:
    (hand,) = networks.find(waving[0], Square(800, 450, 800, 0.0))
    along, across = hand.points[MIDDLE] - hand.points[WRIST], hand.points[5] - hand.points[LITTLE]
    assert hand.palm_px >= max(np.linalg.norm(along), np.linalg.norm(across))
