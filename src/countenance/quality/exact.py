"""Whether a picture is still the master's where nothing was painted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from countenance.media.frame import Box, Frame


def untouched(before: Frame, after: Frame, boxes: Sequence[Box]) -> tuple[int, int]:
    """How many of the pixels outside the painted boxes are bit for bit the same, and how many there are.

    A pixel is the same when its luma and both chroma samples it shares are. Frames must be of one size, boxes even.
    What is nearly always so, that everything is the same, is found in one pass over the memory.
    """
    around = _around(boxes, *before.size)
    outside = sum(box.width * box.height for box in around)
    if all(_same(before, after, box) for box in around):
        return outside, outside
    return outside - sum(_changed(before, after, box) for box in around), outside


def _around(boxes: Sequence[Box], width: int, height: int) -> list[Box]:
    """Even boxes that together are the picture without the given boxes."""
    rows = sorted({0, height, *(edge for box in boxes for edge in (box.y, box.y + box.height) if edge < height)})
    free = []
    for top, bottom in pairwise(rows):
        here = sorted((box.x, box.x + box.width) for box in boxes if box.y < bottom and box.y + box.height > top)
        x = 0
        for start, end in [*here, (width, width)]:
            if start > x:
                free.append(Box(x, top, min(start, width) - x, bottom - top))
            x = max(x, end)
    return [box for box in free if box.width > 0]


def _same(before: Frame, after: Frame, box: Box) -> bool:
    return not any(
        cv2.norm(a[place.rows, place.columns], b[place.rows, place.columns], cv2.NORM_INF)
        for a, b, place in zip(before.planes, after.planes, (box, box.half, box.half), strict=True)
    )


def _changed(before: Frame, after: Frame, box: Box) -> int:
    luma, *chroma = (cv2.absdiff(a, b) for a, b in zip(before.cut(box), after.cut(box), strict=True))
    wide = cv2.resize(cv2.bitwise_or(*chroma), (box.width, box.height), interpolation=cv2.INTER_NEAREST)
    return int(np.count_nonzero(luma | wide))
