"""Whether the variant's lips and lids move as the master's do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from countenance.media.frame import F32
from countenance.perception.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE
from countenance.quality.kept import Kept, stacked

LIPS = (*LIPS_OUTER, *LIPS_INNER)
LIDS = (*RIGHT_EYE, *LEFT_EYE)


@dataclass
class Expression:
    """How far some points of the variant's face are from where the master's expression would have them.

    Both faces are found independently, each in its own picture, and laid onto the same head (see `posed`). The
    wanted person has other lips and eyes than the replaced one, so the shapes themselves are not compared: from
    each face its own median over the clip is taken off first, point by point, and what is left, the movement, is
    compared. So a mouth that is wider or fuller in every picture costs nothing, and one that opens too little, too
    late or crooked does. What it cannot see is an expression that is wrong by the same amount throughout (a
    lasting smile): without the wanted person's neutral face nobody can tell that from the shape of the mouth.

    - `lips_error`, `lids_error`: the median over pictures of the mean distance of points, over the distance of
      the outer eye corners: the normalised mean error of landmarks (Sagonas et al. 2013, 300-W), of movements
      instead of places.
    - `lips_kept`, `lids_kept`: the share of the master's movement that arrives: one minus the summed squares of
      the differences over those of the master's movement (the coefficient of determination). A frozen mouth has 0
      although its error, in a calm clip, is small; one that moves at the wrong time has less than that. Where the
      master hardly moves it is not measured.

    The same picture coded anew shows 0.05 to 0.15 % and keeps 98 to 100 %.
    """

    points: Sequence[int]
    _master: list[F32] = field(default_factory=list)
    _variant: list[F32] = field(default_factory=list)

    def add(self, master: F32, variant: F32) -> None:
        """The shapes `(468, 2)` of one picture, as `posed` has them."""
        chosen = list(self.points)
        self._master.append(master[chosen])
        self._variant.append(variant[chosen])

    def state(self) -> Kept:
        return {"master": stacked(self._master), "variant": stacked(self._variant)}

    def extend(self, state: Kept) -> None:
        self._master.extend(state["master"])
        self._variant.extend(state["variant"])

    @property
    def count(self) -> int:
        return len(self._master)

    def errors(self) -> F32:
        """The error of each picture, in eye distances."""
        gaps = np.linalg.norm(_moved(self._variant) - _moved(self._master), axis=2)
        return np.asarray(gaps.mean(axis=1), np.float32)

    def movement(self) -> float:
        """How much the master's points move around their own middle, root mean square, in eye distances."""
        return float(np.sqrt((_moved(self._master) ** 2).sum(axis=2).mean()))

    def kept(self) -> float:
        moved = _moved(self._master)
        lost = float(((_moved(self._variant) - moved) ** 2).sum())
        return 1 - lost / max(float((moved**2).sum()), 1e-12)


def _moved(shapes: Sequence[F32]) -> F32:
    stacked = np.stack(shapes)
    return np.asarray(stacked - np.median(stacked, axis=0), np.float32)
