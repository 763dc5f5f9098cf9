"""Listening: the cells of a sound as the reader of the sound mark sees them, and how far a pilot stands out of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from countenance.media.audio import columns, resample
from countenance.provenance.sound_pattern import (
    BANDS,
    BINS_PER_BAND,
    FIRST_BIN,
    HOP,
    HOPS_PER_ROW,
    LAST_BIN,
    RATE_HZ,
    ROWS,
    WINDOW,
    SoundPattern,
)

STEP = HOP // 2  # samples from one look to the next, 6.25 ms
STEPS_PER_ROW = HOPS_PER_ROW * HOP // STEP  # 8
PHASES = ROWS * STEPS_PER_ROW  # 640 places where the pattern may begin
WINDOW_S, NEXT_WINDOW_S = 30.0, 20.0  # a longer sound is read in windows: clocks drift, and parts may be exchanged
LEAST_S = 1.5
FIRST_HALF_BIN = 2 * FIRST_BIN * 9 // 10  # with room for other pitches on both sides
HALF_BINS = 2 * LAST_BIN * 11 // 10

_LEVELS = (-0.5, 0.8)  # nepers beyond which a level says no more
_LINES = 1.5  # nepers: what stands out for a while is a tone; up to that much of it is taken off
_LINES_LOOKS, _TONES_LOOKS = 161, 41  # one second, a quarter of a second: the while in voices, in steady tones
_CELL_LIMIT = 2.0  # nepers times looks, the same for a whole cell
_STILL_THERE = 0.14  # what of a cell's deviation the rows before and after it foretell each
_NEIGHBOURS = 5  # bands
_QUIET = math.exp(-9.0)  # amplitude below the loudest that says nothing


class Pace(NamedTuple):
    """How much faster and how much higher a sound is than it was, and whether to listen to steady tones rather."""

    tempo: float
    pitch: float
    tones: bool = False


PLAIN, PLAIN_TONES = Pace(1.0, 1.0), Pace(1.0, 1.0, tones=True)


@dataclass(frozen=True)
class Sight:
    """The pattern as seen at one pace and phase: `cells` (80, 71) and the pilot's z."""

    pilot_z: float
    pace: Pace
    cells: NDArray[np.float32]


class Heard:
    """One window of sound, listened to once, in which any number of keys can be looked for.

    `samples`: (n, channels) float32. `start_s`: where the window begins.
    """

    def __init__(self, samples: NDArray[np.float32], rate_hz: int, start_s: float = 0.0) -> None:
        self.start_s = start_s
        self.seconds = len(samples) / rate_hz
        self._power = _running_power(resample(samples, rate_hz, RATE_HZ))
        self._cells: dict[tuple[float, bool], NDArray[np.float32]] = {}  # by pitch and tones
        self._folded: dict[Pace, NDArray[np.float32]] = {}
        self._transformed: dict[Pace, tuple[NDArray[np.complex64], NDArray[np.complex64]]] = {}

    def folded(self, pace: Pace) -> NDArray[np.float32]:
        """All periods added up, (640, 71): how much louder than its neighbours the cell is that begins there."""
        if pace not in self._folded:
            heard_as = pace.pitch, pace.tones
            if heard_as not in self._cells:
                lines_looks = _TONES_LOOKS if pace.tones else _LINES_LOOKS
                self._cells[heard_as] = _cells(_bands(self._power, pace.pitch), lines_looks)
            cells = self._cells[heard_as]
            then = np.rint(np.arange(int((len(cells) - 1) * pace.tempo) + 1) / pace.tempo).astype(int)
            self._folded[pace] = _fold(cells[then])
        return self._folded[pace]

    def sight(self, pattern: SoundPattern, pace: Pace) -> Sight:
        """The pattern where its pilot stands out most."""
        z = self.pilot_z(pattern, pace)
        phase = int(z.argmax())
        return Sight(float(z[phase]), pace, np.roll(self.folded(pace), -phase, axis=0)[::STEPS_PER_ROW])

    def pilot_z(self, pattern: SoundPattern, pace: Pace) -> NDArray[np.float64]:
        """The pilot's normalised sum (640,) for each phase at which the pattern may begin."""
        found, energy = self._spectra(pace)
        sought, where = pattern.pilot_spectra
        sums = scipy.fft.irfft(np.einsum("rsb,rb->rs", found, sought), ROWS, axis=0)
        norms = scipy.fft.irfft(np.einsum("rsb,rb->rs", energy, where), ROWS, axis=0)
        return np.asarray(sums / np.sqrt(np.maximum(norms, 1e-6)), np.float64).ravel()

    def _spectra(self, pace: Pace) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """The folded cells and their squares over the rows' frequencies, (41, 8, 71) each."""
        if pace not in self._transformed:
            by_row = self.folded(pace).reshape(ROWS, STEPS_PER_ROW, BANDS)
            self._transformed[pace] = (scipy.fft.rfft(by_row, axis=0), scipy.fft.rfft(by_row**2, axis=0))
        return self._transformed[pace]


