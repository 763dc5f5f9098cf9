from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest
from clips import bits, picture

from countenance.campaign.crew import Crew, Member, Painted
from countenance.campaign.plan import Part
from countenance.media.frame import U8, Box, Frame
from countenance.perception.layout import mean_shape
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face, FaceTrack, Perception
from countenance.synthesis.engine import Patch
from countenance.synthesis.reshape import Ground

SIZE = (640, 360)


@dataclass
class Flood:
    """A painter without any respect: it wants the whole picture, and moves what it finds there."""

    called: list[str]
    who: str
    name: str = "swap"
    faces: list[Face] = field(default_factory=list)

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        self.called.append(self.who)
        self.faces.append(face)
        whole = np.ones(frame.size[::-1], np.float32)
        pixels = np.full((*whole.shape, 3), 200, np.float32)
        box = Box(0, 0, *frame.size)
        ground = Ground(box, np.full((*whole.shape, 2), 3.0, np.float32))
        return Patch(pixels, whole, whole, 0 * whole, box, face, ground=ground)


class Vandal(Flood):
    """A painter that even breaks its promise never to write into the frame."""

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        for plane in frame.planes:
            plane[:] = 90
        return super().paint(frame, face, number)


def track(person: int, x: float, eyes_px: list[float], shot: int = 0, first: int = 0) -> FaceTrack:
    """One person who stands still while the face grows or shrinks."""
    meshes = [mean_shape() * size + np.array([x, 180, 0]) for size in eyes_px]
    mesh = np.stack([np.concatenate([one, np.zeros((10, 3))]) for one in meshes]).astype(np.float32)
    count = len(eyes_px)
    numbers = np.arange(first, first + count)
    poses, scores = np.zeros((count, 3), np.float32), np.ones(count, np.float32)
    return FaceTrack(shot, person, numbers, mesh, scores, poses, np.zeros(128, np.float32))


def hurried(person: int, x: float, eyes_px: float, count: int) -> FaceTrack:
    """Somebody who crosses the picture so fast that nothing could be painted well."""
    still = track(person, x, [eyes_px] * count)
    shift = np.zeros((count, 478, 3), np.float32)
    shift[:, :, 0] = eyes_px * np.arange(count)[:, None]
    return replace(still, mesh=still.mesh + shift)


def crew(seen: Perception, wanted: dict[int, str], painter: type[Flood] = Flood) -> tuple[Crew, list[str]]:
    """A crew in which some people are painted, and the order in which they were."""
    called: list[str] = []
    members = [
        Member(Part(name, person, "ada", "ben", False), seen.of_person(person), [painter(called, name)])
        for person, name in wanted.items()
    ]
    return Crew(seen, members), called


def painted(painters: Crew, frame: Frame, before: Frame, source: int) -> Mapping[int, Painted]:
    return painters.paint(frame, before, source, source, {})


def inside(face: Face) -> U8:
    outline = cv2.convexHull(np.rint(face.mesh[:POINTS, :2]).astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(np.zeros(SIZE[::-1], np.uint8), outline, 1), np.uint8)


def face_of(seen: Perception, person: int, source: int = 0) -> Face:
    face = seen.face_of(person, source)
    assert face is not None
    return face


def test_who_stands_farther_off_is_painted_first_and_never_over_a_nearer_face() -> None:
    seen = Perception(1, (0,), (track(0, 260, [72]), track(1, 340, [60])))
    painters, called = crew(seen, {0: "near", 1: "far"})
    frame = picture(1, *SIZE)
    done = painted(painters, frame, frame.copy(), 0)
    assert called == ["far", "near"]
    (far,), (near,) = done[1].laid, done[0].laid
    there = inside(face_of(seen, 0)).astype(bool)
    assert (far.mask[there] == 0).all() and (far.mask > 0.9).any()
    assert (near.mask[there] > 0.9).all()


def test_the_order_holds_through_a_shot_even_where_sizes_waver() -> None:
    seen = Perception(3, (0,), (track(0, 260, [62, 58, 62]), track(1, 340, [60, 60, 60])))
    painters, called = crew(seen, {0: "near", 1: "far"})
    for number in range(3):
        frame = picture(1, *SIZE)
        painted(painters, frame, frame.copy(), number)
    assert called == ["far", "near"] * 3


def test_another_shot_may_have_another_order() -> None:
    tracks = (track(0, 260, [72]), track(1, 340, [60]), track(0, 260, [60], 1, 1), track(1, 340, [72], 1, 1))
    painters, called = crew(Perception(2, (0, 1), tracks), {0: "ada", 1: "ben"})
    for number in range(2):
        frame = picture(1, *SIZE)
        painted(painters, frame, frame.copy(), number)
    assert called == ["ben", "ada", "ada", "ben"]


@pytest.mark.parametrize("size", [40.0, 88.0], ids=["behind", "before"])
@pytest.mark.parametrize("painter", [Flood, Vandal])
def test_the_face_of_who_is_not_painted_keeps_every_bit_wherever_it_stands(size: float, painter: type[Flood]) -> None:
    seen = Perception(1, (0,), (track(0, 260, [64]), track(1, 360, [size])))
    painters, _ = crew(seen, {0: "ada"}, painter)
    frame, before = picture(1, *SIZE), picture(1, *SIZE)
    done = painted(painters, frame, before, 0)
    there = inside(face_of(seen, 1))
    assert (done[0].laid[0].mask[there > 0] == 0).all()
    assert np.array_equal(frame.planes[0][there > 0], before.planes[0][there > 0])
    shared = there.reshape(SIZE[1] // 2, 2, SIZE[0] // 2, 2).any(axis=(1, 3))
    for now, then in zip(frame.planes[1:], before.planes[1:], strict=True):
        assert np.array_equal(now[shared], then[shared])
    assert bits(frame) != bits(before)


def test_a_picture_without_anybody_to_paint_stays_as_it_is() -> None:
    seen = Perception(2, (0,), (track(0, 260, [64]), track(1, 360, [64, 64])))
    painters, called = crew(seen, {0: "ada"})
    frame, before = picture(1, *SIZE), picture(1, *SIZE)
    assert painted(painters, frame, before, 1) == {}
    assert (bits(frame), called) == (bits(before), [])


def test_where_it_could_not_be_done_well_nothing_is_painted_and_the_reason_is_told() -> None:
    seen = Perception(3, (0,), (hurried(0, 120, 80, 3),))
    painters, called = crew(seen, {0: "ada"})
    frame, before = picture(1, *SIZE), picture(1, *SIZE)
    (laid,) = painted(painters, frame, before, 1)[0].laid
    assert (laid.strength, laid.why, laid.mask.max()) == (0.0, "moved too fast", 0.0)
    assert (bits(frame), called) == (bits(before), [])
