"""Light and skin: the broad part of a picture carried to another, and what is skin by its colour."""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import F32

_GRID_PX = 48  # light is broad: a small grid holds it
# Of the picture's longer side: what is broader is light, what is finer is skin. Between the two lie highlights
# and soft shadows, of which each picture keeps its share.
_REACHES = ((0.10, 0.8), (0.045, 0.2))  # reach and share
_FLOOR = 4.0  # grey levels added on both sides, so that dark skin gives steady ratios
_LIMITS = (0.35, 2.8)


def grid_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) of the small grid for a picture of this size."""
    scale = _GRID_PX / max(width, height)
    return max(4, round(width * scale)), max(4, round(height * scale))


def light_ratio(there: F32, here: F32, weight: F32) -> F32:
    """By how much `there` is brighter than `here`, per channel, on the small grid `(g, g, 3)`.

    Both `(h, w, 3)` float32; compared where `weight` `(h, w)` is, and spread smoothly to everywhere else.
    """
    size = grid_size(weight.shape[1], weight.shape[0])
    there, here, weight = (cv2.resize(z, size, interpolation=cv2.INTER_AREA) for z in (there, here, weight))
    share = weight[..., None] + 1e-5
    product = np.ones_like(there)
    for reach, part in _REACHES:
        known = _broad(share, reach)[..., None]
        top, bottom = (_broad(picture * share, reach) / known + _FLOOR for picture in (there, here))
        product *= np.clip(top / bottom, *_LIMITS) ** part
    return np.asarray(product, np.float32)


def enlarged(ratio: F32, width: int, height: int) -> F32:
    """A ratio from the small grid at full size."""
    return np.asarray(cv2.resize(ratio, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _broad(values: F32, reach: float) -> F32:
    sigma = reach * _GRID_PX
    side = int(6 * sigma) * 2 + 1  # a shorter kernel's cut-off would show as a step where weights are tiny
    return np.asarray(cv2.GaussianBlur(values, (side, side), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


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
