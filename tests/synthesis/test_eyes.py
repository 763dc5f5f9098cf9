"""Irises: their colour is read off a face, and painted into another's eyes without touching gaze, lids or gloss."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from clips import EXAMPLES
from PIL import Image

from countenance.media.frame import F32, Frame
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import LEFT_EYE, RIGHT_EYE
from countenance.synthesis.eyes import IrisLook, blank_eyes, common_look, iris_look, painted_irises, shut


@pytest.fixture(scope="module", params=["ada", "ben"])
def portrait(request: pytest.FixtureRequest, networks: FaceNetworks) -> tuple[str, Frame, F32]:
    still = next((EXAMPLES / request.param / "refs").glob("1_*.jpg"))
    frame = Frame.from_rgb(np.asarray(Image.open(still).convert("RGB")))
    mesh, _ = networks.face(frame, networks.detect(frame)[0].square)
    mesh, _ = networks.face(frame, square_around(mesh[:468]))
    return request.param, frame, mesh


def look_at(frame: Frame, mesh: F32) -> IrisLook:
    look = iris_look(frame, mesh)
    assert look is not None
    return look


def test_brown_eyes_are_told_from_blue_ones(portrait: tuple[str, Frame, F32]) -> None:
    name, frame, mesh = portrait
    red, _green, blue = look_at(frame, mesh).rings[4:9].mean(axis=0)
    assert red > 1.3 * blue if name == "ada" else blue > red
    if name == "ben":  # ada's pupils are full of a lamp
        assert look_at(frame, mesh).rings[0].mean() < 0.6 * look_at(frame, mesh).rings[-3:].mean()


def test_the_look_does_not_depend_on_the_light(portrait: tuple[str, Frame, F32]) -> None:
    _name, frame, mesh = portrait
    dim = Frame.from_rgb((frame.rgb() * np.array([0.7, 0.6, 0.5])).astype(np.uint8))
    assert look_at(dim, mesh).rings == pytest.approx(look_at(frame, mesh).rings, abs=0.12)


def test_a_face_without_eyes_to_be_seen_has_no_look(portrait: tuple[str, Frame, F32]) -> None:
    _name, frame, mesh = portrait
    tiny = mesh * np.float32(0.05)
    assert iris_look(frame, tiny) is None
    assert common_look([]) is None


def test_painted_irises_take_the_wanted_colour_and_lie_between_the_lids(portrait: tuple[str, Frame, F32]) -> None:
    _name, frame, mesh = portrait
    green = IrisLook(np.tile(np.array([[0.1, 0.6, 0.1]], np.float32), (12, 1)))
    touches = painted_irises(frame, mesh, mesh, green)
    assert len(touches) == 2
    for touch, loop in zip(touches, (RIGHT_EYE, LEFT_EYE), strict=True):
        assert touch.share.max() > 0.8
        shown = touch.pixels[touch.share > 0.8]
        assert (shown[:, 1] > 2 * shown[:, 0]).all()
        outside = np.ones(touch.share.shape, np.uint8)
        cv2.fillPoly(outside, [np.rint(mesh[list(loop), :2] - (touch.box.x, touch.box.y)).astype(np.int32)], 0)
        far = cv2.erode(outside, np.ones((5, 5), np.uint8)) > 0
        assert touch.share[far].max(initial=0) < 0.05


def test_the_gloss_of_the_targets_eye_stays(portrait: tuple[str, Frame, F32]) -> None:
    _name, frame, mesh = portrait
    glossy = frame.copy()
    x, y = np.rint(mesh[468, :2]).astype(int)
    glossy.planes[0][y - 1 : y + 2, x - 1 : x + 2] = 235
    green = IrisLook(np.tile(np.array([[0.1, 0.6, 0.1]], np.float32), (12, 1)))
    plain, with_gloss = (painted_irises(f, mesh, mesh, green)[0] for f in (frame, glossy))
    at = (y - with_gloss.box.y, x - with_gloss.box.x)
    assert with_gloss.share[at] < 0.3 < plain.share[at]


def test_blank_eyes_look_nowhere_and_nothing_else_changes(portrait: tuple[str, Frame, F32]) -> None:
    _name, frame, mesh = portrait
    blank = blank_eyes(frame, mesh)
    x, y = np.rint(mesh[468, :2]).astype(int)
    assert blank.planes[0][y, x] > frame.planes[0][y, x] + 40
    assert np.array_equal(blank.planes[0][: y - 60], frame.planes[0][: y - 60])


def test_only_eyes_that_are_nearly_shut_are_left_out(portrait: tuple[str, Frame, F32]) -> None:
    _name, frame, mesh = portrait
    box = painted_irises(frame, mesh, mesh, look_at(frame, mesh))[0].box
    assert shut(mesh, box) is None
    closed = mesh.copy()
    eye = list(RIGHT_EYE)
    closed[eye, 1] = closed[eye, 1].mean()
    left_out = shut(closed, box)
    assert left_out is not None and left_out.max() > 0.5
