from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from countenance.perception.topology import (
    FACE_OVAL,
    JAW,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    MIRROR_PAIRS,
    POINTS,
    RIGHT_BROW,
    RIGHT_EYE,
    STEADY,
    triangles,
)
from countenance.perception.tracks import FaceTrack

TRIANGLES = [tuple(int(point) for point in triangle) for triangle in triangles()]
DIRECTED = Counter(edge for a, b, c in TRIANGLES for edge in ((a, b), (b, c), (c, a)))
EDGES = Counter(tuple(sorted(edge)) for edge in DIRECTED.elements())
RIM = {edge for edge, uses in EDGES.items() if uses == 1}


def test_the_mesh_has_852_triangles_over_all_its_points() -> None:
    assert triangles().shape == (852, 3)
    assert {point for triangle in TRIANGLES for point in triangle} == set(range(POINTS))
    assert len({frozenset(triangle) for triangle in TRIANGLES}) == 852
    assert all(len(set(triangle)) == 3 for triangle in TRIANGLES)


def test_it_is_a_manifold_all_wound_alike() -> None:
    assert set(EDGES.values()) == {1, 2}
    # Neighbours run along their common edge in opposite directions, so no direction occurs twice.
    assert set(DIRECTED.values()) == {1}


def test_it_is_one_sheet_with_three_holes() -> None:
    """Euler: points - edges + triangles = 2 - boundaries, of which there are the rim, two eyes and the mouth."""
    assert POINTS - len(EDGES) + len(TRIANGLES) == 2 - 4


@pytest.mark.parametrize("loop", [FACE_OVAL, LIPS_INNER, RIGHT_EYE, LEFT_EYE])
def test_its_borders_are_the_named_loops(loop: tuple[int, ...]) -> None:
    around = {tuple(sorted(edge)) for edge in zip(loop, (*loop[1:], loop[0]), strict=True)}
    assert around <= RIM


def test_it_has_no_other_borders() -> None:
    assert len(RIM) == len(FACE_OVAL) + len(LIPS_INNER) + len(RIGHT_EYE) + len(LEFT_EYE)


@pytest.mark.parametrize("loop", [LIPS_OUTER, LIPS_INNER, FACE_OVAL, RIGHT_EYE, LEFT_EYE])
def test_the_named_loops_follow_edges_of_the_mesh(loop: tuple[int, ...]) -> None:
    assert all(tuple(sorted(edge)) in EDGES for edge in zip(loop, (*loop[1:], loop[0]), strict=True))
    assert len(set(loop)) == len(loop)


def test_seen_from_the_front_the_triangles_face_the_camera(ada_track: FaceTrack) -> None:
    mesh = ada_track.mesh[0, :POINTS]
    a, b, c = (mesh[triangles()[:, corner]] for corner in range(3))
    towards_camera = np.cross(b - a, c - a)[:, 2] < 0  # z grows away from it
    assert towards_camera.mean() > 0.95


def test_left_and_right_are_the_persons_own(ada_track: FaceTrack) -> None:
    mesh = ada_track.mesh[0]
    for right, left in (*MIRROR_PAIRS, *zip(RIGHT_BROW, LEFT_BROW, strict=True)):
        assert mesh[right, 0] < mesh[left, 0]
    assert mesh[list(RIGHT_EYE), 0].max() < mesh[list(LEFT_EYE), 0].min()
    assert mesh[list(JAW), 1].min() > mesh[list(LEFT_EYE), 1].max()
    assert len(set(STEADY)) == len(STEADY)
