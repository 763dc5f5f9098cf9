"""Curves over time as inline SVG geometry: where each line, band and label lies in its box."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.quality.page import number, with_unit

WIDTH, HEIGHT = 560, 200  # user units; the page scales them
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 26
MOST_POINTS = 600  # more than a curve has pixels says nothing


@dataclass(frozen=True)
class Tick:
    at: float  # x or y in user units
    label: str


@dataclass(frozen=True)
class Band:
    """A stretch of values outside the limit, from top to bottom."""

    y: float
    height: float


@dataclass(frozen=True)
class Drawing:
    key: str
    label: str
    unit: str
    line: str  # SVG path data; gaps where nothing was measured
    baseline: str  # the master's, "" when there is none
    bands: tuple[Band, ...]
    limits: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    told: str  # the curve in one sentence, for those who do not see it


def draw(curve: Mapping[str, Any]) -> Drawing:
    """The geometry of one curve of qc.json: key, label, unit, times_s, values, baseline or None.

    Values may be None where nothing was measured. A `limit` {"min": .., "max": ..} may stand beside them,
    with None for an open end.
    """
    times = [float(t) for t in curve["times_s"]]
    values = _clean(curve["values"])
    baseline = _clean(curve.get("baseline") or ())
    limit = curve.get("limit") or {}
    low_limit, high_limit = limit.get("min"), limit.get("max")
    low, high, step = _scale([*values, *baseline, *_with_air(low_limit, high_limit)])
    end = max(times, default=0.0) or 1.0

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 2)

    def x(time_s: float) -> float:
        return round(LEFT + time_s / end * (WIDTH - LEFT - RIGHT), 2)

    def path(series: Sequence[float | None]) -> str:
        return _path([(x(t), None if v is None else y(v)) for t, v in _thinned(times, series)])

    bands = []
    if high_limit is not None:
        bands.append(Band(TOP, round(y(high_limit) - TOP, 2)))
    if low_limit is not None:
        bands.append(Band(y(low_limit), round(HEIGHT - BOTTOM - y(low_limit), 2)))
    decimals = next(n for n in range(12) if abs(round(step, n) - step) < 1e-9 * step)
    unit = str(curve.get("unit") or "")
    ticks = [low + n * step for n in range(round((high - low) / step) + 1)]
    limits = [value for value in (low_limit, high_limit) if value is not None]
    return Drawing(
        key=str(curve["key"]),
        label=str(curve["label"]),
        unit=unit,
        line=path(values),
        baseline=path(baseline) if baseline else "",
        bands=tuple(band for band in bands if band.height > 0),
        limits=tuple(Tick(y(value), _limit_text(value)) for value in limits),
        y_ticks=tuple(Tick(y(value), number(value, decimals)) for value in ticks),
        x_ticks=time_ticks(end, x),
        told=_told(values, baseline, unit),
    )


def _clean(series: Sequence[float | None]) -> list[float | None]:
    return [float(v) if v is not None and math.isfinite(v) else None for v in series]


def _with_air(low_limit: float | None, high_limit: float | None) -> list[float | None]:
    """The limits and a little of what lies beyond, so that the forbidden ground is always to be seen."""
    air = 0.1 * max(abs(low_limit or 0.0), abs(high_limit or 0.0))
    below = None if low_limit is None else low_limit - air
    above = None if high_limit is None else high_limit + air
    return [low_limit, high_limit, below, above]


def _scale(values: Sequence[float | None]) -> tuple[float, float, float]:
    """Low end, high end and step of an axis in round numbers that holds all values."""
    known = [value for value in values if value is not None] or [0.0, 1.0]
    low, high = min(known), max(known)
    if 0 <= low <= max(0.6 * high, 1e-6):
        low = 0.0  # quantities that start at nothing are read against nothing
    span = high - low
    if span < 1e-6 * max(abs(high), 1.0):  # flat: the line runs through the middle, or along the floor
        span = abs(low) if abs(low) >= 1e-6 else 1.0
        low, high = (low - span / 2, high + span / 2) if low else (0.0, 1.0)
    rough = span / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(nice for nice in (1, 2, 2.5, 5, 10) if nice * power >= rough * 0.999)
    low = math.floor(low / step + 1e-9) * step
    high = math.ceil(high / step - 1e-9) * step
    if high == low:
        high += step
    return low, high, step


def time_ticks(end: float, x: Callable[[float], float]) -> tuple[Tick, ...]:
    """At most nine ticks in round seconds from 0 to `end`, placed by `x`."""
    step = next((s for s in (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600) if end / s <= 8), end / 6)
    count = math.floor(end / step + 1e-9)
    marks = [n * step for n in range(count + 1)]
    return tuple(Tick(x(mark), f"{mark:g}\u00a0s") for mark in marks)


def _thinned(times: Sequence[float], series: Sequence[float | None]) -> list[tuple[float, float | None]]:
    """At most MOST_POINTS points: of each bucket the one furthest from zero, so that no spike is lost."""
    points = list(zip(times, series, strict=True))
    if len(points) <= MOST_POINTS:
        return points
    size = math.ceil(len(points) / MOST_POINTS)
    buckets = [points[n : n + size] for n in range(0, len(points), size)]
    return [max(bucket, key=lambda point: -1.0 if point[1] is None else abs(point[1])) for bucket in buckets]


def _path(points: Sequence[tuple[float, float | None]]) -> str:
    """SVG path data through the points; a lone point between gaps becomes a dot."""
    strokes: list[str] = []
    pen_down = False
    for n, (x, y) in enumerate(points):
        if y is None:
            pen_down = False
            continue
        lone = not pen_down and (n + 1 == len(points) or points[n + 1][1] is None)
        strokes.append(f"M{x:g} {y:g}h0" if lone else f"{'L' if pen_down else 'M'}{x:g} {y:g}")
        pen_down = not lone
    return "".join(strokes)


def _limit_text(value: float) -> str:
    return f"limit {value:g}".replace("-", "−")


def _told(values: Sequence[float | None], baseline: Sequence[float | None], unit: str) -> str:
    def span(series: Sequence[float | None]) -> str:
        known = [value for value in series if value is not None]
        if not known:
            return "nothing measured"
        low, high = (number(value, 2) for value in (min(known), max(known)))
        return with_unit(f"{low} to {high}", unit)

    told = f"This variant: {span(values)}"
    return f"{told}; master: {span(baseline)}." if baseline else f"{told}."
