from __future__ import annotations

import numpy as np
import pytest
from clips import EXAMPLES, frames_of

from countenance.media.frame import F32
from countenance.perception.attention import LEFT_EYE_REGION, LIPS, MESH_PX, RIGHT_EYE_REGION, Closeup
from countenance.perception.crop import cut_square, square_around
from countenance.perception.layout import mean_shape
from countenance.perception.networks import FaceNetworks
from countenance.perception.refine import REFINED, SLOW, axis_of, refined, settled
from countenance.perception.topology import LEFT_EYE, LIPS_OUTER, POINTS, RIGHT_EYE, triangles

BLINK, OPEN = 19, 8  # ada's master: by its truth she blinks at 0.765 s, at 25 pictures a second


def upright() -> F32:
    return np.asarray(mean_shape() * 150 + [300, 300, 0], np.float32)


def look_at(points: F32, moved: tuple[float, float]) -> Closeup:
    """A closer look that sees everything moved by some pixels."""
    flat = points[:, :2] + np.array(moved, np.float32)
    iris = np.zeros((5, 2), np.float32)
    return Closeup(flat[list(LIPS)], flat[list(RIGHT_EYE_REGION)], iris + 7, flat[list(LEFT_EYE_REGION)], iris + 9)


def test_lids_follow_the_closer_look_across_and_the_mesh_along() -> None:
    points = upright()
    mesh, slip = refined(points, look_at(points, (3, 2)))
    rim = [*RIGHT_EYE, *LEFT_EYE]
    assert mesh[rim, 0] == pytest.approx(points[rim, 0], abs=1e-3)
    assert mesh[rim, 1] == pytest.approx(points[rim, 1] + 2, abs=1e-3)
    assert slip[np.isin(REFINED, rim)] == pytest.approx(3, abs=1e-3)


def test_lips_follow_both() -> None:
    points = upright()
    mesh, _slip = refined(points, look_at(points, (0, 2)))
    moved = mesh[list(LIPS_OUTER), 1] - points[list(LIPS_OUTER), 1]
    assert (moved > 1).all()
    assert (moved < 2).all()


def test_all_else_stays_and_the_irises_are_those_of_the_closer_look() -> None:
    points = upright()
    mesh, _slip = refined(points, look_at(points, (3, 2)))
    others = np.setdiff1d(np.arange(POINTS), REFINED)
    assert np.array_equal(mesh[others], points[others])
    assert np.array_equal(mesh[:POINTS, 2], points[:, 2])
    assert (mesh[POINTS : POINTS + 5, :2] == 7).all()
    assert (mesh[POINTS + 5 :, :2] == 9).all()
    assert mesh[POINTS, 2] == pytest.approx(points[list(RIGHT_EYE), 2].mean())


def test_along_is_along_the_eyes_also_when_the_head_is_tilted() -> None:
    c, s = np.cos(0.5), np.sin(0.5)
    points = upright()
    points[:, :2] = points[:, :2] @ np.array([[c, s], [-s, c]], np.float32)
    assert axis_of(points) == pytest.approx([c, s], abs=1e-4)
    mesh, slip = refined(points, look_at(points, (4 * c, 4 * s)))
    assert mesh[:POINTS] == pytest.approx(points, abs=1e-3)
    assert slip[: len(LIPS)] == pytest.approx(4, abs=1e-3)


def test_a_track_takes_only_what_is_quick_from_the_closer_look_along() -> None:
    count = 3 * SLOW
    mesh = np.repeat(np.concatenate([upright(), np.zeros((10, 3), np.float32)])[None], count, axis=0)
    slip = np.full((count, len(REFINED)), 5, np.float32)  # it always lies farther along: that is its drift
    slip[SLOW] += 2  # and once it moves
    moved = settled(mesh, slip)[:, REFINED, 0] - mesh[:, REFINED, 0]
    assert moved[0] == pytest.approx(0, abs=1e-3)
    assert moved[SLOW] == pytest.approx(2, abs=0.1)
    assert np.abs(moved[SLOW + 1]).max() < 0.1


def test_lids_that_pass_each_other_are_put_where_they_meet() -> None:
    points = upright()
    look = look_at(points, (0, 0))
    upper, lower = RIGHT_EYE_REGION.index(159), RIGHT_EYE_REGION.index(145)
    look.right_eye[upper, 1] = 310
    look.right_eye[lower, 1] = 300
    mesh, _slip = refined(points, look)
    assert mesh[[159, 145], 1] == pytest.approx([305, 305], abs=0.1)


def test_a_blink_shuts_the_lids() -> None:
    """The plain mesh network leaves a third of the eye open."""
    networks = FaceNetworks()
    frames = frames_of(EXAMPLES / "ada" / "master.mp4", stop=BLINK + 1)
    gaps: dict[str, list[float]] = {"plain": [], "refined": []}
    for number in (OPEN, BLINK):
        square = networks.detect(frames[number])[0].square
        square = square_around(networks.mesh(frames[number], square)[0])
        plain, _score = networks.follow(cut_square(frames[number], square, MESH_PX), square)
        mesh, _score = networks.mesh(frames[number], square)
        gaps["plain"].append(float(plain[145, 1] - plain[159, 1]))
        gaps["refined"].append(float(mesh[145, 1] - mesh[159, 1]))
    assert abs(gaps["refined"][1]) < 0.15 * gaps["refined"][0]
    assert gaps["plain"][1] > 0.25 * gaps["plain"][0]


def test_refining_folds_nothing(networks: FaceNetworks) -> None:
    def fronts(points: F32) -> np.ndarray:
        a, b, c = (points[triangles()[:, i], :2] for i in range(3))
        return np.asarray((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0] < 0)

    frame = frames_of(EXAMPLES / "ada" / "master.mp4", stop=OPEN + 1)[OPEN]
    square = square_around(networks.mesh(frame, networks.detect(frame)[0].square)[0])
    plain, _score = networks.follow(cut_square(frame, square, MESH_PX), square)
    mesh, _score = networks.mesh(frame, square)
    assert (fronts(plain) & ~fronts(mesh)).mean() < 0.01
