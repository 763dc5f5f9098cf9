"""Light and skin: the broad part of a picture carried to another, and what is skin by its colour."""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import F32

_GRID_PX = 48  # light is broad: a small grid holds it
_FLOOR = 4.0  # grey levels added on both sides, so that dark skin gives steady ratios
_LIMITS = (0.35, 2.8)
_EVENNESS = np.array([0.001, 0.02, 0.02, 0.02, 0.05, 0.05, 0.05, 0.05, 0.05])  # how much evidence each shape needs
_SHADES = (0.45, 1.9)
_RELIEF = (0.012, 0.06)  # of the picture's longer side: folds and highlights lie between
_MOST_RELIEF = 0.5


def grid_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) of the small grid for a picture of this size."""
    scale = _GRID_PX / max(width, height)
    return max(4, round(width * scale)), max(4, round(height * scale))


def light_ratio(there: F32, here: F32, weight: F32, reach: float = 0.10) -> F32:
    """By how much `there` is brighter than `here`, per channel, on the small grid `(g, g, 3)`, in code values.

    Both `(h, w, 3)` float32; compared in linear light where `weight` `(h, w)` is, over a neighbourhood of `reach`
    times the picture's longer side, and spread smoothly to everywhere else.
    """
    size = grid_size(weight.shape[1], weight.shape[0])
    squares = (cv2.resize(cv2.multiply(z, z), size, interpolation=cv2.INTER_AREA) for z in (there, here))
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)[..., None] + 1e-5
    known = _broad(share, reach)[..., None]
    top, bottom = (_broad(picture * share, reach) / known + _FLOOR * _FLOOR for picture in squares)
    return np.asarray(np.clip(cv2.sqrt(top / bottom), *_LIMITS), np.float32)


def enlarged(ratio: F32, width: int, height: int) -> F32:
    """A ratio from the small grid at full size."""
    return np.asarray(cv2.resize(ratio, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _broad(values: F32, reach: float) -> F32:
    sigma = reach * _GRID_PX
    side = int(6 * sigma) * 2 + 1  # a shorter kernel's cut-off would show as a step where weights are tiny
    return np.asarray(cv2.GaussianBlur(values, (side, side), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


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


def relief(there: F32, here: F32, weight: F32) -> F32:
    """The part of two pictures' ratio that is finer than light and broader than texture, as its logarithm: folds,
    highlights, bags. Brightness `(h, w)` float32 of both, compared where `weight` is; 0 elsewhere."""
    longer = max(weight.shape)
    ratio = cv2.log(there + _FLOOR) - cv2.log(here + _FLOOR)
    fine, broad = (_local_mean(ratio, weight, reach * longer) for reach in _RELIEF)
    return np.asarray(np.clip((fine - broad) * weight, -_MOST_RELIEF, _MOST_RELIEF), np.float32)


def _local_mean(values: F32, weight: F32, sigma: float) -> F32:
    known = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-3
    return np.asarray(cv2.GaussianBlur(values * weight, (0, 0), sigma) / known, np.float32)


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
