"""Alignment by synthesis: a reading with known phone times is warped in time onto a recording of the same text.

It needs no model and knows every language that the voice speaks. The reading's silences are thrown away; instead
the recording may rest before, between and after words for as long as it likes. Inside a word the reading's clock
runs at most at three times its own speed, and standing still costs (Sakoe and Chiba 1978, limits of the slope; a
drawn-out vowel may last as long as it likes). Distances are cosines of
log-mel spectra with their slopes, mean and variance taken out over the speech of each side (as far as they can,
two voices and two rooms then look alike); the reading's frequency axis is stretched to the speaker's vocal tract
(Lee and Rose 1996) and its spectra are then moved to the speaker's by a linear map learnt on a first path.
A coarse path over the whole, in a band around the line along which speech passes on both sides, is refined in a
narrow band, so memory grows with the length alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import Samples, resample
from countenance.speech.activity import speech_segments
from countenance.speech.phones import Phone, Phones, Speech, Word, covering

Table = NDArray[np.float32]
Row = NDArray[np.float64]
Indices = NDArray[np.int64]

RATE_HZ = 16_000
HOP_S = 0.005
WINDOW_S = 0.02
FFT = 512
BANDS = 26
LOWEST_HZ, HIGHEST_HZ = 100.0, 7000.0
FIRST_BIN = 4  # of a level without rumble: 125 Hz
FLOOR_SHARE = 1e-6  # of the loudest band: below that the log is cut off
LEVEL_WEIGHT, SLOPE_WEIGHT = 2.0, 0.6
COARSE = 4  # hops of the coarse pass
COARSE_BAND_S, WIDEST_BAND_S, BAND_SHARE = 8.0, 40.0, 0.15
FINE_BAND_S = 0.3
GUIDED_BAND_S = 0.6
WARPS = (0.84, 0.89, 0.94, 1.0, 1.06, 1.12, 1.18)  # of the frequency axis, child to large man
HOLD = 800.0  # frames' worth of belief that two voices are alike
REST_COST, REST_WEIGHT = 0.12, 1.2  # of resting on a quiet frame, and how much more on a loud one
REST_ENTER = 1.0  # frames' worth of distance to begin a rest
STAY_COARSE, STAY_FINE = 0.15, 0.3  # for each frame on which the reading stands still
SKIP_COST = 0.02  # for each of its frames that is passed over
STEPS = (1, 0, 2, 3)  # by which the reading goes on, as the path remembers them
FROM_REST = len(STEPS)
PAD = max(STEPS)
INFINITE = 1e12


@dataclass(frozen=True)
class Witnessed:
    """Where a reading's phones and words lie in a recording.

    `phones` cover the whole recording; `sounds` are one for each sounding phone of the reading, `words` one for each
    of its words; `unlike` per word is the mean cosine distance between the recording and the warped reading there:
    0 alike, 1 unrelated, 2 opposite.
    """

    phones: Phones
    sounds: Phones
    words: tuple[Word, ...]
    unlike: tuple[float, ...]


def witness(samples: Samples, spoken: Speech, guide: Sequence[tuple[float, float]] = ()) -> Witnessed:
    """Find `spoken`'s phones and words in a recording of the same text, (n,) float32 at 16 kHz.

    Times are seconds on the recording's clock. The recording may hold pauses anywhere between words; words that
    it lacks or has more cannot be told apart from the rest here: they show as a large `unlike`.
    `guide` may hold moments of the reading and of the recording that lie within half a second of each other, in order
    (such as another aligner's word starts): the search then stays near them.
    Errors: InputError when the recording is shorter than a third of the reading, or the reading is silent.
    """
    reading = resample(spoken.samples[:, None], spoken.rate_hz, RATE_HZ)[:, 0]
    sounding, breaks = _sounding(spoken, 1 + len(reading) // round(HOP_S * RATE_HZ))
    if len(sounding) == 0:
        raise InputError("The reading is silent: give a text with words.")
    heard = _Sound.of(samples)
    told = _Sound.of(reading, sounding).in_the_room_of(heard)
    if len(heard.power) * 3 < len(told.power):
        raise InputError(
            f"A recording of {len(samples) / RATE_HZ:.1f} s is too short for a text that takes "
            f"{len(told.power) * HOP_S:.1f} s to read: give the recording of this text."
        )
    expected, half_s = _expected(heard, len(told.power)), _half_s(heard)
    if guide:
        told_s, heard_s = np.array(sorted(guide)).T
        places = np.searchsorted(sounding * HOP_S, told_s)
        expected = np.interp(np.arange(len(heard.power)) * HOP_S, np.maximum.accumulate(heard_s), places)
        half_s = GUIDED_BAND_S
    states, unlike = _path(heard, told, breaks, expected, half_s)
    return _placed(states, unlike, sounding, spoken, len(samples) / RATE_HZ)


@dataclass(frozen=True, eq=False)
class _Sound:
    """(n, bins) power spectra every 5 ms, and which frames are speech."""

    power: Table
    speech: NDArray[np.bool_]

    @staticmethod
    def of(samples: Samples, frames: Indices | None = None) -> _Sound:
        """All frames of a recording, or only the named ones (all of them speech)."""
        power = _power(samples)
        if frames is not None:
            return _Sound(power[frames], np.ones(len(frames), bool))
        speech = np.zeros(len(power), bool)
        for start_s, end_s in speech_segments(samples, RATE_HZ):
            speech[int(start_s / HOP_S) : int(end_s / HOP_S) + 1] = True
        return _Sound(power, speech if speech.any() else np.ones(len(power), bool))

    def features(self, warp: float = 1.0) -> Table:
        """(n, 2 * BANDS + 2) normalised log-mel, level, and their slopes; rows of length 1."""
        energy = self.power @ _filters(warp)
        logs = np.log(energy + FLOOR_SHARE * energy.max() + 1e-12)
        level = logs.mean(axis=1, keepdims=True)
        plain = np.hstack([logs, 2.0 * level])
        slope = np.zeros_like(plain)
        for reach in (1, 2, 3):
            ahead = plain[np.minimum(np.arange(len(plain)) + reach, len(plain) - 1)]
            slope += reach * (ahead - plain[np.maximum(np.arange(len(plain)) - reach, 0)])
        both = np.hstack([plain, slope])
        both -= both[self.speech].mean(axis=0)
        both /= both[self.speech].std(axis=0) + 1e-6
        both[:, BANDS] *= LEVEL_WEIGHT
        both[:, BANDS + 1 :] *= SLOPE_WEIGHT
        return np.asarray(both, np.float32)

    def in_the_room_of(self, other: _Sound) -> _Sound:
        """The same at the other's loudness and with its noise, as its quietest tenth shows it."""
        still = other.power[np.argsort(other.power[:, FIRST_BIN:].sum(axis=1))[: max(1, len(other.power) // 10)]].mean(
            axis=0
        )
        own = self.power[self.speech].mean()
        gain = max(0.0, float(other.power[other.speech].mean()) - float(still.mean())) / (own + 1e-12)
        return _Sound(self.power * np.float32(gain) + still, self.speech)

    def level_db(self) -> Row:
        return np.asarray(10 * np.log10(self.power[:, FIRST_BIN:].sum(axis=1) + 1e-10), np.float64)


def _power(samples: Samples) -> Table:
    """(n, FFT / 2 + 1) power spectra of Hann windows centred on multiples of the hop."""
    hop, size = round(HOP_S * RATE_HZ), round(WINDOW_S * RATE_HZ)
    count = 1 + len(samples) // hop
    sharp = np.append(samples[:1], samples[1:] - np.float32(0.97) * samples[:-1])
    padded = np.pad(sharp, (size // 2, size + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[: count * hop : hop]
    window = np.hanning(size).astype(np.float32)
    power = np.empty((count, FFT // 2 + 1), np.float32)
    for first in range(0, count, 4096):
        spectra = np.fft.rfft(frames[first : first + 4096] * window, FFT, axis=1)
        power[first : first + 4096] = spectra.real**2 + spectra.imag**2
    return power


@cache
def _filters(warp: float) -> Table:
    """(FFT / 2 + 1, BANDS) triangles on the mel scale; `warp` above 1 reads higher frequencies."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1) * warp
    hz = np.arange(FFT // 2 + 1) * RATE_HZ / FFT
    rise = (hz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0, np.minimum(rise, fall)), np.float32)


def _sounding(spoken: Speech, count: int) -> tuple[Indices, Indices]:
    """Frames of the reading that are speech, and which of them begin a word or follow a pause."""
    centres = np.arange(count) * HOP_S
    keep = np.zeros(count, bool)
    for phone in spoken.phones:
        if not phone.silent:
            keep |= (centres >= phone.start_s) & (centres < phone.end_s)
    sounding = np.flatnonzero(keep)
    after_pause = sounding[1:][np.diff(sounding) > 1]
    starts = np.array([word.start_s for word in spoken.words])
    firsts = np.searchsorted(centres[sounding], starts - 1e-9)
    breaks = np.union1d(firsts, np.searchsorted(sounding, after_pause))
    return sounding, breaks[(breaks > 0) & (breaks < len(sounding))]


def _path(heard: _Sound, told: _Sound, breaks: Indices, expected: Row, half_s: float) -> tuple[Indices, Row]:
    """For each frame of the recording the reading's frame, or -1 - k for a rest before break k, and its cost."""
    right = heard.features()
    rest = _rest_cost(heard)
    thin_right, thin_rest, thin_breaks = _thin(right), _thin(rest[:, None])[:, 0], np.unique(breaks // COARSE)
    expected, half = expected[::COARSE][: len(thin_right)] / COARSE, round(half_s / (HOP_S * COARSE))
    left = told.features()
    states, _ = _viterbi(thin_right, _thin(left), thin_rest, thin_breaks, expected, half, STAY_COARSE)
    left = _adapted(told, thin_right, states)
    states, _ = _viterbi(thin_right, _thin(left), thin_rest, thin_breaks, expected, half, STAY_COARSE)
    held = _held(states, thin_breaks, -(-len(left) // COARSE))
    middle = (COARSE - 1) / 2
    centre = np.interp(np.arange(len(right)), COARSE * np.arange(len(held)) + middle, COARSE * held + middle)
    return _viterbi(right, left, rest, breaks, centre, round(FINE_BAND_S / HOP_S), STAY_FINE)


def _adapted(told: _Sound, right: Table, states: Indices) -> Table:
    """The reading's features in the speaker's voice, as a coarse path shows it: first the stretch of the frequency
    axis that brings them nearest, then the linear map that fits best while it is held near to none."""
    spoken = np.flatnonzero(states >= 0)
    theirs = right[spoken].astype(np.float64)

    def nearness(left: Table) -> float:
        own = _thin(left)[states[spoken]]
        lengths = np.linalg.norm(own, axis=1) * np.linalg.norm(theirs, axis=1)
        return float(np.median((own * theirs).sum(axis=1) / (lengths + 1e-9)))

    left = max((told.features(warp) for warp in WARPS), key=nearness)
    own = np.hstack([_thin(left)[states[spoken]], np.ones((len(spoken), 1))]).astype(np.float64)
    size = own.shape[1]
    none = np.eye(size)[:, :-1]
    moved = np.linalg.solve(own.T @ own + HOLD * np.eye(size), own.T @ theirs + HOLD * none)
    return np.asarray(np.hstack([left, np.ones((len(left), 1))]) @ moved, np.float32)


def _thin(table: Table) -> Table:
    """Means of COARSE rows."""
    short = -len(table) % COARSE
    padded = np.concatenate([table, np.repeat(table[-1:], short, axis=0)])
    return np.asarray(padded.reshape(-1, COARSE, table.shape[1]).mean(axis=1), np.float32)


def _expected(heard: _Sound, count: int) -> Row:
    """The reading's frame that the flow of speech alone lets one expect at each frame of the recording."""
    passed = np.cumsum(heard.speech)
    return np.asarray(passed / passed[-1] * (count - 1), np.float64)


def _half_s(heard: _Sound) -> float:
    """How far the reading may lie from where the flow of speech lets one expect it."""
    return min(WIDEST_BAND_S, max(COARSE_BAND_S, BAND_SHARE * len(heard.power) * HOP_S))


def _rest_cost(heard: _Sound) -> Table:
    """What it costs to call a frame a rest: little near the noise floor, much at the level of speech."""
    level = heard.level_db()
    floor, loud = np.percentile(level, 4), np.percentile(level[heard.speech], 80)
    floor = max(floor, loud - 55)
    share = np.clip((level - floor - 3) / max(6.0, 0.55 * (loud - floor)), 0, 1.5)
    return np.asarray(REST_COST + REST_WEIGHT * share, np.float32)


def _held(states: Indices, breaks: Indices, count: int) -> Row:
    """The reading's frame at each moment, rests included (they stand at their break)."""
    bounds = np.concatenate([[0], breaks, [count - 1]])
    return np.asarray(np.where(states >= 0, states, bounds[np.clip(-1 - states, 0, len(bounds) - 1)]), np.float64)


def _viterbi(
    right: Table, left: Table, rest: Table, breaks: Indices, centre: Row, half: int, stay: float
) -> tuple[Indices, Row]:
    """The cheapest way of the recording's frames (n, k) through the reading's (m, k), in a band of +-`half`.

    A frame of the recording is one of the reading's, or a rest at one of the breaks (before the first frame, at
    each word, after the last). From one frame to the next the reading goes on by 0 to 3 of its own; standing
    still costs `stay`. Returns for each frame of the recording the reading's frame, or -1 - k for a rest at break
    k, and what it cost.
    """
    while True:
        found = _banded(right, left, rest, breaks, centre, half, stay)
        if found is not None:
            return found
        half *= 2  # the band cut off every way to the end; at its widest it holds everything


def _banded(
    right: Table, left: Table, rest: Table, breaks: Indices, centre: Row, half: int, stay: float
) -> tuple[Indices, Row] | None:
    n, m = len(right), len(left)
    right = right / (np.linalg.norm(right, axis=1, keepdims=True) + 1e-9)
    left = left / (np.linalg.norm(left, axis=1, keepdims=True) + 1e-9)
    width = min(m, 2 * half + 1)
    lows = np.maximum.accumulate(np.clip(np.round(centre).astype(np.int64) - half, 0, m - width))
    spots = np.concatenate([[0], breaks, [m]])
    first_spots = np.searchsorted(spots, lows)
    last_spots = np.searchsorted(spots, lows + width, side="right")
    # What it costs to be at a frame of the reading, PAD before the first; and to be at rest at a break.
    best = np.full(m + PAD, INFINITE, np.float32)
    calm = np.full(len(spots), INFINITE, np.float32)
    costs = np.empty((n, width), np.float32)
    steps = np.zeros((n, width), np.int8)
    entered = np.zeros((n, int((last_spots - first_spots).max())), bool)
    way, better = np.empty(width, np.float32), np.empty(width, bool)
    if lows[0] == 0:
        best[PAD - 1], calm[0] = 0.0, 0.0  # the two ways in
    for i in range(n):
        low = int(lows[i])
        here = low + PAD
        cost, step = costs[i], steps[i]
        np.subtract(1, left[low : low + width] @ right[i], out=cost)
        arrived = best[here - 1 : here - 1 + width].copy()
        for choice, back in enumerate(STEPS[1:], 1):
            fee = SKIP_COST * (back - 1) if back else stay
            np.add(best[here - back : here - back + width], fee, out=way)
            np.less(way, arrived, out=better)
            np.copyto(arrived, way, where=better)
            step[better] = choice
        near = slice(int(first_spots[i]), int(last_spots[i]))
        if near.stop > near.start:
            spot, waiting = spots[near], calm[near]
            into = best[spot + (PAD - 1)] + REST_ENTER
            inside = spot[: len(spot) - int(spot[-1] == low + width)] - low
            sooner = waiting[: len(inside)] < arrived[inside]
            if sooner.any():
                arrived[inside[sooner]] = waiting[: len(inside)][sooner]
                step[inside[sooner]] = FROM_REST
            entered[i, : len(spot)] = into < waiting
            calm[near] = np.minimum(into, waiting) + rest[i]
        if i == 0:
            best[PAD - 1] = INFINITE
        best[here - PAD : here] = INFINITE
        np.add(arrived, cost, out=best[here : here + width])
    return _back(lows, spots, first_spots, best, calm, steps, entered, costs, rest)


def _back(
    lows: Indices,
    spots: Indices,
    first_spots: Indices,
    best: Table,
    calm: Table,
    steps: NDArray[np.int8],
    entered: NDArray[np.bool_],
    costs: Table,
    rest: Table,
) -> tuple[Indices, Row] | None:
    n = len(steps)
    states, spent = np.zeros(n, np.int64), np.zeros(n)
    if min(best[-1], calm[-1]) >= INFINITE / 2:
        return None
    resting = bool(calm[-1] < best[-1])
    spot, j = len(spots) - 1, len(best) - PAD - 1
    for i in range(n - 1, -1, -1):
        if resting:
            states[i], spent[i] = -1 - spot, rest[i]
            if entered[i, spot - first_spots[i]]:
                resting, j = False, int(spots[spot]) - 1
            continue
        k = j - lows[i]
        states[i], spent[i] = j, costs[i, k]
        if steps[i, k] == FROM_REST:
            resting, spot = True, int(np.searchsorted(spots, j))
        else:
            j -= STEPS[steps[i, k]]
    return states, spent


def _placed(states: Indices, unlike: Row, sounding: Indices, spoken: Speech, duration_s: float) -> Witnessed:
    """Phones and words on the recording's clock, from the frame of the reading that each of its frames is."""
    clock = _Clock.of(states, sounding)
    phones = []
    for phone in spoken.phones:
        if not phone.silent:
            start_s, end_s = clock.start(phone.start_s), clock.end(phone.end_s)
            phones.append(Phone(phone.symbol, min(start_s, end_s), max(start_s, end_s)))
    words, strange = [], []
    times = np.arange(len(states)) * HOP_S
    for word in spoken.words:
        start_s, end_s = clock.start(word.start_s), clock.end(word.end_s)
        words.append(replace(word, start_s=start_s, end_s=max(start_s, end_s)))
        own = (times >= start_s) & (times < end_s) & (states >= 0)
        strange.append(float(unlike[own].mean()) if own.any() else 1.0)
    return Witnessed(covering(phones, duration_s), tuple(phones), tuple(words), tuple(strange))


@dataclass(frozen=True, eq=False)
class _Clock:
    """From the reading's time to the recording's, run by run between rests; each run is (reading, recording) times."""

    runs: tuple[tuple[Row, Row], ...]
    firsts: Row
    lasts: Row

    @staticmethod
    def of(states: Indices, sounding: Indices) -> _Clock:
        runs = []
        edges = np.flatnonzero(np.diff(np.concatenate([[False], states >= 0, [False]]).astype(np.int8)))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            told = sounding[states[first:last]] * HOP_S
            when = np.arange(first, last) * HOP_S
            ends = np.flatnonzero(np.append(np.diff(told) > 0, True))
            starts = np.append(0, ends[:-1] + 1)
            # a frame of the reading that lasts some frames of the recording begins with the first of them
            left = np.append(told[ends] - HOP_S / 2, told[-1] + HOP_S / 2)
            right = np.append(when[starts] - HOP_S / 2, when[-1] + HOP_S / 2)
            runs.append((left, right))
        lefts = np.array([run[0][0] for run in runs])
        return _Clock(tuple(runs), lefts, np.array([run[0][-1] for run in runs]))

    def start(self, told_s: float) -> float:
        """When a sound that begins at `told_s` in the reading begins: after a rest, not before it."""
        return self._at(int(np.searchsorted(self.firsts, told_s + 0.6 * HOP_S, side="right")) - 1, told_s)

    def end(self, told_s: float) -> float:
        return self._at(int(np.searchsorted(self.lasts, told_s - 0.6 * HOP_S, side="left")), told_s)

    def _at(self, run: int, told_s: float) -> float:
        left, right = self.runs[min(max(run, 0), len(self.runs) - 1)]
        return max(0.0, float(np.interp(told_s, left, right)))
