from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Box, Frame
from countenance.media.probe import probe
from countenance.perception.gallery import seen_texture
from countenance.perception.topology import JAW, LEFT_EYE, LIPS_OUTER, POINTS, RIGHT_EYE
from countenance.perception.tracks import Face, FaceTrack, Perception
from countenance.synthesis.occlusion import Cover, Occlusion

Change = Callable[[U8, Face, int], None]  # draws into an RGB picture, in place


def face_at(seen: Perception, number: int) -> Face:
    face = seen.face_of(0, number)
    assert face is not None
    return face


def changed(frames: list[Frame], seen: Perception, change: Change) -> list[Frame]:
    shown = []
    for number, frame in enumerate(frames):
        rgb = frame.rgb()
        change(rgb, face_at(seen, number), number)
        shown.append(Frame.from_rgb(rgb))
    return shown


def track_of(frames: list[Frame], seen: Perception) -> FaceTrack:
    """ada's track with samples of these frames."""
    track = seen.of_person(0)[0]
    chosen = range(0, len(frames), 3)
    return replace(track, textures=np.stack([seen_texture(frames[n], track.mesh[n, :POINTS]) for n in chosen]))


def shares(frames: list[Frame], seen: Perception) -> list[F32]:
    """How much of each pixel of each whole picture is held for something in front of the face."""
    occlusion = Occlusion([track_of(frames, seen)])
    covers = [occlusion.see(frame, face_at(seen, number)) for number, frame in enumerate(frames)]
    empty = np.zeros(frames[0].size[::-1], np.float32)
    return [empty if cover is None else cover.on(Box(0, 0, *frames[0].size)) for cover in covers]


def on_face(face: Face, frame: Frame) -> F32:
    """1 on the face, a little inside its outline."""
    hull = cv2.convexHull(np.rint(face.mesh[:POINTS, :2]).astype(np.int32))
    canvas = np.zeros(frame.size[::-1], np.uint8)
    cv2.fillConvexPoly(canvas, hull, 1)
    return np.asarray(cv2.erode(canvas, np.ones((9, 9), np.uint8)), np.float32)


def covered(frames: list[Frame], bare: list[Frame], seen: Perception, first: int = 0) -> float:
    """The least share, over pictures from `first` on, of what was drawn onto the face that is covered."""
    found = []
    for number, share in enumerate(shares(frames, seen)):
        drawn = np.abs(frames[number].rgb().astype(int) - bare[number].rgb()).max(axis=2) > 30
        place = drawn * on_face(face_at(seen, number), frames[number])
        if number >= first:
            found.append(float((share * place).sum() / place.sum()))
    return min(found)


def left_out(frames: list[Frame], seen: Perception, first: int = 0) -> float:
    """The greatest share, over pictures from `first` on, of the face that is covered."""
    found = []
    for number, share in enumerate(shares(frames, seen)):
        place = on_face(face_at(seen, number), frames[number])
        found.append(float((share * place).sum() / place.sum()))
    return max(found[first:])


def at(face: Face, point: int, right: float = 0, down: float = 0) -> tuple[int, int]:
    """A mesh point, moved by so many eye distances."""
    x, y = face.mesh[point, :2] + face.eye_distance_px * np.array([right, down])
    return round(float(x)), round(float(y))


def bar(rgb: U8, face: Face, colour: tuple[int, int, int]) -> None:
    cv2.rectangle(rgb, at(face, 13, -1.2, -0.2), at(face, 13, 0.3, 0.2), colour, -1)


def microphone(rgb: U8, face: Face, _number: int) -> None:
    cv2.circle(rgb, at(face, 17, 0, 0.25), round(0.4 * face.eye_distance_px), (58, 58, 60), -1)


def glasses(rgb: U8, face: Face, _number: int) -> None:
    unit = face.eye_distance_px
    for loop in (RIGHT_EYE, LEFT_EYE):
        x, y = face.mesh[list(loop), :2].mean(axis=0)
        cv2.ellipse(
            rgb, (round(x), round(y + 0.05 * unit)), (round(0.3 * unit), round(0.24 * unit)), 0, 0, 360, (15, 10, 10), 5
        )
    cv2.line(rgb, at(face, 133, 0.02), at(face, 362, -0.02), (15, 10, 10), 5)
    cv2.line(rgb, at(face, 33, -0.14), at(face, 127), (15, 10, 10), 5)
    cv2.line(rgb, at(face, 263, 0.14), at(face, 356), (15, 10, 10), 5)


@pytest.fixture(scope="module")
def few_frames(ada_frames: list[Frame]) -> list[Frame]:
    return ada_frames[:20]


@pytest.mark.parametrize("colour", [(40, 60, 170), (30, 30, 30), (235, 235, 235)], ids=["blue", "black", "white"])
def test_what_comes_in_front_of_the_face_is_covered_at_once(
    colour: tuple[int, int, int], few_frames: list[Frame], ada_seen: Perception
) -> None:
    shown = changed(few_frames, ada_seen, lambda rgb, face, n: bar(rgb, face, colour) if n >= 10 else None)
    assert covered(shown, few_frames, ada_seen, first=10) > 0.9


