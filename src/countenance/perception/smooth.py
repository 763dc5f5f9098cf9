"""Taking the network's own tremble out of a track, forwards and backwards at once, so without lag.

Each mesh is split into where the head is (a similarity, smoothed lightly) and what shape it has (smoothed more,
but for lids and lips, whose blinks and plosives must stay sharp). The filter is Savitzky and Golay's (1964):
it fits short parabolas, so peaks keep their height.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from countenance.media.frame import F32
from countenance.perception.pose import apply, similarity
from countenance.perception.topology import (
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    POINTS,
    RIGHT_EYE,
    STEADY,
)

_HEAD_WINDOW, _SHAPE_WINDOW, _QUICK_WINDOW = 7, 13, 5
_QUICK = np.array(LIPS_OUTER + LIPS_INNER + RIGHT_EYE + LEFT_EYE)


def smooth_track(mesh: F32) -> F32:
    """A steadier copy of meshes `(n, 478, 3)`; tracks under five frames come back unchanged."""
    count = len(mesh)
    if count < _QUICK_WINDOW:
        return mesh.copy()
    steady = np.array(STEADY)
    reference = mesh[count // 2]
    to_face = np.stack([similarity(m[steady, :2], reference[steady, :2]) for m in mesh])
    shape = mesh.copy()
    for index in range(count):
        shape[index, :, :2] = apply(to_face[index], mesh[index, :, :2])
    quick = np.zeros(mesh.shape[1], bool)
    quick[_QUICK] = True
    quick[POINTS:] = True
    shape[:, ~quick] = _filtered(shape[:, ~quick], _SHAPE_WINDOW)
    shape[:, quick] = _filtered(shape[:, quick], _QUICK_WINDOW)
    to_picture = _filtered(np.stack([_inverse(m) for m in to_face]), _HEAD_WINDOW)
    for index in range(count):
        shape[index, :, :2] = apply(to_picture[index], shape[index, :, :2])
    return shape


def _filtered(values: F32, window: int) -> F32:
    width = min(window, len(values) - (1 - len(values) % 2))
    return np.asarray(savgol_filter(values, width, 2, axis=0, mode="interp"), np.float32)


def _inverse(matrix: NDArray[np.float32]) -> F32:
    turn = np.linalg.inv(matrix[:, :2])
    return np.hstack([turn, -(turn @ matrix[:, 2])[:, None]]).astype(np.float32)
