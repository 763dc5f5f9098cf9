"""Gestures of an utterance blended into curves: every sound pulls the mouth towards its shape, some have the last word.

Each sound pulls with a strength that falls off around it; the shape at a moment is the mean of what all sounds ask
for, weighted by their strength (Cohen and Massaro 1993, with exponent 2): strength = alpha * exp(-(distance /
reach)^2). Jaw and lips have strengths of their own. On top of the blend lie gates that no neighbour can override:
p b m shut the lips, f v tuck the lower lip under the teeth, and a pause shuts the mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d

from countenance.speech.ipa import REST, VISEMES, Gesture, Segment, segments
from countenance.speech.phones import Phones
from countenance.speech.style import Style

Curve = NDArray[np.float64]
Span = tuple[float, float]

STEP_S = 0.005
MARGIN_S = 0.6
GATE_LEAD_S = 0.005
RAMP_S = 0.05
HELD_SHARE = 0.72  # lips part when a closure is released, which is before the phone ends
SHORTEST_HOLD_S = 0.05  # longer than a frame at 24 frames a second, so that some frame shows the closure
SHORTEST_SHOWN_HOLD_S = 0.02  # where the frames are known, one of them is made to show it
SMOOTH_S = 0.015
LONGEST_SLOPE_S = 0.05  # a long sound holds its shape to this close to its ends
SHORTEST_REST_S = 0.1
REST_ENTER_S = 0.09
REST_LEAVE_S = 0.12
REACHES = 3.0
BREATH_AFTER_S = 0.6  # of silence
BREATH_S = (0.2, 0.12, 0.04)  # before the first sound: the breath begins, is deepest, is over


@dataclass(frozen=True, eq=False)
class Blend:
    """Curves on a 5 ms grid that begins at `first_s`.

    `openings` and `rounding` `(grid, 15)` are the shares of each viseme in what the jaw and what the lips do;
    `aperture`, `jaw` and `width` `(grid,)` what they ask for before any gate; `closures` and `tucks` the times from
    shut to released; `rest` is 1 where a pause holds the mouth shut, `breath` 1 at the depth of a breath.
    """

    first_s: float
    grid: Curve
    openings: Curve
    rounding: Curve
    aperture: Curve
    jaw: Curve
    width: Curve
    closures: tuple[Span, ...]
    tucks: tuple[Span, ...]
    rest: Curve
    breath: Curve

    def at(self, times_s: ArrayLike, table: Curve) -> NDArray[np.float32]:
        """Rows of a (grid, k) table at the given times; beyond the grid its first or last row holds."""
        place = (np.atleast_1d(np.asarray(times_s, dtype=np.float64)) - self.first_s) / STEP_S
        place = np.clip(place, 0, len(table) - 1)
        low = np.minimum(place.astype(np.intp), len(table) - 2)
        share = (place - low)[:, None]
        return np.asarray(table[low] * (1 - share) + table[low + 1] * share, dtype=np.float32)

    def gate(self, holds: Sequence[Span], frames_s: Curve | None) -> Curve:
        """1 while held, 0 elsewhere, with smooth ramps of 50 ms; with `frames_s` one of these sees each hold."""
        if frames_s is None or not len(frames_s):
            return _gate(self.grid, [_at_least(hold, SHORTEST_HOLD_S) for hold in holds])
        shown = [_at_least(hold, SHORTEST_SHOWN_HOLD_S) for hold in holds]
        return _gate(self.grid, [_seen(hold, frames_s) for hold in shown])


@lru_cache(maxsize=8)
def blend(phones: Phones, style: Style) -> Blend:
    """The curves of an utterance in a style; silence all around it."""
    single = segments(phones)
    parts = _with_rests(_merged(single))
    first_s = parts[0].end_s - MARGIN_S
    count = int(np.ceil((parts[-1].start_s + MARGIN_S - first_s) / STEP_S)) + 2
    grid: Curve = first_s + STEP_S * np.arange(count, dtype=np.float64)
    own_openings, own_widths = dict(style.openings), dict(style.widths)
    jaw, lips = _Mean(grid, 2 + len(VISEMES)), _Mean(grid, 1 + len(VISEMES))
    for part in parts:
        asked = part.gesture
        shape = np.eye(len(VISEMES))[VISEMES.index(asked.viseme)]
        aperture = max(0.0, asked.aperture + own_openings.get(asked.viseme, 0.0)) * style.jaw
        dropped = max(0.0, asked.jaw_drop + own_openings.get(asked.viseme, 0.0)) * style.jaw
        width = (asked.width + own_widths.get(asked.viseme, 0.0)) * style.lips
        jaw.add(part, asked.jaw, style.lead_s, np.array([aperture, dropped, *shape]))
        lips.add(part, asked.lips, style.lead_s, np.array([width, *shape]))
    opened, shaped = jaw.value(), lips.value()
    return Blend(
        first_s,
        grid,
        opened[:, 2:],
        shaped[:, 1:],
        np.clip(opened[:, 0], 0.0, 1.0),
        np.clip(opened[:, 1], 0.0, 1.0),
        np.clip(shaped[:, 0], -1.0, 1.0),
        tuple(_holds(single, "closure", style)),
        tuple(_holds(single, "tuck", style)),
        _gate(grid, [hold for part in parts if (hold := _rest_hold(part)) is not None]),
        _breaths(grid, parts),
    )


def _merged(parts: Sequence[Segment]) -> list[Segment]:
    """A sound that comes twice in a row, and any run of closures, is one gesture: lips do not part in *pp* or *mb*."""
    result: list[Segment] = []
    for part in parts:
        if result and _same(result[-1].gesture, part.gesture) and part.start_s - result[-1].end_s < STEP_S:
            result[-1] = replace(result[-1], gesture=part.gesture, end_s=part.end_s)
        else:
            result.append(part)
    return result


def _same(one: Gesture, other: Gesture) -> bool:
    return one == other or (one.kind == other.kind and one.kind in ("closure", "tuck"))


def _with_rests(parts: list[Segment]) -> list[Segment]:
    """Silence before and after, long enough for every curve to come to rest."""
    start_s = parts[0].start_s if parts else 0.0
    end_s = parts[-1].end_s if parts else 0.0
    while parts and parts[0].gesture is REST:
        start_s, parts = parts[0].end_s, parts[1:]
    while parts and parts[-1].gesture is REST:
        end_s, parts = parts[-1].start_s, parts[:-1]
    long_s = 4 * MARGIN_S
    return [Segment(REST, start_s - long_s, start_s), *parts, Segment(REST, end_s, end_s + long_s)]


class _Mean:
    """A mean of targets by strength, summed up sound by sound, each only where it can be felt."""

    def __init__(self, grid: Curve, columns: int) -> None:
        self.grid = grid
        self.total = np.zeros((len(grid), columns))
        self.strength = np.full(len(grid), 1e-9)

    def add(self, part: Segment, strength: float, lead_s: float, target: Curve) -> None:
        gesture = part.gesture
        centre = (part.start_s + part.end_s) / 2 - lead_s
        half = (part.end_s - part.start_s) / 2
        held = max(half / 2, half - LONGEST_SLOPE_S)
        if gesture is REST:
            strength *= min(1.0, (part.end_s - part.start_s) / SHORTEST_REST_S)
        low, high = np.searchsorted(
            self.grid,
            [centre - held - REACHES * gesture.before_s, centre + held + REACHES * gesture.after_s],
        )
        offset = self.grid[low:high] - centre
        reach = np.where(offset < 0, gesture.before_s, gesture.after_s)
        pull = strength * np.exp(-((np.maximum(np.abs(offset) - held, 0.0) / reach) ** 2))
        self.total[low:high] += pull[:, None] * target
        self.strength[low:high] += pull

    def value(self) -> Curve:
        mean: Curve = gaussian_filter1d(self.total / self.strength[:, None], SMOOTH_S / STEP_S, axis=0, mode="nearest")
        return mean


def _holds(parts: Sequence[Segment], kind: str, style: Style) -> list[Span]:
    """When each closure is held: from a little before the sound to its release, and always around its centre.

    Closures in a row are one, from the first one's start to the last one's release.
    """
    holds: list[Span] = []
    before_s = -np.inf  # where the last closure's sound ends
    for part in parts:
        if part.gesture.kind != kind:
            continue
        length_s, centre_s = part.end_s - part.start_s, (part.start_s + part.end_s) / 2
        start_s = min(part.start_s - GATE_LEAD_S * style.closing, centre_s)
        end_s = max(part.start_s + min(0.9, HELD_SHARE * style.closing) * length_s, centre_s)
        if part.start_s - before_s < STEP_S:
            start_s = holds.pop()[0]
        holds.append((start_s, end_s))
        before_s = part.end_s
    return holds


def _at_least(hold: Span, least_s: float) -> Span:
    missing_s = max(0.0, least_s - (hold[1] - hold[0]))
    return hold[0] - missing_s / 2, hold[1] + missing_s / 2


def _seen(hold: Span, frames_s: Curve) -> Span:
    """The hold, stretched to the nearest picture where it falls between two; beyond the pictures as it is."""
    place = int(np.searchsorted(frames_s, hold[0]))
    if place < len(frames_s) and frames_s[place] <= hold[1] - STEP_S:
        return hold[0], max(hold[1], float(frames_s[place]) + STEP_S)
    if place in (0, len(frames_s)):
        return hold
    before, after = float(frames_s[place - 1]), float(frames_s[place])
    if after - hold[1] < hold[0] - before:
        return hold[0], max(hold[1], after + STEP_S)
    return before - STEP_S, hold[1]


def _rest_hold(part: Segment) -> Span | None:
    """When a pause holds the mouth shut; None for one too short to shut it."""
    start_s, end_s = part.start_s + REST_ENTER_S, part.end_s - REST_LEAVE_S
    return (start_s, end_s) if part.gesture is REST and end_s > start_s else None


def _breaths(grid: Curve, parts: Sequence[Segment]) -> Curve:
    """A bump before the first sound after every long pause."""
    curve = np.zeros(len(grid))
    begin_s, deepest_s, over_s = BREATH_S
    for part, following in pairwise(parts):
        if part.gesture is REST and part.end_s - part.start_s >= BREATH_AFTER_S and following.gesture is not REST:
            ramp = np.interp(grid, [part.end_s - begin_s, part.end_s - deepest_s, part.end_s - over_s], [0.0, 1.0, 0.0])
            curve = np.maximum(curve, ramp * ramp * (3 - 2 * ramp))
    return curve


def _gate(grid: Curve, holds: Sequence[Span]) -> Curve:
    gate = np.zeros(len(grid))
    for start_s, end_s in holds:
        low, high = np.searchsorted(grid, [start_s - RAMP_S, end_s + RAMP_S])
        near = grid[low:high]
        ramp = np.clip(np.minimum(near - start_s, end_s - near) / RAMP_S + 1, 0.0, 1.0)
        gate[low:high] = np.maximum(gate[low:high], ramp * ramp * (3 - 2 * ramp))
    return gate
