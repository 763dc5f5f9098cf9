from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from countenance.media.frame import F32
from countenance.perception.attention import LEFT_EYE_REGION, LIPS, RIGHT_EYE_REGION, Closeup
from countenance.perception.layout import mean_shape
from countenance.perception.refine import REFINED
from countenance.perception.spool import Spool
from countenance.perception.strand import ROW, Strand
from countenance.perception.topology import IRIS_POINTS, POINTS, RIGHT_EYE

LID = 159


@pytest.fixture
def spool() -> Iterator[Spool]:
    with Spool() as spool:
        yield spool


def face(x: float) -> F32:
    return np.asarray(mean_shape() * 150 + [300 + x, 300, 0], np.float32)


def look(points: F32, lower: float) -> Closeup:
    """A closer look that sees lips and lids lower by some pixels, and the irises in the eyes' middles."""
    flat = points[:, :2] + np.array([0, lower], np.float32)
    irises = [
        np.repeat(flat[list(region[:16])].mean(axis=0)[None], 5, axis=0)
        for region in (RIGHT_EYE_REGION, LEFT_EYE_REGION)
    ]
    return Closeup(flat[list(LIPS)], flat[list(RIGHT_EYE_REGION)], irises[0], flat[list(LEFT_EYE_REGION)], irises[1])


def meshes(strand: Strand) -> F32:
    rows = strand.table.read(0, len(strand.table))
    return rows[:, : 3 * (POINTS + IRIS_POINTS)].reshape(len(rows), -1, 3)


def lowered(strand: Strand) -> list[float]:
    """By how much a lid lies lower than in the plain mesh, for each picture."""
    return [round(float(mesh[LID, 1] - face(0)[LID, 1]), 2) for mesh in meshes(strand)]


def test_between_two_looks_their_changes_are_taken_in_a_line_and_the_face_goes_its_own_way(spool: Spool) -> None:
    strand = Strand(spool)
    for number, lower in enumerate([1.0, None, None, 4.0, None, 0.0]):
        points = face(10 * number)
        strand.add(points, 0.9, None if lower is None else look(points, lower))
    strand.finish()
    assert lowered(strand) == [1, 2, 3, 4, 2, 0]
    found = meshes(strand)
    assert found[:, 1, 0] - found[0, 1, 0] == pytest.approx([0, 10, 20, 30, 40, 50], abs=1e-3)
    rims = found[:, list(RIGHT_EYE), :2].mean(axis=1)
    assert found[:, POINTS, :2] == pytest.approx(rims, abs=0.1)
    assert strand.table.read(0, 6)[:, -1] == pytest.approx(0.9)


def test_a_picture_with_a_look_tells_its_mesh_at_once(spool: Spool) -> None:
    strand = Strand(spool)
    mesh = strand.add(face(0), 1.0, look(face(0), 2))
    assert mesh is not None
    assert mesh.shape == (POINTS + IRIS_POINTS, 3)
    assert strand.add(face(0), 1.0, None) is None


def test_after_the_last_look_its_change_stays(spool: Spool) -> None:
    strand = Strand(spool)
    strand.add(face(0), 1.0, look(face(0), 3))
    strand.add(face(0), 1.0, None)
    assert len(strand.table) == 1
    strand.finish()
    assert lowered(strand) == [3, 3]


def test_before_its_first_look_a_strand_takes_the_change_of_the_one_beside_it(spool: Spool) -> None:
    later = Strand(spool)
    later.add(face(0), 1.0, look(face(0), 6))
    earlier = Strand(spool, later)
    for lower in (None, None, 0.0):
        earlier.add(face(0), 1.0, None if lower is None else look(face(0), lower))
    earlier.finish()
    assert lowered(earlier) == [4, 2, 0]
    alone = Strand(spool, later)
    alone.add(face(0), 1.0, None)
    alone.finish()
    assert lowered(alone) == [6]


def test_a_row_holds_mesh_slip_and_score(spool: Spool) -> None:
    assert 3 * (POINTS + IRIS_POINTS) + len(REFINED) + 1 == ROW
