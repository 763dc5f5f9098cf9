"""The sync meter: by how much the sound comes before or after the mouth that makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt
from scipy.stats import binom, theilslopes

from countenance.media.audio import Samples, mono, resample
from countenance.media.frame import F32
from countenance.quality.agreement import (
    GRID_HZ,
    REACH,
    Agreement,
    agreement,
    certainty,
    drift_ms,
    peak_ms,
    spread_ms,
)
from countenance.quality.lips import F64, on_screen
from countenance.speech.activity import speech_span
from countenance.speech.ipa import segments
from countenance.speech.phones import Phones

RANGE_S = REACH / GRID_HZ  # offsets beyond this are not looked for
LEAST_CONFIDENCE = 0.98
LEAST_DRIFT_MS = 40.0  # of what surely drifts, less than this between beginning and end is not worth a word

_SOUND_HZ = 16000
_VOICE_HZ = (800.0, 3500.0)  # where an open mouth is louder than a closed one; voicing alone lies below
_SYLLABLES_HZ, _PHONES_HZ = (1.5, 8.0), (1.0, 12.0)
_ENVELOPE_HZ = 12.0
_PHONE_CALM_S = 0.03
_BLOCK_S, _OVERLAP_S = 60, 1
_SHORTEST_S = 1.5
_LONG_S, _PART_S = 100, 30  # of a film longer than this, parts of this length are measured each
_DISAGREE = "the mouth and the sound do not agree enough to compare their times"
_LEAST_MOVEMENT = 0.02  # eye distances between the mouth's most closed and most open moments
_MOST_HIDDEN_S = 0.3  # a mouth that is hidden for longer is not guessed
_WINDOW_S, _HOP_S, _WINDOW_REACH_MS, _WINDOW_LEAST = 8.0, 2.0, 150.0, 0.2


@dataclass(frozen=True)
class Natural:
    """How a kind of evidence lies in clips in sync: the sound later than the mouth by `lead_ms` in the mean, and
    from clip to clip and person to person by a standard deviation of `spread_ms`."""

    lead_ms: float
    spread_ms: float


# Measured on every other clip of those in sync, by name; the rest say how good that is: see `benchmarks.syncmeter`.
LOUDNESS = Natural(-5.0, 15.0)
PHONES = Natural(0.0, 12.0)


@dataclass(frozen=True)
class Offset:
    """`offset_ms`: positive when the sound is early, that is, when the mouth moves after it; None without a
    measurement, and `reason` says why.

    `confidence` 0..1: how surely the agreement of mouth and sound is no accident. The true offset lies between
    `low_ms` and `high_ms` with 95 %: what this clip leaves open and how people and recordings differ, together.
    `spread_ms` is the standard error of the first of these alone: that of two measurements of one take. `curve` is
    the offset over time, (middle of the window in s, ms or None). `drift_ms` is by how much the offset grows from the
    beginning to the end of what was measured, with its own interval `drift_low_ms`, `drift_high_ms`; None where the
    clip is too short to tell. `by` names the evidence: "loudness", "phones" or both.
    """

    offset_ms: float | None
    confidence: float
    reason: str = ""
    low_ms: float | None = None
    high_ms: float | None = None
    spread_ms: float | None = None
    curve: tuple[tuple[float, float | None], ...] = ()
    drift_ms: float | None = None
    drift_low_ms: float | None = None
    drift_high_ms: float | None = None
    by: tuple[str, ...] = ()

    @property
    def drifts(self) -> bool:
        """The sound surely runs away from the picture, and by an amount that matters."""
        if self.drift_ms is None or self.drift_low_ms is None or self.drift_high_ms is None:
            return False
        return abs(self.drift_ms) >= LEAST_DRIFT_MS and self.drift_low_ms * self.drift_high_ms > 0


@dataclass(frozen=True, eq=False)
class _Evidence:
    """Two curves on the grid that should agree, the mouth's with NaN where it is hidden."""

    name: str
    natural: Natural
    mouth: F64
    sound: F64


