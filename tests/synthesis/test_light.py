from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.frame import F32
from countenance.synthesis.light import enlarged, grid_size, light_ratio, relief, shaded, shading, skin_distance, tone

WIDTH, HEIGHT = 160, 120
EVERYWHERE = np.ones((HEIGHT, WIDTH), np.float32)


def skin_tone(seed: int = 0) -> F32:
    """A face-like ground: one colour with fine texture."""
    texture = np.random.default_rng(seed).normal(0, 6, (HEIGHT, WIDTH, 1))
    return (np.array([190.0, 150.0, 130.0]) + texture).astype(np.float32)


@given(st.tuples(*[st.floats(0.4, 2.5)] * 3))
def test_a_uniformly_lit_and_tinted_plate_gives_that_ratio(tint: tuple[float, float, float]) -> None:
    paint = skin_tone()
    ratio = light_ratio(paint * np.array(tint, np.float32), paint, EVERYWHERE)
    assert ratio.shape == (*grid_size(WIDTH, HEIGHT, 0.1)[::-1], 3)
    for channel, wanted in enumerate(tint):
        assert ratio[..., channel] == pytest.approx(wanted, rel=0.05)


def test_a_gradient_is_followed() -> None:
    paint = skin_tone()
    lamp = np.linspace(0.5, 1.5, WIDTH, dtype=np.float32)[None, :, None]
    ratio = enlarged(light_ratio(paint * lamp, paint, EVERYWHERE), WIDTH, HEIGHT)
    inner = slice(WIDTH // 5, -WIDTH // 5)
    assert np.abs(ratio - lamp)[:, inner].max() < 0.06
    assert (np.diff(ratio[HEIGHT // 2, :, 0]) >= -1e-4).all()


def test_fine_texture_is_not_light() -> None:
    ratio = light_ratio(skin_tone(1), skin_tone(2), EVERYWHERE)
    assert np.abs(ratio - 1).max() < 0.02


def test_light_is_compared_only_where_the_weight_is_and_spreads_from_there() -> None:
    paint = skin_tone()
    weight = EVERYWHERE.copy()
    weight[:, WIDTH // 2 :] = 0
    plate = paint * np.float32(0.7)
    plate[:, WIDTH // 2 :] = (0, 255, 0)  # something else stands there
    ratio = light_ratio(plate, paint, weight)
    assert np.isfinite(ratio).all()
    assert ratio[:, : ratio.shape[1] // 3] == pytest.approx(0.7, abs=0.03)
    assert ratio[:, ratio.shape[1] * 5 // 8] == pytest.approx(0.7, abs=0.03)


@pytest.mark.parametrize("plate", [0.0, 255.0])
def test_the_ratio_stays_within_bounds(plate: float) -> None:
    full = np.full((HEIGHT, WIDTH, 3), plate, np.float32)
    ratio = light_ratio(full, 255 - full, EVERYWHERE)
    assert 0.15 < ratio.min() <= ratio.max() < 6


def test_another_material_is_farther_from_skin_than_a_shadow_is() -> None:
    picture = skin_tone()
    picture[:20] *= np.float32(0.75)  # a shadow
    picture[-20:] = (60, 90, 160)  # a blue collar
    known = np.zeros((HEIGHT, WIDTH), np.float32)
    known[40:80] = 1
    far = cv2.blur(skin_distance(picture, known), (5, 5))
    skin, shadow, collar = (float(np.median(far[rows])) for rows in (slice(40, 80), slice(5, 15), slice(-15, -5)))
    assert skin < 2
    assert skin < shadow < collar
    assert collar > 8


@given(st.integers(2, 4000), st.integers(2, 4000), st.sampled_from([0.05, 0.15]))
def test_the_grid_is_small_and_keeps_the_shape(width: int, height: int, reach: float) -> None:
    small = grid_size(width, height, reach)
    assert max(small) <= 64 and min(small) >= 4


def sphere(side: int = 64) -> tuple[F32, F32]:
    """Normals of a ball seen from the front, and where it is."""
    y, x = (np.mgrid[:side, :side].astype(np.float32) - side / 2 + 0.5) / (side / 2)
    inside = x * x + y * y < 0.95
    z = -np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    return np.stack([x, y, z], axis=-1).astype(np.float32), inside.astype(np.float32)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_lights_direction_is_found_and_falls_alike_on_the_same_relief(x: float, y: float) -> None:
    normals, inside = sphere()
    lit = 100 * (1 + 0.4 * normals[..., 0] * np.float32(x) + 0.4 * normals[..., 1] * np.float32(y))
    found = shaded(normals, shading(normals, lit.astype(np.float32), inside))
    wanted = lit / lit[inside > 0].mean()
    assert np.abs(found / found[inside > 0].mean() - wanted)[inside > 0].max() < 0.08


def test_even_light_shades_nothing() -> None:
    normals, inside = sphere()
    found = shaded(normals, shading(normals, np.full(inside.shape, 80, np.float32), inside))
    assert found[inside > 0] == pytest.approx(1, abs=0.01)


def test_relief_is_the_fold_and_neither_the_light_nor_the_texture() -> None:
    ground = np.full((HEIGHT, WIDTH), 140, np.float32)
    lamp = np.linspace(0.6, 1.4, WIDTH, dtype=np.float32)[None] * ground
    dice = np.random.default_rng(2).normal(0, 5, ground.shape).astype(np.float32)
    fold = ground.copy()
    fold[HEIGHT // 2 - 3 : HEIGHT // 2 + 3] *= 0.6
    inner = (slice(25, -25), slice(25, -25))

    def told(picture: F32) -> F32:
        return relief((tone(picture) - tone(ground))[..., None], EVERYWHERE)[..., 0]

    assert np.abs(told(lamp)[inner]).max() < 0.05
    assert np.abs(told(ground + dice)[inner]).max() < 0.05
    assert told(fold)[HEIGHT // 2, WIDTH // 2] < -0.2
