"""The sync meter: by how much the sound comes before or after the mouth that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from countenance.media.audio import Samples, mono, resample
from countenance.media.frame import F32
from countenance.speech.activity import speech_span

F64 = NDArray[np.float64]

RANGE_S = 0.4  # offsets beyond this are not looked for
NATURAL_LEAD_MS = 20.0  # mouths open before they are heard: see av_offset
LEAST_CONFIDENCE = 0.95

_GRID_HZ = 100  # both curves are compared on this grid; the peak between its points is interpolated
_SOUND_HZ = 16000
_VOICE_HZ = (800.0, 3500.0)  # where an open mouth is louder than a closed one; voicing alone lies below
_SYLLABLES_HZ = (1.5, 8.0)
_ENVELOPE_HZ = 12.0
_BLOCK_S, _OVERLAP_S = 60, 1
_SURROGATES = 199
_SHORTEST_S = 1.5
_LEAST_MOVEMENT = 0.02  # eye distances between the mouth's most closed and most open moments
_MOST_GAPS = 0.5


@dataclass(frozen=True)
class Offset:
    """`offset_ms`: positive when the sound is early, that is, when the mouth moves after it; None without a
    measurement, and `reason` says why. `confidence` 0..1: how surely the agreement of mouth and sound is no
    accident."""

    offset_ms: float | None
    confidence: float
    reason: str = ""


def av_offset(
    times_s: NDArray[np.floating[Any]],
    opening: NDArray[np.floating[Any]],
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
) -> Offset:
    """Offset between a mouth and the sound `(n,)` or `(n, channels)`, finer than a picture.

    `opening` `(n,)` is the inner lip gap in eye distances at `times_s` on the sound's clock, NaN where the face
    was not seen. Lip gap and the level of 800..3500 Hz, both as square roots so that soft syllables count too,
    are cut to the rate of syllables (1.5..8 Hz) and correlated over ±400 ms; a parabola through the highest
    three values places the peak between the grid's 10 ms.

    The confidence is the share of 199 surrogates of the mouth's curve (same spectrum, random phases: Theiler
    et al. 1992; fixed seed) that agree less with the sound; below 0.95 there is no offset. Sound that is moved
    by ±40 to ±200 ms is found moved by that much, within 6 ms. Natural mouths lead: over 16 clips in sync (three
    rendered takes, eight of GRID, two avatar recordings, three talking heads) the raw peak lies at −20 ms in the
    median with a standard deviation of 13 ms, whoever speaks, and that lead is taken off. So a single figure is
    good to about ±25 ms, and the difference between two versions of one take to a few.
    """
    lips, sound, reason = _curves(times_s, opening, samples, rate_hz)
    if reason:
        return Offset(None, 0.0, reason)
    reach = round(RANGE_S * _GRID_HZ)
    agreement = _agreement(lips, sound, reach)
    best = int(np.argmax(agreement))
    chance = [_agreement(other, sound, reach).max() for other in _surrogates(lips)]
    confidence = float(np.mean(np.array(chance) < agreement[best]))
    if confidence < LEAST_CONFIDENCE:
        return Offset(None, confidence, "the mouth and the sound do not agree enough to compare their times")
    if best in (0, 2 * reach):
        return Offset(None, confidence, f"mouth and sound lie {RANGE_S * 1000:.0f} ms or more apart")
    late_ms = (best + _parabola(agreement[best - 1 : best + 2]) - reach) * 1000 / _GRID_HZ
    return Offset(NATURAL_LEAD_MS - late_ms, confidence)


def loudness_curve(samples: NDArray[np.floating[Any]], rate_hz: int, times_s: NDArray[np.floating[Any]]) -> F32:
    """Level of the speech band around each time, in dB of full scale, not below −60."""
    level = _envelope(samples, rate_hz)
    grid = np.arange(len(level) + 1) / _GRID_HZ
    at = np.interp(times_s, grid, np.append(level, 0.0), left=0.0, right=0.0)
    return np.asarray(20 * np.log10(np.maximum(at, 1e-3)), np.float32)


def _curves(
    times_s: NDArray[np.floating[Any]],
    opening: NDArray[np.floating[Any]],
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
) -> tuple[F64, F64, str]:
    """Mouth and sound on one grid at the rate of syllables, or why there is nothing to compare."""
    nothing = np.zeros(0)
    seen = np.isfinite(opening)
    if seen.sum() < 3 or seen.mean() < 1 - _MOST_GAPS:
        return nothing, nothing, "the mouth is not seen long enough"
    times, gap = np.asarray(times_s, np.float64)[seen], np.asarray(opening, np.float64)[seen]
    low, high = np.percentile(gap, [5, 95])
    if high - low < _LEAST_MOVEMENT:
        return nothing, nothing, "the mouth does not move"
    if speech_span(samples, rate_hz) is None:
        return nothing, nothing, "nobody is heard to speak"
    level = np.sqrt(_envelope(samples, rate_hz))
    grid = np.arange(len(level)) / _GRID_HZ
    both = (grid >= times[0]) & (grid <= times[-1])
    if both.sum() < _SHORTEST_S * _GRID_HZ:
        return nothing, nothing, f"mouth and sound run together for less than {_SHORTEST_S:g} s"
    lips = np.interp(grid[both], times, np.sqrt(np.maximum(gap, 0.0)))
    return _syllables(lips), _syllables(level[both]), ""


def _envelope(samples: NDArray[np.floating[Any]], rate_hz: int) -> F64:
    """Amplitude of the speech band on the grid, block by block so that an hour fits in memory."""
    sound = mono(samples)
    band = butter(4, _VOICE_HZ, "bandpass", fs=_SOUND_HZ, output="sos")
    calm = butter(2, _ENVELOPE_HZ, fs=_SOUND_HZ, output="sos")
    step = _SOUND_HZ // _GRID_HZ
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


def _syllables(curve: F64) -> F64:
    sections = butter(2, _SYLLABLES_HZ, "bandpass", fs=_GRID_HZ, output="sos")
    return np.asarray(sosfiltfilt(sections, curve, padlen=min(len(curve) - 1, 150)), np.float64)


def _agreement(lips: F64, sound: F64, reach: int) -> F64:
    """Correlation −1..1 with the sound later by −reach..reach grid steps, over what overlaps each time."""
    count = len(lips)
    values = []
    for lag in range(-reach, reach + 1):
        a = lips[max(0, -lag) : count - max(0, lag)]
        b = sound[max(0, lag) : count - max(0, -lag)]
        values.append(float(a @ b) / (float(np.sqrt((a @ a) * (b @ b))) + 1e-12))
    return np.array(values)


def _surrogates(curve: F64) -> Iterator[F64]:
    """Curves with the same spectrum and random phases."""
    random = np.random.default_rng(0)
    spectrum = np.fft.rfft(curve)
    for _ in range(_SURROGATES):
        turns = np.exp(2j * np.pi * random.random(len(spectrum)))
        yield np.asarray(np.fft.irfft(np.abs(spectrum) * turns, len(curve)), np.float64)


def _parabola(three: F64) -> float:
    """Where a parabola through three equally spaced values peaks, from the middle one."""
    bend = three[0] - 2 * three[1] + three[2]
    return float(0.5 * (three[0] - three[2]) / bend) if bend < 0 else 0.0
