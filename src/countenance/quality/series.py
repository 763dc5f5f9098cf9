"""Curves over time in the format of qc.json."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 1200


def curve(
    key: str,
    label: str,
    unit: str,
    times_s: NDArray[np.floating[Any]],
    values: NDArray[np.floating[Any]],
    baseline: NDArray[np.floating[Any]] | None = None,
    *,
    bridged: int = 0,
) -> dict[str, Any]:
    """One curve; NaN becomes None, and of long ones each stretch gives its highest value, so that no spike is lost.

    `baseline` is the master's; one without any value counts as none. Up to `bridged` unknown values between two
    known ones are left out, so that the curve goes straight on.
    """
    kept = ~_within_small_gaps(np.isfinite(values), bridged)
    times_s, values = times_s[kept], values[kept]
    baseline = None if baseline is None else baseline[kept]
    step = max(1, -(-len(times_s) // MOST_POINTS))
    known = baseline is not None and bool(np.isfinite(baseline).any())
    return {
        "key": key,
        "label": label,
        "unit": unit,
        "times_s": [round(float(t), 3) for t in times_s[::step]],
        "values": _highest(values, step),
        "baseline": _highest(baseline, step) if baseline is not None and known else None,
    }


def thinned(pictures: int) -> str:
    """What the report says about curves over so many pictures; "" where they show every one."""
    step = -(-pictures // MOST_POINTS)
    return f"Curves show the highest value of every {step} pictures." if step > 1 else ""


def _highest(values: NDArray[np.floating[Any]], step: int) -> list[float | None]:
    filled = np.where(np.isfinite(values), values, -np.inf)
    padded = np.concatenate([filled, np.full(-len(filled) % step, -np.inf)]).reshape(-1, step)
    return [round(float(v), 4) if np.isfinite(v) else None for v in padded.max(axis=1)]


def _within_small_gaps(known: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Which unknown values lie in runs of at most `most` between two known ones."""
    places = np.flatnonzero(known)
    small = np.zeros(len(known), bool)
    for before, after in pairwise(places.tolist()):
        if 1 < after - before <= most + 1:
            small[before + 1 : after] = True
    return small
