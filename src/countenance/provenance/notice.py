"""The spoken notice of sound that goes out without a picture, and hearing whether it is there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from countenance.media.audio import Samples, columns, mono, resample
from countenance.media.loudness import integrated_lufs
from countenance.provenance.disclosure import ReleaseRecord, spoken_text
from countenance.speech.espeak import speak

PAUSE_S = 0.6  # between the notice and what follows
LONG_FORM_S = 900.0  # from where on it is said again
EVERY_S = 600.0
QUIET_S = 0.4  # a pause this long is a place to say it again
_NOTICE_LUFS = -20.0  # of the notice where the sound itself is silent
HEARD_HZ = 8000
_HEARD = 0.6  # correlation from which on the notice is heard


def notice(record: ReleaseRecord, rate_hz: int) -> Samples | None:
    """The notice `(n,)` float32 spoken in the release's language; None where none is due.

    Errors: those of `speak`, such as InputError for a language that has no voice.
    """
    text = spoken_text(record)
    return _spoken(text, record.language, rate_hz) if text else None


def with_notice(samples: NDArray[np.floating[Any]], rate_hz: int, record: ReleaseRecord) -> Samples:
    """Sound `(n, channels)` that begins with the notice, as loud as the sound itself.

    Of more than fifteen minutes, or when the record's label wants intervals, it is said again every ten minutes, in
    the next pause.
    """
    table = columns(samples).astype(np.float32)
    spoken = notice(record, rate_hz)
    if spoken is None:
        return table
    said = _at_level(spoken[:, None].repeat(table.shape[1], axis=1), table, rate_hz)
    gap = np.zeros((round(PAUSE_S * rate_hz), table.shape[1]), np.float32)
    pieces: list[Samples] = [said, gap]
    start = 0
    for stop in _places(table, rate_hz, again=record.label.notice == "intervals"):
        pieces += [table[start:stop], gap, said, gap]
        start = stop
    return np.concatenate([*pieces, table[start:]])


def heard_notice(samples: NDArray[np.floating[Any]], rate_hz: int, record: ReleaseRecord) -> tuple[float, ...] | None:
    """The seconds at which the notice of a release begins in a sound `(n, channels)`; None where none is due.

    By normalised correlation with the notice itself, whose voice says equal words in equal samples.
    """
    spoken = notice(record, rate_hz)
    if spoken is None:
        return None
    heard = resample(mono(columns(samples)), rate_hz, HEARD_HZ).astype(np.float64)
    wanted = resample(spoken, rate_hz, HEARD_HZ).astype(np.float64)
    if len(heard) < len(wanted):
        return ()
    shared = fftconvolve(heard, wanted[::-1], mode="valid")
    power = np.cumsum(np.concatenate([[0.0], heard**2]))
    size = np.sqrt(np.maximum(power[len(wanted) :] - power[: -len(wanted)], 1e-12) * (wanted**2).sum())
    match = np.abs(shared) / size
    found: list[float] = []
    while match.size and match.max() >= _HEARD:
        at = int(match.argmax())
        found.append(round(at / HEARD_HZ, 2))
        match[max(0, at - len(wanted)) : at + len(wanted)] = 0
    return tuple(sorted(found))


@lru_cache(maxsize=4)
def _spoken(text: str, language: str, rate_hz: int) -> Samples:
    speech = speak(text, language)
    start, stop = (round(second * speech.rate_hz) for second in speech.span_s)
    samples = resample(speech.samples[start:stop], speech.rate_hz, rate_hz).astype(np.float32)
    samples.setflags(write=False)
    return samples


def _at_level(spoken: Samples, table: Samples, rate_hz: int) -> Samples:
    wanted = integrated_lufs(table, rate_hz)
    wanted = wanted if np.isfinite(wanted) else _NOTICE_LUFS
    gain = 10 ** ((wanted - integrated_lufs(spoken, rate_hz)) / 20)
    return (spoken * min(gain, 0.98 / float(np.abs(spoken).max()))).astype(np.float32)


def _places(table: Samples, rate_hz: int, again: bool) -> list[int]:
    """Where the sound is opened to say the notice again: the middle of the first pause after every ten minutes."""
    if len(table) < LONG_FORM_S * rate_hz and not again:
        return []
    step = round(QUIET_S / 2 * rate_hz)
    level = np.abs(table).max(axis=1)
    peaks = np.array([level[at : at + step].max() for at in range(0, len(level) - step, step)])
    quiet = peaks < 0.05 * float(np.quantile(peaks, 0.9)) if peaks.size else np.zeros(0, bool)
    places: list[int] = []
    due = EVERY_S * rate_hz
    for number in np.flatnonzero(quiet[:-1] & quiet[1:]):
        at = (int(number) + 1) * step
        if at >= due:
            places.append(at)
            due = at + EVERY_S * rate_hz
    return places
