"""One picture in the house's own format, and the two ways in and out of a box of it.

Inside the house every frame is 8-bit Y'CbCr 4:2:0, limited range, BT.709 (the decoder converts what is not,
once, at the door). Engines see a box as RGB; what they paint goes back into that box only, so that pixels
outside a box stay bit-exact by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

# BT.709 limited range, 8 bit (ITU-R BT.709-6, 3.2 to 3.4): Y' in 16..235, Cb and Cr in 16..240 around 128.
_KR, _KB = 0.2126, 0.0722
_KG = 1.0 - _KR - _KB
_Y_SPAN, _C_SPAN = 219.0, 224.0
_TO_YUV = np.array(
    [
        [_KR * _Y_SPAN, _KG * _Y_SPAN, _KB * _Y_SPAN, 16.0 * 255.0],
        [-_KR / (1 - _KB) / 2 * _C_SPAN, -_KG / (1 - _KB) / 2 * _C_SPAN, _C_SPAN / 2, 128.0 * 255.0],
        [_C_SPAN / 2, -_KG / (1 - _KR) / 2 * _C_SPAN, -_KB / (1 - _KR) / 2 * _C_SPAN, 128.0 * 255.0],
    ],
    np.float32,
) / np.float32(255.0)
_inverse = np.linalg.inv(_TO_YUV[:, :3])
_TO_RGB = np.hstack([_inverse, -_inverse @ _TO_YUV[:, 3:]]).astype(np.float32)


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels; `even` boxes can be cut out of 4:2:0 planes."""

    x: int
    y: int
    width: int
    height: int

    @staticmethod
    def around(points: NDArray[Any], margin_px: float, frame_size: tuple[int, int]) -> Box | None:
        """The even box around points `(n, 2)` plus a margin, cut to the frame; None when nothing is left."""
        width, height = frame_size
        low = np.floor(points.min(axis=0) - margin_px)
        high = np.ceil(points.max(axis=0) + margin_px)
        x0, y0 = (max(0, int(v) // 2 * 2) for v in low)
        x1 = min(width, (int(high[0]) + 1) // 2 * 2)
        y1 = min(height, (int(high[1]) + 1) // 2 * 2)
        return Box(x0, y0, x1 - x0, y1 - y0) if x1 - x0 >= 2 and y1 - y0 >= 2 else None

    @property
    def rows(self) -> slice:
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        return slice(self.x, self.x + self.width)

    @property
    def half(self) -> Box:
        """The same box on the chroma planes."""
        return Box(self.x // 2, self.y // 2, self.width // 2, self.height // 2)


@dataclass(frozen=True)
class Frame:
    """A picture and its time.

    `planes`: Y' `(h, w)`, Cb and Cr `(h/2, w/2)`, uint8, limited range BT.709. `pts` counts in `time_base`
    seconds on the master's clock, where 0 is the start of the file.
    """

    pts: int
    time_base: Fraction
    planes: tuple[U8, U8, U8]

    @property
    def time(self) -> Fraction:
        return self.pts * self.time_base

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.planes[0].shape
        return width, height

    def copy(self) -> Frame:
        y, u, v = self.planes
        return Frame(self.pts, self.time_base, (y.copy(), u.copy(), v.copy()))

    @staticmethod
    def from_rgb(rgb: U8, pts: int = 0, time_base: Fraction = Fraction(1, 25)) -> Frame:
        """A frame of an RGB picture `(h, w, 3)` uint8; an odd last row or column is cut off."""
        height, width = (side // 2 * 2 for side in rgb.shape[:2])
        yuv = cv2.transform(np.ascontiguousarray(rgb[:height, :width]), _TO_YUV)
        u, v = (cv2.resize(yuv[..., c], (width // 2, height // 2), interpolation=cv2.INTER_AREA) for c in (1, 2))
        return Frame(pts, time_base, (np.ascontiguousarray(yuv[..., 0]), u, v))

    def rgb(self, box: Box | None = None) -> U8:
        """The box (default: the whole picture) as RGB `(h, w, 3)` uint8, full range."""
        return cut_rgb(self.planes, box or Box(0, 0, *self.size))

    def cut(self, box: Box) -> tuple[U8, U8, U8]:
        """The box's own planes as copies."""
        y, u, v = self.planes
        half = box.half
        return (
            y[box.rows, box.columns].copy(),
            u[half.rows, half.columns].copy(),
            v[half.rows, half.columns].copy(),
        )

    def put(self, box: Box, planes: tuple[U8, U8, U8]) -> None:
        """Write a box's planes back, in place."""
        y, u, v = self.planes
        half = box.half
        y[box.rows, box.columns] = planes[0]
        u[half.rows, half.columns] = planes[1]
        v[half.rows, half.columns] = planes[2]

    def paste(self, box: Box, rgb: F32, mask: F32) -> None:
        """Blend RGB `(h, w, 3)` float32 0..255 into the box, in place, by a mask `(h, w)` 0..1.

        Where the mask is 0 the planes keep their bits; chroma follows the mask averaged over its four pixels.
        """
        y, u, v = self.planes
        half = box.half
        painted = cv2.transform(rgb, _TO_YUV)
        _blend(y[box.rows, box.columns], painted[..., 0], mask)
        size = (half.width, half.height)
        chroma = cv2.resize(painted[..., 1:], size, interpolation=cv2.INTER_AREA)
        soft = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        _blend(u[half.rows, half.columns], chroma[..., 0], soft)
        _blend(v[half.rows, half.columns], chroma[..., 1], soft)


def cut_rgb(planes: tuple[U8, U8, U8], box: Box) -> U8:
    """RGB `(h, w, 3)` uint8 of an even box of 4:2:0 planes."""
    y, u, v = planes
    half = box.half
    size = (box.width, box.height)
    chroma = cv2.merge([u[half.rows, half.columns], v[half.rows, half.columns]])
    wide = cv2.resize(chroma, size, interpolation=cv2.INTER_LINEAR)
    return yuv_to_rgb(cv2.merge([y[box.rows, box.columns], wide]))


def yuv_to_rgb(yuv: U8) -> U8:
    """Limited-range BT.709 Y'CbCr 4:4:4 `(h, w, 3)` to full-range RGB, both uint8."""
    return np.asarray(cv2.transform(yuv, _TO_RGB), np.uint8)


def _blend(plane: U8, painted: F32, mask: F32) -> None:
    """plane += mask · (painted − plane), rounded; an exact no-op where the mask is 0."""
    base = plane.astype(np.float32)
    plane[...] = np.clip(np.rint(base + mask * (painted - base)), 0, 255).astype(np.uint8)
