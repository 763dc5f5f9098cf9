from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.perception.pose import apply, pose_of, rotation_of, similarities, similarity, steady_frame
from countenance.perception.topology import MIRROR_PAIRS, POINTS

DEGREES = st.floats(-60, 60)


def symmetric_face() -> NDArray[np.float32]:
    """Points that are mirrored in the plane x = 0 and have forehead and chin in it: a head that looks ahead."""
    rng = np.random.default_rng(3)
    mesh = rng.normal(0, 30, (POINTS, 3))
    mesh[:, 0] = 0
    for number, (right, left) in enumerate(MIRROR_PAIRS):
        mesh[left] = (20 + 3 * number, 5 * number - 20, 2 * number)
        mesh[right] = mesh[left] * (-1, 1, 1)
    mesh[[10, 151, 9]] = [(0, -60, 0), (0, -50, 0), (0, -40, 0)]
    mesh[[152, 148, 377]] = [(0, 60, 0), (-9, 58, 0), (9, 58, 0)]
    return mesh.astype(np.float32)


def turn(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """A turn by roll in the picture, after pitch (down), after yaw (to the person's left); x right, y down, z away."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_vertical = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_across = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_sight = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_sight @ about_across @ about_vertical


def test_a_head_that_looks_ahead_is_not_turned() -> None:
    assert pose_of(symmetric_face()) == pytest.approx([0, 0, 0], abs=1e-4)


@pytest.mark.parametrize(
    ("turned", "pose"),
    [
        ((25, 0, 0), (25, 0, 0)),
        ((-40, 0, 0), (-40, 0, 0)),
        ((0, 20, 0), (0, 20, 0)),
        ((0, -15, 0), (0, -15, 0)),
        ((0, 0, 30), (0, 0, 30)),
    ],
)
def test_a_turn_about_one_axis_is_told_in_degrees_and_direction(
    turned: tuple[float, float, float], pose: tuple[float, float, float]
) -> None:
    assert pose_of((symmetric_face() @ turn(*turned).T).astype(np.float32)) == pytest.approx(pose, abs=0.01)


def test_positive_yaw_moves_the_nose_to_the_persons_left_which_is_right_in_the_picture() -> None:
    face = symmetric_face()
    face[1] = (0, 0, -40)  # the tip of the nose, nearest to the camera
    assert (face @ turn(30, 0, 0).T)[1, 0] > 15
    assert (face @ turn(0, 30, 0).T)[1, 1] > 15  # positive pitch: down


@given(yaw=DEGREES, pitch=DEGREES, roll=DEGREES, scale=st.floats(0.1, 20), shift=st.floats(-500, 500))
def test_pose_does_not_depend_on_place_or_size(
    yaw: float, pitch: float, roll: float, scale: float, shift: float
) -> None:
    turned = symmetric_face() @ turn(yaw, pitch, roll).T
    moved = turned * scale + shift
    assert pose_of(moved.astype(np.float32)) == pytest.approx(pose_of(turned.astype(np.float32)), abs=0.1)


@given(yaw=DEGREES, pitch=DEGREES, roll=DEGREES)
def test_the_axes_undo_the_turn(yaw: float, pitch: float, roll: float) -> None:
    axes = rotation_of((symmetric_face() @ turn(yaw, pitch, roll).T).astype(np.float32))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-5)
    assert np.linalg.det(axes) == pytest.approx(1, abs=1e-5)
    assert axes == pytest.approx(turn(yaw, pitch, roll).T, abs=1e-4)


@given(angle=st.floats(-3.1, 3.1), scale=st.floats(0.05, 20), x=st.floats(-1000, 1000), y=st.floats(-1000, 1000))
def test_a_similarity_is_found_again(angle: float, scale: float, x: float, y: float) -> None:
    source = np.random.default_rng(5).normal(0, 50, (20, 2)).astype(np.float32)
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    wanted = np.array([[c, -s, x], [s, c, y]], np.float32)
    assert similarity(source, apply(wanted, source)) == pytest.approx(wanted, abs=2e-2, rel=1e-3)


def test_of_noisy_points_the_similarity_is_the_least_squares_one() -> None:
    rng = np.random.default_rng(6)
    source = rng.normal(0, 50, (400, 2)).astype(np.float32)
    noisy = source * 2 + (10, -4) + rng.normal(0, 3, (400, 2))
    assert similarity(source, noisy.astype(np.float32)) == pytest.approx(np.array([[2, 0, 10], [0, 2, -4]]), abs=0.4)


def test_steady_points_cancel_the_heads_movement_and_leave_the_mouths() -> None:
    reference = symmetric_face()
    speaking = reference.copy()
    speaking[14, 1] += 12  # the lower lip
    moved = speaking.copy()
    moved[:, :2] = apply(np.array([[1.2, -0.3, 40], [0.3, 1.2, -7]], np.float32), speaking[:, :2])
    back = apply(steady_frame(moved, reference), moved[:, :2])
    assert back == pytest.approx(speaking[:, :2], abs=1e-2)


def test_many_similarities_at_once_are_those_one_by_one() -> None:
    random = np.random.default_rng(8)
    target = random.normal(0, 50, (20, 2)).astype(np.float32)
    sources = (target * random.uniform(0.5, 2, (9, 1, 1)) + random.normal(0, 30, (9, 1, 2))).astype(np.float32)
    sources += random.normal(0, 1, sources.shape).astype(np.float32)
    assert similarities(sources, target) == pytest.approx(
        np.stack([similarity(one, target) for one in sources]), abs=1e-3
    )
