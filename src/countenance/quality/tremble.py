"""How much a face trembles: what a mesh does from picture to picture that no head and no muscle does."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from countenance.media.frame import F32
from countenance.perception.smooth import smooth_track
from countenance.perception.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, POINTS, RIGHT_EYE

_CHUNK = 140  # meshes smoothed at a time
_SHORTEST = 9  # pictures; in shorter runs there is nothing to tell trembling from moving
_REACH = 6  # the widest smoothing window looks this far to either side
_CALM = np.setdiff1d(np.arange(POINTS), LIPS_OUTER + LIPS_INNER + RIGHT_EYE + LEFT_EYE)


@dataclass
class Tremble:
    """Tremble per picture of a run of meshes, in eye distances; holds the last few meshes only.

    The value of a picture is the median, over all points but lips and lids, of the distance between the point
    as detected and as `smooth_track` has it: quick real movements pass its short parabolas, the network's and
    the paint's own restlessness does not. Runs of fewer than nine pictures have no values (NaN).
    """

    values: list[float] = field(default_factory=list)
    _run: list[F32] = field(default_factory=list)
    _settled: int = 0

    def add(self, mesh: F32 | None) -> None:
        """The next picture's mesh `(468, 3)`; None where none was found, which ends the run."""
        if mesh is None:
            self.cut()
            self.values.append(float("nan"))
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
        self._run, self._settled = [], 0

    def _settle(self, end: int) -> None:
        meshes = np.stack(self._run)
        here = slice(self._settled, end)
        gaps = (meshes - smooth_track(meshes))[here, _CALM, :2]
        if len(meshes) < _SHORTEST:
            self.values += [float("nan")] * len(gaps)
            return
        eyes = np.linalg.norm(meshes[here, 33, :2] - meshes[here, 263, :2], axis=1)
        self.values += (np.median(np.linalg.norm(gaps, axis=2), axis=1) / eyes).tolist()
