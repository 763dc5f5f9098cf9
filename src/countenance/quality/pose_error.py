"""Whether the head of the variant is turned as the master's is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from countenance.media.frame import F32
from countenance.perception.head import angle_deg, mean_turn
from countenance.quality.kept import Kept, stacked


@dataclass
class PoseError:
    """Angle between the head of the master and that of the variant, picture by picture, in degrees.

    Both heads are found independently, each in its own picture, and laid onto the same mean head (see `posed`);
    the error is the angle of the one turn between them (the geodesic distance on SO(3): Huynh 2009, "Metrics for
    3D rotations"). Two figures:

    - `pose_error_deg`: the median as it stands. It holds a constant part that is no fault: the mesh of a face
      with a longer nose or a higher forehead is laid onto the mean head a little differently, by up to two
      degrees between two people. So it cannot come down to nothing for a real swap.
    - `pose_motion_deg`: the same after the one turn that fits all pictures best (the chordal mean: Hartley et al.
      2013, "Rotation averaging") was taken off, constant part and all. What is left is how badly the head follows
      the master's movements; it does not see a head that is askew throughout.

    The same picture coded anew shows 0.1 to 0.2 degrees, in other light up to 0.5: what the network itself adds.
    """

    _turns: list[F32] = field(default_factory=list)

    def add(self, master: F32, variant: F32) -> float:
        """The error of one picture, from the turns `(3, 3)` of both heads."""
        between = master.T @ variant  # as the head itself sees it, so that a constant one stays the same in all poses
        self._turns.append(between)
        return angle_deg(between)

    def state(self) -> Kept:
        return {"turns": stacked(self._turns)}

    def extend(self, state: Kept) -> None:
        self._turns.extend(state["turns"])

    @property
    def count(self) -> int:
        return len(self._turns)

    def error_deg(self) -> float:
        return float(np.median([angle_deg(turn) for turn in self._turns]))

    def motion_deg(self) -> float:
        mean = mean_turn(self._turns)
        return float(np.median([angle_deg(turn @ mean.T) for turn in self._turns]))
