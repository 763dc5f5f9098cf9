"""The plan of a speech: which of the talent's mouths stands in each picture, and exactly how the lower face lies.

Planning knows phones, library and poses; painting knows pixels. The plan is all that passes between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import savgol_filter

from countenance.media.frame import F32
from countenance.speech.phones import Phones
from countenance.speech.visemes import mouth_targets
from countenance.synthesis.mouths import MouthLibrary, choose_path, gap_and_width, wanted_shapes

FOOTAGE, MADE = "footage", "made"
_STRETCH = (1.25, 0.008)  # a mouth may be opened by a quarter and a hair (eye distances) more than it was
_SQUEEZE = 0.5
_MUST = 0.4  # of press or tuck: from here on lips are shut whatever the footage shows
_MADE_GAP = 0.05  # eye distances: lips that were moved farther than this are no longer the footage's
_LOWER = np.array([78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308])
_UPPER = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308])


@dataclass(frozen=True, eq=False)
class MouthPlan:
    """What is to be shown in each of `n` output pictures.

    `path` `(n,)` int64 numbers the library's mouth whose pixels are shown; `shapes` `(n, 468, 2)` float32 are the
    lower faces in face space to which they are warped; `origin` `(n,)` is "footage" where the mouth stood nearly so
    in the footage, "made" where its shape had to be made from the nearest one.
    """

    path: NDArray[np.int64]
    shapes: F32
    origin: NDArray[np.str_]

    @property
    def made_share(self) -> float:
        """The share 0..1 of pictures whose mouth shape the footage does not hold."""
        return float((self.origin == MADE).mean()) if len(self.origin) else 0.0


def plan_mouths(library: MouthLibrary, phones: Phones, times_s: ArrayLike, poses: F32, style: Any = None) -> MouthPlan:
    """The plan for phones on the audio clock, shown at `times_s` `(n,)`, where the head stands as in `poses`."""
    return plan_targets(library, mouth_targets(phones, times_s), poses)


def plan_targets(library: MouthLibrary, targets: F32, poses: F32) -> MouthPlan:
    """The plan for mouth targets `(n, 4)` and head poses `(n, 3)`, one row per output picture."""
    wanted = wanted_shapes(library, targets)
    path = choose_path(library, wanted, poses)
    shapes = np.stack([library.mouths[k].shape for k in path])
    window = min(5, len(shapes) - (1 - len(shapes) % 2))
    if window >= 3:
        shapes = savgol_filter(shapes, window, min(2, window - 1), axis=0, mode="interp").astype(np.float32)
    found = np.array([library.mouths[k].gap for k in path])
    gaps = _reachable(wanted[:, 0], found, must_shut=targets[:, 2:].max(axis=1) > _MUST)
    exact = np.stack([with_gap(s, float(gap), library.unit) for s, gap in zip(shapes, gaps, strict=True)])
    origin = np.where(np.abs(gaps - found) > _MADE_GAP, MADE, FOOTAGE)
    return MouthPlan(path, exact.astype(np.float32), origin)


def _reachable(wanted: F32, found: NDArray[np.float64], *, must_shut: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The gaps to set: as wanted, but teeth are neither drawn out nor squeezed; lips that must shut are shut."""
    gaps = np.minimum(wanted.astype(np.float64), found * _STRETCH[0] + _STRETCH[1])
    return np.where(must_shut, gaps, np.maximum(gaps, found * _SQUEEZE))


def with_gap(shape: F32, gap: float, unit: float) -> F32:
    """The shape with its inner lips set to a gap (eye distances): the jaw does most of it, the upper lip a little."""
    now, width = gap_and_width(shape, unit)
    corner_right, corner_left = shape[61], shape[291]
    along = (corner_left - corner_right) / (np.linalg.norm(corner_left - corner_right) + 1e-6)
    down = np.array([-along[1], along[0]], np.float32)
    middle = (corner_left + corner_right) / 2
    side = (shape - middle) @ along / (width * unit / 2)
    depth = (shape - middle) @ down / unit
    bow = np.clip(1 - side**2, 0, 1)
    wide = np.exp(-((side / 2.2) ** 2))
    change = (gap - now) * unit
    lower = np.zeros(len(shape), np.float32)
    below = depth > 0.0
    lower[below] = wide[below] * np.clip(1.15 - depth[below] * 0.5, 0, 1)
    lips_low = np.array([14, 87, 178, 88, 95, 317, 402, 318, 324, 17, 84, 181, 91, 146, 314, 405, 321, 375])
    lips_up = np.array([13, 82, 81, 80, 191, 312, 311, 310, 415, 0, 37, 39, 40, 185, 267, 269, 270, 409])
    lower[lips_low] = bow[lips_low]
    upper = np.zeros(len(shape), np.float32)
    upper[lips_up] = bow[lips_up]
    result = shape + (change * (0.8 * lower - 0.2 * upper))[:, None] * down
    inner_gap = (result[_LOWER] - result[_UPPER]) @ down
    crossed = np.minimum(inner_gap, 0)[:, None] / 2 * down
    result[_LOWER] -= crossed
    result[_UPPER] += crossed
    return np.asarray(result, np.float32)