def av_offset(
    times_s: NDArray[np.floating[Any]],
    opening: NDArray[np.floating[Any]],
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
    phones: Phones | None = None,
) -> Offset:
    """Offset between a mouth and the sound `(n,)` or `(n, channels)`, finer than a picture.

    `opening` `(n,)` is the inner lip gap in eye distances of pictures that come on the screen at `times_s` on the
    sound's clock, NaN where the face was not seen or not looked at; each picture stands for the middle of its time on
    the screen (see `lips.on_screen`). `phones`, where it is known what is said, are on the same clock.

    Two kinds of evidence. Loudness: lip gap and the level of 800..3500 Hz, both as square roots so that soft
    syllables count too, at the rate of syllables (1.5..8 Hz). Phones: the lip gap and the opening that the phones
    ask for, closed at p b m and in silence, without any lead (1..12 Hz). The delay at which each agrees best within
    ±400 ms is found on a grid of 10 ms with a parabola between; the natural lead of that evidence is taken off, and
    both are averaged by their variances. Evidence that agrees no better than 98 % of false pairs does not count, and
    without any there is no offset.
    """
    first_s, evidence, reason = _evidence(times_s, opening, samples, rate_hz, phones)
    if reason:
        return Offset(None, 0.0, reason)
    count = len(evidence[0].mouth)
    if count <= _LONG_S * GRID_HZ:
        return _judged(evidence, first_s)
    parts = []
    for piece in np.array_split(np.arange(count), round(count / GRID_HZ / _PART_S)):
        own = [replace(one, mouth=one.mouth[piece], sound=one.sound[piece]) for one in evidence]
        parts.append((first_s + float(piece.mean()) / GRID_HZ, _judged(own, first_s + piece[0] / GRID_HZ)))
    return _in_line(parts, count / GRID_HZ)


def compared(
    times_s: NDArray[np.floating[Any]],
    opening: NDArray[np.floating[Any]],
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
) -> tuple[float, F64, F64] | None:
    """When the grid of 100 Hz begins, and mouth and loudness on it as `av_offset` has them; None where it cannot."""
    first_s, evidence, reason = _evidence(times_s, opening, samples, rate_hz, None)
    return None if reason else (first_s, evidence[0].mouth, evidence[0].sound)


def loudness_curve(samples: NDArray[np.floating[Any]], rate_hz: int, times_s: NDArray[np.floating[Any]]) -> F32:
    """Level of the speech band around each time, in dB of full scale, not below −60."""
    level = _envelope(samples, rate_hz)
    grid = np.arange(len(level) + 1) / GRID_HZ
    at = np.interp(times_s, grid, np.append(level, 0.0), left=0.0, right=0.0)
    return np.asarray(20 * np.log10(np.maximum(at, 1e-3)), np.float32)


def _judged(evidence: list[_Evidence], first_s: float) -> Offset:
    """The offset of one stretch of a film."""
    heard = [one for one in evidence if _compares(one)]
    sure = [(one, certainty(one.mouth, one.sound)) for one in heard]
    confidence = max((value for _, value in sure), default=0.0)
    held = [_Held.of(one, first_s) for one, value in sure if value >= LEAST_CONFIDENCE]
    if not held:
        return Offset(None, confidence, _DISAGREE)
    placed = [one for one in held if one.offset_ms is not None]
    if not placed:
        return Offset(None, confidence, f"mouth and sound lie {RANGE_S * 1000:.0f} ms or more apart")
    return replace(_joined(placed), confidence=confidence)


def _compares(one: _Evidence) -> bool:
    """Whether the mouth is seen for long enough in this stretch and moves, and anything is heard."""
    known = np.isfinite(one.mouth)
    return bool(known.sum() >= _SHORTEST_S * GRID_HZ and one.mouth[known].std() > 1e-6 and one.sound.std() > 1e-9)


def _in_line(parts: list[tuple[float, Offset]], duration_s: float) -> Offset:
    """The parts of a long film together: the straight line through those that have an offset (Theil 1950, Sen 1968).

    By chance one part in fifty has one. So many must have one that this happens in no more than one film of fifty.
    """
    heard = [part for part in parts if part[1].confidence > 0]
    found = [part for part in heard if part[1].offset_ms is not None]
    confidence = 1 - float(binom.sf(len(found) - 1, len(heard), 1 - LEAST_CONFIDENCE)) if found else 0.0
    if not found or confidence < LEAST_CONFIDENCE:
        reasons = [part.reason for _, part in heard if part.reason]
        return Offset(None, confidence if found else 0.0, reasons[0] if reasons else _DISAGREE)
    middles = np.array([middle for middle, _ in found])
    offsets = np.array([part.offset_ms for _, part in found], np.float64)
    errors = np.array([part.spread_ms for _, part in found], np.float64)
    slope, _, low, high = theilslopes(offsets, middles) if len(found) > 2 else (0.0, 0.0, 0.0, 0.0)
    offset = float(np.median(offsets - slope * (middles - middles.mean())))
    error = float(np.hypot(np.median(errors), offsets.std() if slope == 0 else 0.0) / np.sqrt(len(found)))
    reach = 1.96 * float(np.hypot(error, min(LOUDNESS.spread_ms, PHONES.spread_ms)))
    drift = [float(value * duration_s) for value in (slope, low, high)] if len(found) > 2 else [None, None, None]
    return Offset(
        offset_ms=offset,
        confidence=confidence,
        low_ms=offset - reach,
        high_ms=offset + reach,
        spread_ms=error,
        curve=tuple(point for _, part in parts for point in part.curve),
        drift_ms=drift[0],
        drift_low_ms=drift[1],
        drift_high_ms=drift[2],
        by=tuple(dict.fromkeys(name for _, part in found for name in part.by)),
    )


