"""Mel cepstra as PocketSphinx's acoustic model expects them, at any step in time."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from countenance.media.audio import Samples

Table = NDArray[np.float32]

RATE_HZ = 16000
WINDOW = 410  # samples
TRANSFORM = 512
FILTERS, LOWEST_HZ, HIGHEST_HZ = 25, 130.0, 6800.0
COEFFICIENTS = 13
LIFTER = 22
EMPHASIS = 0.97
FULL_SCALE = 32768.0
QUIETEST = 1.0  # power below which a filter of 16-bit sound carries nothing
BLOCK = 4096
HOP = 160
SMOOTH, RISE, FALL = 0.7, 0.005, 0.5
MASK, MASKED_LEVEL = 0.85, 0.2
LARGEST_GAIN = 20.0
REACH = 4


def cepstra(sound: Samples, hop: int = HOP) -> Table:
    """(n, 13) cepstra of 16 kHz sound without its steady noise; row i is centred on sample i * hop.

    There is a row for each hop begun.
    """
    count = -(-len(sound) // hop)
    power = np.empty((count, FILTERS), np.float32)
    for first in range(0, count, BLOCK):
        last = min(count, first + BLOCK)
        power[first:last] = _power(sound, first * hop, last - first, hop)
    _quieten(power)
    levels = np.log(np.maximum(power, QUIETEST))
    plain = dct(levels, norm="ortho", axis=1)[:, :COEFFICIENTS]
    return np.asarray(plain * _lift(), dtype=np.float32)


def with_slopes(rows: Table, step: int) -> Table:
    """(n, 39): cepstra, slopes over 40 ms and curvatures over 60 ms; `step` rows are 10 ms."""
    n, reach = len(rows), 3 * step
    wide = np.pad(rows, ((reach, reach), (0, 0)), mode="edge")

    def at(tens_of_ms: int) -> Table:
        first = reach + tens_of_ms * step
        return wide[first : first + n]

    return np.hstack([rows, at(2) - at(-2), (at(3) - at(-1)) - (at(1) - at(-3))]).astype(np.float32)


def _power(sound: Samples, centre: int, count: int, hop: int) -> Table:
    """(count, 25) power in each filter of frames centred on `centre` and every hop after it."""
    start = centre - WINDOW // 2 - 1
    size = (count - 1) * hop + WINDOW + 1
    piece = sound[max(0, start) : start + size] * np.float32(FULL_SCALE)
    piece = np.pad(piece, (max(0, -start), size - len(piece) - max(0, -start)))
    sharp = piece[1:] - np.float32(EMPHASIS) * piece[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(sharp, WINDOW)[::hop]
    spectra = np.fft.rfft(frames * _window(), TRANSFORM)
    return np.asarray((np.square(spectra.real) + np.square(spectra.imag)) @ _filters().T, dtype=np.float32)


def _quieten(power: Table) -> None:
    """Turn down, in place, what is not louder than the steady noise of its band, as the model's training did.

    The noise is the lower envelope of the smoothed power; what follows a loud sound closely is masked by it.
    Constants and order are those of PocketSphinx's front end (`fe_noise.c`), whose model we use.
    """
    if len(power) == 0:
        return
    smooth, noise = power[0].copy(), power[0].copy()
    floor, peak = power[0] / LARGEST_GAIN, np.zeros(FILTERS, np.float32)
    gains = np.empty_like(power)
    for row, now in enumerate(power):
        smooth = SMOOTH * smooth + (1 - SMOOTH) * now
        noise = _lower_envelope(noise, smooth)
        signal = np.maximum(smooth - noise, QUIETEST)
        floor = _lower_envelope(floor, signal)
        peak = peak * MASK
        masked = np.where(signal < MASK * peak, MASKED_LEVEL * peak, signal)
        peak = np.maximum(peak, signal)
        gains[row] = np.maximum(masked, floor) / np.maximum(smooth, QUIETEST)
    np.clip(gains, 1 / LARGEST_GAIN, LARGEST_GAIN, out=gains)
    power *= gains @ _neighbours()


def _lower_envelope(floor: Table, now: Table) -> Table:
    share = np.where(now >= floor, np.float32(RISE), np.float32(FALL))
    return np.asarray(floor + share * (now - floor), dtype=np.float32)


@cache
def _neighbours() -> Table:
    """Mean over a filter and its four neighbours on each side."""
    place = np.arange(FILTERS)
    near = (np.abs(place[:, None] - place) <= REACH).astype(np.float32)
    return np.asarray(near / near.sum(axis=0), dtype=np.float32)


@cache
def _window() -> Table:
    return np.asarray(np.hamming(WINDOW), dtype=np.float32)


@cache
def _lift() -> Table:
    return np.asarray(1 + LIFTER / 2 * np.sin(np.pi * np.arange(COEFFICIENTS) / LIFTER), dtype=np.float32)


@cache
def _filters() -> Table:
    """(25, 257) triangles of equal area, their corners on whole bins."""
    width_hz = RATE_HZ / TRANSFORM
    mels = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), FILTERS + 2)
    corners = np.floor(700 * (10 ** (mels / 2595) - 1) / width_hz + 0.5) * width_hz
    bins_hz = np.arange(TRANSFORM // 2 + 1) * width_hz
    low, peak, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rise, fall = (bins_hz - low) / (peak - low), (high - bins_hz) / (high - peak)
    return np.asarray(np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low), dtype=np.float32)


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))
