"""Light and skin: the broad part of a picture carried to another, and what is skin by its colour."""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import F32

_CELLS = 3.2  # of a reach: light is broad, a small grid holds it
_FLOOR = 4.0  # grey levels added on both sides, so that dark skin gives steady ratios
_LIMITS = (0.2, 5.0)  # from the lightest skin to the darkest, channel by channel
_EVENNESS = np.array([0.001, 0.02, 0.02, 0.02, 0.05, 0.05, 0.05, 0.05, 0.05])  # how much evidence each shape needs
_SHADES = (0.45, 1.9)
_RELIEF = (0.012, 0.06)  # of the picture's longer side: folds and highlights lie between
_MOST_RELIEF = 0.5
_NEIGHBOURHOOD = 0.1  # of the picture's longer side
_GLOSS_REACH, _GLOSSY = 0.06, 1.02  # of the picture's longer side; brightness over the skin around that is gloss
_CALMEST = 0.4  # a paint keeps at least this share of its own contrast


def grid_size(width: int, height: int, reach: float) -> tuple[int, int]:
    """(width, height) of the small grid that holds light of that reach for a picture of this size."""
    scale = _CELLS / reach / max(width, height)
    return max(4, round(width * scale)), max(4, round(height * scale))


def light_ratio(there: F32, here: F32, weight: F32, reach: float = 0.10) -> F32:
    """By how much `there` is brighter than `here`, per channel, on a small grid `(g, g, 3)`, in code values.

    Both `(h, w, 3)` float32; compared in linear light where `weight` `(h, w)` is, over a neighbourhood of `reach`
    times the picture's longer side, and spread smoothly to everywhere else.
    """
    size = grid_size(weight.shape[1], weight.shape[0], reach)
    # Weighted before they are made small: no cell may take in the colour of lips or cloth beside the skin.
    share = (weight + np.float32(1e-5))[..., None]
    squares = (cv2.resize(z * z * share, size, interpolation=cv2.INTER_AREA) for z in (there, here))
    known = _broad(cv2.resize(share, size, interpolation=cv2.INTER_AREA))[..., None]
    top, bottom = (_broad(square) / known + _FLOOR * _FLOOR for square in squares)
    return np.asarray(np.clip(cv2.sqrt(top / bottom), *_LIMITS), np.float32)