@dataclass(frozen=True, eq=False)
class _Held:
    """One kind of evidence and the offset that it gives, `error_ms` and the natural spread apart."""

    evidence: _Evidence
    found: Agreement
    offset_ms: float | None
    error_ms: float

    @staticmethod
    def of(evidence: _Evidence, first_s: float) -> _Held:
        found = agreement(evidence.mouth, evidence.sound, first_s)
        late = peak_ms(found.correlation())
        if late is None:
            return _Held(evidence, found, None, 0.0)
        return _Held(evidence, found, evidence.natural.lead_ms - late, spread_ms(found, late))

    @property
    def variance(self) -> float:
        return self.error_ms**2 + self.evidence.natural.spread_ms**2


def _joined(held: list[_Held]) -> Offset:
    """The mean of what the kinds of evidence say, by their variances; where they contradict, the surest alone."""
    best = min(held, key=lambda one: one.variance)
    assert best.offset_ms is not None
    agreed = [
        one
        for one in held
        if one.offset_ms is not None and (one.offset_ms - best.offset_ms) ** 2 <= 9 * (one.variance + best.variance)
    ]
    weights = np.array([1 / one.variance for one in agreed])
    weights /= weights.sum()
    offset = float(weights @ [one.offset_ms for one in agreed])
    # What differs from person to person differs alike for both kinds: it does not average out.
    natural = float(weights @ [one.evidence.natural.spread_ms for one in agreed])
    error = float(np.sqrt(weights**2 @ np.array([one.error_ms**2 for one in agreed])))
    reach = 1.96 * float(np.hypot(natural, error))
    drift = drift_ms(best.found)
    slope = 0.0 if drift is None else drift[0]
    middle_ms = best.evidence.natural.lead_ms - best.offset_ms
    curve = _windows(best.found, middle_ms, slope, best.evidence.natural.lead_ms, offset - best.offset_ms)
    return Offset(
        offset_ms=offset,
        confidence=0.0,
        low_ms=offset - reach,
        high_ms=offset + reach,
        spread_ms=error,
        curve=curve,
        drift_ms=None if drift is None else -drift[0],
        drift_low_ms=None if drift is None else -drift[2],
        drift_high_ms=None if drift is None else -drift[1],
        by=tuple(one.evidence.name for one in agreed),
    )


def _windows(
    found: Agreement, late_ms: float, slope_ms: float, lead_ms: float, shift_ms: float
) -> tuple[tuple[float, float | None], ...]:
    """The offset in windows of 8 s (a third of a shorter clip) every 2 s, looked for near the line through all."""
    middles = found.middles_s
    span = max(float(np.ptp(middles)), 1e-9)
    piece_s = span / max(len(middles) - 1, 1)
    half = max(min(_WINDOW_S, (span + piece_s) / 3) / 2, piece_s)
    curve: list[tuple[float, float | None]] = []
    for middle in np.arange(middles[0], middles[-1] + 1e-9, max(min(_HOP_S, half), piece_s)):
        inside = (np.abs(middles - middle) <= half).astype(np.float64)
        about = late_ms + slope_ms * (middle - middles.mean()) / span
        agreed = found.correlation(inside)
        late = peak_ms(agreed, (about - _WINDOW_REACH_MS, about + _WINDOW_REACH_MS))
        if late is not None and agreed.max() < _WINDOW_LEAST:
            late = None
        curve.append((round(float(middle), 3), None if late is None else round(lead_ms - late + shift_ms, 1)))
    return tuple(curve)


