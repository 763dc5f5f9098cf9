from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from clips import bits
from plans import plan_targets

from countenance.media.frame import Box, Frame
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import LIPS_OUTER, POINTS
from countenance.perception.tracks import Face, Perception
from countenance.quality.meter import lip_gap
from countenance.synthesis.compose import Compositor
from countenance.synthesis.lipsync import LipPainter, prepare_lipsync
from countenance.synthesis.mouths import MouthLibrary, gap_and_width
from countenance.synthesis.occlusion import Cover

OPEN, SHUT, PRESS, TUCK = (1, 0, 0, 0), (0, 0, 0, 0), (0, 0, 1, 0), (0.3, 0, 0, 1)
CHOSEN = (5, 15, 25)


def painter_for(library: MouthLibrary, target: tuple[float, ...], seen: Perception) -> LipPainter:
    targets = np.tile(np.array(target, np.float32), (30, 1))
    return prepare_lipsync(library, plan_targets(library, targets, seen.tracks[0].pose))


def shown_gaps(painter: LipPainter) -> list[float]:
    return [gap_and_width(shape, painter.library.unit)[0] for shape in painter.plan.shapes]


def composed(painter: LipPainter, frames: list[Frame], seen: Perception, number: int) -> tuple[Frame, Face]:
    face, frame = seen.face_of(0, number), frames[number].copy()
    assert face is not None
    patch = painter.paint(frame, face, number)
    assert patch is not None
    assert bits(frame) == bits(frames[number])  # engines only return patches
    Compositor().compose(frame, patch, painter.name)
    return frame, patch.face


def test_pressed_lips_are_painted_shut(ada_mouths: MouthLibrary, ada_seen: Perception) -> None:
    """p, b and m are told by closed lips: as closed as this talent's lips ever are, not almost."""
    low, _, high = ada_mouths.gap
    assert ada_mouths.shut <= low + 0.002 < 0.15 * high
    assert max(shown_gaps(painter_for(ada_mouths, PRESS, ada_seen))) < ada_mouths.shut + 0.003
    assert max(shown_gaps(painter_for(ada_mouths, TUCK, ada_seen))) < 0.5 * ada_mouths.gap[1]


def test_lips_are_shut_on_press_even_where_only_open_mouths_were_filmed(
    ada_mouths: MouthLibrary, ada_seen: Perception
) -> None:
    shut = min(ada_mouths.mouths, key=lambda mouth: mouth.gap)
    wide = tuple(mouth for mouth in ada_mouths.mouths if mouth.gap > ada_mouths.gap[1])
    library = replace(ada_mouths, mouths=(shut, shut, shut, *wide))
    assert max(shown_gaps(painter_for(library, PRESS, ada_seen))) < library.shut + 0.003


def test_open_lips_are_set_to_the_gap_that_is_asked_for(ada_mouths: MouthLibrary, ada_seen: Perception) -> None:
    low, _, high = ada_mouths.gap
    for aperture, tolerance in ((1.0, 0.35), (0.5, 0.2)):
        wanted = low + aperture * (high - low)
        gaps = shown_gaps(painter_for(ada_mouths, (aperture, 0, 0, 0), ada_seen))
        assert float(np.median(gaps)) == pytest.approx(wanted, rel=tolerance)
        assert max(gaps) < wanted + 0.01


def test_teeth_are_neither_drawn_out_nor_squeezed(ada_mouths: MouthLibrary, ada_seen: Perception) -> None:
    """A mouth is opened little farther than it was filmed, whatever is asked for."""
    painter = painter_for(ada_mouths, OPEN, ada_seen)
    filmed = np.array([ada_mouths.mouths[k].gap for k in painter.plan.path])
    assert (np.array(shown_gaps(painter)) < filmed * 1.25 + 0.015).all()


def test_lips_never_pass_through_each_other(ada_mouths: MouthLibrary, ada_seen: Perception) -> None:
    for target in (PRESS, SHUT, OPEN):
        for shape in painter_for(ada_mouths, target, ada_seen).plan.shapes:
            upper, lower = shape[[82, 13, 312]], shape[[87, 14, 317]]
            assert (lower[:, 1] - upper[:, 1]).min() > -0.01 * ada_mouths.unit


