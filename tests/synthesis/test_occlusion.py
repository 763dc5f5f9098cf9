from __future__ import annotations

import cv2
import numpy as np
import pytest

from countenance.media.frame import F32, Box, Frame
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face, Perception
from countenance.synthesis.occlusion import Cover, Occlusion

BLUE = (40, 60, 170)


def covers(frames: list[Frame], seen: Perception) -> list[Cover | None]:
    occlusion = Occlusion(seen.of_person(0))
    return [occlusion.see(frame, face_at(seen, number)) for number, frame in enumerate(frames)]


def face_at(seen: Perception, number: int) -> Face:
    face = seen.face_of(0, number)
    assert face is not None
    return face


def whole(cover: Cover | None, frame: Frame) -> F32:
    """The cover on the whole picture."""
    return np.zeros(frame.size[::-1], np.float32) if cover is None else cover.on(Box(0, 0, *frame.size))


def on_face(face: Face, frame: Frame) -> F32:
    hull = cv2.convexHull(np.rint(face.mesh[:POINTS, :2]).astype(np.int32))
    canvas = np.zeros(frame.size[::-1], np.uint8)
    cv2.fillConvexPoly(canvas, hull, 1)
    return np.asarray(cv2.erode(canvas, np.ones((9, 9), np.uint8)), np.float32)


def barred(frames: list[Frame], seen: Perception, first: int) -> tuple[list[Frame], list[F32]]:
    """A blue bar across the mouth from picture `first` on, and where it lies."""
    shown, there = [], []
    for number, frame in enumerate(frames):
        face, rgb = face_at(seen, number), frame.rgb()
        bar = np.zeros(rgb.shape[:2], np.float32)
        if number >= first:
            x, y = face.mesh[13, :2]
            reach = face.eye_distance_px
            bar[int(y - 0.2 * reach) : int(y + 0.2 * reach), int(x - 1.2 * reach) : int(x + 0.3 * reach)] = 1
        shown.append(Frame.from_rgb(np.where(bar[..., None] > 0, np.array(BLUE, np.uint8), rgb)))
        there.append(bar)
    return shown, there


def test_what_comes_in_front_of_the_face_is_covered(ada_frames: list[Frame], ada_seen: Perception) -> None:
    shown, there = barred(ada_frames, ada_seen, first=10)
    for number, cover in enumerate(covers(shown, ada_seen)):
        if number >= 10:
            face = on_face(face_at(ada_seen, number), shown[number])
            alpha = whole(cover, shown[number])
            assert (alpha * face * there[number]).sum() > 0.95 * (face * there[number]).sum()


def test_a_bare_talking_face_stays_free(ada_frames: list[Frame], ada_seen: Perception) -> None:
    for number, cover in enumerate(covers(ada_frames, ada_seen)):
        face = on_face(face_at(ada_seen, number), ada_frames[number])
        assert (whole(cover, ada_frames[number]) * face).sum() < 0.02 * face.sum()


def test_without_samples_of_the_face_nothing_is_claimed(ada_frames: list[Frame]) -> None:
    occlusion = Occlusion(())
    nobody = Face(np.zeros((478, 3), np.float32), 1.0, np.zeros(3, np.float32))
    assert occlusion.see(ada_frames[0], nobody) is None


@pytest.mark.parametrize(
    ("box", "share"),
    [
        (Box(10, 10, 20, 20), 400),  # its own box
        (Box(20, 20, 20, 20), 100),  # a corner in common
        (Box(0, 0, 60, 60), 400),  # one that holds it
        (Box(40, 40, 8, 8), 0),  # one beside it
    ],
)
def test_a_cover_is_placed_on_any_box(box: Box, share: float) -> None:
    placed = Cover(Box(10, 10, 20, 20), np.ones((20, 20), np.float32)).on(box)
    assert placed.shape == (box.height, box.width)
    assert placed.sum() == share
