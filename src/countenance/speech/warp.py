"""Alignment by synthesis: a reading with known phone times is warped in time onto a recording of the same text.

It needs no model and knows every language that the voice speaks. The reading's silences are thrown away; instead
the recording may rest before, between and after words for as long as it likes. Inside a word the reading's clock
runs at a third to three times its own speed (Sakoe and Chiba 1978, slope limits). Distances are cosines of
log-mel spectra with their slopes, mean and variance taken out over the speech of each side (as far as they can,
two voices and two rooms then look alike); the reading's frequency axis is stretched to the speaker's vocal tract
(Lee and Rose 1996) and its spectra are then moved to the speaker's by a linear map learnt on a first path.
A coarse path over the whole, in a band around the line along which speech passes on both sides, is refined in a
narrow band, so memory grows with the length alone.
"""

from __future__ import annotations

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
FLOOR_SHARE = 1e-6  # of the loudest band: below that the log is cut off
COARSE = 4  # hops of the coarse pass
COARSE_BAND_S, WIDEST_BAND_S, BAND_SHARE = 8.0, 40.0, 0.15
FINE_BAND_S = 0.4
REST_WEIGHT = 1.2  # cost of resting on a loud moment
REST_COST = 0.12  # and on a quiet one
REST_ENTER = 1.0  # frames' worth of cost to begin a rest
STRETCH_COST = 0.02  # for each frame beside the diagonal
WARPS = (0.84, 0.89, 0.94, 1.0, 1.06, 1.12, 1.18)
SKIP_COST = 0.02
STANDS = 3  # frames of the recording that one frame of the reading may last
PAD = 3
NOISE = 1.0
ROUNDS = 1
FINE_ROUNDS = 0
HOLD = 800.0
VTLN = 1
LINGER_COST = 0.3
LEVEL_W = 2.0
SLOPE_W = 0.6
BEND = 1.0
FROM_REST = 3
INFINITE = 1e12


@dataclass(frozen=True)
class Witnessed:
    """Where a reading's phones and words lie in a recording.

    `phones` cover the whole recording; `words` in order, as in the reading; `unlike` per word is the mean cosine
    distance between the recording and the warped reading there: 0 alike, 1 unrelated, 2 opposite.
    """

    phones: Phones
    words: tuple[Word, ...]
    unlike: tuple[float, ...]


