"""The cheapest path through a talent's mouths: a search over all pictures at once (Viterbi 1967), with a beam.

It is unit selection as in speech synthesis (Hunt and Black 1996): each mouth costs by how far it is from what is wanted
in this picture, each step by how far the next mouth is from going on as the footage did. Time and memory grow
linearly with the pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32

_BEAM = 48  # mouths from which a jump may start at each picture
_BLOCK = 256  # pictures whose costs are worked out at once
STEPS = (0, 1, 2, 3)  # pictures of the footage passed from one picture to the next


@dataclass(frozen=True, eq=False)
class Steps:
    """What going from one mouth to another costs.

    `order` `(m,)` counts the footage's pictures, rising; `jump` `(m, m)` float32 the cost of leaving the order.
    """

    order: NDArray[np.int64]
    jump: F32

    @property
    def follow(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """For each mouth those from which the footage goes on to it `(m, 4)`, and whether there are such."""
        count = len(self.order)
        before = np.searchsorted(self.order, self.order[:, None] - np.array(STEPS))
        before = np.minimum(before, count - 1)
        found = self.order[before] == self.order[:, None] - np.array(STEPS)
        return before.astype(np.int64), found


def cheapest(local: Callable[[int, int], F32], paces: F32, steps: Steps) -> NDArray[np.int64]:
    """The path `(n,)` of mouths with the least sum of costs.

    `local(first, end)` are the costs `(k, m)` of all mouths in some pictures; `paces` `(n, 4)` what it costs in each to
    go on by 0, 1, 2 or 3 pictures of the footage.
    """
    pictures = len(paces)
    before, found = steps.follow
    count = len(steps.order)
    kind = np.int16 if count < 2**15 else np.int32
    back = np.empty((pictures, count), kind)
    own = np.arange(count)
    cost = np.zeros(count, np.float32)
    for first in range(0, pictures, _BLOCK):
        end = min(first + _BLOCK, pictures)
        for t, here in enumerate(local(first, end), start=first):
            if t == 0:
                back[0], cost = own, here.astype(np.float32)
                continue
            going_on = np.where(found, cost[before] + paces[t], np.inf)
            choice = going_on.argmin(axis=1)
            best, source = going_on[own, choice], before[own, choice]
            beam = np.argpartition(cost, _BEAM)[:_BEAM] if count > _BEAM else own
            leaps = cost[beam][:, None] + steps.jump[beam]
            leap = leaps.argmin(axis=0)
            leapt = leaps[leap, own]
            jumped = leapt < best
            back[t] = np.where(jumped, beam[leap], source)
            cost = np.where(jumped, leapt, best) + here
            cost -= cost.min()  # sums of ten minutes would lose their small differences
    path = np.empty(pictures, np.int64)
    path[-1] = int(cost.argmin())
    for t in range(pictures - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path
