from __future__ import annotations

import numpy as np
import pytest

from countenance.media.frame import F32
from countenance.perception.pose import rotation_of
from countenance.perception.topology import EYE_CORNERS, JAW, LIPS_INNER, LIPS_OUTER, POINTS
from countenance.perception.tracks import Perception
from countenance.synthesis.jawline import LowerFace, lower_face, moved_ground, turned, upright
from countenance.synthesis.mouths import MouthLibrary

SIZE = (720, 720)
LIPS = list(LIPS_OUTER + LIPS_INNER)


@pytest.fixture(scope="module")
def layout(ada_mouths: MouthLibrary) -> LowerFace:
    return lower_face(ada_mouths.mouths[0].shape, ada_mouths.unit)


@pytest.fixture
def points(ada_seen: Perception) -> F32:
    return np.array(ada_seen.tracks[0].mesh[0][:POINTS, :2])


def opened(points: F32, by_px: float) -> F32:
    """The jaw lowered, the upper face as it was."""
    below = np.clip((points[:, 1] - points[13, 1]) / (points[152, 1] - points[13, 1]), 0, 1)
    return np.asarray(points + np.array([0, by_px], np.float32) * np.minimum(3 * below, 1)[:, None], np.float32)


def test_lips_and_chin_follow_the_mouth_and_the_upper_face_does_not(layout: LowerFace) -> None:
    assert (layout.share[LIPS] == 1).all() and layout.share[152] == 1
    assert not layout.share[[10, 168, 4, *EYE_CORNERS]].any()
    assert not layout.share[[JAW[0], JAW[-1]]].any()  # under the ears the head's outline stands still


def test_paint_covers_lips_wholly_and_ends_at_the_jaw_line(layout: LowerFace) -> None:
    assert (layout.paint[LIPS] == 1).all()
    assert not layout.paint[list(JAW)].any()
    assert (layout.skin[LIPS] == 0).all()  # neither lipstick nor teeth are light
    assert (layout.edge[list(JAW)] > 0.9).all() and (layout.edge[LIPS] == 0).all()


def test_a_mouth_filmed_in_the_same_pose_is_not_turned(ada_mouths: MouthLibrary) -> None:
    mouth = ada_mouths.mouths[3]
    change = turned(upright(mouth.mesh), mouth.shape, rotation_of(mouth.mesh), ada_mouths.reference)
    assert np.abs(change).max() < 0.02


def test_a_turn_to_the_side_moves_the_chin_and_hardly_the_eyes(ada_mouths: MouthLibrary) -> None:
    mouth = ada_mouths.mouths[3]
    angle = np.radians(6)
    yaw = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]], np.float32)
    change = turned(upright(mouth.mesh), mouth.shape, rotation_of(mouth.mesh) @ yaw, ada_mouths.reference)
    length = np.linalg.norm(change, axis=1) / ada_mouths.unit
    assert length[LIPS].mean() > 0.005
    assert length.max() < 0.07


def test_where_nothing_moves_there_is_no_ground(layout: LowerFace, points: F32) -> None:
    assert moved_ground(layout, points, points, SIZE) is None


@pytest.mark.parametrize("by_px", [-24.0, -12.0, -4.0, 4.0, 12.0, 24.0])
def test_the_ground_follows_the_chin_and_dies_down_on_the_neck(
    layout: LowerFace, ada_seen: Perception, by_px: float
) -> None:
    points = np.array(ada_seen.tracks[0].mesh[0][:POINTS, :2])
    ground = moved_ground(layout, points, opened(points, by_px), SIZE)
    assert ground is not None and ground.behind
    after = opened(points, by_px)
    x, y = np.rint(after[152]).astype(int) - (ground.box.x, ground.box.y)
    assert ground.field[y, x, 1] == pytest.approx(-by_px, abs=0.12 * abs(by_px) + 0.3)
    down = ground.field[y:, x, 1] * -np.sign(by_px)
    assert (np.diff(down) < 0.05).all() and down[-1] == 0
    # Nothing is turned over: no pixel comes from above the one over it.
    assert (np.diff(np.arange(len(down)) - down * np.sign(by_px)) > 0).all()
    above = np.rint(points[168]).astype(int) - (ground.box.x, ground.box.y)
    assert above[1] < 0 or not ground.field[: above[1]].any()


def test_a_face_cut_by_the_frame_has_ground_in_the_frame_only(layout: LowerFace, points: F32) -> None:
    size = (720, int(points[152, 1]) // 2 * 2)
    ground = moved_ground(layout, points, opened(points, 10), size)
    assert ground is not None
    assert ground.box.y + ground.box.height <= size[1]
    assert ground.field.shape == (ground.box.height, ground.box.width, 2)


def test_a_face_outside_of_the_frame_has_no_ground(layout: LowerFace, points: F32) -> None:
    away = points + np.array([2000, 0], np.float32)
    assert moved_ground(layout, away, opened(away, 10), SIZE) is None
