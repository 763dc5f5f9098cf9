"""Whether the painted face is as sharp as the master's, and as noisy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Box, Frame
from countenance.quality.flicker import carried, optical_flow
from countenance.synthesis.engine import Laid

_FINE = 1.2  # pixels: detail is what a blur of this sigma takes away
_MOST_SIDE_PX = 256  # of the part of the face that is looked at, in the picture's own pixels
_RIM_PX = 12  # of it, where the earlier picture may have nothing to show
_PAINTED = 0.9
_LEAST_PIXELS = 400
_BLACK = 16.0
_STILL = 0.3  # grey levels of noise; less is as good as none


@dataclass(frozen=True)
class Part:
    """The luma `(h, w)` of a part of the face before and after, in the picture's own pixels."""

    box: Box
    before: U8
    after: U8


@dataclass
class Detail:
    """Fine detail of the painted face over that of the master's face at the same place.

    Two pictures that follow each other tell what stays from what changes. The earlier one is carried onto the
    later one by its optical flow; of both only the finest detail is kept (what a Gaussian of 1.2 pixels of the
    picture's own takes away from the luma). Over the pixels that were painted by at least 90 %:

    - noise is the mean absolute difference of the two, as the standard deviation of one of them (times √π/2):
      film grain, sensor noise and coding noise change from picture to picture, skin does not;
    - sharpness is the root of the mean product of the two, in which noise cancels out, over the mean luma above
      black, so that a face in other light counts the same: the energy of a high-pass, a usual measure of focus
      (Subbarao and Tyan 1998, "Selecting the optimal focus measure for autofocusing and depth-from-focus").

    `sharpness_ratio` and `noise_ratio` are medians over pictures of the variant's over the master's. Outside the
    paint both are the same picture, bit for bit, so that a comparison with the plate around it is the same number.
    Skin without living noise has a low noise ratio and looks glued on; skin that boils a high one. A ratio is
    taken to 0.3 grey levels of noise at least.
    """

    sharpness: list[float] = field(default_factory=list)
    noise: list[float] = field(default_factory=list)
    _flow: Any = field(default_factory=optical_flow)

    def add(self, earlier: Part, before: Frame, after: Frame, laid: Sequence[Laid]) -> None:
        """The picture that follows the one that `earlier` was cut from, and what was laid into it."""
        box = earlier.box
        inside = _painted(laid, box)
        if inside.sum() < _LEAST_PIXELS:
            return
        master = _energies(self._flow, earlier.before, _luma(before, box), inside)
        variant = _energies(self._flow, earlier.after, _luma(after, box), inside)
        self.sharpness.append(variant[0] / max(master[0], 1e-6))
        self.noise.append(max(variant[1], _STILL) / max(master[1], _STILL))


def part_of(before: Frame, after: Frame, mesh: F32) -> Part | None:
    """The middle of the face, large enough to tell and small enough to be quick; None where it lies outside."""
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    middle, half = (low + high) / 2, np.minimum((high - low) / 2, _MOST_SIDE_PX / 2)
    box = Box.around(np.stack([middle - half, middle + half]), 0, before.size)
    return None if box is None else Part(box, _luma(before, box).copy(), _luma(after, box).copy())


def _luma(frame: Frame, box: Box) -> U8:
    return frame.planes[0][box.rows, box.columns]


def _painted(laid: Sequence[Laid], box: Box) -> NDArray[np.bool_]:
    """Where the box was painted by at least 90 %, without the box's own rim."""
    kept = np.ones((box.height, box.width), np.float32)
    for one in laid:
        x0, x1 = max(box.x, one.box.x), min(box.x + box.width, one.box.x + one.box.width)
        y0, y1 = max(box.y, one.box.y), min(box.y + box.height, one.box.y + one.box.height)
        if x1 > x0 and y1 > y0:
            mask = one.mask[y0 - one.box.y : y1 - one.box.y, x0 - one.box.x : x1 - one.box.x]
            kept[y0 - box.y : y1 - box.y, x0 - box.x : x1 - box.x] *= 1 - mask
    inside = kept <= 1 - _PAINTED
    inside[:_RIM_PX], inside[-_RIM_PX:], inside[:, :_RIM_PX], inside[:, -_RIM_PX:] = False, False, False, False
    return np.asarray(inside)


def _energies(flow: Any, earlier: U8, later: U8, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Sharpness (a share of the mean luma) and noise (grey levels) of the later one of two pictures."""
    later = np.ascontiguousarray(later)
    fine, before = _fine(later)[inside], _fine(carried(flow, earlier, later))[inside]
    noise = float(np.abs(fine - before).mean()) * float(np.sqrt(np.pi) / 2)
    stays = max(float((fine * before).mean()), 0.0)
    light = max(float(later[inside].mean()) - _BLACK, 1.0)
    return float(np.sqrt(stays)) / light, noise


def _fine(luma: U8) -> F32:
    values = luma.astype(np.float32)
    return np.asarray(values - cv2.GaussianBlur(values, (0, 0), _FINE), np.float32)
