"""How much a face trembles: what a mesh does from picture to picture that no head and no muscle does."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from countenance.media.frame import F32
from countenance.perception.pose import steady_frame
from countenance.perception.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, POINTS, RIGHT_EYE
from countenance.quality.kept import Kept, stacked

_CHUNK = 140  # meshes smoothed at a time
_SHORTEST = 9  # pictures; in shorter runs there is nothing to tell trembling from moving
_REACH = 6  # the widest window looks this far to either side
_HEAD_WINDOW, _SHAPE_WINDOW = 7, 13
_CALM = np.setdiff1d(np.arange(POINTS), LIPS_OUTER + LIPS_INNER + RIGHT_EYE + LEFT_EYE)


@dataclass
class Tremble:
    """Tremble per picture of a run of meshes, in eye distances; holds the last few meshes only.

    The value of a picture is the median, over all points but lips and lids, of the distance between the point
    as detected and where short parabolas over its neighbours in time have it (Savitzky and Golay 1964): seven
    pictures for where the head is, a similarity, and thirteen for the shape of the face on it. Quick real movements
    pass them, the network's and the paint's own restlessness does not. Runs of fewer than nine pictures have no
    values (NaN).
    """

    values: array[float] = field(default_factory=lambda: array("d"))
    _run: list[F32] = field(default_factory=list)
    _settled: int = 0
    _going_on: bool = False
    _head: list[F32] = field(default_factory=list)

    def go_on(self) -> None:
        """What comes may belong to a run that began before this section: it is kept as it is until that run ends."""
        self._going_on = True

    def add(self, mesh: F32 | None) -> None:
        """The next picture's mesh `(468, 3)`; None where none was found, which ends the run."""
        if mesh is None:
            self.cut()
            self.values.append(float("nan"))
            return
        if self._going_on:
            self._head.append(mesh)
            return
        self._run.append(mesh)
        if len(self._run) == _CHUNK:
            self._settle(_CHUNK - _REACH)
            self._run = self._run[-2 * _REACH :]
            self._settled = _REACH

    def cut(self) -> None:
        """What follows is another shot."""
        if len(self._run) > self._settled:
            self._settle(len(self._run))
        self._run, self._settled, self._going_on = [], 0, False

    def state(self) -> Kept:
        return {
            "head": stacked(self._head),
            "going_on": self._going_on,
            "values": np.array(self.values),
            "run": stacked(self._run),
            "settled": self._settled,
        }

    def extend(self, state: Kept) -> None:
        for mesh in state["head"]:
            self.add(mesh)
        if not state["going_on"]:
            self.cut()
            self.values.extend(state["values"])
            self._run, self._settled = list(state["run"]), state["settled"]

    def _settle(self, end: int) -> None:
        meshes = np.stack(self._run)
        here = slice(self._settled, end)
        if len(meshes) < _SHORTEST:
            self.values.extend([float("nan")] * (end - self._settled))
            return
        gaps = (meshes[:, _CALM, :2] - _calmed(meshes))[here]
        eyes = np.linalg.norm(meshes[here, 33, :2] - meshes[here, 263, :2], axis=1)
        self.values.extend((np.median(np.linalg.norm(gaps, axis=2), axis=1) / eyes).tolist())


def _calmed(meshes: F32) -> F32:
    """The calm points `(n, k, 2)` of meshes `(n, 468, 3)` where the parabolas have them."""
    count = len(meshes)
    frames = np.stack([steady_frame(mesh, meshes[count // 2]) for mesh in meshes]).astype(np.float64)
    turns, shifts = frames[:, :, :2], frames[:, :, 2]
    shape = meshes[:, _CALM, :2] @ turns.transpose(0, 2, 1) + shifts[:, None]
    back = np.linalg.inv(turns)
    head = np.concatenate([back.reshape(count, 4), -np.einsum("nij,nj->ni", back, shifts)], axis=1)
    head = _parabolas(count, _HEAD_WINDOW) @ head
    shape = (_parabolas(count, _SHAPE_WINDOW) @ shape.reshape(count, -1)).reshape(shape.shape)
    return np.asarray(shape @ head[:, :4].reshape(count, 2, 2).transpose(0, 2, 1) + head[:, None, 4:], np.float32)


@lru_cache(maxsize=64)
def _parabolas(count: int, window: int) -> NDArray[np.float64]:
    """The filter over so many pictures as a matrix `(count, count)`; made once, since runs are mostly of one length."""
    width = min(window, count - (1 - count % 2))
    return np.asarray(savgol_filter(np.eye(count), width, 2, axis=0, mode="interp"))
