"""Whether a picture is still the master's where nothing was painted."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from countenance.media.frame import Box, Frame


def untouched(before: Frame, after: Frame, boxes: Sequence[Box]) -> tuple[int, int]:
    """How many of the pixels outside the painted boxes are bit for bit the same, and how many there are.

    A pixel is the same when its luma and both chroma samples it shares are. Frames must be of one size.
    """
    width, height = before.size
    changed = cv2.absdiff(before.planes[0], after.planes[0])
    chroma = [cv2.absdiff(a, b) for a, b in zip(before.planes[1:], after.planes[1:], strict=True)]
    if any(cv2.countNonZero(plane) for plane in chroma):
        wide = cv2.resize(cv2.bitwise_or(*chroma), (width, height), interpolation=cv2.INTER_NEAREST)
        changed = cv2.bitwise_or(changed, wide)
    for box in boxes:
        changed[box.rows, box.columns] = 0
    outside = width * height - _covered(boxes, width, height)
    return outside - cv2.countNonZero(changed), outside


def _covered(boxes: Sequence[Box], width: int, height: int) -> int:
    if len(boxes) < 2:
        return sum(box.width * box.height for box in boxes)
    covered = np.zeros((height, width), np.uint8)
    for box in boxes:
        covered[box.rows, box.columns] = 1
    return int(cv2.countNonZero(covered))
