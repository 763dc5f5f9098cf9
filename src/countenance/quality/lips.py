"""The mouth as a few numbers over time: how far the lips are apart, how wide they are, how far the chin is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32

F64 = NDArray[np.float64]

_PAIRS = ((13, 14), (82, 87), (312, 317))  # the inner lips' upper and lower points in the middle
_CORNERS = (61, 291)
_EYES = (33, 263)
_BRIDGE, _CHIN = 168, 152


@dataclass(frozen=True)
class Lips:
    """Curves `(n,)` float64 of one mouth, NaN where it was not seen, lengths in distances of the outer eye corners.

    `start_s` is when each picture comes on the screen and `end_s` when the next one replaces it; `gap` between the
    inner lips, `width` between the corners, `jaw` from the bridge of the nose to the chin.
    """

    start_s: F64
    end_s: F64
    gap: F64
    width: F64
    jaw: F64

    @property
    def times_s(self) -> F64:
        """The middle of each picture's time on the screen: when it says where the mouth is (see `on_screen`)."""
        return np.asarray((self.start_s + self.end_s) / 2, np.float64)

    def between(self, first: int, last: int) -> Lips:
        """The pictures from number `first` to before `last`."""
        kept = slice(first, last)
        return Lips(self.start_s[kept], self.end_s[kept], self.gap[kept], self.width[kept], self.jaw[kept])


def lips_of(times_s: NDArray[np.floating[Any]], meshes: Sequence[F32 | None]) -> Lips:
    """The curves of meshes `(468 or 478, 3)` shown from `times_s` `(n,)` seconds; None where there is no face."""
    start_s, end_s = on_screen(times_s)
    table = np.array([mouth_of(mesh) for mesh in meshes], np.float64).reshape(-1, 3)
    return Lips(start_s, end_s, *table.T)


def on_screen(times_s: NDArray[np.floating[Any]]) -> tuple[F64, F64]:
    """When pictures that are shown from `times_s` come and go, `(n,)` each; the last stays as long as most do.

    A viewer sees picture i from its time stamp to that of the next one, so it stands for the middle of that stretch.
    Whoever takes the time stamp alone finds the mouth early by half a picture, 20 ms at 25 pictures a second, and
    another offset when the same clip is shown at another rate.
    """
    start = np.asarray(times_s, np.float64)
    if len(start) < 2:
        return start, start + 0.04
    steps = np.diff(start)
    return start, np.append(start[1:], start[-1] + np.median(steps))


def lip_gap(mesh: F32) -> float:
    """How far the mouth is open: mean inner lip gap at its middle over the distance of the outer eye corners."""
    gaps = [np.linalg.norm(mesh[upper, :2] - mesh[lower, :2]) for upper, lower in _PAIRS]
    return float(np.mean(gaps)) / _eyes(mesh)


def mouth_of(mesh: F32 | None) -> tuple[float, float, float]:
    """Gap, width and jaw of one mesh `(468 or 478, 3)`, as in `Lips`; NaN without a face."""
    if mesh is None or not np.isfinite(mesh[0, 0]):
        return (float("nan"),) * 3
    eyes = _eyes(mesh)
    width = float(np.linalg.norm(mesh[_CORNERS[0], :2] - mesh[_CORNERS[1], :2]))
    jaw = float(np.linalg.norm(mesh[_BRIDGE, :2] - mesh[_CHIN, :2]))
    return lip_gap(mesh), width / eyes, jaw / eyes


def _eyes(mesh: F32) -> float:
    return max(float(np.linalg.norm(mesh[_EYES[0], :2] - mesh[_EYES[1], :2])), 1e-6)