@pytest.mark.parametrize(("draw", "least"), [(microphone, 0.95), (glasses, 0.9)], ids=["microphone", "glasses"])
def test_what_is_always_there_is_covered_too(
    draw: Change, least: float, few_frames: list[Frame], ada_seen: Perception
) -> None:
    shown = changed(few_frames, ada_seen, draw)
    assert covered(shown, few_frames, ada_seen) > least
    assert left_out(shown, ada_seen) < 0.5


def test_a_strand_of_hair_is_covered(few_frames: list[Frame], ada_seen: Perception) -> None:
    def dark(rgb: U8, face: Face, _number: int) -> None:
        cv2.line(rgb, at(face, 151, -0.3, -0.4), at(face, 50, -0.05, 0.1), (12, 10, 10), 4, cv2.LINE_AA)

    shown = changed(few_frames, ada_seen, dark)
    assert covered(shown, few_frames, ada_seen) > 0.85
    assert left_out(shown, ada_seen) < 0.08


def test_a_hand_of_the_same_skin_is_covered(footage: Path, few_frames: list[Frame], ada_seen: Perception) -> None:
    """A real hand, cut from a white backdrop and given the colour of ada's skin."""
    hand = list(decode(probe(footage / "azure-avatar" / "Requesting_a_five-star_review.mp4"), stop=25))[-1]
    cut = hand.rgb(Box(460, 260, 300, 300)).astype(np.float32)
    there = cv2.erode((cut.min(axis=2) < 235).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    cut *= np.array([0.62, 0.45, 0.40], np.float32)

    def wave(rgb: U8, face: Face, number: int) -> None:
        x, y = at(face, 13, -1.2, -0.8)
        part = rgb[y : y + 300, x + number : x + number + 300]
        part[there] = cut[there].astype(np.uint8)

    shown = changed(few_frames, ada_seen, wave)
    assert covered(shown, few_frames, ada_seen) > 0.9


def test_a_bare_talking_and_blinking_face_stays_free(few_frames: list[Frame], ada_seen: Perception) -> None:
    assert left_out(few_frames, ada_seen) < 0.01


def test_a_beard_is_part_of_the_face(few_frames: list[Frame], ada_seen: Perception) -> None:
    def bearded(rgb: U8, face: Face, _number: int) -> None:
        beard, lips = np.zeros(rgb.shape[:2], np.uint8), np.zeros(rgb.shape[:2], np.uint8)
        around = [*JAW, 323, 425, 326, 2, 97, 205, 93]
        cv2.fillPoly(beard, [cv2.convexHull(np.rint(face.mesh[around, :2]).astype(np.int32))], 1)
        cv2.fillPoly(lips, [np.rint(face.mesh[list(LIPS_OUTER), :2]).astype(np.int32)], 1)
        soft = cv2.GaussianBlur((beard * (1 - lips)).astype(np.float32), (0, 0), 4)[..., None]
        rgb[...] = rgb * (1 - 0.45 * soft)

    assert left_out(changed(few_frames, ada_seen, bearded), ada_seen) < 0.03


def test_a_change_of_light_is_nothing_in_front(few_frames: list[Frame], ada_seen: Perception) -> None:
    def dimmed(rgb: U8, _face: Face, number: int) -> None:
        if number >= 10:
            fall = np.linspace(0.5, 1.0, rgb.shape[1])[None, :, None] * np.array([1.0, 0.95, 0.9])
            rgb[...] = rgb * fall

    assert left_out(changed(few_frames, ada_seen, dimmed), ada_seen) < 0.02


def test_specks_are_dropped(few_frames: list[Frame], ada_seen: Perception) -> None:
    def spotted(rgb: U8, face: Face, number: int) -> None:
        cv2.circle(rgb, at(face, 50, 0.02 * (number % 5)), 2, (40, 60, 170), -1)

    assert left_out(changed(few_frames, ada_seen, spotted), ada_seen) < 0.01


def test_the_cover_goes_when_the_thing_has_gone(few_frames: list[Frame], ada_seen: Perception) -> None:
    shown = changed(few_frames, ada_seen, lambda rgb, face, n: bar(rgb, face, (40, 60, 170)) if 6 <= n < 13 else None)
    assert left_out(shown, ada_seen, first=18) < 0.02


def test_the_same_pictures_give_the_same_cover(few_frames: list[Frame], ada_seen: Perception) -> None:
    shown = changed(few_frames[:6], ada_seen, microphone)
    for one, other in zip(shares(shown, ada_seen), shares(shown, ada_seen), strict=True):
        assert np.array_equal(one, other)


def test_without_samples_of_the_face_nothing_is_claimed(few_frames: list[Frame], ada_seen: Perception) -> None:
    assert Occlusion(()).see(few_frames[0], face_at(ada_seen, 0)) is None


def test_a_face_outside_the_picture_has_no_cover(few_frames: list[Frame], ada_seen: Perception) -> None:
    face = face_at(ada_seen, 0)
    gone = Face(face.mesh + np.array([5000, 0, 0], np.float32), face.score, face.pose)
    assert Occlusion([track_of(few_frames, ada_seen)]).see(few_frames[0], gone) is None


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
