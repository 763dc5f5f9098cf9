from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.decode import decode
from countenance.media.frame import Frame
from countenance.media.probe import Master, probe
from countenance.perception.perceive import perceive
from countenance.perception.pose import apply
from countenance.perception.topology import EYE_CORNERS
from countenance.perception.tracks import Face, Perception
from countenance.synthesis.compose import Compositor
from countenance.synthesis.lipsync import LipPainter, prepare_lipsync
from countenance.synthesis.mouths import MouthLibrary, collect_mouths, gap_and_width
from countenance.synthesis.photohead import PhotoPainter, blinks, photo_plan, prepare_photo, sway

TIMES = np.arange(250) / 25
OPEN, WIDE, ROUND, PRESS = (1, 0, 0, 0), (0.4, 1, 0, 0), (0.4, -1, 0, 0), (0.5, 0, 1, 0)


def portrait(name: str) -> tuple[Master, Perception, Frame]:
    master = probe(Path(EXAMPLES / "ada" / "refs" / name), stills=True)
    return master, perceive(master), next(iter(decode(master)))


@pytest.fixture(scope="module")
def calm() -> tuple[Master, Perception, Frame]:
    return portrait("1_front_neutral.jpg")


@pytest.fixture(scope="module")
def face(calm: tuple[Master, Perception, Frame]) -> Face:
    found = calm[1].face_of(0, 0)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def mouths(calm: tuple[Master, Perception, Frame]) -> MouthLibrary:
    return collect_mouths(calm[0], calm[1].of_person(0))


def speaking(library: MouthLibrary, target: tuple[float, ...]) -> LipPainter:
    return prepare_lipsync(library, photo_plan(library, np.array([target], np.float32)))


def composed(painter: LipPainter | PhotoPainter, frame: Frame, face: Face, number: int) -> tuple[Frame, Face]:
    result = frame.copy()
    patch = painter.paint(result, face, number)
    assert patch is not None
    Compositor().compose(result, patch, painter.name)
    return result, patch.face


def test_one_still_gives_every_mouth_and_all_are_made(mouths: MouthLibrary) -> None:
    assert len(mouths.mouths) == 1
    plan = photo_plan(mouths, np.array([OPEN, WIDE, ROUND, PRESS], np.float32))
    gaps, widths = np.array([gap_and_width(shape, mouths.unit) for shape in plan.shapes]).T
    assert plan.made_share == 1.0
    assert gaps[0] > 0.14 and gaps[3] < 0.012
    assert widths[1] > widths[0] > widths[2]


@pytest.mark.parametrize("name", ["1_front_neutral.jpg", "2_left25_smile.jpg", "4_left12_talking.jpg"])
def test_a_photo_opens_and_shuts_its_mouth(name: str) -> None:
    master, seen, frame = portrait(name)
    face = seen.face_of(0, 0)
    library = collect_mouths(master, seen.of_person(0))
    assert face is not None
    shut, _ = composed(speaking(library, PRESS), frame, face, 0)
    wide, after = composed(speaking(library, OPEN), frame, face, 0)
    # Between the lips of the open mouth it is not what it is between those of the shut one.
    x, y = np.rint((after.mesh[13, :2] + after.mesh[14, :2]) / 2).astype(int)
    near = slice(y - 4, y + 5), slice(x - 8, x + 9)
    assert np.abs(wide.planes[0][near].astype(int) - shut.planes[0][near]).mean() > 8


@given(st.integers(0, 500))
def test_eyes_blink_now_and_then_and_are_open_most_of_the_time(seed: int) -> None:
    shut = blinks(TIMES, seed)
    assert shut.min() >= 0 and shut.max() <= 1
    assert np.array_equal(shut, blinks(TIMES, seed))
    starts = int(((shut[1:] > 0.5) & (shut[:-1] <= 0.5)).sum())
    assert 1 <= starts <= 5
    assert (shut == 0).mean() > 0.75
    assert shut[0] == shut[-1] == 0


def test_no_pictures_have_no_blinks() -> None:
    assert blinks(np.zeros(0)).shape == (0,)


@given(st.floats(0, 600))
def test_the_head_sways_a_little_from_where_it_is(face: Face, time_s: float) -> None:
    assert sway(face.mesh, 0.0) == pytest.approx(np.array([[1, 0, 0], [0, 1, 0]]), abs=1e-6)
    moved = apply(sway(face.mesh, time_s), face.mesh[:468, :2]) - face.mesh[:468, :2]
    assert np.linalg.norm(moved, axis=1).max() < 0.06 * face.eye_distance_px
    step = apply(sway(face.mesh, time_s + 0.04), face.mesh[:468, :2]) - face.mesh[:468, :2] - moved
    assert np.linalg.norm(step, axis=1).max() < 0.005 * face.eye_distance_px  # it never jerks


def test_shut_lids_hide_the_iris_and_open_ones_leave_the_eyes_as_they_are(
    calm: tuple[Master, Perception, Frame], face: Face
) -> None:
    frame = calm[2]
    painter = PhotoPainter(np.zeros(2), np.array([0.0, 1.0]))  # at time 0 the head has not moved yet
    still, _ = composed(painter, frame, face, 0)
    shut, after = composed(painter, frame, face, 1)
    assert all(np.array_equal(a, b) for a, b in zip(still.planes, frame.planes, strict=True))
    for iris in (468, 473):
        x, y = np.rint(face.mesh[iris, :2]).astype(int)
        near = slice(y - 3, y + 4), slice(x - 3, x + 4)
        cheek = frame.planes[0][y + 45 : y + 60, x - 5 : x + 6].astype(float).mean()
        pupil, lid = frame.planes[0][near].astype(float).mean(), shut.planes[0][near].astype(float).mean()
        assert abs(lid - cheek) < 0.6 * abs(pupil - cheek)
    assert after.mesh[159, 1] > face.mesh[159, 1] + 3
    assert np.array_equal(after.mesh[list(EYE_CORNERS)], face.mesh[list(EYE_CORNERS)])


def test_the_room_behind_a_swaying_head_stands_still(calm: tuple[Master, Perception, Frame], face: Face) -> None:
    frame = calm[2]
    painter = prepare_photo(TIMES)
    swayed, after = composed(painter, frame, face, 180)
    assert np.abs(after.mesh[10, :2] - face.mesh[10, :2]).max() > 0.5
    assert np.array_equal(swayed.planes[0][:40], frame.planes[0][:40])
    assert np.array_equal(swayed.planes[0][:, :40], frame.planes[0][:, :40])
    assert painter.paint(frame, face, len(TIMES)) is None
