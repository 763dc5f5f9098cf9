from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from clips import bits
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import plan_targets

from countenance.media.frame import F32, Box, Frame
from countenance.perception.tracks import Face, Perception
from countenance.synthesis.compose import Compositor, _blended
from countenance.synthesis.engine import Patch
from countenance.synthesis.likeness import Likeness
from countenance.synthesis.lipsync import prepare_lipsync
from countenance.synthesis.mouths import MouthLibrary
from countenance.synthesis.occlusion import Cover
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
        prepare_swap(ben_likeness, tracks)
        if engine == "swap"
        else prepare_lipsync(ada_mouths, plan_targets(ada_mouths, targets, tracks[0].pose))
    )
    compositor = Compositor()
    for number in (0, 1, 15):
        face, frame = ada_seen.face_of(0, number), ada_frames[number].copy()
        assert face is not None
        patch = painter.paint(frame, face, number)
        assert patch is not None
        laid = compositor.compose(frame, patch, engine)
        assert bits(frame) != bits(ada_frames[number])
        painted = np.zeros(frame.planes[0].shape, bool)
        if patch.ground is None:
            painted[laid.box.rows, laid.box.columns] = laid.mask > 0
        else:  # the picture around the face moves with it
            painted[laid.box.rows, laid.box.columns] = True
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


