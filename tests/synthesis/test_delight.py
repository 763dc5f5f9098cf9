from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.perception.networks import FaceNetworks
from countenance.synthesis.delight import basis, light_of, unlit
from countenance.synthesis.fields import at_full_size, field, to_light
from countenance.synthesis.references import read_reference
from countenance.synthesis.regions import mirrored_plane, regions
from countenance.synthesis.views import View, unrolled

FRONT = EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"
LAMP = np.array([0.0, -1.0, 0.0]) * 0.3 + np.array([1.0, 0.0, 0.0])  # from the side


@pytest.fixture(scope="module")
def view(networks: FaceNetworks) -> View:
    return unrolled(read_reference(FRONT, networks).close_up())


def lit(view: View, strength: float, colour: tuple[float, float, float] = (1, 1, 1)) -> View:
    """The same face with a lamp at its side."""
    falling = 1 + strength * (view.normals @ LAMP.astype(np.float32))
    gain = np.maximum(falling, 0.15)[..., None] * np.array(colour, np.float32)
    shown = view.pixels * at_full_size((gain ** (1 / 2.2)).astype(np.float32))
    return replace(view, pixels=np.clip(shown, 0, 255).astype(np.uint8))


def unevenness(light: np.ndarray) -> float:
    """How much brighter one half of the skin is than the other."""
    skin = field(regions().skin)
    grey = light.mean(axis=2)
    half = np.arange(skin.shape[1]) < skin.shape[1] / 2
    left, right = ((grey * skin * side).sum() / (skin * side).sum() for side in (half, ~half))
    return abs(float(np.log(left / right)))


def sphere(count: int = 4000) -> np.ndarray:
    normals = np.random.default_rng(5).normal(size=(count, 3))
    normals[:, 2] = -np.abs(normals[:, 2])
    return (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)


def test_a_known_light_is_found_again_though_some_texels_lie() -> None:
    normals = sphere()
    known = np.array([0.5, 0.12, -0.08, -0.15, 0.03, 0.0, 0.02, -0.04, 0.03], np.float32)
    colour = (basis(normals) @ known)[:, None] * np.array([1.0, 0.8, 0.6], np.float32)
    colour[:200] = 3.0  # a highlight
    found = basis(normals) @ light_of(colour, normals, np.ones(len(normals), np.float32))
    assert np.median(np.abs(found[200:] / colour[200:] - 1)) < 0.03


def test_side_light_is_taken_off_and_the_tone_kept(view: View) -> None:
    dark = lit(view, 0.55)
    before = to_light(field(dark.pixels.astype(np.float32)))
    (after,) = unlit([dark])
    assert unevenness(before) > 0.5
    assert unevenness(after.colour) < 0.15
    skin = field(regions().skin)[..., None]
    tone = [(light * skin).sum() / (skin.sum() * 3) for light in (before, after.colour)]
    assert tone[1] == pytest.approx(tone[0], rel=0.25)


def test_even_light_is_left_nearly_alone(view: View) -> None:
    (after,) = unlit([view])
    skin = field(regions().skin) > 0.8
    gain = after.gain[skin]
    assert float(np.abs(np.log(gain)).mean()) < 0.2


def test_different_lights_end_in_one_tone(view: View) -> None:
    views = [view, lit(view, 0.4, (0.7, 0.75, 0.85)), lit(view, -0.4, (0.5, 0.45, 0.4))]
    skin = field(regions().skin) > 0.8
    before = [to_light(field(one.pixels.astype(np.float32)))[skin].mean(axis=0) for one in views]
    after = [one.colour[skin].mean(axis=0) for one in unlit(views)]
    assert float(np.ptp(before, axis=0).max()) > 3 * float(np.ptp(after, axis=0).max())


def test_deep_shadow_is_not_believed(view: View) -> None:
    (even,), (side,) = unlit([view]), unlit([lit(view, 0.9)])
    skin = field(regions().skin) > 0.8
    assert float(even.trust[skin].mean()) > float(side.trust[skin].mean()) + 0.04
    shadow = mirrored_plane(side.trust) - side.trust
    assert float(shadow[skin].max()) > 0.5  # one side more than the other


def test_a_highlight_is_reduced(view: View) -> None:
    spot = (60, 80)  # on the forehead, in fields
    rows, columns = np.mgrid[:160, :160]
    shine = np.exp(-((rows - spot[0] + 10) ** 2 + (columns - spot[1]) ** 2) / 60.0)
    glossy = replace(
        view,
        pixels=np.clip(view.pixels + 70 * at_full_size(shine.astype(np.float32))[..., None], 0, 255).astype(np.uint8),
    )
    (plain,), (found,) = unlit([view]), unlit([glossy])
    there = shine > 0.5
    shown = (
        to_light(field(glossy.pixels.astype(np.float32)))[there].mean()
        / to_light(field(view.pixels.astype(np.float32)))[there].mean()
    )
    assert found.colour[there].mean() / plain.colour[there].mean() < 1 + 0.85 * (shown - 1)