def _evidence(
    times_s: NDArray[np.floating[Any]],
    opening: NDArray[np.floating[Any]],
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
    phones: Phones | None,
) -> tuple[float, list[_Evidence], str]:
    """When the grid begins and the curves on it, or why there is nothing to compare."""
    seen = np.isfinite(opening)
    if seen.sum() < 3:
        return 0.0, [], "the mouth is not seen long enough"
    start, end = on_screen(times_s)
    times, gap = ((start + end) / 2)[seen], np.asarray(opening, np.float64)[seen]
    low, high = np.percentile(gap, [5, 95])
    if high - low < _LEAST_MOVEMENT:
        return 0.0, [], "the mouth does not move"
    if speech_span(samples, rate_hz) is None:
        return 0.0, [], "nobody is heard to speak"
    level = np.sqrt(_envelope(samples, rate_hz))
    whole = np.arange(len(level)) / GRID_HZ
    both = (whole >= times[0]) & (whole <= times[-1])
    if both.sum() < _SHORTEST_S * GRID_HZ:
        return 0.0, [], f"mouth and sound run together for less than {_SHORTEST_S:g} s"
    grid = whole[both]
    hidden = _hidden(grid, times)
    if (~hidden).sum() < _SHORTEST_S * GRID_HZ:
        return 0.0, [], "the mouth is not seen long enough"
    lips = np.interp(grid, times, np.sqrt(np.maximum(gap, 0.0)))
    found = [_Evidence("loudness", LOUDNESS, *_cut(lips, level[both], _SYLLABLES_HZ, hidden))]
    if phones is not None and any(not phone.silent for phone in phones):
        found.append(_Evidence("phones", PHONES, *_cut(lips, np.sqrt(_asked(phones, grid)), _PHONES_HZ, hidden)))
    return float(grid[0]), found, ""


def _hidden(grid: F64, times: F64) -> NDArray[np.bool_]:
    """Where the mouth was not seen for long, too long to draw a line from the picture before to the one after."""
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    return np.asarray(times[after] - times[after - 1] > _MOST_HIDDEN_S, np.bool_)


def _cut(lips: F64, sound: F64, band_hz: tuple[float, float], hidden: NDArray[np.bool_]) -> tuple[F64, F64]:
    """Both curves at the rates that matter; what was hidden is unknown."""
    sections = butter(2, band_hz, "bandpass", fs=GRID_HZ, output="sos")
    pad = min(len(lips) - 1, 150)
    mouth, heard = (np.asarray(sosfiltfilt(sections, one, padlen=pad), np.float64) for one in (lips, sound))
    mouth[hidden] = np.nan
    return mouth, heard


def _asked(phones: Phones, grid: F64) -> F64:
    """How far open the phones want the mouth, 0..1, each for exactly as long as it is heard, smoothed by 30 ms."""
    asked = np.zeros(len(grid))
    for part in segments(phones):
        if part.gesture.kind not in ("rest", "closure"):
            asked[np.searchsorted(grid, part.start_s) : np.searchsorted(grid, part.end_s)] = part.gesture.aperture
    calm = gaussian_filter1d(asked, _PHONE_CALM_S * GRID_HZ, mode="nearest")
    return np.asarray(np.maximum(calm, 0.0), np.float64)


def _envelope(samples: NDArray[np.floating[Any]], rate_hz: int) -> F64:
    """Amplitude of the speech band on the grid, block by block so that an hour fits in memory."""
    sound = mono(samples)
    band = butter(4, _VOICE_HZ, "bandpass", fs=_SOUND_HZ, output="sos")
    calm = butter(2, _ENVELOPE_HZ, fs=_SOUND_HZ, output="sos")
    step = _SOUND_HZ // GRID_HZ
    parts = []
    for first in range(0, len(sound), _BLOCK_S * rate_hz):
        lead = min(first, _OVERLAP_S * rate_hz)
        block: Samples = sound[first - lead : first + (_BLOCK_S + _OVERLAP_S) * rate_hz]
        heard = resample(block, rate_hz, _SOUND_HZ).astype(np.float64)
        pad = min(len(heard) - 1, _SOUND_HZ // 10)
        power = sosfiltfilt(calm, sosfiltfilt(band, heard, padlen=pad) ** 2, padlen=pad)
        start = lead * _SOUND_HZ // rate_hz
        stop = start + min(_BLOCK_S * rate_hz, len(sound) - first) * _SOUND_HZ // rate_hz
        parts.append(np.sqrt(np.maximum(power[start:stop:step], 0.0)))
    return np.concatenate(parts) if parts else np.zeros(0)
