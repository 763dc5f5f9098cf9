"""Where somebody speaks, from energy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from countenance.media.audio import mono

HOP_S = 0.01
RUMBLE_HZ = 90.0
QUIETEST_DB = -70.0  # frames below this level never count as speech
RANGE_DB = 35.0  # the soft ends of words lie this far below the loud vowels
LEAST_CONTRAST_DB = 9.0
ENTER_DB, STAY_DB = 9.0, 4.5  # above the noise floor
SHORTEST_S = 0.1
LONGEST_GAP_S = 0.25


def speech_span(samples: NDArray[np.floating[Any]], rate_hz: int) -> tuple[float, float] | None:
    """Start and end of all speech in (n,) or (n, channels) samples, in seconds; None where nobody speaks."""
    found = speech_segments(samples, rate_hz)
    return (found[0][0], found[-1][1]) if found else None


def speech_segments(samples: NDArray[np.floating[Any]], rate_hz: int) -> tuple[tuple[float, float], ...]:
    """Stretches of speech with pauses of more than 0.25 s between them, in seconds.

    The noise floor is taken from the quietest moments and the speech level from the loud ones; a stretch
    begins and ends with hysteresis between the two. Clicks shorter than 0.1 s do not count. It hears energy,
    not words: music counts as speech.
    """
    level_db = _level_db(mono(samples), rate_hz)
    if len(level_db) == 0:
        return ()
    enter_db, stay_db = _thresholds(level_db)
    runs = [
        (first, last)
        for first, last in _runs(level_db > stay_db)
        if level_db[first:last].max() > enter_db and (last - first) * HOP_S >= SHORTEST_S
    ]
    joined: list[tuple[int, int]] = []
    for first, last in runs:
        if joined and (first - joined[-1][1]) * HOP_S <= LONGEST_GAP_S:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    duration_s = len(samples) / rate_hz
    return tuple((first * HOP_S, min(last * HOP_S, duration_s)) for first, last in joined)


def _level_db(sound: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Level of each 10 ms in dB of full scale, without rumble."""
    size = round(HOP_S * rate_hz)
    if len(sound) < 3 * size:
        return np.zeros(0)
    sections = butter(4, RUMBLE_HZ, "highpass", fs=rate_hz, output="sos")
    clean = sosfiltfilt(sections, sound.astype(np.float64), padlen=min(len(sound) - 1, rate_hz // 10))
    whole = np.pad(clean, (0, -len(clean) % size)).reshape(-1, size)
    return np.asarray(10 * np.log10(np.mean(whole**2, axis=1) + 1e-12), dtype=np.float64)


def _thresholds(level_db: NDArray[np.float64]) -> tuple[float, float]:
    """Levels at which speech begins and is still going on; unreachable when the sound has no contrast."""
    smooth = uniform_filter1d(level_db, 5, mode="nearest")
    floor_db, loud_db = (float(q) for q in np.percentile(smooth, [5, 95]))
    if loud_db < QUIETEST_DB or loud_db - floor_db < LEAST_CONTRAST_DB:
        return np.inf, np.inf
    bottom_db = max(floor_db, loud_db - RANGE_DB - STAY_DB, QUIETEST_DB - STAY_DB)
    room_db = loud_db - bottom_db
    return bottom_db + min(ENTER_DB, room_db / 2), bottom_db + min(STAY_DB, room_db / 3)


def _runs(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
