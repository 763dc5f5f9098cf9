"""Cutting a part out of pictures and bringing it to another size, and showing a whole picture in another shape.

A cut may lie between pixels and moves by any fraction of one, so that slow pans do not tremble. All planes are
sampled from the same place: luma at its pixels' centres, chroma where 4:2:0 has it (level with every second luma
column, half way between two rows; H.273, 8.7, chroma sample location type 0, as H.264 and HEVC have it by default).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from countenance.errors import InputError
from countenance.media.frame import F32, U8, Box, Frame

_BLUR = 0.035  # of the longer side of the target: sigma of the surroundings
_DIM = 0.62  # of the surroundings' brightness, so that the picture before them stands out
_BLACK, _GREY = 16, 128
_SMALL = 8  # the surroundings are blurred at an eighth of the size
_CHROMA_LEFT, _CHROMA_DOWN = 0.0, 0.5  # of a luma pixel, from the centre of the upper left one


@dataclass(frozen=True)
class Crop:
    """The part of a picture that is shown, in luma pixels and parts of them; (0, 0) is the picture's corner."""

    x: float
    y: float
    width: float
    height: float

    def place(self, x: float, y: float, size: tuple[int, int]) -> tuple[float, float]:
        """Where a point of the picture comes to lie in a target of this size (width, height), in pixels."""
        return (x - self.x) * size[0] / self.width, (y - self.y) * size[1] / self.height


def largest_crop(source: tuple[float, float], target: tuple[int, int]) -> tuple[float, float]:
    """Width and height of the largest part of a source that has the target's shape."""
    wide = min(source[0], source[1] * target[0] / target[1])
    return wide, wide * target[1] / target[0]


def cut(frame: Frame, crop: Crop, size: tuple[int, int]) -> Frame:
    """The part `crop` of a frame as a frame of `size` (width, height), both even. InputError when it juts out."""
    _require_even(size)
    width, height = frame.size
    slack = 1e-3
    if (
        crop.x < -slack
        or crop.y < -slack
        or crop.x + crop.width > width + slack
        or crop.y + crop.height > height + slack
    ):
        raise InputError(f"the crop {crop} juts out of a picture of {width}x{height}; keep it inside.")
    y, u, v = frame.planes
    half = (size[0] // 2, size[1] // 2)
    chroma = _chroma_map(crop, size)
    return Frame(
        frame.pts,
        frame.time_base,
        (_sampled(y, _luma_map(crop, size), size), _sampled(u, chroma, half), _sampled(v, chroma, half)),
    )


def fitted(frame: Frame, size: tuple[int, int], crop: Crop | None = None, black: bool = False) -> Frame:
    """The part `crop` of a frame (default: all of it) in the middle of a picture of `size`, before its own blurred
    and darkened surroundings, or before black."""
    _require_even(size)
    part = crop or Crop(0, 0, *frame.size)
    box = fit_box((part.width, part.height), size)
    out = _black(size) if black else _surroundings(frame, part, size)
    small = cut(frame, part, (box.width, box.height))
    result = Frame(frame.pts, frame.time_base, out)
    result.put(box, small.planes)
    return result


def blurred(frame: Frame, size: tuple[int, int]) -> Frame:
    """Nothing but the surroundings that `fitted` gives a frame: a ground for what is drawn on it."""
    _require_even(size)
    return Frame(frame.pts, frame.time_base, _surroundings(frame, Crop(0, 0, *frame.size), size))


def fit_box(source: tuple[float, float], target: tuple[int, int]) -> Box:
    """Where a whole picture of size `source` lies in a target: as large as can be, even, in the middle."""
    scale = min(target[0] / source[0], target[1] / source[1])
    width, height = (max(2, min(target[i], round(source[i] * scale / 2) * 2)) for i in (0, 1))
    return Box((target[0] - width) // 4 * 2, (target[1] - height) // 4 * 2, width, height)


def _require_even(size: tuple[int, int]) -> None:
    if size[0] % 2 or size[1] % 2 or min(size) < 2:
        raise InputError(f"a picture of {size[0]}x{size[1]} cannot be made; give even sides.")


def _luma_map(crop: Crop, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Scale and shift along x, then y: source index = scale * target index + shift, both from pixel centres."""
    across, down = crop.width / size[0], crop.height / size[1]
    return across, crop.x + 0.5 * across - 0.5, down, crop.y + 0.5 * down - 0.5


def _chroma_map(crop: Crop, size: tuple[int, int]) -> tuple[float, float, float, float]:
    across, x, down, y = _luma_map(crop, size)
    return (
        across, (across * _CHROMA_LEFT + x - _CHROMA_LEFT) / 2,
        down, (down * _CHROMA_DOWN + y - _CHROMA_DOWN) / 2,
    )  # fmt: skip


def _sampled(plane: U8, placed: tuple[float, float, float, float], size: tuple[int, int]) -> U8:
    """A plane at the places of a map. Where it shrinks, finer samples are taken first and averaged, so that nothing
    flickers."""
    across, x, down, y = placed
    fine_x, fine_y = max(1, math.ceil(across - 0.05)), max(1, math.ceil(down - 0.05))
    matrix = np.array(
        [
            [across / fine_x, 0, x - across / 2 * (1 - 1 / fine_x)],
            [0, down / fine_y, y - down / 2 * (1 - 1 / fine_y)],
        ]
    )
    fine = cv2.warpAffine(
        plane,
        matrix,
        (size[0] * fine_x, size[1] * fine_y),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if fine_x == fine_y == 1:
        return np.asarray(fine, np.uint8)
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.uint8)


def _surroundings(frame: Frame, part: Crop, size: tuple[int, int]) -> tuple[U8, U8, U8]:
    """The middle of a part of the frame in the target's shape, blurred and darkened."""
    width, height = largest_crop((part.width, part.height), size)
    crop = Crop(part.x + (part.width - width) / 2, part.y + (part.height - height) / 2, width, height)
    small = tuple(max(2, side // _SMALL // 2 * 2) for side in size)
    planes = cut(frame, crop, (small[0], small[1])).planes
    sigma = _BLUR * max(small)
    made: list[U8] = []
    for number, plane in enumerate(planes):
        soft: F32 = cv2.GaussianBlur(plane.astype(np.float32), (0, 0), sigma / (2 if number else 1))
        ground = _GREY if number else _BLACK
        wanted = (size[0] // 2, size[1] // 2) if number else size
        large: Any = cv2.resize((soft - ground) * _DIM + ground, wanted, interpolation=cv2.INTER_CUBIC)
        made.append(np.asarray(np.clip(np.rint(large), 0, 255), np.uint8))
    return made[0], made[1], made[2]


def _black(size: tuple[int, int]) -> tuple[U8, U8, U8]:
    half = (size[1] // 2, size[0] // 2)
    return np.full((size[1], size[0]), _BLACK, np.uint8), np.full(half, _GREY, np.uint8), np.full(half, _GREY, np.uint8)