def test_gloss_on_dark_skin_does_not_burn_when_the_skin_is_lifted() -> None:
    def spot_over_skin(level: float) -> float:
        patch = round_patch(SKIN * np.float32(level))
        spot = np.clip(disc(6, 4), 0, 1)[..., None] * np.float32(50)
        glossy = settled(flat_plate(), replace(patch, pixels=np.asarray(patch.pixels + spot, np.float32)))
        matt = settled(flat_plate(), patch)
        middle = slice(SIZE // 2 - 2, SIZE // 2 + 2)
        return float((glossy - matt)[middle, middle].mean())

    assert spot_over_skin(0.4) < 1.35 * spot_over_skin(1.0)  # and not two and a half times as bright
    assert spot_over_skin(0.4) > 10


def test_side_light_of_the_plate_falls_on_the_patch() -> None:
    lamp = np.linspace(0.6, 1.2, SIZE, dtype=np.float32)[None, :, None]
    plate = Frame.from_rgb(np.clip(SKIN * lamp * np.ones((SIZE, 1, 1)), 0, 255).astype(np.uint8))
    composed = settled(plate, round_patch())
    row = composed[SIZE // 2, :, 0]
    assert row[SIZE // 2 - 30] == pytest.approx(plate.rgb()[SIZE // 2, SIZE // 2 - 30, 0], abs=9)
    assert row[SIZE // 2 + 30] == pytest.approx(plate.rgb()[SIZE // 2, SIZE // 2 + 30, 0], abs=9)


def test_what_is_in_front_of_the_face_stays() -> None:
    """A green strand that is known to hide the face keeps its bits; the skin beside it is the patch's."""
    picture = flat_plate().rgb().copy()
    picture[:, SIZE // 2 + 36 : SIZE // 2 + 46] = (20, 120, 40)
    plate = Frame.from_rgb(picture)
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[:, SIZE // 2 + 34 : SIZE // 2 + 48] = 1
    spotted = round_patch()
    spotted.pixels[::4] += 25  # so that paint can be told from plate
    frame = plate.copy()
    laid = Compositor().compose(frame, spotted, "swap", cover=Cover(Box(0, 0, SIZE, SIZE), alpha))
    strand = slice(SIZE // 2 + 36, SIZE // 2 + 46)
    assert np.array_equal(frame.planes[0][:, strand], plate.planes[0][:, strand])
    assert not np.array_equal(frame.planes[0][:, : SIZE // 2], plate.planes[0][:, : SIZE // 2])
    assert laid.mask[:, strand].max() == 0


def test_a_hidden_part_does_not_colour_the_light_of_the_rest() -> None:
    picture = flat_plate().rgb().copy()
    picture[SIZE // 2 :] = (10, 10, 60)  # a dark hand over half of the face
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[SIZE // 2 :] = 1
    frame = Frame.from_rgb(picture)
    Compositor().compose(frame, round_patch(), "swap", cover=Cover(Box(0, 0, SIZE, SIZE), alpha))
    seen = (disc(40) > 0.9) & (alpha == 0)
    assert frame.rgb()[seen].mean(axis=0) == pytest.approx(SKIN, abs=8)


def test_a_fading_patch_lies_between_plate_and_paint_and_says_why() -> None:
    spotted = round_patch()
    spotted.pixels[:, ::8] -= 60
    changes = []
    for strength in (0.0, 0.5, 1.0):
        frame = flat_plate()
        laid = Compositor().compose(frame, spotted, "swap", strength=strength, why="too small")
        changes.append(float(np.abs(frame.rgb().astype(np.float32) - flat_plate().rgb()).mean()))
        assert laid.strength == strength and laid.why == "too small"
        assert laid.mask.max() == pytest.approx(strength, abs=0.01)
    assert changes[0] == 0 and 0.3 * changes[2] < changes[1] < 0.8 * changes[2]


def test_moved_ground_lies_within_the_box_that_is_told(
    ben_likeness: Likeness, ada_frames: list[Frame], ada_seen: Perception
) -> None:
    painter, face = prepare_swap(ben_likeness, ada_seen.of_person(0)), ada_seen.face_of(0, 0)
    assert face is not None
    frame = ada_frames[0].copy()
    patch = painter.paint(frame, face, 0)
    assert patch is not None and patch.ground is not None
    laid = Compositor().compose(frame, patch, "swap")
    assert laid.mask.shape == (laid.box.height, laid.box.width)
    changed = np.argwhere(frame.planes[0] != ada_frames[0].planes[0])
    low, high = changed.min(axis=0), changed.max(axis=0)
    assert laid.box.y <= low[0] and laid.box.x <= low[1]
    assert high[0] < laid.box.y + laid.box.height and high[1] < laid.box.x + laid.box.width


def test_a_frown_of_the_plate_shows_in_the_paint_and_a_nose_hardly() -> None:
    """What passes over the face is kept, what always lies there belongs to whom it replaces."""
    line = np.ones((SIZE, SIZE, 1), np.float32)
    line[SIZE // 2 - 3 : SIZE // 2 + 3] = 0.6
    plate = Frame.from_rgb((SKIN * line).astype(np.uint8))
    grey = np.float32(SKIN @ np.array([0.299, 0.587, 0.114]))
    passing, standing = (
        replace(round_patch(), usual=np.full((SIZE, SIZE), grey, np.float32) * often[..., 0])
        for often in (np.ones_like(line), line)
    )

    def depth(patch: Patch) -> float:
        composed = settled(plate, patch).mean(axis=2)[:, SIZE // 2 - 20 : SIZE // 2 + 20]
        return float(composed[SIZE // 2 - 25 : SIZE // 2 - 15].mean() - composed[SIZE // 2 - 1 : SIZE // 2 + 1].mean())

    assert depth(passing) > 20
    assert depth(standing) < 0.5 * depth(passing)


def test_a_smeared_plate_gets_smeared_paint() -> None:
    """Detail of the paint falls to that of the plate, whose own falls when the head moves quickly."""
    sharp, calm = flat_plate(grain=5), round_patch(grain=5)
    compositor = Compositor()
    for _ in range(6):
        compositor.compose(sharp.copy(), calm, "swap")
    smeared = Frame.from_rgb(cv2.blur(sharp.rgb(), (9, 1)))
    fast = replace(calm, face=replace(NOBODY, mesh=NOBODY.mesh + np.array([12, 0, 0], np.float32)))
    compositor.compose(smeared, fast, "swap")
    inner = slice(SIZE // 2 - 25, SIZE // 2 + 25)
    across = np.abs(np.diff(smeared.rgb().astype(np.float32).mean(axis=2)[inner, inner], axis=1)).mean()
    sharp_across = np.abs(np.diff(calm.pixels.mean(axis=2)[inner, inner], axis=1)).mean()
    assert across < 0.4 * sharp_across


def test_half_a_mask_blends_in_linear_light() -> None:
    """Half of white over black is brighter than the middle of the code values, as a camera would see it."""
    black, white = np.zeros((1, 1, 3), np.float32), np.full((1, 1, 3), 255, np.float32)
    assert _blended(black, white, np.full((1, 1), 0.5, np.float32))[0, 0] == pytest.approx(180, abs=1)
    assert _blended(black, white, np.zeros((1, 1), np.float32)).max() == 0


@pytest.mark.parametrize("mask", [-1e-8, 1.0001])
def test_a_mask_that_overshoots_by_a_hair_gives_no_holes(mask: float) -> None:
    black, paint = np.zeros((4, 4, 3), np.float32), np.full((4, 4, 3), 200, np.float32)
    shares = np.full((4, 4), mask, np.float32)
    assert np.isfinite(_blended(black, paint, shares)).all() and np.isfinite(_blended(paint, black, shares)).all()


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