def enlarged(ratio: F32, width: int, height: int) -> F32:
    """A ratio from the small grid at full size."""
    return np.asarray(cv2.resize(ratio, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _broad(values: F32) -> F32:
    side = int(6 * _CELLS) * 2 + 1  # a shorter kernel's cut-off would show as a step where weights are tiny
    return np.asarray(cv2.GaussianBlur(values, (side, side), _CELLS, borderType=cv2.BORDER_REPLICATE), np.float32)


def shading(normals: F32, brightness: F32, weight: F32) -> F32:
    """How a picture's light falls on a surface: nine coefficients `(9,)` of spherical harmonics over its normals.

    `normals` `(h, w, 3)`, `brightness` `(h, w)` 0..255 of the picture, `weight` `(h, w)` where skin of one colour
    lies. Least squares, drawn towards even light where few directions are seen (Ramamoorthi and Hanrahan 2001,
    "An efficient representation for irradiance environment maps"). The coefficients are those of brightness over
    its mean, so 1, 0, 0 ... is even light.
    """
    share = weight.ravel()
    total = float(share.sum()) + 1e-6
    mean = float((brightness.ravel() * share).sum()) / total + 1e-6
    basis = _harmonics(normals).reshape(-1, 9)
    even = np.zeros(9, np.float64)
    even[0] = 1
    normal = (basis * (share / total)[:, None]).T @ basis + np.diag(_EVENNESS)
    wanted = (basis * (share / total)[:, None]).T @ (brightness.ravel() / mean - 1)
    return np.asarray(even + np.linalg.solve(normal, wanted), np.float32)


def shaded(normals: F32, coefficients: F32) -> F32:
    """By how much a surface `(h, w, 3)` is brighter or darker than in even light `(h, w)`."""
    return np.asarray(np.clip(_harmonics(normals) @ coefficients, *_SHADES), np.float32)


def _harmonics(normals: F32) -> F32:
    """The nine second-order spherical harmonics of normals `(..., 3)`, without their constant factors."""
    x, y, z = normals[..., 0], normals[..., 1], normals[..., 2]
    one = np.ones_like(x)
    return np.stack([one, x, y, z + 0.7, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 2], axis=-1)


def relief(ratios: F32, weight: F32) -> F32:
    """The part of pictures' ratios that is finer than light and broader than texture: folds, highlights, bags.

    `ratios` `(h, w, k)` as natural logarithms of brightness (see `tone`), counted where `weight` `(h, w)` is; 0
    elsewhere.
    """
    longer = max(weight.shape)
    weighted = np.concatenate([ratios * weight[..., None], weight[..., None]], axis=2)
    fine, broad = (cv2.GaussianBlur(weighted, (0, 0), reach * longer) for reach in _RELIEF)
    band = fine[..., :-1] / (fine[..., -1:] + 1e-3) - broad[..., :-1] / (broad[..., -1:] + 1e-3)
    there = np.minimum(4 * weight, 1)[..., None]
    return np.asarray(np.clip(band * there, -_MOST_RELIEF, _MOST_RELIEF), np.float32)


def calming(paint: F32, plate: F32, weight: F32) -> F32:
    """What takes the blotches off a paint that is more uneven than the plate's skin, as logarithms `(h, w, 3)`.

    Both `(h, w, 3)` float32 0..255 in the same light. A dark skin's gloss, lifted to a light skin's brightness, would
    burn; so deviations from the neighbourhood are reduced to the plate's own spread, brightness and colour apart.
    """
    parts = []
    for picture in (paint, plate):
        logs = cv2.log(picture + np.float32(_FLOOR))
        weighted = np.dstack([logs * weight[..., None], weight])
        around = cv2.GaussianBlur(weighted, (0, 0), _NEIGHBOURHOOD * max(weight.shape))
        off = (logs - around[..., :3] / (around[..., 3:] + 1e-3)) * weight[..., None]
        grey = off.mean(axis=2, keepdims=True)
        parts.append((grey, off - grey))
    change = np.zeros_like(paint)
    for own, theirs in zip(*parts, strict=True):
        share = (np.sqrt((theirs * theirs).mean()) + 1e-3) / (np.sqrt((own * own).mean()) + 1e-3)
        change += np.float32(min(max(float(share), _CALMEST), 1.0) - 1) * own
    return change


def gloss(paint: F32, ground: F32) -> F32:
    """How much of a paint's brightness `(h, w)`, 0..255, is gloss: what stands out over its `ground` `(h', w')`, the
    brightness of the skin around on any coarser grid."""
    height, width = paint.shape
    return np.asarray(np.maximum(paint - _GLOSSY * enlarged(ground, width, height), 0), np.float32)


def matt_ground(brightness: F32, weight: F32) -> F32:
    """The brightness `(h, w)` of skin without its finer play, where `weight` is and, fading, beyond."""
    sigma, share = _GLOSS_REACH * max(weight.shape), weight + np.float32(1e-3)
    return np.asarray(cv2.GaussianBlur(brightness * share, (0, 0), sigma) / cv2.GaussianBlur(share, (0, 0), sigma))


def tone(brightness: F32) -> F32:
    """Brightness 0..255 as a natural logarithm that the noise of dark skin does not upset."""
    return np.asarray(cv2.log(brightness + np.float32(_FLOOR)), np.float32)


# Floors of the spread of a person's skin: log brightness (shading), share of red, share of blue.
_SKIN_SPREAD = (0.12, 0.012, 0.012)


def skin_distance(pixels: F32, weight: F32) -> F32:
    """How far each pixel's colour `(h, w, 3)` is from that of the skin where `weight` is, in standard deviations.

    Measured on log brightness and two colour shares, so that a shadow counts less than another material.
    """
    total_weight = float(weight.sum()) + 1e-6
    squares = np.zeros(weight.shape, np.float32)
    for axis, floor in zip(_colour_axes(pixels), _SKIN_SPREAD, strict=True):
        gap = axis - float(cv2.multiply(axis, weight).sum()) / total_weight
        variance = float((cv2.multiply(gap, gap) * weight).sum()) / total_weight
        squares += gap * gap / np.float32((np.sqrt(variance) + floor) ** 2)
    return np.asarray(cv2.sqrt(squares), np.float32)


def _colour_axes(rgb: F32) -> tuple[F32, F32, F32]:
    red, green, blue = cv2.split(cv2.max(rgb, 1.0) + np.float32(8.0))  # +8: dark pixels carry no reliable colour
    total = red + green + blue
    return cv2.log(total), red / total, blue / total