def listen(samples: NDArray[np.float32], rate_hz: int) -> Iterator[Heard]:
    """The windows in which a sound is read; none where it is too short or silent."""
    table = columns(samples)
    size, step = round(WINDOW_S * rate_hz), round(NEXT_WINDOW_S * rate_hz)
    for start in range(0, max(1, len(table) - (size - step)), step):
        part = table[start : start + size]
        if len(part) >= LEAST_S * rate_hz and part.any():
            yield Heard(part, rate_hz, start / rate_hz)


def _running_power(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Power below each half bin (half bins + 1, looks), all channels (n, channels) together."""
    window = np.sin(np.pi * np.arange(WINDOW) / WINDOW).astype(np.float32)
    power: Any = 0
    for channel in sound.T:
        frames = np.lib.stride_tricks.sliding_window_view(channel, WINDOW)[::STEP]
        power = power + np.abs(scipy.fft.rfft(frames * window, 2 * WINDOW, axis=1)[:, :HALF_BINS]) ** 2
    running: NDArray[np.float64] = np.cumsum(power[:, FIRST_HALF_BIN:].T, axis=0, dtype=np.float64)
    return np.pad(running, ((1, 0), (0, 0)))


def _bands(running: NDArray[np.float64], pitch: float) -> NDArray[np.float32]:
    """Power (looks, 71) of the bands where they have come to lie at a pitch that many times as high."""
    bins = FIRST_BIN + BINS_PER_BAND * np.arange(BANDS + 1) - 0.5
    edges = 2 * bins * pitch + 0.5 - FIRST_HALF_BIN  # in half bins, each centred on its frequency
    whole = edges.astype(int)
    below = running[whole]
    upto = below + (edges - whole)[:, None] * (running[whole + 1] - below)
    return np.asarray(np.diff(upto, axis=0).T, np.float32, order="C")


def _cells(power: NDArray[np.float32], lines_looks: int) -> NDArray[np.float32]:
    """How much louder than its neighbours in frequency, and than its own mean of a while, each cell is that begins
    with a look, (looks, 71)."""
    level = 0.5 * np.log(power + _QUIET**2 * power.max() + 1e-30)
    level -= uniform_filter1d(level, _NEIGHBOURS, axis=1, mode="nearest")
    level -= uniform_filter1d(np.clip(level, -_LINES, _LINES), lines_looks, axis=0, mode="nearest")
    sums = np.pad(np.cumsum(np.clip(level, *_LEVELS), axis=0), ((1, 0), (0, 0)))
    cells = sums[STEPS_PER_ROW:] - sums[:-STEPS_PER_ROW]
    padded = np.pad(cells, ((STEPS_PER_ROW, STEPS_PER_ROW), (0, 0)), mode="edge")
    cells = cells - _STILL_THERE * (padded[: -2 * STEPS_PER_ROW] + padded[2 * STEPS_PER_ROW :])
    return np.asarray(np.clip(cells, -_CELL_LIMIT, _CELL_LIMIT), np.float32)


def _fold(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add all periods up: (640, 71)."""
    periods = -(-len(cells) // PHASES)
    padded = np.zeros((periods * PHASES, BANDS), np.float32)
    padded[: len(cells)] = cells
    return np.asarray(padded.reshape(periods, PHASES, BANDS).sum(axis=0), np.float32)
