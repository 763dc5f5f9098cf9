"""Small planes of the layout, a quarter of the atlas wide, on which light and trust are worked out."""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import F32
from countenance.synthesis.regions import ATLAS_PX

FIELD_PX = ATLAS_PX // 4
POWER = 2.2  # pixels stand for light by this power law


def field(plane: F32) -> F32:
    """A plane of the atlas on the fields' grid."""
    return np.asarray(cv2.resize(plane, (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_AREA), np.float32)


def at_full_size(plane: F32) -> F32:
    """A field at the atlas's size."""
    return np.asarray(cv2.resize(plane, (ATLAS_PX, ATLAS_PX), interpolation=cv2.INTER_LINEAR), np.float32)


def to_light(pixels: F32) -> F32:
    """Linear light 0..1 of pixels 0..255."""
    return np.asarray((np.clip(pixels, 1, 255) / 255) ** np.float32(POWER), np.float32)


def to_pixels(light: F32) -> F32:
    """Pixels 0..255 of linear light 0..1."""
    return np.asarray(np.clip(light, 0, 1) ** np.float32(1 / POWER) * np.float32(255), np.float32)


def weighted_median(values: F32, weights: F32) -> F32:
    """The median over the first axis `(n, ...)`, each value counting by its weight."""
    order = np.argsort(values, axis=0)
    ranked, heavy = (np.take_along_axis(plane, order, axis=0) for plane in (values, weights))
    reached = np.cumsum(heavy, axis=0) >= heavy.sum(axis=0) / 2
    return np.asarray(np.take_along_axis(ranked, reached.argmax(axis=0)[None], axis=0)[0], np.float32)


def mean_of(planes: F32, weight: F32) -> F32:
    """The mean of planes `(F, F, k)` where the weight `(F, F)` is: `(k,)`."""
    return np.asarray((planes * weight[..., None]).sum(axis=(0, 1)) / (float(weight.sum()) + 1e-6), np.float32)
