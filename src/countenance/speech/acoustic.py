"""First witness of an alignment: the text's phones searched with an acoustic model that learns the speaker.

The English model of PocketSphinx finds the way through the recording in a first search, in any language, each
phone by the English sound nearest to it. From that way every phone's own sound in this recording is learned
(a Gaussian for each third of a phone, drawn towards the English model where there is little of it), and the
search is done again with both. This finds hoarse voices, noise and foreign sounds again as they are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfiltfilt

from countenance.media.audio import Samples
from countenance.speech.activity import speech_segments
from countenance.speech.arpabet import arpabet
from countenance.speech.cepstra import HOP, RATE_HZ, cepstra, with_slopes
from countenance.speech.pronounce import Pronounced
from countenance.speech.senones import NOISE, SILENCE, SPEECH_NOISE, STATES, AcousticModel, acoustic_model
from countenance.speech.trellis import Prices, Step, Way, search

Table = NDArray[np.float32]
Index = NDArray[np.int64]

FRAME_S = HOP / RATE_HZ
SURE_FIT = -1.0  # from here on nobody asks how well chance would do
SURE_CHANCE = -5.0
LESSONS = 2  # how often the speaker's sounds are learned
OWN_SHARE = 0.5  # of the speaker's own sounds in the score, the rest is the model's
FAITH = 20.0  # frames of a sound that weigh as much as what the English model says about it
ANY_SPEECH_HANDICAP = 5.0  # how much worse than the best phone of all a frame of unknown speech counts
NOISE_HANDICAP = 4.0
LOUD_FOR_A_PAUSE = 0.3  # place between the quietest and the loudest moments from which a pause is unlikely
LOUD_PRICE = 0.3  # per decibel above that
LEAST_RANGE_DB = 10.0
LOOK, OVERLAP = 4800000, RATE_HZ  # samples at a time where the whole would take much memory
FAINTEST = 1e-4
WANTED_PEAK = 0.1
SHORTEST_SPEECH = 8  # frames
LEAST_CONTRAST_DB = 9.0
SOFT_BELOW_LOUD_DB = 25.0
DIGITAL_SILENCE_DB = -80.0
SPEECH_BAND_HZ = (150.0, 5000.0)
LEVEL_WINDOW_S = 0.025


@dataclass(frozen=True, eq=False)
class Heard:
    """The way of a text through a recording: for each frame of 10 ms its step, and how well it fits.

    `edges` says in frames where between the middles of the frame before (0) and of this one (1) the step changes;
    `fit` is the log-likelihood of the step's own sound less that of the best phone of all in that frame. `told` is
    its mean where somebody speaks, in the English model's eyes; `chance` is the same for the same sounds in
    another order, backwards: a text that has nothing to do with the recording does no better.
    """

    steps: list[Step]
    edges: Table
    fit: Table
    told: float
    chance: float
    ways: tuple[tuple[tuple[str, ...], ...], ...]  # pronunciations of each word in IPA, as numbered in the steps


@dataclass(frozen=True, eq=False)
class Listening:
    """What a recording offers: (n, 39) features every 10 ms and the level of speech in dB of full scale."""

    features: Table
    level_db: Table

    def part(self, first: int, last: int) -> Listening:
        return Listening(self.features[first:last], self.level_db[first:last])


def prepare(sound: Samples) -> Listening | None:
    """Features of float32 16 kHz sound, their mean over what is spoken taken away; None where nobody speaks."""
    loudest = float(np.abs(sound).max(initial=0))
    if loudest < FAINTEST:
        return None
    sound = sound * np.float32(WANTED_PEAK / loudest) if loudest < WANTED_PEAK else sound
    rows, level_db = cepstra(sound), _level_db(sound)
    spoken = _spoken(sound, level_db)
    if not spoken.any():
        return None
    return Listening(with_slopes(rows - rows[spoken].mean(axis=0), 1), level_db)


def _spoken(sound: Samples, level_db: Table) -> NDArray[np.bool_]:
    """Frames in which somebody speaks, judged without the digital silence that editors leave."""
    alive = np.flatnonzero(level_db > DIGITAL_SILENCE_DB)
    result = np.zeros(len(level_db), bool)
    loudest_db = np.sort(level_db[alive])[-SHORTEST_SPEECH:]
    if len(loudest_db) < SHORTEST_SPEECH:
        return result
    quiet_db = float(np.percentile(level_db[alive], 5)) if len(alive) > 0 else 0.0
    if len(alive) == len(level_db) and loudest_db[0] - quiet_db < LEAST_CONTRAST_DB:
        return result
    whole = np.pad(sound, (0, len(level_db) * HOP - len(sound))).reshape(-1, HOP)
    for first in range(0, len(alive), LOOK // HOP):
        part = alive[first : first + LOOK // HOP]
        for start_s, end_s in speech_segments(whole[part].ravel(), RATE_HZ):
            result[part[int(start_s / FRAME_S) : int(end_s / FRAME_S) + 1]] = True
    if not result.any():  # a little speech in much silence, or speech without any pause
        result = level_db > max(_pause_level_db(level_db[alive]), float(loudest_db[0]) - SOFT_BELOW_LOUD_DB)
    return result


def listen(heard: Listening, words: Sequence[Pronounced], prices: Prices | None = None) -> Heard:
    """Search the words in a recording of up to some minutes."""
    task = _Task(words)
    scores = better = task.score(heard)
    steps = task.search(scores, prices, task.plainly())
    told, chance = task.told(steps, scores, task.graph), SURE_CHANCE
    if told < SURE_FIT:
        other = task.shuffled()
        chance = task.told(task.search(scores, prices, other), scores, other)
    for lesson in range(LESSONS):
        better = task.learned(heard, steps, scores)
        steps = task.search(better, prices, task.plainly() if lesson + 1 < LESSONS else task.graph)
    return Heard(steps, task.edges(steps, better), task.fit(steps, scores), told, chance, task.ways)


def skim(heard: Listening, words: Sequence[Pronounced]) -> list[Step]:
    """A first way through a recording of any length: one step for every 20 ms, without learning the speaker."""
    task = _Task(words)
    thin = Listening(heard.features[::2], heard.level_db[::2])
    pause_db = _pause_level_db(thin.level_db)

    def scores(first: int, last: int) -> tuple[Table, Table]:
        found = task.score(thin.part(first, last), pause_db)
        return found.states, task.gaps(found)

    return search(task.plainly(), len(thin.features), scores, None, STATES)


@dataclass(frozen=True, eq=False)
class _Scores:
    """(n, columns) of the states, (n,) of any speech, (n,) of a pause."""

    states: Table
    any_speech: Table
    quiet: Table


class _Task:
    """The words as rows of states, and which column of a table of scores each state uses."""

    def __init__(self, words: Sequence[Pronounced]) -> None:
        self.model = model = acoustic_model()
        self.ways = tuple((word.phones, *word.others) for word in words)
        tables = _state_tables(model, self.ways)
        flat = [model.plain.ravel(), *(table.ravel() for own in tables for table in own)]
        self.wanted, columns = np.unique(np.concatenate(flat), return_inverse=True)
        rows = iter(np.split(columns, np.cumsum([len(part) for part in flat])[:-1]))
        self.plain = next(rows).reshape(model.plain.shape)
        self.graph = [
            [Way(next(rows), model.stay[model.owner[table[:, 0]]].ravel()) for table in own] for own in tables
        ]
        self.thirds = np.zeros(len(self.wanted), np.int64)  # of which third of which phone a column is
        for way in (way for own in self.graph for way in own):
            self.thirds[way.columns] = _thirds(model, self.wanted[way.columns], len(way.columns))
        self.thirds[self.plain.ravel()] = np.arange(self.plain.size)
        self.silence, self.noise = (model.names.index(name) for name in (SILENCE, NOISE))
        fillers = (SILENCE, NOISE, SPEECH_NOISE)
        self.sounding = np.array([place for place, name in enumerate(model.names) if name not in fillers])

    def score(self, heard: Listening, pause_db: float | None = None) -> _Scores:
        table = self.model.score(heard.features, self.wanted)
        any_speech = table[:, self.plain[self.sounding].ravel()].max(axis=1)
        quiet = np.maximum(
            table[:, self.plain[self.silence]].max(axis=1),
            table[:, self.plain[self.noise]].max(axis=1) - NOISE_HANDICAP,
        )
        limit_db = _pause_level_db(heard.level_db) if pause_db is None else pause_db
        loud = np.maximum(0.0, heard.level_db - limit_db)
        quiet = np.where(heard.level_db < DIGITAL_SILENCE_DB, any_speech, quiet - np.float32(LOUD_PRICE) * loud)
        return _Scores(table, any_speech, quiet.astype(np.float32))

    def search(
        self, scores: _Scores, prices: Prices | None, graph: Sequence[Sequence[Way]] | None = None
    ) -> list[Step]:
        gaps = self.gaps(scores)
        return search(
            graph or self.graph,
            len(gaps),
            lambda first, last: (scores.states[first:last], gaps[first:last]),
            prices,
            STATES,
        )

    def gaps(self, scores: _Scores) -> Table:
        """(n, 2) of a pause and of unknown speech."""
        return np.stack([scores.quiet, scores.any_speech - np.float32(ANY_SPEECH_HANDICAP)], axis=1)

    def plainly(self) -> list[list[Way]]:
        """Each word in its first way only: others would mislead as long as the speaker is not known."""
        return [own[:1] for own in self.graph]

    def shuffled(self) -> list[list[Way]]:
        """The words in reverse order, each with its phones in reverse order."""
        result = []
        for way in (own[0] for own in reversed(self.graph)):
            backwards = np.arange(len(way.columns)).reshape(-1, STATES)[::-1].ravel()
            result.append([Way(way.columns[backwards], way.stay[backwards])])
        return result

    def told(self, steps: Sequence[Step], scores: _Scores, graph: Sequence[Sequence[Way]]) -> float:
        """Mean fit of all frames in which the steps hear somebody speak."""
        fits = [
            float(scores.states[frame, graph[step.word][step.way].columns[step.state]] - scores.any_speech[frame])
            if step.state >= 0
            else -ANY_SPEECH_HANDICAP
            for frame, step in enumerate(steps)
            if step.state != -1
        ]
        return float(np.mean(fits)) if fits else -ANY_SPEECH_HANDICAP

    def learned(self, heard: Listening, steps: Sequence[Step], scores: _Scores) -> _Scores:
        """Scores with the speaker's own sounds, as the steps place them."""
        labels = np.array([self._label(step) for step in steps])
        own = _own_sounds(heard.features, labels, _expected(), self.silence * STATES)
        any_speech = own.reshape(len(own), -1, STATES)[:, self.sounding].max(axis=(1, 2))
        rest, share = np.float32(1 - OWN_SHARE), np.float32(OWN_SHARE)
        return _Scores(
            rest * scores.states + share * own[:, self.thirds],
            rest * scores.any_speech + share * any_speech,
            rest * scores.quiet + share * own[:, self.silence * STATES],
        )

    def edges(self, steps: Sequence[Step], scores: _Scores) -> Table:
        """Where the score of the new step overtakes that of the old one, on a straight line between two frames."""
        result = np.full(len(steps), 0.5, np.float32)
        for frame in range(1, len(steps)):
            if steps[frame] != steps[frame - 1]:
                old, new = (self._scores_of(steps[at], scores) for at in (frame - 1, frame))
                before = max(0.0, float(old[frame - 1] - new[frame - 1]))
                after = max(0.0, float(new[frame] - old[frame]))
                result[frame] = before / (before + after) if before + after > 0 else 0.5
        return result

    def _scores_of(self, step: Step, scores: _Scores) -> Table:
        if step.state >= 0:
            return scores.states[:, self.graph[step.word][step.way].columns[step.state]]
        return scores.quiet if step.state == -1 else scores.any_speech

    def fit(self, steps: Sequence[Step], scores: _Scores) -> Table:
        result = np.zeros(len(steps), np.float32)
        for frame, step in enumerate(steps):
            if step.state >= 0:
                column = self.graph[step.word][step.way].columns[step.state]
                result[frame] = scores.states[frame, column] - scores.any_speech[frame]
        return result

    def _label(self, step: Step) -> int:
        if step.state >= 0:
            return int(self.thirds[self.graph[step.word][step.way].columns[step.state]])
        return self.silence * STATES if step.state == -1 else -1


