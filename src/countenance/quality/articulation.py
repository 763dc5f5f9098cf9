"""How a mouth speaks, measured on the picture against the phones that are heard.

All figures take the curves of `lips.Lips`, as found in the pictures that a viewer sees, and the phones on the clock
of the same film. None can be told where there is nothing to tell it from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import savgol_filter

from countenance.media.frame import F32
from countenance.perception.topology import LIPS_INNER, LIPS_OUTER
from countenance.quality.lips import F64, Lips
from countenance.speech.ipa import Segment, segments
from countenance.speech.phones import Phones

CLOSED_SHARE, CLOSED_LEAST = 0.1, 0.012  # see `closed_below`
CLOSURE_LEAD_S = 0.04  # lips close before the closure is heard, by this at most
QUIET_AFTER_S, QUIET_BEFORE_S = 0.15, 0.2  # a mouth comes to rest after a sound, and opens before the next
_LEAST_QUIET_S, _LEAST_SPEECH_S = 0.1, 0.5
_OPEN_APERTURE = 0.55  # vowels from this aperture on are open (see speech.ipa)
_GRID_HZ, _CALM_S = 100, 0.03
_LEAST_OPENING = 0.01  # eye distances: the mesh sees touching lips at about this
_JITTER_WINDOW = 5
_LEAST_PICTURES = 10


@dataclass(frozen=True)
class Closures:
    """How many closures were heard while the mouth was seen, and which of them (their start, seconds) stayed open."""

    count: int
    missed_s: tuple[float, ...]

    @property
    def rate(self) -> float | None:
        """The share that closed, 0..1; None without any."""
        return 1 - len(self.missed_s) / self.count if self.count else None


def closed_below(gap: NDArray[np.floating[Any]]) -> float:
    """The gap, in eye distances, below which this person's lips count as closed.

    A tenth of the way from the most closed (2nd percentile) to the wide open mouth (95th) of the person's own
    curve, and not less than 0.012, which the mesh may show for lips that touch (presenters, whose truth is known:
    0.003 to 0.014 at all 20 closures). Give the person's own footage: a made mouth that never closes would move the
    threshold with it. NaN where the curve has no value.
    """
    known = np.asarray(gap, np.float64)[np.isfinite(gap)]
    if not len(known):
        return float("nan")
    low, high = np.percentile(known, [2, 95])
    return float(max(CLOSED_LEAST, low + CLOSED_SHARE * (high - low)))


def closures(lips: Lips, phones: Phones, closed: float) -> Closures:
    """Whether the lips close at each p b m (and other bilabial stops and nasals).

    A closure is kept when any picture that is on the screen between 40 ms before the phone and its end shows a gap
    of at most `closed` (see `closed_below`). Closures without a picture of the mouth do not count.
    Natural lips meet before the closure is heard: Chandrasekaran et al. 2009, PLoS Comput Biol 5(7).
    """
    count, missed = 0, []
    for part in _bilabials(phones):
        gaps = lips.gap[closure_pictures(lips, part)]
        gaps = gaps[np.isfinite(gaps)]
        if not len(gaps):
            continue
        count += 1
        if gaps.min() > closed:
            missed.append(part.start_s)
    return Closures(count, tuple(missed))


def closure_pictures(lips: Lips, part: Segment) -> NDArray[np.bool_]:
    """Which pictures `(n,)` are on the screen while a closure must be seen."""
    return np.asarray((lips.end_s > part.start_s - CLOSURE_LEAD_S) & (lips.start_s < part.end_s), np.bool_)


def silence_motion(lips: Lips, phones: Phones) -> float | None:
    """Energy of the mouth's motion in silence over that in speech: 0 is still, 1 moves as if it spoke.

    Energy is the mean squared speed of gap and width together, from curves that are smoothed with 30 ms so that the
    mesh's own restlessness stays below half a per cent. Silence is what is left of pauses, and of what lies before and
    after all speech, when 0.15 s at their beginning and 0.2 s at their end are taken off (mouths close and open that
    long around sound); None with less than 0.1 s of it. Peers' figures, by their own definition: 8 to 46 %.
    """
    times, speed = _speed(lips)
    quiet = _within(times, _quiet(phones, times))
    loud = _within(times, _spoken(phones))
    if quiet.sum() < _LEAST_QUIET_S * _GRID_HZ or loud.sum() < _LEAST_SPEECH_S * _GRID_HZ:
        return None
    return float((speed[quiet] ** 2).mean() / max(float((speed[loud] ** 2).mean()), 1e-12))


def lip_travel(lips: Lips, phones: Phones) -> float | None:
    """How far the lips travel a second while sounds are heard, in eye distances; None with under 0.5 s of them."""
    times, speed = _speed(lips)
    loud = _within(times, _spoken(phones))
    return float(speed[loud].mean()) if loud.sum() >= _LEAST_SPEECH_S * _GRID_HZ else None


def articulation_rate(lips: Lips, phones: Phones, own: Lips, own_phones: Phones) -> float | None:
    """How much the mouth articulates against the person's own footage: `lip_travel` over theirs.

    1 articulates as the person does, a mouth that mumbles less, one that exaggerates more.
    """
    mine, theirs = lip_travel(lips, phones), lip_travel(own, own_phones)
    return mine / theirs if mine is not None and theirs else None


def opening_ratio(lips: Lips, phones: Phones) -> float | None:
    """How much wider the mouth is in open vowels than at p b m: mean gap in the middle half of each, a ratio.

    Open vowels are those with at least 0.55 of the aperture in `speech.ipa` (a ɑ æ ʌ ɛ ɔ ...); closures count with at
    least 0.01 eye distances, as touching lips are measured. None without one of both. Real footage: 4 and more.
    """
    opened = _openings(lips, (p for p in segments(phones) if _is_open(p)))
    closed = _openings(lips, _bilabials(phones))
    if not opened or not closed:
        return None
    return float(np.mean(opened) / max(float(np.mean(closed)), _LEAST_OPENING))


def mouth_jitter(lips: Lips) -> float | None:
    """How restless gap and width are from picture to picture, in eye distances, whatever the mouth says.

    The median distance from short parabolas through five pictures (Savitzky and Golay 1964): quick real movements
    pass them, trembling does not. None with under ten pictures in a row.
    """
    left = [gaps for run in _runs(lips) if len(run) >= _LEAST_PICTURES for gaps in _trembling(lips, run)]
    return float(np.median(np.concatenate(left))) if left else None


def lip_distance(made: F32, true: F32) -> F64:
    """Landmark distance of the lips (LMD) `(n,)` in eye distances of the true face, one value a picture.

    `made` and `true` are meshes `(n, >=468, 3)` of the same pictures. The mean distance of the 40 lip points after
    each mouth's own centre is taken off (Chen et al. 2018, "Lip movements generation at a glance"), here over the
    distance of the outer eye corners so that the size of the picture does not matter.
    """
    points = list(LIPS_OUTER + LIPS_INNER)
    mouths = [np.asarray(one[:, points, :2], np.float64) for one in (made, true)]
    mine, theirs = (one - one.mean(axis=1, keepdims=True) for one in mouths)
    eyes = np.linalg.norm(true[:, 33, :2] - true[:, 263, :2], axis=1)
    return np.asarray(np.linalg.norm(mine - theirs, axis=2).mean(axis=1) / eyes, np.float64)


def _bilabials(phones: Phones) -> list[Segment]:
    return [part for part in segments(phones) if part.gesture.kind == "closure"]


def _is_open(part: Segment) -> bool:
    return part.gesture.kind == "vowel" and part.gesture.aperture >= _OPEN_APERTURE


def _openings(lips: Lips, parts: Iterable[Segment]) -> list[float]:
    """The mean gap in the middle half of each part that was seen."""
    known = np.isfinite(lips.gap)
    if known.sum() < 2:
        return []
    found = []
    for part in parts:
        quarter = (part.end_s - part.start_s) / 4
        at = np.linspace(part.start_s + quarter, part.end_s - quarter, 5)
        near = np.abs(lips.times_s[known][:, None] - at[None]).min(axis=0)
        if near.max() < 0.1:
            found.append(float(np.interp(at, lips.times_s[known], lips.gap[known]).mean()))
    return found


def _speed(lips: Lips) -> tuple[F64, F64]:
    """Times and speed of gap and width together, in eye distances a second, on a grid of 10 ms; NaN where unseen."""
    known = np.isfinite(lips.gap)
    if known.sum() < 3:
        return np.zeros(0), np.zeros(0)
    seen = lips.times_s[known]
    times = np.arange(seen[0], seen[-1], 1 / _GRID_HZ)
    rates = []
    for curve in (lips.gap, lips.width):
        even = gaussian_filter1d(np.interp(times, seen, curve[known]), _CALM_S * _GRID_HZ, mode="nearest")
        rates.append(np.gradient(even) * _GRID_HZ)
    speed = np.hypot(*rates)
    after = np.clip(np.searchsorted(seen, times), 1, len(seen) - 1)
    speed[(seen[after] - seen[after - 1]) > 0.2] = np.nan  # nobody was seen there
    seen_here = np.isfinite(speed)
    return times[seen_here], np.asarray(speed[seen_here], np.float64)


def _spoken(phones: Phones) -> list[tuple[float, float]]:
    return [(phone.start_s, phone.end_s) for phone in phones if not phone.silent]


def _quiet(phones: Phones, times: F64) -> list[tuple[float, float]]:
    """Stretches in which the mouth has nothing to do, also before and after all phones."""
    spoken = _spoken(phones)
    if not spoken or not len(times):
        return []
    pauses, now = [], float(times[0]) - QUIET_AFTER_S
    for start, end in spoken:
        pauses.append((now, start))
        now = max(now, end)
    pauses.append((now, float(times[-1]) + QUIET_BEFORE_S))
    return [(a + QUIET_AFTER_S, b - QUIET_BEFORE_S) for a, b in pauses if b - a > QUIET_AFTER_S + QUIET_BEFORE_S]


def _within(times: F64, stretches: list[tuple[float, float]]) -> NDArray[np.bool_]:
    inside = np.zeros(len(times), bool)
    for start, end in stretches:
        inside[np.searchsorted(times, start) : np.searchsorted(times, end)] = True
    return inside


def _runs(lips: Lips) -> list[NDArray[np.int64]]:
    """Numbers of pictures in which the mouth was seen, run by run."""
    known = np.flatnonzero(np.isfinite(lips.gap))
    return [run for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1) if len(run)]


def _trembling(lips: Lips, run: NDArray[np.int64]) -> list[F64]:
    curves = (lips.gap[run], lips.width[run])
    return [np.abs(curve - savgol_filter(curve, _JITTER_WINDOW, 2)) for curve in curves]
