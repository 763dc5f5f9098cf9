from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clips import bits

from countenance.media.probe import Master
from countenance.perception.crop import square_around
from countenance.perception.head import angle_deg, mean_turn, posed
from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import upright_shape
from countenance.perception.topology import FACE_OVAL, POINTS
from countenance.perception.tracks import Perception
from countenance.synthesis.compose import Compositor
from countenance.synthesis.heading import (
    Glimpse,
    glimpses_of,
    kept_heading,
    rotation,
    rotation_vector,
    turned_features,
)
from countenance.synthesis.likeness import Likeness
from countenance.synthesis.swap import SwapPainter, prepare_swap


@pytest.fixture(scope="module")
def glimpses(ada_master: Master, ada_seen: Perception) -> list[Glimpse]:
    return glimpses_of(ada_master, ada_seen.of_person(0))


@pytest.fixture(scope="module")
def painter(ben_likeness: Likeness, ada_seen: Perception) -> SwapPainter:
    return prepare_swap(ben_likeness, ada_seen.of_person(0))


def seeming_turn_deg(painter: SwapPainter, glimpses: list[Glimpse], networks: FaceNetworks) -> float:
    """By how much the swapped head seems turned against the master's, in the mean of the pictures."""
    turns = []
    for frame, face in glimpses:
        variant, square = frame.copy(), square_around(face.mesh[:POINTS])
        patch = painter.paint(variant, face, 0)
        assert patch is not None
        Compositor().compose(variant, patch, "swap")
        before, after = (posed(networks.mesh(one, square)[0]).turn for one in (frame, variant))
        turns.append(np.asarray(before.T @ after, np.float32))
    return angle_deg(mean_turn(turns))


def askew(painter: SwapPainter, glimpses: list[Glimpse], pitch_deg: float) -> SwapPainter:
    own = np.median([upright_shape(one.face.mesh[:POINTS]) for one in glimpses], axis=0).astype(np.float32)
    turned = turned_features(own, np.array([np.radians(pitch_deg), 0, 0]))
    return replace(painter, reshape=painter.reshape + turned)


def test_a_rotation_vector_and_its_matrix_say_the_same() -> None:
    vector = np.array([0.03, -0.05, 0.02])
    assert np.allclose(rotation_vector(rotation(vector).astype(np.float32)), vector, atol=1e-6)
    assert np.allclose(rotation(np.zeros(3)), np.eye(3))


def test_turned_features_leave_the_outline_where_it_is(ada_seen: Perception) -> None:
    face = ada_seen.face_of(0, 0)
    assert face is not None
    moves = turned_features(upright_shape(face.mesh[:POINTS]), np.array([0.05, 0, 0]))
    assert not moves[list(FACE_OVAL)].any()
    assert np.linalg.norm(moves[1]) > 0.01  # the tip of the nose moves most


def test_glimpses_are_pictures_with_the_face_from_several_moments(
    glimpses: list[Glimpse], ada_seen: Perception
) -> None:
    assert len(glimpses) >= 4
    assert len({one.face.picture for one in glimpses}) == len(glimpses)
    for frame, face in glimpses:
        expected = ada_seen.face_of(0, face.picture)
        assert expected is not None and np.array_equal(face.mesh, expected.mesh)
        assert ada_seen.frames > face.picture and frame.pts >= 0


def test_a_head_that_seems_to_nod_is_brought_back(
    painter: SwapPainter, glimpses: list[Glimpse], networks: FaceNetworks
) -> None:
    wrong = askew(painter, glimpses, 4.0)
    before = seeming_turn_deg(wrong, glimpses, networks)
    after = seeming_turn_deg(kept_heading(wrong, glimpses, networks), glimpses, networks)
    assert before > 1.8
    assert after < 0.6 * before and after < 1.0


def test_trying_changes_neither_the_frames_nor_the_texture(
    painter: SwapPainter, glimpses: list[Glimpse], networks: FaceNetworks
) -> None:
    before = [bits(one.frame) for one in glimpses]
    settled = kept_heading(painter, glimpses, networks)
    assert [bits(one.frame) for one in glimpses] == before
    assert settled.texture is painter.texture and not np.array_equal(settled.reshape, painter.reshape)


def test_without_pictures_to_go_by_the_painter_stays_as_it_is(painter: SwapPainter, networks: FaceNetworks) -> None:
    assert kept_heading(painter, [], networks) is painter
