from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import POINTS, triangles
from countenance.perception.tracks import Perception

SIZE = (40, 30)
# A square of two triangles, wound so that their fronts are seen, and the same seen from behind.
SQUARE = np.array([[4, 4], [34, 4], [34, 26], [4, 26]], np.float32)
FRONT = np.array([[0, 2, 1], [0, 3, 2]], np.int32)
BACK = FRONT[:, ::-1].copy()


def reference(corners: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric interpolation at every pixel centre, and the distance to the nearest side (below 0 outside)."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    system = np.vstack([corners.T.astype(float), np.ones(3)])
    shares = np.linalg.solve(system, np.stack([x.ravel(), y.ravel(), np.ones(x.size)]))
    sides = [np.linalg.norm(corners[i - 1].astype(float) - corners[i - 2]) for i in range(3)]
    area = abs(np.linalg.det(system))
    inside_px = (shares.T * area / sides).min(axis=1).reshape(x.shape)
    return (shares.T @ values.astype(float)).reshape(*x.shape, -1), inside_px


@given(
    st.lists(st.tuples(st.integers(-10, 50), st.integers(-10, 40)), min_size=3, max_size=3, unique=True),
    st.lists(st.floats(-500, 500, width=32), min_size=6, max_size=6),
    st.sampled_from([1, 2]),
)
def test_values_are_interpolated_exactly_inside_a_triangle(
    corners: list[tuple[int, int]], values: list[float], coarse: int
) -> None:
    points = np.array(corners, np.float32)
    (ax, ay), (bx, by) = points[1] - points[0], points[2] - points[0]
    assume(abs(ax * by - ay * bx) > 60)  # wide enough to hold pixels
    at_corners = np.array(values, np.float32).reshape(3, 2)
    field, valid = spread(points, np.array([[0, 1, 2]], np.int32), at_corners, SIZE, coarse=coarse)
    assert (field.shape, valid.shape) == ((30, 40, 2), (30, 40))
    expected, inside_px = reference(points, at_corners)
    well_inside = inside_px > 2.5 * coarse
    well_inside[[0, -1]] = well_inside[:, [0, -1]] = False  # the picture's border repeats what lies beside it
    assert valid[well_inside].all()
    assert not valid[inside_px < -2.5 * coarse].any()
    assert field[well_inside] == pytest.approx(expected[well_inside], abs=0.05)


def test_what_no_triangle_covers_is_not_valid() -> None:
    _, valid = spread(SQUARE, FRONT, SQUARE, SIZE, coarse=1)
    expected = np.zeros((30, 40), bool)
    expected[4:27, 4:35] = True
    assert np.array_equal(valid, expected)


def test_two_triangles_meet_without_a_seam() -> None:
    """A plane over both triangles stays a plane across their common edge."""
    plane = (SQUARE @ np.array([2.0, -3.0], np.float32) + 7)[:, None]
    for coarse in (1, 2):
        field, _ = spread(SQUARE, FRONT, plane, SIZE, coarse=coarse)
        y, x = np.mgrid[8:22, 8:30]
        assert field[8:22, 8:30, 0] == pytest.approx(2.0 * x - 3.0 * y + 7, abs=1e-2)


@pytest.mark.parametrize("near_first", [True, False])
def test_nearer_triangles_win(near_first: bool) -> None:
    points = np.concatenate([SQUARE, SQUARE])
    order = np.concatenate([FRONT, FRONT + 4] if near_first else [FRONT + 4, FRONT])
    depth = np.repeat(np.array([-3.0, 5.0], np.float32), 4)
    values = np.repeat(np.array([[1.0], [2.0]], np.float32), 4, axis=0)
    field, valid = spread(points, order, values, SIZE, depth=depth, coarse=1)
    assert field[valid, 0] == pytest.approx(1.0, abs=1e-4)


def test_faces_seen_from_behind_are_left_out_when_depth_counts() -> None:
    depth = np.zeros(4, np.float32)
    _, seen = spread(SQUARE, FRONT, SQUARE, SIZE, depth=depth)
    _, turned = spread(SQUARE, BACK, SQUARE, SIZE, depth=depth)
    _, flat = spread(SQUARE, BACK, SQUARE, SIZE)
    assert (seen.any(), turned.any(), flat.any()) == (True, False, True)


def test_a_triangle_without_area_does_no_harm() -> None:
    points = np.array([[5, 5], [5, 5], [5, 5], [8, 8], [30, 8], [8, 28]], np.float32)
    values = np.arange(6, dtype=np.float32)[:, None]
    field, valid = spread(points, np.array([[0, 1, 2], [3, 5, 4]], np.int32), values, SIZE)
    assert np.isfinite(field).all()
    assert valid[12, 12]


def test_normals_have_length_one_and_a_face_looks_at_the_camera(ada_seen: Perception) -> None:
    mesh = ada_seen.tracks[0].mesh[0, :POINTS]
    normals = vertex_normals(mesh, triangles())
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-3)
    nose, right_cheek, left_cheek = normals[4], normals[50], normals[280]
    assert min(-nose[2], -right_cheek[2], -left_cheek[2]) > 0.5
    assert right_cheek[0] < left_cheek[0]  # each cheek looks to its own side


def test_as_many_values_as_there_are_points_may_be_spread() -> None:
    points = np.array([[0, 0], [20, 0], [0, 20]], np.float32)
    values = np.tile(np.eye(3, dtype=np.float32), 200)
    shares, valid = spread(points, np.array([[0, 1, 2]], np.int32), values, (20, 20), coarse=1)
    assert shares.shape == (20, 20, 600)
    assert np.array_equal(shares[..., 3:6], shares[..., :3])
    assert shares[5, 5, :3].sum() == pytest.approx(1.0) and valid[5, 5]