@pytest.mark.parametrize("number", CHOSEN)
def test_the_mouth_that_is_seen_afterwards_closes_and_opens(
    ada_mouths: MouthLibrary,
    ada_seen: Perception,
    ada_frames: list[Frame],
    networks: FaceNetworks,
    number: int,
) -> None:
    seen_gaps = {}
    for target in (OPEN, PRESS):
        frame, face = composed(painter_for(ada_mouths, target, ada_seen), ada_frames, ada_seen, number)
        mesh, score = networks.mesh(frame, square_around(face.mesh[:POINTS]))
        assert score > 0.9
        seen_gaps[target] = lip_gap(mesh)
    assert seen_gaps[PRESS] < 0.035
    assert seen_gaps[OPEN] > 2 * seen_gaps[PRESS] + 0.04


def with_glaring_mouth(frame: Frame, face: Face) -> Frame:
    """The picture with lips, teeth and a rim around them in magenta."""
    rgb = frame.rgb()
    lips = cv2.convexHull(np.rint(face.mesh[list(LIPS_OUTER), :2]).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros(rgb.shape[:2], np.uint8), lips, 1)
    reach = 2 * round(0.035 * face.eye_distance_px) + 1
    rgb[cv2.dilate(inside, np.ones((reach, reach), np.uint8)) > 0] = (255, 0, 255)
    return Frame.from_rgb(rgb)


def magenta(frame: Frame) -> np.ndarray:
    """How much redder and bluer than green each pixel is."""
    red, green, blue = np.moveaxis(frame.rgb().astype(np.float32), 2, 0)
    return np.minimum(red, blue) - green


@pytest.mark.parametrize("target", [OPEN, SHUT, PRESS, TUCK])
@pytest.mark.parametrize("number", CHOSEN)
def test_nothing_of_the_original_mouth_shines_through(
    ada_mouths: MouthLibrary,
    ada_seen: Perception,
    ada_frames: list[Frame],
    target: tuple[float, ...],
    number: int,
) -> None:
    face = ada_seen.face_of(0, number)
    assert face is not None
    painter = painter_for(ada_mouths, target, ada_seen)
    glaring, plain = with_glaring_mouth(ada_frames[number], face), Frame.from_rgb(ada_frames[number].rgb())
    assert magenta(glaring).max() > 200
    for frame in (glaring, plain):
        patch = painter.paint(frame, face, number)
        assert patch is not None
        Compositor().compose(frame, patch, painter.name)
    assert magenta(glaring).max() < magenta(plain).max() + 4
    assert np.abs(glaring.rgb().astype(int) - plain.rgb()).max() < 12


def test_shut_lips_leave_no_slit(ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]) -> None:
    """No tooth is seen between pressed lips, also when the mouth was filmed open: the seam is the darkest of it."""
    wide = tuple(mouth for mouth in ada_mouths.mouths if mouth.gap > ada_mouths.gap[1])
    shut = min(ada_mouths.mouths, key=lambda mouth: mouth.gap)
    painter = painter_for(replace(ada_mouths, mouths=(shut, shut, shut, *wide)), PRESS, ada_seen)
    path = np.full(30, 4)
    painter = replace(painter, plan=replace(painter.plan, path=path), lenders=path)
    frame, face = composed(painter, ada_frames, ada_seen, 15)
    lips = frame.rgb().astype(np.float32)
    for upper, lower in ((82, 87), (13, 14), (312, 317)):
        x, y = (face.mesh[upper, :2] + face.mesh[lower, :2]) / 2
        reach = round(0.05 * face.eye_distance_px)
        column = lips[round(y) - reach : round(y) + reach + 1, round(x)]
        red = column[:, 0] - column[:, 1:].mean(axis=1)
        assert red.min() > 0.25 * np.median(red)  # a tooth would be grey
        assert abs(int(column.sum(axis=1).argmin()) - reach) <= 0.4 * reach