def _state_tables(model: AcousticModel, ways: Sequence[Sequence[tuple[str, ...]]]) -> list[list[Index]]:
    firsts = [arpabet(own[0][0])[0] for own in ways]
    lasts = [arpabet(own[0][-1])[-1] for own in ways]
    before, after = [SILENCE, *lasts[:-1]], [*firsts[1:], SILENCE]
    return [
        [model.states([part for phone in way for part in arpabet(phone)], left, right) for way in own]
        for own, left, right in zip(ways, before, after, strict=True)
    ]


def _thirds(model: AcousticModel, senones: Index, count: int) -> Index:
    return np.asarray(model.owner[senones] * STATES + np.arange(count) % STATES)


@cache
def _expected() -> Table:
    """(phones * 3, 39) what the English model expects of each third of each phone."""
    model = acoustic_model()
    spread = -0.5 / model.shape[:, :, :, :13]
    means = model.shape[:, :, :, 13:] * spread  # (streams, phones, 128, 13)
    weights = model.weights[:, :, model.plain]  # (streams, 128, phones, 3)
    weights = weights / weights.sum(axis=1, keepdims=True)
    expected = np.einsum("spkd,skpt->ptsd", means, weights)
    return np.asarray(expected.reshape(model.plain.size, -1), dtype=np.float32)


