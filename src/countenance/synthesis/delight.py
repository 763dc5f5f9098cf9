"""Light taken off a face: what is left is the skin itself.

The light on a face is described by second-order spherical harmonics of its normals (Ramamoorthi and Hanrahan, "An
efficient representation for irradiance environment maps", 2001), nine numbers for each colour channel, which hold
99 % of what any distant light does to a matt surface. They are fitted to the trusted skin of one picture, and the
picture is divided by them. Pixels stand for light by a power law of 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from countenance.media.frame import F32
from countenance.synthesis.belief import agreeing, own_skin
from countenance.synthesis.fields import FIELD_PX, field, mean_of, to_light, weighted_median
from countenance.synthesis.regions import mirrored_plane, ramp, regions
from countenance.synthesis.views import View

_STEPS = 6  # of reweighting
_TOLERANCE = 0.15  # residual, as a share of the light, at which a texel counts half
_STIFFNESS = np.array([0, 1, 1, 1, 3, 3, 3, 3, 3], np.float32) * 0.01  # holds what few normals tell of
_ROUNDNESS = 0.03 * FIELD_PX  # normals are smoothed that far: the mesh's nose is not exactly where the picture's is
_GAINS = (0.55, 2.6)  # beyond it, dividing would show noise or burnt skin only
_SYMMETRIC = 0.4  # share of light alike on both sides that is taken off: a beard looks like light from above
_TINTS = (0.9, 1.1)  # how far light may differ in colour from place to place
_SHADOW = (0.20, 0.60)  # of the mean light: skin that gets less is hardly believed
_ROUNDS = 2
_REST_REACH = 0.05 * FIELD_PX
_REST = (0.6, 1.7)
_TONES = 0.02 * FIELD_PX
_SHINE = 0.6  # share of a highlight that is taken off
_MIRROR = 0.4  # what a texel's twin says, against what is seen there


@dataclass(frozen=True)
class Unlit:
    """A view without its light, on the layout's fields.

    `colour` `(F, F, 3)` linear light 0..1 after de-lighting; `gain` `(F, F, 3)`: what the picture's linear light is
    multiplied with for it; `trust` `(F, F)` 0..1: how far the texel may be believed to be this person's lit skin.
    """

    colour: F32
    gain: F32
    trust: F32


def unlit(views: Sequence[View]) -> list[Unlit]:
    """All views of one person without their light, in one common tone: the median of theirs.

    Each view's light is fitted to skin of one colour first, then to the skin that all views agree on, so that a
    beard or red cheeks are not taken for light. What is symmetric is skin rather than light as well.
    """
    lights = [to_light(field(view.pixels.astype(np.float32))) for view in views]
    skin = field(regions().skin)
    inner = skin * (1 - field(regions().edge))
    seen = [ramp(view.facing, 0.15, 0.55) for view in views]
    albedo = np.ones((FIELD_PX, FIELD_PX, 3), np.float32)
    found: list[Unlit] = []
    for _ in range(_ROUNDS):
        found = [
            _divided(light, view, albedo, inner * weight)
            for light, view, weight in zip(lights, views, seen, strict=True)
        ]
        found = _in_one_tone(found, inner)
        seen = [one.trust for one in found]
        albedo = _shared(found, skin)
    found = [_matt(_evened(one, albedo, skin), skin) for one in found]
    shares = agreeing([one.colour for one in found], [one.trust for one in found])
    return [Unlit(one.colour, one.gain, one.trust * share) for one, share in zip(found, shares, strict=True)]


def basis(normals: F32) -> F32:
    """The nine harmonics `(..., 9)` of unit normals `(..., 3)`, without their constant factors."""
    x, y, z = normals[..., 0], normals[..., 1], normals[..., 2]
    one = np.ones_like(x)
    return np.stack([one, x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], axis=-1)


def light_of(colour: F32, normals: F32, weight: F32) -> F32:
    """The harmonics' coefficients `(9, 3)` of the light on skin of one colour.

    `colour` `(n, 3)` linear light, `normals` `(n, 3)`, `weight` `(n,)`. Robust: texels far from the fit count less.
    """
    terms = basis(normals)
    grey = colour.mean(axis=1)
    trust = weight.copy()
    stiff = np.diag(_STIFFNESS * (float(weight.sum()) + 1e-6))
    for _ in range(_STEPS):
        weighted = terms * trust[:, None]
        found = np.linalg.solve(weighted.T @ terms + stiff, weighted.T @ colour)
        fitted = (terms @ found).mean(axis=1)
        residual = (grey - fitted) / (_TOLERANCE * np.maximum(fitted, 0.02))
        trust = weight / (1 + residual * residual)
    return np.asarray(found, np.float32)


def _divided(colour: F32, view: View, albedo: F32, weight: F32) -> Unlit:
    """A view's colour divided by its light, the mean kept."""
    normals = cv2.GaussianBlur(view.normals, (0, 0), _ROUNDNESS)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True) + 1e-6
    flat = (colour / albedo).reshape(-1, 3), normals.reshape(-1, 3), weight.ravel()
    light = (basis(normals) @ light_of(*(part[weight.ravel() > 0.05] for part in flat))).astype(np.float32)
    light = np.maximum(light / (mean_of(light, weight) + 1e-6), 1e-3).astype(np.float32)
    gain = _lessened(np.asarray(1 / light, np.float32), _GAINS)
    trust = ramp(view.facing, 0.1, 0.5) * ramp(light.mean(axis=2), *_SHADOW)
    if view.glasses is not None:
        trust *= 1 - ramp(view.glasses, 0.1, 0.4)
    return Unlit(colour * gain, gain, trust * own_skin(colour * gain, trust))


