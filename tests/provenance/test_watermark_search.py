from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.provenance.pattern import keyed_pattern
from countenance.provenance.payload import encode
from countenance.provenance.watermark_pose import LEAST_SCALE, MOST_SCALE
from countenance.provenance.watermark_search import search_poses

KEY = bytes(range(32))


def posed(angle_deg: float, scale: float, mirrored: bool, size: int = 420) -> NDArray[np.float32]:
    """Bare mark in that pose, drowned in three times as much noise."""
    tile = keyed_pattern(KEY).tile(encode(5), 2)
    plane = np.tile(tile, (12, 12))
    middle = plane.shape[0] / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), angle_deg, scale)
    matrix[:, 2] += size / 2 - middle
    shown = cv2.warpAffine(plane, matrix, (size, size), flags=cv2.INTER_CUBIC)
    shown = shown[:, ::-1] if mirrored else shown
    return np.asarray(shown + np.random.default_rng(3).normal(0, 3, shown.shape), np.float32)


@pytest.mark.parametrize(
    ("angle_deg", "scale", "mirrored"),
    [
        pytest.param(0.0, 1.0, False, id="untouched"),
        pytest.param(7.0, 0.8, False, id="turned and smaller"),
        pytest.param(-3.3, 1.7, False, id="turned and larger"),
        pytest.param(141.0, 1.1, False, id="nearly upside down"),
        pytest.param(30.0, 0.9, True, id="mirrored and turned"),
    ],
)
def test_the_pose_is_among_the_first(angle_deg: float, scale: float, mirrored: bool) -> None:
    found = [
        pose
        for _height, pose in itertools.islice(search_poses(posed(angle_deg, scale, mirrored), keyed_pattern(KEY), 2), 6)
    ]
    near = [
        pose
        for pose in found
        if pose.mirrored is mirrored
        and abs((pose.angle_deg - angle_deg + 180) % 360 - 180) < 0.8
        and pose.scale_x == pytest.approx(scale, rel=0.015)
    ]
    assert near


def test_scales_stay_in_reach() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (300, 400)).astype(np.float32)
    for height, pose in search_poses(noise, keyed_pattern(KEY), 3):
        assert 0.95 * LEAST_SCALE < pose.scale_x < 1.05 * MOST_SCALE
        assert height < 7
