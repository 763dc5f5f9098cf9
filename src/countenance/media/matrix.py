"""Bringing Y'CbCr pictures from other matrices to BT.709, in whole precision.

Grey is grey under every matrix, so the new chroma depends on the old chroma alone, and luma only shifts by a mix
of the chroma: the picture need not pass through RGB. (swscale does, with a bias of up to three luma steps.)
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8

# Luma weights of red and blue: ITU-R BT.601-7, 2.5.1; BT.709-6, 3.2; BT.2020-2, table 4.
LUMA_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
_LUMA_PER_CHROMA = 219 / 224  # limited range: luma has 219 steps, chroma 224


Plane = TypeVar("Plane", U8, F32)


def to_bt709(planes: tuple[Plane, Plane, Plane], matrix: str) -> tuple[Plane, Plane, Plane]:
    """The same colours, limited range 4:2:0 in steps of 8 bit, in BT.709 instead of `matrix`.

    uint8 planes are rounded at the end, float32 planes stay as exact as they are.
    """
    if matrix == "bt709":
        return planes
    y, u, v = planes
    change = luma_chroma_of("bt709") @ np.linalg.inv(luma_chroma_of(matrix))
    change[0] *= _LUMA_PER_CHROMA
    mix = np.hstack([change[:, 1:], change[:, 1:] @ [[-128.0], [-128.0]]]).astype(np.float32)
    shift, new_u, new_v = cv2.split(cv2.transform(cv2.merge([u, v]).astype(np.float32), mix))
    wide = cv2.resize(shift, (y.shape[1], y.shape[0]), interpolation=cv2.INTER_LINEAR)
    depth = cv2.CV_8U if y.dtype == np.uint8 else cv2.CV_32F
    return (
        cv2.add(y, wide, dtype=depth),
        cv2.add(new_u, 128.0, dtype=depth),
        cv2.add(new_v, 128.0, dtype=depth),
    )


def luma_chroma_of(matrix: str) -> NDArray[np.float64]:
    """Y' (0..1), Cb and Cr (-0.5..0.5) of RGB (0..1), `(3, 3)`."""
    red, blue = LUMA_WEIGHTS[matrix]
    green = 1 - red - blue
    return np.array(
        [
            [red, green, blue],
            [-red / (1 - blue) / 2, -green / (1 - blue) / 2, 0.5],
            [0.5, -green / (1 - red) / 2, -blue / (1 - red) / 2],
        ]
    )
