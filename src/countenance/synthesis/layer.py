"""What was painted as a layer of its own, for people who composite elsewhere: colour with straight alpha, and a mask.

The layer carries composed pixels, opaque wherever the picture changed. So laid over the master it gives the composed
picture back in any working space, linear or not; the mask says how much of each pixel is paint.
"""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import U8, Box

_GAPS_PX = 9  # unchanged specks between changed pixels are closed
_SOFT_PX = 4.0  # outside of what changed, where both pictures are the same, alpha ends softly


def layer(plate: U8, composed: U8, leaving: U8 | None = None) -> U8:
    """RGBA `(h, w, 4)`, straight alpha, that laid over `plate` gives `composed` (both RGB `(h, w, 3)` uint8), exactly.

    Alpha is 255 on every pixel that changed, 0 far from them. `leaving` are the composed pixels as they leave the
    house, with the picture mark, when that is so.
    """
    changed = (plate != composed).any(axis=2).astype(np.uint8)
    if not changed.any():
        return np.zeros((*changed.shape, 4), np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GAPS_PX, _GAPS_PX))
    away = cv2.distanceTransform(1 - cv2.morphologyEx(changed, cv2.MORPH_CLOSE, disc), cv2.DIST_L2, 3)
    alpha = np.rint(np.clip(1 - away / np.float32(_SOFT_PX), 0, 1) * 255).astype(np.uint8)
    colour = (composed if leaving is None else leaving) * (alpha > 0)[..., None]
    return np.asarray(np.dstack([colour, alpha]), np.uint8)


def over(plate: U8, shown: U8) -> U8:
    """RGB `(h, w, 3)` uint8: a layer `(h, w, 4)` laid over a plate."""
    alpha = shown[..., 3:].astype(np.float32) / 255
    base = plate.astype(np.float32)
    return np.asarray(np.rint(base + alpha * (shown[..., :3].astype(np.float32) - base)), np.uint8)


def png(pixels: U8, box: Box, size: tuple[int, int]) -> bytes:
    """A layer `(h, w, 4)` or a mask `(h, w)` as a PNG of the whole picture's size (width, height), 0 around its box."""
    whole = np.zeros((size[1], size[0], *pixels.shape[2:]), np.uint8)
    whole[box.rows, box.columns] = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA) if pixels.ndim == 3 else pixels
    _done, data = cv2.imencode(".png", whole, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return bytes(data.tobytes())
