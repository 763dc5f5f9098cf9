"""Plans for mouth targets instead of phones: how wide, how round, pressed or tucked, whatever is said."""

from __future__ import annotations

import numpy as np

from countenance.media.frame import F32
from countenance.synthesis.mouthpath import FOOTAGE, MouthPlan, with_gap
from countenance.synthesis.mouths import MouthLibrary
from countenance.synthesis.mouthsearch import Steps, cheapest

SHUT_FROM = 0.4  # of press or tuck


def plan_targets(library: MouthLibrary, targets: F32, poses: F32) -> MouthPlan:
    """For each of the targets `(n, 4)` (aperture, width, press, tuck) the mouth with the nearest gap, set to it.

    Teeth are neither drawn out nor squeezed; pressed and tucked lips are shut, however they were filmed.
    """
    low, _middle, high = library.gap
    must = targets[:, 2:].max(axis=1) > SHUT_FROM
    wanted = np.where(must, library.shut, low + targets[:, 0] * (high - low))
    have = np.array([mouth.gap for mouth in library.mouths])
    cost = ((wanted[:, None] - have) / (high - low)) ** 2
    cost += 0.1 * np.array([[abs(mouth.pose - pose)[:2].sum() / 10 for mouth in library.mouths] for pose in poses])
    order = np.array([mouth.frame for mouth in library.mouths])
    steps = Steps(order, np.full((len(have), len(have)), 0.3, np.float32))
    path = cheapest(lambda a, b: cost[a:b].astype(np.float32), np.zeros((len(cost), 4), np.float32), steps)
    reached = np.where(must, wanted, np.clip(wanted, have[path] * 0.5, have[path] * 1.25 + 0.008))
    shapes = [
        with_gap(library.mouths[mouth].shape, float(gap), library.unit)
        for mouth, gap in zip(path, reached, strict=True)
    ]
    return MouthPlan(path, np.stack(shapes), np.full(len(path), FOOTAGE))
