"""The picture mark in a single picture: the same mark as in video, read back by `read_mark` as one frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance.watermark import Marker


def mark_still(rgb: NDArray[np.uint8], key: bytes, mark_id: int) -> NDArray[np.uint8]:
    """Return a marked copy of `rgb` (h, w, 3) uint8, R'G'B' of full range.

    `key`: the project's 32-byte mark key. `mark_id`: 64 bits. All three channels change by the same steps, so the
    luma carries the mark and no colour shifts. Raises ValueError for any other shape or type.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"a still to mark is (h, w, 3) uint8, not {rgb.shape} {rgb.dtype}")
    plain = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    marked = plain.copy()
    Marker(key, mark_id).embed(np.asarray(marked, np.uint8))
    up, down = (
        cv2.cvtColor(side, cv2.COLOR_GRAY2RGB) for side in (cv2.subtract(marked, plain), cv2.subtract(plain, marked))
    )
    return np.asarray(cv2.subtract(cv2.add(np.ascontiguousarray(rgb), up), down), np.uint8)
