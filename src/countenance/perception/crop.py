"""Small turned squares cut straight out of a frame's planes, for the networks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Box, Frame, yuv_to_rgb


@dataclass(frozen=True)
class Square:
    """A turned square in picture pixels: centre, side and angle (radians, clockwise as seen)."""

    x: float
    y: float
    side: float
    angle: float

    def to_picture(self, size_px: int) -> F32:
        """The 2×3 matrix from the pixels of a `size_px` crop to picture pixels."""
        k = self.side / size_px
        c, s = np.cos(self.angle) * k, np.sin(self.angle) * k
        half = size_px / 2
        return np.array([[c, -s, self.x - (c - s) * half], [s, c, self.y - (s + c) * half]], np.float32)


def square_around(points: F32, reach: float = 1.5) -> Square:
    """The upright square around a face's points `(n, 2 or 3)`, `reach` times as wide as the face is large.

    At 1.5 it is what the mesh network wants to see, so one frame's face says where to look in the next.
    """
    across = points[263, :2] - points[33, :2]
    angle = float(np.arctan2(across[1], across[0]))
    c, s = np.cos(-angle), np.sin(-angle)
    turn = np.array([[c, -s], [s, c]], np.float32)
    upright = points[:, :2] @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    centre = turn.T @ ((low + high) / 2)
    return Square(float(centre[0]), float(centre[1]), float((high - low).max() * reach), angle)


def cut_square(frame: Frame, square: Square, size_px: int) -> U8:
    """The square as RGB `(size_px, size_px, 3)` uint8; what lies outside the picture is black."""
    return warp_rgb(frame, square.to_picture(size_px), size_px)


def warp_rgb(frame: Frame, to_picture: F32, size_px: int) -> U8:
    """RGB `(size_px, size_px, 3)` of the picture seen through a 2×3 matrix from crop to picture pixels."""
    return yuv_to_rgb(warp_yuv(frame, to_picture, size_px))


def warp_yuv(frame: Frame, to_picture: F32, size_px: int) -> U8:
    """Y'CbCr 4:4:4 `(size_px, size_px, 3)` uint8, limited range, seen through such a matrix."""
    shrink = float(np.hypot(to_picture[0, 0], to_picture[1, 0]))
    luma, matrix = frame.planes[0], to_picture.astype(np.float64)
    if shrink > 2.0:  # bilinear sampling alone would alias
        luma, matrix = _reduced(luma, matrix, int(shrink), size_px)
    chroma_matrix = to_picture.astype(np.float64) / 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    target = (size_px, size_px)
    planes = [cv2.warpAffine(luma, matrix, target, flags=flags, borderValue=16)]
    planes += [cv2.warpAffine(plane, chroma_matrix, target, flags=flags, borderValue=128) for plane in frame.planes[1:]]
    return np.asarray(cv2.merge(planes), np.uint8)


def thumbnail(frame: Frame, size: tuple[int, int], box: Box | None = None) -> U8:
    """An even box of the picture (default: all of it) as RGB, reduced to (width, height)."""
    y, u, v = frame.planes
    if box is not None:
        half = box.half
        y, u, v = y[box.rows, box.columns], u[half.rows, half.columns], v[half.rows, half.columns]
    planes = [cv2.resize(_coarse(plane, size), size, interpolation=cv2.INTER_AREA) for plane in (y, u, v)]
    return yuv_to_rgb(cv2.merge(planes))


def _coarse(plane: U8, size: tuple[int, int]) -> U8:
    """The plane averaged over squares as large as leave it no smaller than `size`: a whole factor, as below."""
    factor = max(1, min(plane.shape[1] // size[0], plane.shape[0] // size[1]))
    whole = (plane.shape[1] // factor, plane.shape[0] // factor)
    part = plane[: whole[1] * factor, : whole[0] * factor]
    return np.asarray(cv2.resize(part, whole, interpolation=cv2.INTER_AREA), np.uint8)


def _reduced(luma: U8, matrix: NDArray[np.float64], factor: int, size_px: int) -> tuple[U8, NDArray[np.float64]]:
    """The luma around the crop, area-averaged by a whole factor, with the matrix adapted."""
    corners = np.array([[0, 0, 1], [size_px, 0, 1], [0, size_px, 1], [size_px, size_px, 1]]) @ matrix.T
    height, width = luma.shape
    reach = factor + 2  # the outermost samples lie between averages, one of which is of what lies outside the crop
    low, high = np.floor(corners.min(axis=0)).astype(int) - reach, np.ceil(corners.max(axis=0)).astype(int) + reach
    x0, x1 = _whole_steps(int(low[0]), int(high[0]), width, factor)
    y0, y1 = _whole_steps(int(low[1]), int(high[1]), height, factor)
    part = luma[y0:y1, x0:x1]
    size = (max(1, part.shape[1] // factor), max(1, part.shape[0] // factor))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    scale_x, scale_y = size[0] / part.shape[1], size[1] / part.shape[0]
    adapted = matrix.copy()
    adapted[0] = adapted[0] * scale_x
    adapted[1] = adapted[1] * scale_y
    adapted[0, 2] += -x0 * scale_x + (scale_x - 1) / 2
    adapted[1, 2] += -y0 * scale_y + (scale_y - 1) / 2
    return small, adapted


def _whole_steps(start: int, stop: int, limit: int, factor: int) -> tuple[int, int]:
    """A stretch inside 0..limit that holds what it can of start..stop, its length a multiple of the factor.

    OpenCV averages whole factors twenty times as fast as broken ones.
    """
    start, stop = min(max(start, 0), limit - 1), min(max(stop, 1), limit)
    length = -(-max(1, stop - start) // factor) * factor
    start = max(0, min(start, limit - length))
    return start, start + (min(length, (limit - start) // factor * factor) or limit - start)
