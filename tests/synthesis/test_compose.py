from __future__ import annotations

import cv2
import numpy as np
import pytest
from clips import bits
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.media.frame import F32, Box, Frame
from countenance.perception.tracks import Face, Perception
from countenance.synthesis.compose import Compositor
from countenance.synthesis.engine import Patch
from countenance.synthesis.likeness import Likeness
from countenance.synthesis.lipsync import prepare_lipsync
from countenance.synthesis.mouths import MouthLibrary
from countenance.synthesis.swap import prepare_swap

SKIN = np.array([190.0, 150.0, 130.0], np.float32)
SIZE = 160
NOBODY = Face(np.zeros((478, 3), np.float32), 1.0, np.zeros(3, np.float32))


def flat_plate(colour: F32 = SKIN, grain: float = 0.0) -> Frame:
    dice = np.random.default_rng(3).normal(0, 1, (SIZE, SIZE, 1)) * grain
    return Frame.from_rgb(np.clip(colour + dice, 0, 255).astype(np.uint8))


def disc(radius: float, soft_px: float = 8.0) -> F32:
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2 + 0.5
    return np.clip((radius - np.hypot(x, y)) / soft_px + 0.5, 0, 1).astype(np.float32)


def round_patch(colour: F32 = SKIN, radius: float = 50, grain: float = 0.0) -> Patch:
    """A round face of one colour: its skin lies well inside, its rim where occluders may come in."""
    dice = np.random.default_rng(4).normal(0, 1, (SIZE, SIZE, 1)) * grain
    pixels = (np.broadcast_to(colour, (SIZE, SIZE, 3)) + dice).astype(np.float32)
    mask = disc(radius)
    return Patch(pixels, mask, mask.copy(), 1 - disc(radius * 0.7, 20), Box(0, 0, SIZE, SIZE), NOBODY)


def settled(plate: Frame, patch: Patch, pictures: int = 12) -> F32:
    """The composed picture once the steadied light has arrived, as RGB."""
    compositor = Compositor()
    for _ in range(pictures):
        frame = plate.copy()
        compositor.compose(frame, patch, "swap")
    return frame.rgb().astype(np.float32)


