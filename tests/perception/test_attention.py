from __future__ import annotations

import numpy as np
import pytest
from clips import EXAMPLES, frames_of

from countenance.media.frame import F32, Frame
from countenance.perception.attention import (
    LEFT_EYE_REGION,
    LIPS,
    MESH_PX,
    RIGHT_EYE_REGION,
    AttentionNet,
    Closeup,
    _box,
    _sampled,
)
from countenance.perception.crop import Square, cut_square
from countenance.perception.layout import mirrored
from countenance.perception.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, POINTS, RIGHT_EYE

SQUARE = Square(366, 358, 380, 0.02)  # around ada's face in her first picture


@pytest.fixture(scope="module")
def net() -> AttentionNet:
    return AttentionNet()


@pytest.fixture(scope="module")
def ada() -> Frame:
    return frames_of(EXAMPLES / "ada" / "master.mp4", stop=1)[0]


def unit(crop: np.ndarray) -> F32:
    return np.ascontiguousarray(crop).astype(np.float32) / 255


def points_of(look: Closeup) -> F32:
    """All refined mesh points in their places `(468, 2)`, NaN for the others."""
    points = np.full((POINTS, 2), np.nan, np.float32)
    for numbers, found in ((LIPS, look.lips), (RIGHT_EYE_REGION, look.right_eye), (LEFT_EYE_REGION, look.left_eye)):
        points[list(numbers)] = found
    return points


def test_the_parts_hold_the_meshs_own_lips_and_lids() -> None:
    assert {*LIPS_OUTER, *LIPS_INNER} < set(LIPS)
    assert set(RIGHT_EYE_REGION[:16]) == set(RIGHT_EYE)
    assert set(LEFT_EYE_REGION[:16]) == set(LEFT_EYE)
    assert mirrored()[list(RIGHT_EYE_REGION)].tolist() == list(LEFT_EYE_REGION)
    assert sorted(mirrored()[list(LIPS)]) == sorted(LIPS)


def test_the_points_lie_in_the_right_order(net: AttentionNet, ada: Frame) -> None:
    look = net(unit(cut_square(ada, SQUARE, MESH_PX)))
    points = points_of(look)
    assert points[33, 0] < points[133, 0] < points[362, 0] < points[263, 0]  # outer and inner corners, left to right
    assert points[159, 1] < points[145, 1] < points[0, 1] < points[13, 1] <= points[14, 1] < points[17, 1]
    for iris, eye in ((look.right_iris, look.right_eye[:16]), (look.left_iris, look.left_eye[:16])):
        low, high = eye.min(axis=0), eye.max(axis=0)
        assert (low < iris[0]).all()
        assert (iris[0] < high).all()
        radii = np.linalg.norm(iris[1:] - iris[0], axis=1)
        assert radii.max() < 1.3 * radii.min()


@pytest.mark.parametrize(
    "moved", [Square(374, 350, 380, 0.02), Square(366, 358, 420, 0.02), Square(366, 358, 380, 0.1)]
)
def test_the_points_stay_on_the_face_however_it_is_cut(net: AttentionNet, ada: Frame, moved: Square) -> None:
    placed = []
    for square in (SQUARE, moved):
        matrix = square.to_picture(MESH_PX)
        points = points_of(net(unit(cut_square(ada, square, MESH_PX))))
        placed.append((points - 0.5) @ matrix[:, :2].T + matrix[:, 2])
    gaps = np.linalg.norm(placed[0] - placed[1], axis=1)
    assert np.nanmean(gaps) < 3  # of about 160 pixels between the eyes' corners


def test_points_are_counted_from_the_crops_edge(net: AttentionNet, ada: Frame) -> None:
    """Mirrored, a point at x from the left edge lies at x from the right edge, MESH_PX apart."""
    crop = unit(cut_square(ada, SQUARE, MESH_PX))
    points, twins = points_of(net(crop)), points_of(net(unit(255 * crop[:, ::-1])))[mirrored()]
    across = points[:, 0] + twins[:, 0] - MESH_PX
    assert abs(float(np.nanmean(across))) < 0.5
    assert abs(float(np.nanmean(points[:, 1] - twins[:, 1]))) < 0.5


def test_a_box_turns_with_its_part_and_reaches_beyond_it() -> None:
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    corners = np.array([[-8, -4], [8, -4], [8, 4], [-8, 4]], np.float32) @ turn.T + [20, 30]
    matrix = _box(corners.astype(np.float32), corners[1] - corners[0])
    assert matrix @ [8, 8, 1] == pytest.approx([20, 30], abs=1e-4)
    assert np.linalg.norm(matrix[:, 0]) * 16 == pytest.approx(1.5 * 16)
    assert np.linalg.norm(matrix[:, 1]) * 16 == pytest.approx(1.5 * 8)
    assert np.arctan2(matrix[1, 0], matrix[0, 0]) == pytest.approx(angle)


def test_features_are_sampled_between_their_middles_and_are_nothing_outside() -> None:
    column, row = np.meshgrid(np.arange(48, dtype=np.float32), np.arange(48, dtype=np.float32))
    features = np.stack([column, row], axis=-1)
    inside = np.array([[[0.5, 0, 10], [0, 0.5, 20]]], np.float32)
    sampled = _sampled(features, inside)[0]
    assert sampled.shape == (16, 16, 2)
    assert sampled[..., 0] == pytest.approx(np.tile(10 + (np.arange(16) + 0.5) / 2 - 0.5, (16, 1)), abs=1e-4)
    assert sampled[:, 0, 1] == pytest.approx(20 + (np.arange(16) + 0.5) / 2 - 0.5, abs=1e-4)
    beyond = _sampled(features, np.array([[[1, 0, 40], [0, 1, -8]]], np.float32))[0]
    assert (beyond[:8] == 0).all()
    assert (beyond[:, 8:] == 0).all()
    assert beyond[8:, :7, 0].min() >= 40
