"""Pictures as they are coded in a file, brought to the house's own planes: 8 bit, 4:2:0, limited range, BT.709.

swscale only changes the layout of the chroma here, in the file's own depth and range. Depth, range, matrix and
primaries are changed in whole precision and rounded once: swscale's own way from full to limited range is off by up to
half a step, and from 10 to 8 bit it comes out an eighth of a step too dark.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from countenance.media.frame import F32, U8
from countenance.media.matrix import to_bt709
from countenance.media.primaries import to_bt709_primaries
from countenance.media.probe import Master

_PLANAR_420 = {8: "yuv420p", 9: "yuv420p9le", 10: "yuv420p10le", 12: "yuv420p12le", 14: "yuv420p14le"}
_WHOLE = (16, "yuv420p16le")  # for any other depth, and for RGB, whose conversion would be rounded
_SAME_LAYOUT = ("yuv420p", "yuvj420p", "yuv420p9le", "yuv420p10le", "yuv420p12le", "yuv420p14le", "yuv420p16le")
# 8x8 ordered dither (Bayer 1973): thresholds between 0 and 1, each once.
_BAYER = np.array([[0.0]])
for _ in range(3):
    _BAYER = np.block([[4 * _BAYER, 4 * _BAYER + 2], [4 * _BAYER + 3, 4 * _BAYER + 1]])
_THRESHOLDS = ((_BAYER + 0.5) / 64).astype(np.float32)


def house_planes(picture: Any, master: Master) -> tuple[U8, U8, U8]:
    """The planes of a decoded picture, turned as shown and cut to the master's even size, as new arrays.

    More than 8 bits are dithered to 8 by a fixed pattern, so that soft gradients stay soft; what is already in the
    house's format keeps its bits. Colours of wider primaries are brought to those of BT.709 through linear light,
    and what lies outside of them is clipped (ITU-R BT.2407, 2).
    """
    is_rgb = _is_rgb(picture.format)
    full_range = master.full_range and not is_rgb
    bits, picture = _as_420(picture, master)
    coded = _upright(picture, bits, master)
    matrix = "bt709" if is_rgb else master.matrix
    if bits == 8 and master.primaries == "bt709" and not full_range:
        return to_bt709(coded, matrix)
    if bits == 8 and (master.primaries, matrix) == ("bt709", "bt709"):
        return _limited(coded)
    planes = tuple(_steps(bits, full_range, number > 0)[plane] for number, plane in enumerate(coded))
    if master.primaries == "bt709":
        wide = to_bt709((planes[0], planes[1], planes[2]), matrix)
    else:
        wide = to_bt709_primaries((planes[0], planes[1], planes[2]), matrix, master.primaries)
    y, u, v = (_dithered(plane) if bits > 8 else _rounded(plane) for plane in wide)
    return y, u, v


def _as_420(picture: Any, master: Master) -> tuple[int, Any]:
    """Bits per sample and the picture as planar 4:2:0 of that depth, its range as it was."""
    form = picture.format
    bits = max(component.bits for component in form.components)
    if form.name in _SAME_LAYOUT:
        return bits, picture
    bits, name = _WHOLE if _is_rgb(form) or bits not in _PLANAR_420 else (bits, _PLANAR_420[bits])
    span = ColorRange.JPEG if master.full_range and not _is_rgb(form) else ColorRange.MPEG
    matrix = Colorspace.ITU709  # of both sides: it matters for RGB only
    return bits, picture.reformat(
        format=name, src_colorspace=matrix, dst_colorspace=matrix, src_color_range=span, dst_color_range=span
    )


def _is_rgb(form: Any) -> bool:
    return bool(form.is_rgb or form.has_palette)


def _upright(picture: Any, bits: int, master: Master) -> tuple[Any, Any, Any]:
    kind = np.uint8 if bits == 8 else np.dtype("<u2")
    turns, planes = master.rotation // 90, []
    for plane, divisor in zip(picture.planes, (1, 2, 2), strict=True):
        width, height = master.width // divisor, master.height // divisor
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size).view(kind)
        whole = rows[: plane.height, : plane.width]
        if turns:
            whole = np.rot90(whole, turns)
        planes.append(np.array(whole[:height, :width], order="C"))
    return planes[0], planes[1], planes[2]


def _limited(planes: tuple[U8, U8, U8]) -> tuple[U8, U8, U8]:
    """Full range to limited, 8 bit."""
    luma, chroma = (np.rint(_steps(8, True, is_chroma)).astype(np.uint8) for is_chroma in (False, True))
    y, u, v = (
        np.asarray(cv2.LUT(plane, table), np.uint8) for plane, table in zip(planes, (luma, chroma, chroma), strict=True)
    )
    return y, u, v


@lru_cache(maxsize=16)
def _steps(bits: int, full_range: bool, is_chroma: bool) -> F32:
    """What each code of `bits` means in limited-range steps of 8 bit (ITU-R BT.2100-2, table 9), float32."""
    codes = np.arange(1 << bits, dtype=np.float64)
    if not full_range:
        values = codes / (1 << (bits - 8))
    elif is_chroma:
        values = 128 + (codes - (1 << (bits - 1))) * 224 / ((1 << bits) - 1)
    else:
        values = 16 + codes * 219 / ((1 << bits) - 1)
    return values.astype(np.float32)


def _dithered(plane: F32) -> U8:
    height, width = plane.shape
    pattern = np.tile(_THRESHOLDS, (-(-height // 8), -(-width // 8)))[:height, :width]
    return np.asarray(np.clip(np.floor(plane + pattern), 0, 255), np.uint8)


def _rounded(plane: F32) -> U8:
    return np.asarray(np.clip(np.rint(plane), 0, 255), np.uint8)
