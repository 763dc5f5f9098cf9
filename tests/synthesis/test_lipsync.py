from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clips import bits

from countenance.media.frame import Frame
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face, Perception
from countenance.quality.meter import lip_gap
from countenance.synthesis.compose import Compositor
from countenance.synthesis.lipsync import LipPainter, prepare_lipsync
from countenance.synthesis.mouthpath import plan_targets
from countenance.synthesis.mouths import MouthLibrary, gap_and_width

OPEN, SHUT, PRESS, TUCK = (1, 0, 0, 0), (0, 0, 0, 0), (0, 0, 1, 0), (0.3, 0, 0, 1)
CHOSEN = (5, 15, 25)


def painter_for(library: MouthLibrary, target: tuple[float, ...], seen: Perception) -> LipPainter:
    targets = np.tile(np.array(target, np.float32), (30, 1))
    return prepare_lipsync(library, plan_targets(library, targets, seen.tracks[0].pose))


def shown_gaps(painter: LipPainter) -> list[float]:
    return [gap_and_width(shape, painter.library.unit)[0] for shape in painter.shapes]


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
    filmed = np.array([ada_mouths.mouths[k].gap for k in painter.path])
    assert (np.array(shown_gaps(painter)) < filmed * 1.25 + 0.015).all()


def test_lips_never_pass_through_each_other(ada_mouths: MouthLibrary, ada_seen: Perception) -> None:
    for target in (PRESS, SHUT, OPEN):
        for shape in painter_for(ada_mouths, target, ada_seen).shapes:
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


def test_the_face_that_is_handed_on_has_the_new_mouth(
    ada_mouths: MouthLibrary, ada_seen: Perception, ada_frames: list[Frame]
) -> None:
    """The swap paints over the lip-sync: it must know where the lips are now."""
    _frame, face = composed(painter_for(ada_mouths, PRESS, ada_seen), ada_frames, ada_seen, 15)
    old = ada_seen.face_of(0, 15)
    assert old is not None
    assert lip_gap(face.mesh) < 0.02 < lip_gap(old.mesh)
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
    assert len(painter.shapes) == pictures
    assert max(shown_gaps(painter)) < ada_mouths.shut + 0.003
