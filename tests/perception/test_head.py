from __future__ import annotations

import numpy as np
import pytest

from countenance.media.frame import F32
from countenance.perception.head import angle_deg, posed
from countenance.perception.layout import mean_shape
from countenance.perception.topology import LIPS_OUTER
from countenance.quality.pose_error import PoseError

LONG_FACE = np.array([1.0, 1.08, 0.94], np.float32)  # another person's proportions


def turned(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> F32:
    """A rotation matrix from degrees."""
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float32)


def mesh(turn: F32, shape: F32 | float = 1.0) -> F32:
    """The mean face with other proportions, turned, in a picture."""
    return np.asarray((mean_shape() * shape) @ turn.T * 180 + (300, 200, 0), np.float32)


def test_a_turn_is_found_and_place_and_size_do_not_matter() -> None:
    turn = turned(20, -8, 5)
    found = posed(mesh(turn))
    assert angle_deg(found.turn @ turn.T) == pytest.approx(0, abs=0.05)
    assert found.shape == pytest.approx(mean_shape()[:, :2], abs=1e-3)


def test_an_open_mouth_does_not_turn_the_head() -> None:
    open_mouthed = mesh(turned(10))
    open_mouthed[list(LIPS_OUTER), 1] += 25
    assert angle_deg(posed(open_mouthed).turn @ turned(10).T) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("off", [{"yaw": 3.0}, {"pitch": -3.0}, {"roll": 3.0}])
def test_a_head_that_is_askew_is_told_in_degrees(off: dict[str, float]) -> None:
    error = PoseError()
    for yaw in range(-10, 11, 2):
        master = turned(yaw)
        error.add(master, master @ turned(**off))
    assert error.error_deg() == pytest.approx(3.0, abs=0.05)
    assert error.motion_deg() == pytest.approx(0.0, abs=0.05)  # it moves with the master all the same


def test_a_head_that_does_not_follow_has_an_error_of_motion_too() -> None:
    error, frozen = PoseError(), turned(0)
    for yaw in range(-10, 11, 2):
        error.add(turned(yaw), frozen)
    assert error.error_deg() == pytest.approx(6.0, abs=0.1)
    assert error.motion_deg() == pytest.approx(6.0, abs=0.1)


def test_another_shape_of_face_is_a_constant_part_and_no_motion() -> None:
    error = PoseError()
    for yaw in range(-10, 11, 2):
        error.add(posed(mesh(turned(yaw, 4))).turn, posed(mesh(turned(yaw, 4), LONG_FACE)).turn)
    assert error.motion_deg() < 0.1