def witness(samples: Samples, spoken: Speech) -> Witnessed:
    """Find `spoken`'s phones and words in a recording of the same text, (n,) float32 at 16 kHz.

    Times are seconds on the recording's clock. The recording may hold pauses anywhere between words; words that
    it lacks or has more cannot be told apart from the rest here: they show as a large `unlike`.
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
    states, unlike = _path(heard, told, breaks)
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
        both[:, BANDS] *= LEVEL_W
        both[:, BANDS + 1 :] *= SLOPE_W
        return np.asarray(both, np.float32)

    def in_the_room_of(self, other: _Sound) -> _Sound:
        """The same at the other's loudness and with its noise, as its quietest tenth shows it."""
        still = other.power[np.argsort(other.power[:, 4:].sum(axis=1))[: max(1, len(other.power) // 10)]].mean(axis=0)
        own = self.power[self.speech].mean()
        gain = max(0.0, float(other.power[other.speech].mean()) - float(still.mean())) / (own + 1e-12)
        return _Sound(self.power * np.float32(gain) + NOISE * still, self.speech)

    def level_db(self) -> Row:
        return np.asarray(10 * np.log10(self.power[:, 4:].sum(axis=1) + 1e-10), np.float64)


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


def _path(heard: _Sound, told: _Sound, breaks: Indices) -> tuple[Indices, Row]:
    """For each frame of the recording the reading's frame, or -1 - k for a rest before break k, and its cost."""
    right = heard.features()
    rest = _rest_cost(heard)
    coarse_right, coarse_rest = _thin(right), _thin(rest[:, None])[:, 0]
    expected = _expected(heard, len(told.power))[::COARSE][: len(coarse_right)] / COARSE
    coarse_breaks = np.unique(breaks // COARSE)
    half = min(WIDEST_BAND_S, max(COARSE_BAND_S, BAND_SHARE * len(heard.power) * HOP_S)) / (HOP_S * COARSE)
    left = told.features()
    for _ in range(ROUNDS):
        states, _ = _viterbi(coarse_right, _thin(left), coarse_rest, coarse_breaks, expected, round(half))
        if VTLN:
            left = _vtln(coarse_right, told, states)
        left = _adapted(left, coarse_right, states, COARSE)
    states, _ = _viterbi(coarse_right, _thin(left), coarse_rest, coarse_breaks, expected, round(half))
    held = _held(states, coarse_breaks, -(-len(left) // COARSE))
    centre = np.interp(np.arange(len(right)), COARSE * np.arange(len(held)) + 1.5, COARSE * held + 1.5)
    for _ in range(FINE_ROUNDS):
        states, unlike = _viterbi(right, left, rest, breaks, centre, round(FINE_BAND_S / HOP_S))
        left = _adapted(left, right, states, 1)
    states, unlike = _viterbi(right, left, rest, breaks, centre, round(FINE_BAND_S / HOP_S))
    return states, unlike


def _vtln(right: Table, told: _Sound, states: Indices) -> Table:
    best, found = -1.0, None
    spoken = np.flatnonzero(states >= 0)
    r = right[spoken] / (np.linalg.norm(right[spoken], axis=1, keepdims=True) + 1e-9)
    for warp in WARPS:
        left = told.features(warp)
        l = _thin(left)[states[spoken]]
        score = float(np.median((l * r).sum(axis=1) / (np.linalg.norm(l, axis=1) + 1e-9)))
        if score > best:
            best, found, at = score, left, warp
    assert found is not None
    return found


def _adapted(left: Table, right: Table, states: Indices, step: int) -> Table:
    """The reading's features moved to the speaker's by the linear map that fits best on a path, held near to none."""
    spoken = np.flatnonzero(states >= 0)
    own = (_thin(left) if step == COARSE else left)[states[spoken]].astype(np.float64)
    ones = np.ones((len(own), 1))
    own = np.hstack([own, ones])
    size = own.shape[1]
    near = np.eye(size)[:, :-1]
    held = HOLD * COARSE / step
    moved = np.linalg.solve(own.T @ own + held * np.eye(size), own.T @ right[spoken] + held * near)
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


def _viterbi(right: Table, left: Table, rest: Table, breaks: Indices, centre: Row, half: int) -> tuple[Indices, Row]:
    """The cheapest way of the recording's frames (n, k) through the reading's (m, k), in a band of +-`half`.

    A frame of the recording is one of the reading's, or a rest at one of the breaks (before the first frame, at
    each word, after the last). From one frame to the next the reading goes on by 0 to 3 of its own, and stands
    still for STANDS frames at most. Returns for each frame of the recording the reading's frame, or -1 - k for a
    rest at break k, and what it cost.
    """
    while True:
        found = _banded(right, left, rest, breaks, centre, half)
        if found is not None:
            return found
        half *= 2  # the band cut off every way to the end; at its widest it holds everything


def _banded(
    right: Table, left: Table, rest: Table, breaks: Indices, centre: Row, half: int
) -> tuple[Indices, Row] | None:
    n, m = len(right), len(left)
    right = right / (np.linalg.norm(right, axis=1, keepdims=True) + 1e-9)
    left = left / (np.linalg.norm(left, axis=1, keepdims=True) + 1e-9)
    width = min(m, 2 * half + 1)
    lows = np.maximum.accumulate(np.clip(np.round(centre).astype(np.int64) - half, 0, m - width))
    spots = np.concatenate([[0], breaks, [m]])
    first_spots = np.searchsorted(spots, lows)
    last_spots = np.searchsorted(spots, lows + width, side="right")
    # What it costs to be at a frame of the reading having stood there for 1, 2 ... frames; PAD before the first.
    stood = np.full((STANDS, m + PAD), INFINITE)
    best = np.full(m + PAD, INFINITE)
    calm = np.full(len(spots), INFINITE)
    steps = np.zeros((n, width), np.int8)
    levels = np.zeros((n, width), np.int8)
    lingers = np.zeros((n, width), bool)
    entered: list[NDArray[np.bool_]] = []
    costs = np.empty((n, width), np.float32)
    for i in range(n):
        low = int(lows[i])
        high = low + width
        inside = slice(low + PAD, high + PAD)
        cost = costs[i] = (1 - left[low:high] @ right[i]) ** BEND
        near = slice(int(first_spots[i]), int(last_spots[i]))
        if i == 0:
            arrived = np.full(width, INFINITE)
            fresh_calm = np.full(near.stop - near.start, INFINITE)
            if low == 0:
                arrived[0] = cost[0]
                fresh_calm[0] = rest[0]
            entered.append(np.zeros(len(fresh_calm), bool))
            step = np.zeros(width, np.int8)
        else:
            ways = np.stack([best[inside.start - k : inside.stop - k] for k in (1, 2, 3)])
            ways[1:] += SKIP_COST
            step = np.argmin(ways, axis=0).astype(np.int8)
            arrived = ways[step, np.arange(width)]
            at = spots[near] - low
            there = at < width
            waiting = calm[near]
            better = np.flatnonzero(there & (waiting < arrived[np.minimum(at, width - 1)]))
            arrived[at[better]] = waiting[better]
            step[at[better]] = FROM_REST
            arrived += cost
            into = best[spots[near] - 1 + PAD] + REST_ENTER
            enter = into < waiting
            entered.append(enter)
            fresh_calm = np.where(enter, into, waiting) + rest[i]
        staying = stood[:-1, inside] + cost + STRETCH_COST
        lingering = stood[-1, inside] + cost + LINGER_COST
        linger = lingering < staying[-1]
        staying[-1] = np.where(linger, lingering, staying[-1])
        if i and low > lows[i - 1]:
            stood[:, lows[i - 1] + PAD : low + PAD] = INFINITE
            best[lows[i - 1] + PAD : low + PAD] = INFINITE
        stood[0, inside] = arrived
        stood[1:, inside] = staying
        level = np.argmin(stood[:, inside], axis=0)
        best[inside] = stood[level, np.arange(low + PAD, high + PAD)]
        calm[: near.start] = INFINITE
        calm[near] = fresh_calm
        steps[i], levels[i], lingers[i] = step, level, linger if i else False
    return _back(lows, spots, first_spots, best, calm, steps, levels, lingers, entered, costs, rest)


def _back(
    lows: Indices,
    spots: Indices,
    first_spots: Indices,
    best: Row,
    calm: Row,
    steps: NDArray[np.int8],
    levels: NDArray[np.int8],
    lingers: NDArray[np.bool_],
    entered: list[NDArray[np.bool_]],
    costs: Table,
    rest: Table,
) -> tuple[Indices, Row] | None:
    n = len(steps)
    states, spent = np.zeros(n, np.int64), np.zeros(n)
    if min(best[-1], calm[-1]) >= INFINITE / 2:
        return None
    resting = bool(calm[-1] < best[-1])
    spot, j = len(spots) - 1, len(best) - PAD - 1
    level = -1
    for i in range(n - 1, -1, -1):
        if resting:
            states[i], spent[i] = -1 - spot, rest[i]
            if entered[i][spot - first_spots[i]]:
                resting, j, level = False, int(spots[spot]) - 1, -1
            continue
        k = j - lows[i]
        if level < 0:
            level = int(levels[i, k])
        states[i], spent[i] = j, costs[i, k]
        if level:
            level -= not (level == STANDS - 1 and lingers[i, k])
        elif steps[i, k] == FROM_REST:
            resting, spot = True, int(np.searchsorted(spots, j))
        else:
            j -= int(steps[i, k]) + 1
            level = -1
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
    return Witnessed(covering(phones, duration_s), tuple(words), tuple(strange))


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
