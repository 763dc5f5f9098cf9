"""How much a face flickers: what changes from picture to picture that no movement explains."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from countenance.media.frame import F32, U8, Frame
from countenance.perception.crop import square_around, warp_yuv
from countenance.perception.pose import apply, similarity
from countenance.perception.topology import FACE_OVAL, STEADY

_CROP_PX = 112
_REACH = 1.1  # side of the crop over the face's size


def optical_flow() -> Any:
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)


@dataclass
class Flicker:
    """Warp error per picture of a face, in grey levels (0..255); holds one small crop only.

    The estimator is that of Lai et al. (2018), on face-aligned crops: the earlier crop is carried onto the later
    one by its optical flow (DIS, Kroeger et al. 2016), and what still differs inside the face's oval is
    averaged, luma and both chroma added up. The first picture of a run has no value (NaN).
    """

    values: array[float] = field(default_factory=lambda: array("d"))
    _last: U8 | None = None
    _flow: Any = field(default_factory=optical_flow)

    def add(self, crop: U8 | None, inside: U8 | None) -> None:
        """The next picture's aligned crop (Y'CbCr) and the oval in it; None where there is no face."""
        error = float("nan")
        if crop is not None and inside is not None and self._last is not None:
            error = _warp_error(self._flow, self._last, crop, inside)
        self.values.append(error)
        self._last = crop

    def remember(self, crop: U8 | None) -> None:
        """The crop of a picture before the section: what the next one is compared with."""
        self._last = crop

    def cut(self) -> None:
        """What follows is another shot."""
        self._last = None


@dataclass
class FaceWindow:
    """Cuts a face upright and always in the same place, by the steady points of the expected mesh."""

    _reference: F32 | None = None

    def look(self, mesh: F32) -> tuple[F32, U8]:
        """The matrix `(2, 3)` from crop to picture pixels, and the oval as a mask `(112, 112)` 0 or 255."""
        if self._reference is None:
            to_crop = cv2.invertAffineTransform(square_around(mesh, _REACH).to_picture(_CROP_PX))
            self._reference = apply(to_crop.astype(np.float32), mesh[list(STEADY), :2])
        to_picture = similarity(self._reference, mesh[list(STEADY), :2])
        to_crop = cv2.invertAffineTransform(to_picture).astype(np.float32)
        inside = np.zeros((_CROP_PX, _CROP_PX), np.uint8)
        oval = np.rint(apply(to_crop, mesh[list(FACE_OVAL), :2])).astype(np.int32)
        cv2.fillConvexPoly(inside, cv2.convexHull(oval), 255)
        return to_picture, inside

    def cut(self) -> None:
        """What follows is another shot."""
        self._reference = None


def face_crop(frame: Frame, to_picture: F32) -> U8:
    """The aligned crop `(112, 112, 3)` uint8, Y'CbCr."""
    return warp_yuv(frame, to_picture, _CROP_PX)


def carried(flow: Any, earlier: U8, later: U8) -> U8:
    """The earlier picture `(h, w)` or `(h, w, 3)` moved to where things are in the later one, as the luma tells."""
    pair = (np.ascontiguousarray(one if one.ndim == 2 else one[..., 0]) for one in (later, earlier))
    way = flow.calc(*pair, None)
    grid = _grid(*later.shape[:2])
    return np.asarray(cv2.remap(earlier, grid + way, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _warp_error(flow: Any, earlier: U8, later: U8, inside: U8) -> float:
    return float(sum(cv2.mean(cv2.absdiff(carried(flow, earlier, later), later), inside)[:3]))


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> F32:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows], axis=2).astype(np.float32)