@pytest.mark.parametrize("engine", ["swap", "lipsync"])
def test_pixels_outside_a_patch_keep_their_bits(
    engine: str,
    ben_likeness: Likeness,
    ada_frames: list[Frame],
    ada_seen: Perception,
    ada_mouths: MouthLibrary,
) -> None:
    tracks = ada_seen.of_person(0)
    targets = np.tile(np.array([1, 0, 0, 0], np.float32), (30, 1))
    painter = (
        prepare_swap(ben_likeness, tracks) if engine == "swap" else prepare_lipsync(ada_mouths, targets, tracks[0].pose)
    )
    compositor = Compositor()
    for number in (0, 1, 15):
        face, frame = ada_seen.face_of(0, number), ada_frames[number].copy()
        assert face is not None
        patch = painter.paint(frame, face, number)
        assert patch is not None
        compositor.compose(frame, patch, engine)
        assert bits(frame) != bits(ada_frames[number])
        painted = np.zeros(frame.planes[0].shape, bool)
        painted[patch.box.rows, patch.box.columns] = patch.mask > 0
        chroma = painted.reshape(painted.shape[0] // 2, 2, painted.shape[1] // 2, 2).any(axis=(1, 3))
        for new, old, there in zip(frame.planes, ada_frames[number].planes, (painted, chroma, chroma), strict=True):
            assert np.array_equal(new[~there], old[~there])


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_no_box_however_placed_touches_what_lies_outside(x: int, y: int, w: int, h: int, seed: int) -> None:
    box = Box(2 * x, 2 * y, 2 * w + 6, 2 * h + 6)
    dice = np.random.default_rng(seed)
    shape = (box.height, box.width)
    mask = (dice.random(shape) > 0.5).astype(np.float32) * dice.random(shape).astype(np.float32)
    pixels = dice.uniform(0, 255, (*shape, 3)).astype(np.float32)
    frame = Frame.from_rgb(dice.integers(0, 256, (SIZE, SIZE, 3), np.uint8))
    before = frame.copy()
    Compositor().compose(frame, Patch(pixels, mask, mask, mask * 0, box, NOBODY), "swap")
    outside = np.ones((SIZE, SIZE), bool)
    outside[box.rows, box.columns] = mask == 0
    assert np.array_equal(frame.planes[0][outside], before.planes[0][outside])
    blocks = outside.reshape(SIZE // 2, 2, SIZE // 2, 2).all(axis=(1, 3))
    for new, old in zip(frame.planes[1:], before.planes[1:], strict=True):
        assert np.array_equal(new[blocks], old[blocks])


def test_an_empty_mask_changes_nothing() -> None:
    plate = flat_plate(grain=5)
    frame, patch = plate.copy(), round_patch(SKIN * np.float32(0.3))
    empty = Patch(patch.pixels, patch.mask * 0, patch.skin * 0, patch.edge, patch.box, NOBODY)
    Compositor().compose(frame, empty, "swap")
    assert bits(frame) == bits(plate)


@pytest.mark.parametrize("level", [0.5, 0.75, 1.3])
def test_a_patch_of_another_brightness_is_lit_like_the_plate(level: float) -> None:
    composed = settled(flat_plate(), round_patch(SKIN * np.float32(level)))
    face = disc(40) > 0.9
    assert composed[face].mean(axis=0) == pytest.approx(SKIN, abs=6)


def test_a_patch_of_another_tint_takes_the_plates_colour() -> None:
    warm = SKIN * np.array([1.1, 0.95, 0.8], np.float32)
    composed = settled(flat_plate(), round_patch(warm))
    assert composed[disc(40) > 0.9].mean(axis=0) == pytest.approx(SKIN, abs=6)


def test_side_light_of_the_plate_falls_on_the_patch() -> None:
    lamp = np.linspace(0.6, 1.2, SIZE, dtype=np.float32)[None, :, None]
    plate = Frame.from_rgb(np.clip(SKIN * lamp * np.ones((SIZE, 1, 1)), 0, 255).astype(np.uint8))
    composed = settled(plate, round_patch())
    row = composed[SIZE // 2, :, 0]
    assert row[SIZE // 2 - 30] == pytest.approx(plate.rgb()[SIZE // 2, SIZE // 2 - 30, 0], abs=9)
    assert row[SIZE // 2 + 30] == pytest.approx(plate.rgb()[SIZE // 2, SIZE // 2 + 30, 0], abs=9)


def test_what_reaches_in_front_of_the_face_at_the_rim_stays() -> None:
    """A green strand over the rim is still there, the skin beside it is the patch's."""
    picture = flat_plate().rgb().copy()
    picture[:, SIZE // 2 + 36 : SIZE // 2 + 46] = (20, 120, 40)
    plate = Frame.from_rgb(picture)
    spotted = round_patch()
    spotted.pixels[::4] += 25  # so that paint can be told from plate
    changed = np.abs(settled(plate, spotted) - plate.rgb()).mean(axis=2)
    middle = slice(SIZE // 2 - 20, SIZE // 2 + 20)
    strand, face = changed[middle, SIZE // 2 + 38 : SIZE // 2 + 44], changed[middle, SIZE // 2 - 20 : SIZE // 2 + 20]
    assert strand.mean() < 3
    assert face.mean() > strand.mean() * 2
    kept = settled(plate, round_patch())[SIZE // 2, SIZE // 2 + 41]
    assert kept[1] > kept[0] + 50


def test_smooth_paint_takes_the_grain_of_the_plate() -> None:
    plate = flat_plate(grain=4)
    inner = slice(SIZE // 2 - 25, SIZE // 2 + 25)

    def fine(rgb: F32) -> float:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[inner, inner]
        return float((grey - cv2.GaussianBlur(grey, (0, 0), 1.2)).std())

    smooth = fine(settled(flat_plate(), round_patch()))
    assert smooth < 1
    wanted = fine(plate.rgb().astype(np.float32))
    assert fine(settled(plate, round_patch())) == pytest.approx(wanted, rel=0.35)


def test_light_settles_instead_of_jumping() -> None:
    """One flash in the plate must not flash fully in the paint: light is steadied over pictures."""
    compositor, patch, face = Compositor(), round_patch(), disc(30) > 0.9
    for _ in range(5):
        compositor.compose(flat_plate(), patch, "swap")
    flash = flat_plate(SKIN * np.float32(0.6))
    compositor.compose(flash, patch, "swap")
    level = float(flash.rgb()[face].mean())
    assert SKIN.mean() * 0.65 < level < SKIN.mean()


def test_each_engine_has_its_own_light() -> None:
    compositor = Compositor()
    for _ in range(10):
        compositor.compose(flat_plate(SKIN * np.float32(0.5)), round_patch(), "lipsync")
    frame = flat_plate()
    compositor.compose(frame, round_patch(), "swap")
    assert frame.rgb()[disc(30) > 0.9].mean(axis=0) == pytest.approx(SKIN, abs=4)


def test_the_same_pictures_are_composed_alike() -> None:
    one, other = (settled(flat_plate(grain=4), round_patch(grain=2)) for _ in range(2))
    assert np.array_equal(one, other)
