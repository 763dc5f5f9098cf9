"""The smooth path of a virtual camera along one axis: inside a corridor, within limits of speed and acceleration.

The path is a quadratic B-spline. Its control points are found by linear programming, after the L1 optimal camera
paths of Grundmann, Kwatra and Essa (CVPR 2011): first, second and third differences are charged by their absolute
values, so the path consists of stillness, even pans, and soft passages between them. A spline lies between the
control points around it, and so do its first and second derivatives between their differences: what holds for the
control points holds for every picture, whenever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, diags_array, hstack, identity, vstack

F64 = NDArray[np.float64]

STEP_S = 0.2  # between control points
_WINDOW, _OVERLAP = 500, 100  # control points that are solved at once, and of these again with the next ones
_ORDER = 3  # control points that a moment of the path rests on
_STRAY, _SPEED, _FORCE, _JERK = 1.0, 4.0, 10.0, 40.0  # what a step costs, in units of `scale`


@dataclass(frozen=True)
class Limits:
    """`speed` in px/s and `acceleration` in px/s²; within `dead_zone` px of where it is wished the camera is content;
    `scale` px is the length by which costs are compared: the window's side."""

    speed: float
    acceleration: float
    dead_zone: float
    scale: float


def path(times_s: F64, low: F64, high: F64, wished: F64, limits: Limits) -> F64 | None:
    """Positions `(n,)` px at `times_s` `(n,)`, rising; None where none is possible.

    `low` <= position <= `high` holds at every time; all are finite. `wished` may be NaN where nothing is. One
    constant position is taken whenever it is inside the corridor and within the dead zone of all wishes.
    """
    if (low > high).any():
        return None
    known = np.isfinite(wished)
    if not known.any():
        wished = np.clip(np.full_like(low, (low.max() + high.min()) / 2), low, high)
        known = np.ones(len(low), bool)
    bottom = max(float(low.max()), float(wished[known].max()) - limits.dead_zone)
    top = min(float(high.min()), float(wished[known].min()) + limits.dead_zone)
    if bottom <= top:
        return np.full(len(times_s), min(max(float(np.median(wished[known])), bottom), top))
    return _moving(times_s - times_s[0], low, high, wished, known, limits)


def _moving(times_s: F64, low: F64, high: F64, wished: F64, known: NDArray[np.bool_], limits: Limits) -> F64 | None:
    interval = np.floor(times_s / STEP_S + 1e-9).astype(int)
    count = int(interval[-1]) + _ORDER
    least, most = np.full(count, -np.inf), np.full(count, np.inf)
    for reach in range(_ORDER):  # a picture in interval j rests on the control points j, j + 1 and j + 2
        np.maximum.at(least, interval + reach, low)
        np.minimum.at(most, interval + reach, high)
    if (least > most).any():
        return None
    total, number = np.zeros(count), np.zeros(count)
    np.add.at(total, interval[known] + 1, wished[known])
    np.add.at(number, interval[known] + 1, 1)
    aims = np.divide(total, number, out=np.full(count, np.nan), where=number > 0)
    least, most = _finite(least, float(low.min())), _finite(most, float(high.max()))
    points = np.zeros(0)
    while len(points) < count:
        first = max(0, len(points) - _OVERLAP)
        last = min(count, first + _WINDOW)
        part = slice(first, last)
        fixed = points[first : first + _ORDER] if first else points[:0]
        solved = _solved(least[part], most[part], aims[part], fixed, limits)
        if solved is None:
            return None
        points = np.concatenate([points[:first], solved])
    share = times_s / STEP_S - interval
    early, late = (1 - share) ** 2 / 2, share**2 / 2
    found = early * points[interval] + (1 - early - late) * points[interval + 1] + late * points[interval + 2]
    return np.asarray(np.clip(found, low, high), np.float64)  # the solver's own tolerance, some 1e-7, is taken off


def _finite(values: F64, otherwise: float) -> F64:
    return np.where(np.isfinite(values), values, otherwise)


def _solved(least: F64, most: F64, aims: F64, fixed: F64, limits: Limits) -> F64 | None:
    """The control points of one window; the first ones are `fixed` where it goes on from another."""
    count = len(least)
    known = np.flatnonzero(np.isfinite(aims))
    differences = [_difference(count, order) for order in (1, 2, 3) if count > order]
    weights = (_SPEED, _FORCE, _JERK)
    costs = [np.zeros(count), np.full(len(known), _STRAY)]
    rows, bounds = [], []
    chosen = csr_array((np.ones(len(known)), (np.arange(len(known)), known)), shape=(len(known), count))
    blocks = [(chosen, np.zeros(len(known)) + aims[known], limits.dead_zone)]
    for matrix, weight in zip(differences, weights, strict=False):
        costs.append(np.full(matrix.shape[0], weight))
        blocks.append((matrix, np.zeros(matrix.shape[0]), 0.0))
    sizes = [len(one) for one in costs[1:]]
    for index, (matrix, middle, slack) in enumerate(blocks):
        for sign in (1, -1):  # |matrix x - middle| - slack <= its own variable
            beside = [-identity(size) if index == place else csr_array((matrix.shape[0], size))
                      for place, size in enumerate(sizes)]  # fmt: skip
            rows.append(hstack([sign * matrix, *beside]))
            bounds.append(sign * middle + slack)
    most_of = (np.inf, limits.speed * STEP_S, limits.acceleration * STEP_S**2, np.inf)
    spans = [(0.0, most_of[index]) for index, size in enumerate(sizes) for _ in range(size)]
    places = list(zip(least, most, strict=True))
    for index, value in enumerate(fixed):
        places[index] = (value, value)
    found = linprog(
        np.concatenate(costs) / limits.scale,
        A_ub=vstack(rows).tocsr(),
        b_ub=np.concatenate(bounds),
        bounds=[*places, *spans],
        method="highs",
    )
    return np.asarray(found.x[:count], np.float64) if found.status == 0 else None


def _difference(count: int, order: int) -> csr_array:
    matrix = csr_array(identity(count))
    for _ in range(order):
        rows = matrix.shape[0]
        matrix = csr_array(
            diags_array([-np.ones(rows - 1), np.ones(rows - 1)], offsets=[0, 1], shape=(rows - 1, rows)) @ matrix
        )
    return matrix