def test_the_chin_goes_with_the_jaw_and_the_neck_gives_way(
    ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]
) -> None:
    """The chin line is the frame's own, moved: where it was there is neck, or face, and never a second line."""
    chins = {}
    for target in (OPEN, PRESS):
        painter = painter_for(ada_mouths, target, ada_seen)
        face = ada_seen.face_of(0, 15)
        assert face is not None
        patch = painter.paint(ada_frames[15], face, 15)
        assert patch is not None and patch.ground is not None
        chins[target] = patch.face.mesh[152, 1]
        box, (x, y) = patch.ground.box, np.rint(patch.face.mesh[152, :2]).astype(int)
        moved = patch.ground.field[y - box.y, x - box.x, 1]
        assert moved == pytest.approx(face.mesh[152, 1] - patch.face.mesh[152, 1], abs=0.6)
        rim = patch.ground.field[[0, -1]], patch.ground.field[:, [0, -1]]
        assert not any(side.any() for side in rim)
        assert patch.mask[:, :][min(y - patch.box.y + 2, patch.box.height - 1)].max() < 0.3
    assert chins[OPEN] > chins[PRESS] + 2


def test_what_stands_before_the_chin_stays_where_it_is(
    ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]
) -> None:
    """A microphone before the mouth keeps every bit, and does not nod with the jaw."""
    number = 15
    face, frame = ada_seen.face_of(0, number), ada_frames[number].copy()
    assert face is not None
    patch = painter_for(ada_mouths, PRESS, ada_seen).paint(frame, face, number)
    assert patch is not None and patch.ground is not None
    x, y = (int(value) // 2 * 2 for value in face.mesh[152, :2])
    box = Box(x - 20, y - 30, 40, 60)
    Compositor().compose(frame, patch, "lipsync", cover=Cover(box, np.ones((60, 40), np.float32)))
    before, after = ada_frames[number].cut(box), frame.cut(box)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert bits(frame) != bits(ada_frames[number])


def test_the_face_that_is_handed_on_has_the_new_mouth(
    ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]
) -> None:
    """The swap paints over the lip-sync: it must know where the lips are now."""
    _frame, face = composed(painter_for(ada_mouths, PRESS, ada_seen), ada_frames, ada_seen, 15)
    old = ada_seen.face_of(0, 15)
    assert old is not None
    assert lip_gap(face.mesh) < 0.025 < lip_gap(old.mesh)
    above = [10, 33, 263, 168, 4]
    assert np.array_equal(face.mesh[above], old.mesh[above])
    assert np.array_equal(face.mesh[POINTS:], old.mesh[POINTS:])


def test_eyes_and_nose_are_not_touched(ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]) -> None:
    frame, face = composed(painter_for(ada_mouths, OPEN, ada_seen), ada_frames, ada_seen, 5)
    above = int(face.mesh[4, 1])  # the tip of the nose
    assert np.array_equal(frame.planes[0][:above], ada_frames[5].planes[0][:above])


def test_the_same_input_is_painted_alike(
    ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]
) -> None:
    one, other = (composed(painter_for(ada_mouths, OPEN, ada_seen), ada_frames, ada_seen, 8)[0] for _ in range(2))
    assert bits(one) == bits(other)


def test_after_the_last_target_the_frame_is_left_alone(
    ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]
) -> None:
    face = ada_seen.face_of(0, 0)
    assert face is not None
    assert painter_for(ada_mouths, OPEN, ada_seen).paint(ada_frames[0], face, 30) is None


@pytest.mark.parametrize("pictures", [1, 2, 3, 4])
def test_a_clip_of_a_few_pictures_can_be_spoken(ada_mouths: MouthLibrary, ada_seen: Perception, pictures: int) -> None:
    targets = np.tile(np.array(PRESS, np.float32), (pictures, 1))
    painter = prepare_lipsync(ada_mouths, plan_targets(ada_mouths, targets, ada_seen.tracks[0].pose[:pictures]))
    assert len(painter.plan.shapes) == pictures
    assert max(shown_gaps(painter)) < ada_mouths.shut + 0.003
