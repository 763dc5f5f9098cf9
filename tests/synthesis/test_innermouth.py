from __future__ import annotations

import cv2
import numpy as np
import pytest

from countenance.media.frame import F32, U8, Box
from countenance.synthesis.innermouth import Between, Bite, Opening, between_lips, made_between, opening_of
from countenance.synthesis.jawline import LOWER, UPPER
from countenance.synthesis.mouths import MouthLibrary

UNIT = 160.0
HERE = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
AXIS = np.array([1, 0], np.float32)
TOOTH, DARK, LIP = (230, 225, 215), (25, 10, 12), (170, 80, 80)
OUTER_UPPER = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291]
OUTER_LOWER = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291]
ROWS_PX = 4  # each tooth's row of the drawn mouth, so that squeezing would be seen


def rims(height: float, top: float = 100.0) -> tuple[F32, F32]:
    """An upper rim that is straight, and a lower one that hangs below it."""
    x = np.linspace(60, 140, 11)
    sag = 1 - ((x - 100) / 40) ** 2
    return np.stack([x, np.full(11, top)], 1).astype(np.float32), np.stack([x, top + height * sag], 1).astype(
        np.float32
    )


def filmed(height: float = 30.0) -> Bite:
    """A mouth with twelve bright rows of upper teeth over the dark."""
    pixels = np.full((200, 200, 3), LIP, np.uint8)
    upper, lower = rims(height)
    inside = cv2.fillPoly(
        np.zeros((200, 200), np.uint8), [np.rint(np.concatenate([upper, lower[::-1]])).astype(np.int32)], 1
    )
    content = np.full((200, 200, 3), DARK, np.uint8)
    for row in range(100, 114):
        content[row] = TOOTH if (row // ROWS_PX) % 2 else (180, 175, 168)
    pixels[inside > 0] = content[inside > 0]
    opening = Opening(upper, lower, height / UNIT, 0.6, np.array(DARK, np.float32))
    return Bite(pixels, HERE, opening, np.zeros(2, np.float32))


def painted(height: float) -> Between:
    between = between_lips(*rims(height), HERE, AXIS, UNIT, [(filmed(), 1.0)])
    assert between is not None
    return between


def column(between: Between) -> U8:
    """The opening's middle column, from picture row 100 on."""
    return np.clip(between.pixels[100 - between.y :, 100 - between.x], 0, 255).astype(np.uint8)


def test_lips_that_meet_have_nothing_between_them() -> None:
    assert between_lips(*rims(0.0), HERE, AXIS, UNIT, [(filmed(), 1.0)]) is None


def test_the_filmed_opening_is_shown_as_it_was() -> None:
    between = painted(30.0)
    there = filmed().pixels[between.y :, between.x :][: between.share.shape[0], : between.share.shape[1]]
    sure = between.share > 0.98
    assert np.abs(between.pixels - there)[sure].mean() < 2


@pytest.mark.parametrize("height", [12.0, 18.0, 24.0, 36.0])
def test_teeth_stay_where_they_are_whatever_the_lips_do(height: float) -> None:
    """The lips cover more or less of the upper teeth; no tooth is squeezed or drawn out."""
    rows = min(int(height) - 5, 10)
    assert np.abs(column(painted(height))[2:rows].astype(int) - column(painted(30.0))[2:rows]).max() < 12


def test_where_the_jaw_goes_farther_than_it_was_filmed_it_is_dark() -> None:
    middle = column(painted(44.0))[20:36]
    assert middle.astype(int).sum(axis=1).max() < 150
    assert not (np.abs(middle.astype(int) - LIP).sum(axis=1) < 60).any()  # and no lip is seen in it


def test_two_mouths_are_mixed_by_their_weights() -> None:
    dark = filmed()
    dark = Bite(np.full_like(dark.pixels, 40), dark.from_face, dark.opening, dark.shift)
    mixed = between_lips(*rims(30.0), HERE, AXIS, UNIT, [(filmed(), 0.5), (dark, 0.5)])
    assert mixed is not None
    both = (painted(30.0).pixels + 40) / 2
    sure = mixed.share > 0.98
    assert np.abs(mixed.pixels - both)[sure].mean() < 12


def test_the_share_is_whole_inside_and_nothing_on_the_lips() -> None:
    between = painted(30.0)
    assert between.share[112 - between.y, 100 - between.x] > 0.99
    assert between.share[140 - between.y, 100 - between.x] < 0.01 if 140 - between.y < between.share.shape[0] else True
    assert between.share[95 - between.y, 100 - between.x] < 0.02


def test_made_teeth_hang_from_the_skull_and_leave_the_dark_below() -> None:
    white = np.array([220, 215, 210], np.float32)
    between = made_between(*rims(44.0), 100.0, HERE, AXIS, UNIT, white)
    assert between is not None
    rows = column(between).astype(int).sum(axis=1)
    tooth = rows[2:6].max()
    assert tooth > 300
    assert rows[12:20].max() < 0.35 * tooth
    assert made_between(*rims(0.0), 100.0, HERE, AXIS, UNIT, white) is None


@pytest.mark.parametrize("off_px", [0.0, 3.0, 6.0])
def test_rims_that_the_mesh_has_a_little_off_are_found_by_their_colour(off_px: float) -> None:
    """The mesh's lower rim put onto the dark: the true rim is found below it, where the lip begins."""
    upper, lower = rims(30.0)
    mesh = np.zeros((468, 3), np.float32)
    mesh[33, 0], mesh[263, 0] = 20, 20 + UNIT
    for rim, inner, outer, way in ((UPPER, upper, OUTER_UPPER, -18), (LOWER, lower, OUTER_LOWER, 22)):
        mesh[outer, :2] = inner + np.array([0, way], np.float32)
        mesh[rim, :2] = inner
    mesh[LOWER[2:-2], 1] -= off_px
    opening = opening_of(filmed().pixels, Box(0, 0, 200, 200), mesh, mesh[:, :2], UNIT)
    assert np.abs(opening.lower[4:7, 1] - lower[4:7, 1]).max() < 2.2
    assert np.abs(opening.upper[4:7, 1] - upper[4:7, 1]).max() < 2.2
    assert opening.gap == pytest.approx(30 / UNIT, abs=0.03)
    assert opening.cavity == pytest.approx(np.array(DARK), abs=12)


def test_shut_lips_have_no_opening_to_speak_of(ada_mouths: MouthLibrary) -> None:
    mouth = min(ada_mouths.mouths, key=lambda one: one.gap)
    opening = opening_of(mouth.pixels, mouth.box, mouth.mesh, mouth.shape, ada_mouths.unit)
    assert opening.gap < 0.05
    assert opening.upper.shape == (len(UPPER), 2)


def test_a_box_that_cuts_the_mouth_is_no_harm(ada_mouths: MouthLibrary) -> None:
    mouth = ada_mouths.mouths[0]
    cut = Box(mouth.box.x, mouth.box.y, mouth.box.width, int(mouth.mesh[13, 1]) - mouth.box.y)
    opening = opening_of(mouth.pixels[: cut.height], cut, mouth.mesh, mouth.shape, ada_mouths.unit)
    assert np.isfinite(opening.lower).all()