def _own_sounds(features: Table, labels: Index, expected: Table, silence: int) -> Table:
    """(n, thirds) log-likelihood of each row under the recording's own Gaussians, one spread for all.

    A mean is (sum of its rows + FAITH * what is expected) / (rows + FAITH) (maximum a posteriori).
    """
    known = labels >= 0
    spoken = known & (labels != silence)
    if not spoken.any():
        return np.zeros((len(features), len(expected)), np.float32)
    shifted = expected + (features[spoken] - expected[labels[spoken]]).mean(axis=0)
    counts = np.bincount(labels[known], minlength=len(expected)).astype(np.float32)[:, None]
    sums = np.zeros_like(shifted)
    np.add.at(sums, labels[known], features[known])
    means = (sums + FAITH * shifted) / (counts + FAITH)
    variance = np.square(features[known] - means[labels[known]]).mean(axis=0) + np.float32(1e-3)
    scaled, centres = features / np.sqrt(variance), means / np.sqrt(variance)
    distance = np.square(scaled).sum(axis=1)[:, None] - 2 * scaled @ centres.T + np.square(centres).sum(axis=1)
    return np.asarray(-0.5 * (distance + np.log(variance).sum()), dtype=np.float32)


def _level_db(sound: Samples) -> Table:
    """Level of the band of speech around every 10 ms."""
    count = -(-len(sound) // HOP)
    if len(sound) < RATE_HZ // 10:
        return np.full(count, -100, np.float32)
    sections = butter(2, SPEECH_BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
    rows = []
    for first in range(0, len(sound), LOOK):  # in parts: the filter works in double precision
        start = max(0, first - OVERLAP)
        part = sound[start : first + LOOK + OVERLAP]
        power = np.square(sosfiltfilt(sections, part, padlen=min(len(part) - 1, 400)).astype(np.float32))
        rows.append(uniform_filter1d(power, round(LEVEL_WINDOW_S * RATE_HZ))[first - start :: HOP][: LOOK // HOP])
    return np.asarray(10 * np.log10(np.maximum(np.concatenate(rows)[:count], 1e-10)), dtype=np.float32)


def _pause_level_db(level_db: Table) -> float:
    alive = level_db[level_db > DIGITAL_SILENCE_DB]
    low, high = (float(q) for q in np.percentile(alive if len(alive) else level_db, [5, 95]))
    return low + LOUD_FOR_A_PAUSE * max(high - low, LEAST_RANGE_DB)
