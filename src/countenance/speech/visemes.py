"""Mouth shapes over time from phones: blended by dominance, with closures that always close.

Each sound pulls the mouth towards its own shape with a strength that falls off around it; the shape at a
moment is the mean of what all sounds ask for, weighted by their strength (Cohen and Massaro 1993, with
exponent 2): strength = alpha * exp(-(distance / reach)^2). Lips move ahead of the sound: gestures are taken
40 ms early. On top of the blend lie gates that no neighbour can override: p b m press the lips, f v tuck the
lower lip under the teeth, and a pause shuts the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d

from countenance.speech.arkit import ARKIT_NAMES, PRESSED, RECIPES, TUCKED
from countenance.speech.ipa import REST, VISEMES, Segment, segments
from countenance.speech.phones import Phones

Curve = NDArray[np.float64]

STEP_S = 0.005
MARGIN_S = 0.6
LEAD_S = 0.04
GATE_LEAD_S = 0.01
RAMP_S = 0.05
HELD_SHARE = 0.6  # lips part when a closure is released, which is before the phone ends
SHORTEST_HOLD_S = 0.05  # longer than a frame at 25 frames a second, so that some frame shows the closure
SMOOTH_S = 0.015
LONGEST_SLOPE_S = 0.05  # a long sound holds its shape to this close to its ends
SHORTEST_REST_S = 0.1
REST_ENTER_S = 0.09
REST_LEAVE_S = 0.12
REACHES = 3.0
TUCKED_APERTURE = 0.05


@dataclass(frozen=True)
class VisemeCurve:
    """The mouth of an utterance at any time, as weights of visemes or of ARKit's 52 blend shapes."""

    phones: Phones

    def visemes(self, times_s: ArrayLike) -> NDArray[np.float32]:
        """(n, 15) weights in the order of `ipa.VISEMES`; each row sums to 1."""
        blend = _blend(self.phones)
        return blend.at(times_s, blend.visemes)

    def arkit(self, times_s: ArrayLike) -> NDArray[np.float32]:
        """(n, 52) weights in [0, 1] in the order of `arkit.ARKIT_NAMES`."""
        blend = _blend(self.phones)
        weights = blend.visemes @ RECIPES
        free = (1 - blend.press) * (1 - blend.tuck) * (1 - blend.rest)
        weights = weights * free[:, None]
        weights += (blend.press * (1 - blend.rest))[:, None] * PRESSED
        weights += (blend.tuck * (1 - blend.press))[:, None] * TUCKED
        return blend.at(times_s, np.clip(weights, 0.0, 1.0))

    def at(self, time_s: float) -> dict[str, float]:
        """ARKit weights at one moment by name, zeros left out."""
        row = self.arkit([time_s])[0]
        return {name: float(value) for name, value in zip(ARKIT_NAMES, row, strict=True) if value > 1e-4}


def mouth_targets(phones: Phones, times_s: ArrayLike) -> NDArray[np.float32]:
    """(n, 4) float32: aperture, width, press, tuck at each time in seconds on the audio clock.

    aperture 0 closed to 1 the widest of ordinary speech; width -1 rounded to +1 spread; press 0..1, lips
    pressed for p b m; tuck 0..1, lower lip under the teeth for f v. At the centre of every p b m aperture is
    0 and press 1, at the centre of every f v tuck is 1. Pauses of 0.25 s and more, and the time before and
    after the utterance, have all four at 0. The mouth opens up to 0.1 s before the first sound. All curves
    are continuous.
    """
    blend = _blend(phones)
    open_share = (1 - blend.press) * (1 - blend.rest)
    aperture = (blend.aperture * (1 - blend.tuck) + TUCKED_APERTURE * blend.tuck) * open_share
    columns = [aperture, blend.width * (1 - blend.rest), blend.press, blend.tuck]
    return blend.at(times_s, np.stack(columns, axis=1))


@dataclass(frozen=True, eq=False)
class _Blend:
    """Curves on a 5 ms grid that begins at `first_s`."""

    first_s: float
    aperture: Curve
    width: Curve
    visemes: Curve
    press: Curve
    tuck: Curve
    rest: Curve

    def at(self, times_s: ArrayLike, table: Curve) -> NDArray[np.float32]:
        """Rows of a (grid, k) table at the given times; beyond the grid its first or last row holds."""
        place = (np.atleast_1d(np.asarray(times_s, dtype=np.float64)) - self.first_s) / STEP_S
        place = np.clip(place, 0, len(table) - 1)
        low = np.minimum(place.astype(np.intp), len(table) - 2)
        share = (place - low)[:, None]
        return np.asarray(table[low] * (1 - share) + table[low + 1] * share, dtype=np.float32)


@lru_cache(maxsize=8)
def _blend(phones: Phones) -> _Blend:
    parts = _with_rests(segments(phones))
    first_s = parts[0].end_s - MARGIN_S
    count = int(np.ceil((parts[-1].start_s + MARGIN_S - first_s) / STEP_S)) + 2
    grid: Curve = first_s + STEP_S * np.arange(count, dtype=np.float64)
    jaw, lips, shapes = _Mean(grid, 1), _Mean(grid, 1), _Mean(grid, len(VISEMES))
    for part in parts:
        target = part.gesture
        shape = np.eye(len(VISEMES))[VISEMES.index(target.viseme)]
        jaw.add(part, target.jaw, np.array([target.aperture]))
        lips.add(part, target.lips, np.array([target.width]))
        shapes.add(part, target.jaw, shape)
    return _Blend(
        first_s,
        jaw.value()[:, 0],
        lips.value()[:, 0],
        shapes.value(),
        _gate(grid, [_hold(part) for part in parts if part.gesture.kind == "closure"]),
        _gate(grid, [_hold(part) for part in parts if part.gesture.kind == "tuck"]),
        _gate(grid, [hold for part in parts if (hold := _rest_hold(part)) is not None]),
    )


def _with_rests(parts: tuple[Segment, ...]) -> list[Segment]:
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

    def add(self, part: Segment, strength: float, target: Curve) -> None:
        gesture = part.gesture
        centre = (part.start_s + part.end_s) / 2 - LEAD_S
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


def _hold(part: Segment) -> tuple[float, float]:
    """When a closure is held: from a little before the sound to its release, and always around its centre."""
    centre = (part.start_s + part.end_s) / 2
    start_s = min(part.start_s - GATE_LEAD_S, centre - SHORTEST_HOLD_S / 2)
    end_s = max(part.start_s + HELD_SHARE * (part.end_s - part.start_s), centre + SHORTEST_HOLD_S / 2)
    return start_s, end_s


def _rest_hold(part: Segment) -> tuple[float, float] | None:
    """When a pause holds the mouth shut; None for one too short to shut it."""
    start_s, end_s = part.start_s + REST_ENTER_S, part.end_s - REST_LEAVE_S
    return (start_s, end_s) if part.gesture is REST and end_s > start_s else None


def _gate(grid: Curve, holds: list[tuple[float, float]]) -> Curve:
    """1 while held, 0 elsewhere, with smooth ramps of 50 ms on both sides."""
    gate = np.zeros(len(grid))
    for start_s, end_s in holds:
        low, high = np.searchsorted(grid, [start_s - RAMP_S, end_s + RAMP_S])
        near = grid[low:high]
        ramp = np.clip(np.minimum(near - start_s, end_s - near) / RAMP_S + 1, 0.0, 1.0)
        gate[low:high] = np.maximum(gate[low:high], ramp * ramp * (3 - 2 * ramp))
    return gate
