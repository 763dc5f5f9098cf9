from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from clips import picture

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.layout import mean_shape
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face, FaceTrack
from countenance.synthesis.overlap import may_touch, nearness, put_back, shield

SIZE = (320, 180)


def face_at(x: float, y: float, eyes_px: float = 30.0, yaw_deg: float = 0.0) -> Face:
    """The mean face at a place of the picture."""
    turn = np.radians(yaw_deg)
    about = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    points = mean_shape() @ about.T * eyes_px + np.array([x, y, 0])
    mesh = np.concatenate([points, np.zeros((10, 3))]).astype(np.float32)
    return Face(mesh, 1.0, np.array([yaw_deg, 0, 0], np.float32))


def track_of(*faces: Face) -> FaceTrack:
    mesh = np.stack([face.mesh for face in faces])
    poses = np.stack([face.pose for face in faces])
    numbers = np.arange(len(faces))
    return FaceTrack(0, 0, numbers, mesh, np.ones(len(faces), np.float32), poses, np.zeros(128, np.float32))


def inside(face: Face, grown_px: int = 0) -> U8:
    """1 where the face lies, on the whole picture."""
    outline = cv2.convexHull(np.rint(face.mesh[:POINTS, :2]).astype(np.int32))
    drawn = cv2.fillConvexPoly(np.zeros(SIZE[::-1], np.uint8), outline, 1)
    return np.asarray(cv2.dilate(drawn, np.ones((2 * grown_px + 1, 2 * grown_px + 1), np.uint8)), np.uint8)


def shielded(face: Face) -> F32:
    cover = shield(face, SIZE)
    assert cover is not None
    return cover.on(Box(0, 0, *SIZE))


@pytest.mark.parametrize("yaw", [0, 20, 45])
def test_how_near_somebody_stands_does_not_depend_on_where_they_look(yaw: float) -> None:
    assert nearness([track_of(face_at(100, 90, 30, yaw))]) == pytest.approx(30, rel=0.01)


def test_who_is_larger_in_the_picture_stands_nearer() -> None:
    assert nearness([track_of(*[face_at(100, 90, 40)] * 3)]) > nearness([track_of(face_at(200, 90, 30))])


@pytest.mark.parametrize("face", [face_at(120, 80), face_at(160, 90, 45, 30), face_at(0, 20), face_at(319, 179)])
def test_a_shield_hides_the_whole_face_and_ends_softly_near_it(face: Face) -> None:
    alpha = shielded(face)
    assert (alpha[inside(face, grown_px=1) > 0] == 1).all()
    assert (alpha[inside(face, grown_px=12) == 0] == 0).all()
    assert ((alpha > 0) & (alpha < 1)).any()


def test_a_face_outside_the_picture_hides_nothing() -> None:
    assert shield(face_at(-400, 90), SIZE) is None


def test_only_faces_that_are_close_to_each_other_may_touch() -> None:
    assert may_touch(face_at(100, 90), face_at(150, 95))
    assert not may_touch(face_at(60, 90), face_at(250, 90))


@pytest.mark.parametrize("x", [100, 101, 318])
def test_a_face_that_is_put_back_has_all_its_bits_and_nothing_else_does(x: int) -> None:
    face, before, after = face_at(x, 91), picture(1, *SIZE), picture(2, *SIZE)
    untouched = after.copy()
    put_back(after, before, face)
    there = inside(face).astype(bool)
    assert np.array_equal(after.planes[0][there], before.planes[0][there])
    assert np.array_equal(after.planes[0][~there], untouched.planes[0][~there])
    shared = inside(face).reshape(SIZE[1] // 2, 2, SIZE[0] // 2, 2).any(axis=(1, 3))
    for now, then, was in zip(after.planes[1:], before.planes[1:], untouched.planes[1:], strict=True):
        assert np.array_equal(now[shared], then[shared])
        assert np.array_equal(now[~shared], was[~shared])


def test_who_left_the_picture_is_not_put_back() -> None:
    after = picture(2, *SIZE)
    still = Frame(after.pts, after.time_base, after.copy().planes)
    put_back(after, picture(1, *SIZE), replace(face_at(100, 90), mesh=face_at(-400, 90).mesh))
    assert all(np.array_equal(a, b) for a, b in zip(after.planes, still.planes, strict=True))
