"""Proportions: carried over in moderation, features as wholes, and the picture moving along without a tear."""

from __future__ import annotations

import numpy as np
import pytest
from clips import bits

from countenance.media.frame import Frame
from countenance.perception.layout import mean_shape
from countenance.perception.topology import FACE_OVAL, LEFT_EYE, LIPS_INNER, POINTS
from countenance.perception.tracks import Perception
from countenance.synthesis.reshape import ground_of, moved, reshaping, ring

WIDER = np.array([1.2, 1.0, 1.0], np.float32)


def test_the_same_shape_stays_as_it_is() -> None:
    assert reshaping(mean_shape(), mean_shape().copy()) == pytest.approx(0, abs=1e-6)


def test_a_wider_face_moves_outwards_but_never_far() -> None:
    steps = reshaping(mean_shape(), mean_shape() * WIDER)
    right_cheek, left_cheek = 50, 280
    assert steps[right_cheek, 0] < -0.02 and steps[left_cheek, 0] > 0.02
    assert np.linalg.norm(reshaping(mean_shape(), mean_shape() * 3), axis=1).max() < 0.23


@pytest.mark.parametrize("feature", [LEFT_EYE, LIPS_INNER])
def test_eyes_and_lips_keep_their_opening(feature: tuple[int, ...]) -> None:
    """A talent with narrow eyes or parted lips must not close or open those of the target."""
    other = mean_shape().copy()
    points = list(feature)
    other[points, 1] = other[points, 1].mean() + 0.3 * (other[points, 1] - other[points, 1].mean())
    after = mean_shape() + reshaping(mean_shape(), other)
    assert np.ptp(after[points, 1]) == pytest.approx(np.ptp(mean_shape()[points, 1]), rel=0.05)


def test_the_outline_moves_less_than_what_it_surrounds() -> None:
    steps = np.linalg.norm(reshaping(mean_shape(), mean_shape() + np.array([0.05, 0, 0], np.float32)), axis=1)
    assert steps[list(FACE_OVAL)].mean() < 0.95 * steps[50]


def test_a_turned_head_is_reshaped_in_its_own_axes(ada_seen: Perception) -> None:
    mesh = ada_seen.tracks[0].mesh[0, :POINTS]
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    steps = reshaping(mean_shape(), mean_shape() * WIDER)
    assert moved(mesh @ turn.T, steps) == pytest.approx(moved(mesh, steps) @ turn.T, abs=0.02)


def test_the_picture_follows_the_mesh_and_stays_put_beyond_the_ring(
    ada_frames: list[Frame], ada_seen: Perception
) -> None:
    mesh = ada_seen.tracks[0].mesh[0, :POINTS]
    after = moved(mesh, np.tile(np.array([0.08, 0, 0], np.float32), (POINTS, 1)))
    ground = ground_of(mesh, after, ada_frames[0].size)
    assert ground is not None
    y, x = np.rint(after[4, :2][::-1]).astype(int) - (ground.box.y, ground.box.x)  # the nose's tip
    assert ground.field[y, x] == pytest.approx(mesh[4, :2] - after[4, :2], abs=0.5)
    assert np.abs(ground.field[[0, -1]]).max() == 0 and np.abs(ground.field[:, [0, -1]]).max() == 0
    frame = ada_frames[0].copy()
    ground.move(frame)
    outside = np.ones(frame.planes[0].shape, bool)
    outside[ground.box.rows, ground.box.columns] = False
    assert np.array_equal(frame.planes[0][outside], ada_frames[0].planes[0][outside])
    assert bits(frame) != bits(ada_frames[0])
    assert ring(mesh).shape == (len(FACE_OVAL), 2)


def test_a_mesh_that_does_not_move_leaves_every_bit(ada_frames: list[Frame], ada_seen: Perception) -> None:
    mesh = ada_seen.tracks[0].mesh[0, :POINTS]
    ground = ground_of(mesh, mesh.copy(), ada_frames[0].size)
    assert ground is not None
    frame = ada_frames[0].copy()
    ground.move(frame)
    assert bits(frame) == bits(ada_frames[0])


def test_a_face_outside_the_picture_has_no_ground(ada_seen: Perception) -> None:
    mesh = ada_seen.tracks[0].mesh[0, :POINTS] + np.array([5000, 0, 0], np.float32)
    assert ground_of(mesh, mesh, (720, 720)) is None
