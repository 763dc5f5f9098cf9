"""From wider primaries to those of BT.709, through linear light."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32
from countenance.media.matrix import luma_chroma_of

# CIE 1931 x, y of red, green, blue: ITU-R BT.709-6, 1.3; BT.2020-2, table 3; SMPTE EG 432-1. White is D65 for all.
PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
WHITE = (0.3127, 0.3290)
_GAMMA = 2.4  # of a reference display (ITU-R BT.1886), for what is to look the same on both sides


def to_bt709_primaries(planes: tuple[F32, F32, F32], matrix: str, primaries: str) -> tuple[F32, F32, F32]:
    """The same colours, limited range 4:2:0 float32 in steps of 8 bit, in BT.709 instead of `matrix` and `primaries`.

    Display light is kept (ITU-R BT.2087-0, 2, read backwards); colours that BT.709 cannot show are clipped channel by
    channel.
    """
    y, u, v = planes
    height, width = y.shape
    chroma = cv2.resize(cv2.merge([u, v]), (width, height), interpolation=cv2.INTER_LINEAR)
    signal = cv2.transform(cv2.merge([y, chroma]), _to_rgb(matrix))
    light = cv2.pow(np.clip(signal, 0.0, 1.0, out=signal), _GAMMA)
    light = cv2.transform(light, conversion(primaries).astype(np.float32))
    signal = cv2.pow(np.clip(light, 0.0, 1.0, out=light), 1 / _GAMMA)
    coded = cv2.transform(signal, _from_rgb("bt709"))
    half = cv2.resize(coded[..., 1:], (u.shape[1], u.shape[0]), interpolation=cv2.INTER_AREA)
    return coded[..., 0], half[..., 0], half[..., 1]


def conversion(primaries: str) -> NDArray[np.float64]:
    """Linear RGB of BT.709 from linear RGB of other primaries, `(3, 3)` (SMPTE RP 177)."""
    return np.asarray(np.linalg.inv(_to_xyz("bt709")) @ _to_xyz(primaries), np.float64)


def _to_xyz(primaries: str) -> NDArray[np.float64]:
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in PRIMARIES[primaries]]).T
    x, y = WHITE
    white = np.array([x / y, 1.0, (1 - x - y) / y])
    return np.asarray(columns * np.linalg.solve(columns, white), np.float64)


@lru_cache(maxsize=4)
def _from_rgb(matrix: str) -> F32:
    """Limited-range steps of 8 bit of R'G'B' 0..1, `(3, 4)` for `cv2.transform`."""
    scaled = np.diag([219.0, 224.0, 224.0]) @ luma_chroma_of(matrix)
    return np.hstack([scaled, [[16.0], [128.0], [128.0]]]).astype(np.float32)


@lru_cache(maxsize=4)
def _to_rgb(matrix: str) -> F32:
    whole = _from_rgb(matrix).astype(np.float64)
    back = np.linalg.inv(whole[:, :3])
    return np.hstack([back, -back @ whole[:, 3:]]).astype(np.float32)
