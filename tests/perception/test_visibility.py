from __future__ import annotations

import numpy as np
import pytest

from countenance.media.frame import F32
from countenance.perception.layout import mean_shape, mirrored
from countenance.perception.topology import FACE_OVAL, POINTS
from countenance.perception.tracks import Face, FaceTrack
from countenance.perception.visibility import visibility

RIGHT_CHEEK, LEFT_CHEEK = 50, 280
RIGHT_INNER_EYE, LEFT_INNER_EYE = 133, 362
UNDER_NOSE, FOREHEAD, CHIN = (94, 141, 370), 151, 199


def turned(yaw: float, pitch: float = 0.0, size_px: float = 200.0, shape: F32 | None = None) -> F32:
    """The mean face (or another shape) turned towards its left and down, in degrees."""
    shape = mean_shape() if shape is None else shape
    y, p = np.radians(yaw), np.radians(pitch)
    across = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return np.asarray(shape @ across.T @ nod.T * size_px + [300, 300, 0], np.float32)


def test_from_the_front_all_but_the_rim_and_the_folds_is_seen() -> None:
    seen = visibility(turned(0))
    assert seen.shape == (POINTS,)
    assert (seen > 0.5).mean() > 0.96
    assert set(np.flatnonzero(seen < 0.5)) <= {*FACE_OVAL, 80, 310, 191, 415}  # the last lie between the lips


@pytest.mark.parametrize("yaw", [35.0, 60.0])
def test_a_turned_head_hides_its_far_side(yaw: float) -> None:
    left_turn = visibility(turned(yaw))
    assert left_turn[RIGHT_CHEEK] == pytest.approx(1, abs=0.05)
    assert left_turn[RIGHT_INNER_EYE] > 0.95
    right_turn = visibility(turned(-yaw))
    assert np.abs(right_turn[mirrored()] - left_turn).mean() < 0.02
    hidden = (left_turn < 0.5).mean()
    assert hidden > 0.1
    assert mean_shape()[left_turn < 0.1, 0].mean() > 0.1  # those on the person's left


def test_the_nose_hides_what_lies_behind_it_though_it_faces_the_camera() -> None:
    """Deep in the far eye's corner the skin still faces the camera of a head turned by 50 degrees."""
    assert visibility(turned(50))[LEFT_INNER_EYE] < 0.1
    flat = mean_shape().copy()
    flat[:, 2] = np.maximum(flat[:, 2], flat[LEFT_INNER_EYE, 2] - 0.05)
    assert visibility(turned(50, shape=flat))[LEFT_INNER_EYE] > 0.9


def test_a_bowed_head_hides_the_underside_of_its_nose() -> None:
    bowed, raised = visibility(turned(0, 30)), visibility(turned(0, -30))
    for point in UNDER_NOSE:
        assert bowed[point] < 0.1
        assert raised[point] > 0.9
    assert min(bowed[FOREHEAD], raised[FOREHEAD], bowed[CHIN], raised[CHIN]) > 0.9


def test_neither_size_nor_place_matters() -> None:
    near, far = turned(30), turned(30, size_px=20) + np.array([900, -200, 50], np.float32)
    assert visibility(far) == pytest.approx(visibility(near), abs=0.02)


def test_a_face_knows_what_is_seen_of_it(ada_track: FaceTrack) -> None:
    face = ada_track.at(3)
    assert isinstance(face, Face)
    assert (face.visibility > 0.5).mean() > 0.9
    assert face.visibility is face.visibility
