"""Finding the sound mark in what is left of it after codecs, cuts and another speed.

How the level of each cell of time and frequency differs from its neighbours in frequency is added up over all
periods of the pattern. Where the pilot stands out of that, at some phase and some speed, there is a mark, and the
other cells vote for the signs of its id. Nothing but levels is used, so polarity and phase do not matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from countenance.media.audio import columns, resample
from countenance.provenance import payload
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
    keyed_sound_pattern,
)

STEP = HOP // 2  # samples from one look to the next, 6.25 ms
STEPS_PER_ROW = HOPS_PER_ROW * HOP // STEP  # 8
PHASES = ROWS * STEPS_PER_ROW  # 640 places where the pattern may begin
WINDOW_S, NEXT_WINDOW_S = 30.0, 20.0  # a longer sound is read in windows: clocks drift, and parts may be exchanged
LEAST_S = 1.5
WIDEST_SPEED, SPEED_STEP = 0.045, 0.0025  # films go to television 4.2 % faster; half a step moves 15 s by 19 ms
PRESENT_Z, PRESENT_PACED_Z = 6.0, 6.7  # at the plain pace; at any of the many others
TRY_Z = 5.0  # from here on the id is tried
TRIES = 4  # ids, where the pilot stands out most
LEAST_FIT = 0.2
FALSE_NAME = 2.0**-payload.CRC_BITS  # how likely an id is read from noise when it is tried
FIRST_HALF_BIN = 2 * FIRST_BIN * 9 // 10  # with room for other pitches on both sides
HALF_BINS = 2 * LAST_BIN * 11 // 10

_LEVELS = (-0.5, 0.8)  # nepers beyond which a level says no more
_LINES, _LINES_LOOKS = 1.5, 161  # what stands out for a second is a tone: that much of it is taken off
_CELL_LIMIT = 2.0  # nepers times looks, the same for a whole cell
_STILL_THERE = 0.14  # what of a cell's deviation the rows before and after it foretell each
_NEIGHBOURS = 5  # bands
_QUIET = math.exp(-9.0)  # amplitude below the loudest that says nothing


class Pace(NamedTuple):
    """How much faster and how much higher a sound is than it was."""

    tempo: float
    pitch: float


PLAIN = Pace(1.0, 1.0)


@dataclass(frozen=True)
class SoundReading:
    """What was read: the `mark_id`, or None where the sound is marked but the id cannot be told.

    `confidence` 0..1: one minus the bound on how likely an unmarked sound is to be taken for marked in all that was
    tried. `seconds`: how much sound the reading rests on. `pilot_z`: how far the pilot stands out, in standard
    deviations; `fit`: correlation (0..1) of the votes with the id's code word, 0 without an id. `tempo`, `pitch`: how
    much faster and higher than the original it plays. `start_s`: where the window read begins.
    """

    mark_id: int | None
    confidence: float
    seconds: float
    pilot_z: float
    fit: float
    tempo: float
    pitch: float
    start_s: float


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
        self._cells: dict[float, NDArray[np.float32]] = {}  # by pitch
        self._folded: dict[Pace, NDArray[np.float32]] = {}
        self._transformed: dict[Pace, tuple[NDArray[np.complex64], NDArray[np.complex64]]] = {}

    def folded(self, pace: Pace) -> NDArray[np.float32]:
        """All periods added up, (640, 71): how much louder than its neighbours the cell is that begins there."""
        if pace not in self._folded:
            if pace.pitch not in self._cells:
                self._cells[pace.pitch] = _cells(_bands(self._power, pace.pitch))
            cells = self._cells[pace.pitch]
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


def read_sound_mark(
    samples: NDArray[np.float32], rate_hz: int, key: bytes, issued: payload.Register | None = None
) -> SoundReading | None:
    """Find the mark of `key` in a sound (n,) or (n, channels) float32 of any rate; None where there is none.

    The id is mostly read from 6 s on, and from 15 s of speech for sure; the mark's presence may be seen earlier.
    Of a sound with several marks the first that can be named is told. `issued`: the ids that were ever given
    out; one of them is recognised in less sound than an unknown id takes.
    """
    present: SoundReading | None = None
    for heard in listen(samples, rate_hz):
        reading = read_heard(heard, key, issued)
        if reading is not None and reading.mark_id is not None:
            return reading
        if reading is not None and (present is None or reading.pilot_z > present.pilot_z):
            present = reading
    return present


def listen(samples: NDArray[np.float32], rate_hz: int) -> Iterator[Heard]:
    """The windows in which a sound is read; none where it is too short or silent."""
    table = columns(samples)
    size, step = round(WINDOW_S * rate_hz), round(NEXT_WINDOW_S * rate_hz)
    for start in range(0, max(1, len(table) - (size - step)), step):
        part = table[start : start + size]
        if len(part) >= LEAST_S * rate_hz and part.any():
            yield Heard(part, rate_hz, start / rate_hz)


def read_heard(heard: Heard, key: bytes, issued: payload.Register | None = None) -> SoundReading | None:
    """What `read_sound_mark` finds in one window."""
    pattern = keyed_sound_pattern(key)
    plain = heard.sight(pattern, PLAIN)
    word = _word(plain, pattern, issued) if plain.pilot_z >= PRESENT_Z else None
    tries = PHASES
    if word is not None:
        return _named(heard, plain, word, tries)
    sights = [plain, *(heard.sight(pattern, pace) for pace in paces()[1:])]
    tries = PHASES * len(sights)
    closest: Sight | None = None
    for sight in sorted(sights, key=lambda one: -one.pilot_z)[:TRIES]:
        if sight.pilot_z < TRY_Z:
            break
        near = [heard.sight(pattern, pace) for pace in _near(sight.pace)]
        tries += PHASES * len(near)
        closer = max([sight, *near], key=lambda one: one.pilot_z)
        word = _word(closer, pattern, issued)
        if word is not None:
            return _named(heard, closer, word, tries)
        if closest is None or closer.pilot_z > closest.pilot_z:
            closest = closer
    if plain.pilot_z >= PRESENT_Z:
        return _reading(heard, plain, chance_of_false_alarm(plain.pilot_z, PHASES))
    if closest is None or closest.pilot_z < PRESENT_PACED_Z:
        return None
    return _reading(heard, closest, chance_of_false_alarm(closest.pilot_z, tries))


def paces() -> tuple[Pace, ...]:
    """What is tried: the plain pace first, then faster and slower with the pitch that goes along, then without."""
    count = round(WIDEST_SPEED / SPEED_STEP)
    steps = sorted((step for step in range(-count, count + 1) if step), key=abs)
    played = [(1 + SPEED_STEP) ** step for step in steps]
    return (PLAIN, *(Pace(speed, speed) for speed in played), *(Pace(speed, 1.0) for speed in played))


def chance_of_false_alarm(pilot_z: float, tries: int) -> float:
    """Bound on the probability that a pilot unrelated to the sound stands out by `pilot_z` in one of `tries` tries.

    The pilot's signs are independent and fair, so its normalised sum is sub-Gaussian whatever the sound is
    (Hoeffding 1963): each try passes with a probability of at most exp(-z²/2).
    """
    return min(1.0, tries * math.exp(-0.5 * max(pilot_z, 0.0) ** 2))


def least_fit(issued: int) -> float:
    """The fit from which on one of `issued` ids is believed.

    Under a key that has nothing to do with the sound, the signs of the votes are fair coins: one code word fits
    by f or better with a probability of exp(-176 f²) at most (Hoeffding), whatever the sound.
    """
    return math.sqrt(2 * math.log(max(1, issued) / FALSE_NAME) / payload.CODE_SIGNS)


def _near(pace: Pace) -> list[Pace]:
    """The paces between this and the next ones tried."""
    shares = [1 + share * SPEED_STEP for share in (-0.4, -0.2, 0.2, 0.4)]
    return [Pace(pace.tempo * share, pace.pitch if pace.pitch == 1 else pace.pitch * share) for share in shares]


def _word(sight: Sight, pattern: SoundPattern, issued: payload.Register | None) -> payload.Word | None:
    votes = pattern.votes(sight.cells)
    if issued is not None:
        word = issued.likeliest(votes)
        if word is not None and word.fit >= least_fit(len(issued)):
            return word
    word = payload.decode(votes)
    return word if word is not None and word.fit >= LEAST_FIT else None


def _named(heard: Heard, sight: Sight, word: payload.Word, tries: int) -> SoundReading:
    chance = chance_of_false_alarm(sight.pilot_z, tries) * FALSE_NAME * TRIES
    return replace(_reading(heard, sight, chance), mark_id=word.mark_id, fit=word.fit)


def _reading(heard: Heard, sight: Sight, chance: float) -> SoundReading:
    return SoundReading(
        mark_id=None,
        confidence=1 - chance,
        seconds=heard.seconds,
        pilot_z=sight.pilot_z,
        fit=0.0,
        tempo=sight.pace.tempo,
        pitch=sight.pace.pitch,
        start_s=heard.start_s,
    )


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


def _cells(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much louder than its neighbours in frequency, and than its own mean of a second, each cell is that begins
    with a look, (looks, 71)."""
    level = 0.5 * np.log(power + _QUIET**2 * power.max() + 1e-30)
    level -= uniform_filter1d(level, _NEIGHBOURS, axis=1, mode="nearest")
    level -= uniform_filter1d(np.clip(level, -_LINES, _LINES), _LINES_LOOKS, axis=0, mode="nearest")
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