def _lessened(gain: F32, limits: tuple[float, float]) -> F32:
    """The part of a gain that surely is light's: what is alike on both sides of the face may be the face's own (a beard
    looks like light from above), and skin differs more in colour from place to place than lamps do."""
    gain = gain * np.sqrt(gain * mirrored_plane(gain)) ** np.float32(_SYMMETRIC - 1)
    grey = gain.mean(axis=2, keepdims=True)
    return np.asarray(np.clip(grey, *limits) * np.clip(np.sqrt(gain / grey), *_TINTS), np.float32)


def _in_one_tone(found: Sequence[Unlit], weight: F32) -> list[Unlit]:
    tones = np.stack([mean_of(one.colour, weight * one.trust) for one in found])
    steps = np.median(tones, axis=0) / (tones + 1e-6)
    return [Unlit(one.colour * step, one.gain * step, one.trust) for one, step in zip(found, steps, strict=True)]


def _shared(found: Sequence[Unlit], skin: F32) -> F32:
    """The skin's colour that the views agree on `(F, F, 3)`, of its mean: smooth, and symmetric where in doubt."""
    colours = np.stack([side for one in found for side in (one.colour, mirrored_plane(one.colour))])
    trusts = np.stack([side for one in found for side in (one.trust, mirrored_plane(one.trust) * _MIRROR)]) * skin
    middle = weighted_median(colours.mean(axis=3), trusts)
    agreeing = trusts / (1 + ((colours.mean(axis=3) - middle) / (0.15 * middle + 0.01)) ** 2) + 1e-5
    total = cv2.GaussianBlur(agreeing.sum(axis=0), (0, 0), _TONES)[..., None]
    summed = cv2.GaussianBlur((colours * agreeing[..., None]).sum(axis=0), (0, 0), _TONES)
    tone = summed / total
    mean = mean_of(tone, skin * agreeing.sum(axis=0))
    return np.asarray(np.clip(tone / (mean + 1e-6), 0.4, 2.0), np.float32)


def _evened(one: Unlit, albedo: F32, skin: F32) -> Unlit:
    """What light is left after the harmonics (cast shadows, near lamps), seen as broad difference from the skin."""
    weight = skin * one.trust + 1e-4
    mean = mean_of(one.colour / albedo, weight)
    wanted, here = (
        cv2.GaussianBlur(plane * weight[..., None], (0, 0), _REST_REACH) for plane in (albedo * mean, one.colour)
    )
    rest = _lessened((wanted + 1e-6) / (here + 1e-6), _REST)
    return Unlit(one.colour * rest, one.gain * rest, one.trust)


def _matt(one: Unlit, skin: F32) -> Unlit:
    """The view with its highlights reduced, and believed less where they are strong.

    A highlight adds white light to the skin's own colour (Shafer, "Using color to separate reflection components",
    1985): where a texel is both brighter and whiter than the person's skin, the white part is taken off.
    """
    grey = one.colour.mean(axis=2)
    seen = skin * one.trust > 0.3
    if not seen.any():
        return one
    body = np.median(one.colour[seen], axis=0)
    white = np.zeros_like(grey)
    for channel in (1, 2):  # the skin's colour is redder than white light: what is too green and blue is added
        share = min(0.95, float(body[channel] / (body[0] + 1e-6)))
        white += np.maximum(one.colour[..., channel] - share * one.colour[..., 0], 0) / (1 - share) / 2
    white *= ramp(grey / float(body.mean()), 1.0, 1.25) * skin
    white = np.minimum(cv2.GaussianBlur(white, (0, 0), 1.2), 0.5 * grey)
    matt = np.maximum(one.colour - _SHINE * white[..., None], 0.3 * one.colour)
    trust = one.trust * (1 - 0.5 * ramp(white / (grey + 1e-6), 0.1, 0.4))
    return Unlit(matt, one.gain * matt / (one.colour + 1e-6), trust.astype(np.float32))
