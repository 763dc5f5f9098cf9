"""The best way of a known text through a recording: a search that never gives up.

The text is a chain of words, each a choice of pronunciations, each a row of states. Between words lie two
gaps that may be entered and left at any time: one that sounds like silence, breath or noise, and one that
sounds like any speech at all. A word may be left out at a price. So what is said and not written goes into
a gap, and what is written and not said is left out, instead of being smeared over its neighbours.

The search (Viterbi) goes frame by frame with all states of a window of words at once. The window follows the
speaker; what is settled is written down on the way, so that memory does not grow with the recording.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float32]
Index = NDArray[np.int64]

NEVER = np.float32(-1e30)
BLOCK = 1000  # frames between two looks at the window
LAG = 3000  # frames until the past counts as settled
WINDOW = 400  # words in sight
QUIET, SPEAKING = 0, 1  # the two kinds of gap


@dataclass(frozen=True, eq=False)
class Way:
    """One pronunciation of one word: the column of scores of each of its states and the price of staying there."""

    columns: Index
    stay: Table


@dataclass(frozen=True)
class Prices:
    """Log-probabilities (below zero) of what is not a plain step; per frame where it says so."""

    leave_out: float = -170.0  # once for any number of words in a row
    leave_out_phone: float = -9.0
    enter_quiet: float = -3.0
    enter_speaking: float = -100.0
    hurry: float = -4.0  # to leap over the middle of a phone
    other_way: float = -2.0  # a pronunciation that is not the first


@dataclass(frozen=True, slots=True)
class Step:
    """What the best way does in one frame: a state of a pronunciation of a word, or a gap before word `word`."""

    word: int
    way: int
    state: int  # -1 in a quiet gap, -2 in a speaking one


@dataclass(frozen=True, eq=False)
class _Chain:
    """All states of all words in one row."""

    columns: Index
    stay: Table
    go: Table
    first: NDArray[np.bool_]
    hurried: NDArray[np.bool_]  # states that may be reached from two before
    word: Index
    way: Index
    state: Index
    begins: Index  # (words + 1,) where each word's states begin
    exits: Index  # (words, ways) last state of each way; -1 where there is none
    entries: Table  # (states,) price of entering a first state
    left_out: Table  # (words,)


@dataclass(eq=False)
class _Record:
    """Where each state came from during one block; `low` is the first word in its window."""

    low: int
    high: int
    start: int  # frame
    moved: NDArray[np.bool_]  # from the state before
    leapt: NDArray[np.bool_]  # from two before
    gaps: NDArray[np.int8]
    joints: NDArray[np.int8]
    leaps: NDArray[np.int16]  # how many words were left out just before a joint


def search(
    words: Sequence[Sequence[Way]],
    frames: int,
    scores: Callable[[int, int], tuple[Table, Table]],
    prices: Prices | None = None,
    per_phone: int = 3,
) -> list[Step]:
    """The best way through `frames` frames, one step for each.

    `scores(first, last)` gives (n, columns) log-likelihoods for the states and (n, 2) for the two gaps.
    """
    chain = _chain(words, prices or Prices(), per_phone)
    walk = _Walk(chain, prices or Prices())
    for first in range(0, frames, BLOCK):
        last = min(frames, first + BLOCK)
        walk.advance(first, *scores(first, last))
        walk.settle(last)
    return walk.finish(frames)


class _Walk:
    """The search while it goes on."""

    def __init__(self, chain: _Chain, prices: Prices) -> None:
        self.chain = chain
        self.prices = prices
        self.count = len(chain.begins) - 1
        self.low, self.high = 0, min(self.count, WINDOW)
        self.values = np.full(int(chain.begins[self.high]), NEVER)
        self.gaps = np.full((2, self.high + 1), NEVER)
        self.fares = np.concatenate([[0.0], np.cumsum(chain.left_out, dtype=np.float64)])
        self.joints = np.concatenate([[np.float32(0)], np.full(self.high, NEVER)])
        self.records: list[_Record] = []
        self.settled: list[Step] = []

    def advance(self, start: int, states: Table, gaps: Table) -> None:
        chain, prices, low, high = self.chain, self.prices, self.low, self.high
        own = slice(int(chain.begins[low]), int(chain.begins[high]))
        emitted = states[:, chain.columns[own]]
        stay, go, hurried = chain.stay[own], chain.go[own], chain.hurried[own]
        first = np.flatnonzero(chain.first[own])
        before_first = chain.word[own][first] - low
        entry = chain.entries[own][first]
        hurry = np.where(hurried, np.float32(prices.hurry), NEVER)[2:]
        exits = chain.exits[low:high] - own.start
        exists = chain.exits[low:high] >= 0
        exits = np.where(exists, exits, 0)
        size, words = own.stop - own.start, high - low
        record = _Record(
            low,
            high,
            start,
            np.zeros((len(states), size), bool),
            np.zeros((len(states), size), bool),
            np.zeros((len(states), 2, words + 1), np.int8),
            np.zeros((len(states), words + 1), np.int8),
            np.zeros((len(states), words + 1), np.int16),
        )
        enter = np.array([[prices.enter_quiet], [prices.enter_speaking]], np.float32)
        values, held, joints = self.values, self.gaps, self.joints
        move, leap = np.full(size, NEVER), np.full(size, NEVER)
        out = np.full((exits.shape[1] + 2, words + 1), NEVER)
        ways = exits.shape[1]
        fares = (self.fares[low : high + 1] - self.fares[low]).astype(np.float32)
        leave_out = np.float32(prices.leave_out)
        places = np.arange(words + 1)
        if start == 0:
            joints = np.maximum(joints, joints[0] + np.where(places > 0, leave_out + fares, 0))
        for row in range(len(states)):
            np.add(values[:-1], go[:-1], out=move[1:])
            move[first] = joints[before_first] + entry
            np.add(values[:-2], hurry, out=leap[2:])
            values = values + stay
            np.greater(move, values, out=record.moved[row])
            np.maximum(values, move, out=values)
            np.greater(leap, values, out=record.leapt[row])
            np.maximum(values, leap, out=values)
            values += emitted[row]

            entered = joints + enter
            other = held[::-1] + enter
            record.gaps[row] = np.where(entered > held, 1, 0)
            held = np.maximum(held, entered)
            record.gaps[row][other > held] = 2
            held = np.maximum(held, other) + gaps[row][:, None]

            out[:ways, 1:] = np.where(exists, values[exits], NEVER).T
            out[ways:] = held
            record.joints[row] = out.argmax(axis=0)
            plain = out.max(axis=0)
            afar = plain - fares
            reach = np.maximum.accumulate(afar)
            leapt = reach + fares + leave_out
            better = leapt > plain
            if better.any():
                joints = np.where(better, leapt, plain)
                origin = np.maximum.accumulate(np.where(afar >= reach, places, 0))
                record.leaps[row] = np.where(better, places - origin, 0)
            else:
                joints = plain
        self.values, self.gaps, self.joints = values, held, joints
        self.records.append(record)
        top = max(float(values.max(initial=NEVER)), float(held.max()))
        for table in (self.values, self.gaps, self.joints):
            table -= np.float32(top)

    def settle(self, frame: int) -> None:
        """Write down what lies far enough back, and let the window follow."""
        if self.high == self.count and self.low == 0:
            return
        steps = self._trace(*self._best())
        known = frame - len(self.settled) - LAG
        done = 0
        while self.records and done + len(self.records[0].joints) <= known:
            done += len(self.records.pop(0).joints)
        self.settled += steps[:done]
        here = steps[-1].word
        low = max(self.low, self.settled[-1].word if self.settled else 0)
        low = min(low, max(0, here - WINDOW // 2))
        self._look_at(max(low, self.low), min(self.count, max(self.high, here + WINDOW // 2, low + WINDOW)))

    def finish(self, frames: int) -> list[Step]:
        if self.high < self.count:
            # Words that never came in sight are left out at the end.
            return self.settled + self._trace(*self._best())
        return self.settled + self._trace(("joint"), self.count)

    def _look_at(self, low: int, high: int) -> None:
        drop, begins = low - self.low, self.chain.begins
        extra_words = high - self.high
        extra_states = int(begins[high] - begins[self.high])
        self.values = np.concatenate([self.values[int(begins[low] - begins[self.low]) :], np.full(extra_states, NEVER)])
        self.gaps = np.concatenate([self.gaps[:, drop:], np.full((2, extra_words), NEVER)], axis=1)
        joints = np.concatenate([self.joints[drop:], np.full(extra_words, NEVER)])
        self.low, self.high = low, high
        self.joints = joints

    def _best(self) -> tuple[str, int]:
        places = {"state": self.values, "quiet": self.gaps[QUIET], "speaking": self.gaps[SPEAKING]}
        kind = max(places, key=lambda name: float(places[name].max(initial=NEVER)))
        offset = int(self.chain.begins[self.low]) if kind == "state" else self.low
        return kind, int(places[kind].argmax()) + offset

    def _trace(self, kind: str, place: int) -> list[Step]:
        """Steps of all frames on record, backwards from a state, a gap or a joint after the last frame."""
        chain = self.chain
        ways = chain.exits.shape[1]
        steps: list[Step] = []
        for record in reversed(self.records):
            offset = int(chain.begins[record.low])
            for row in range(len(record.joints) - 1, -1, -1):
                if kind == "joint":
                    place -= int(record.leaps[row, place - record.low])
                    came = int(record.joints[row, place - record.low])
                    if came < ways:
                        kind, place = "state", int(chain.exits[place - 1, came])
                    else:
                        kind = ("quiet", "speaking")[came - ways]
                if kind == "state":
                    steps.append(Step(int(chain.word[place]), int(chain.way[place]), int(chain.state[place])))
                    at = place - offset
                    came = 2 if record.leapt[row, at] else int(record.moved[row, at])
                    if came == 1 and chain.first[place]:
                        kind, place = "joint", int(chain.word[place])
                    else:
                        place -= came
                else:
                    gap = QUIET if kind == "quiet" else SPEAKING
                    steps.append(Step(place, 0, -1 - gap))
                    came = int(record.gaps[row, gap, place - record.low])
                    if came == 1:
                        kind = "joint"
                    elif came == 2:
                        kind = "speaking" if gap == QUIET else "quiet"
        return steps[::-1]


def _chain(words: Sequence[Sequence[Way]], prices: Prices, per_phone: int) -> _Chain:
    columns, stay, first, hurried, word, way, state, entries = ([] for _ in range(8))
    begins, left_out = [0], []
    exits = np.full((len(words), max((len(ways) for ways in words), default=1)), -1, np.int64)
    total = 0
    for index, ways in enumerate(words):
        for number, one in enumerate(ways):
            size = len(one.columns)
            columns.append(one.columns)
            stay.append(one.stay)
            place = np.arange(size)
            first.append(place == 0)
            hurried.append(place % per_phone == 2)
            state.append(place)
            word.append(np.full(size, index))
            way.append(np.full(size, number))
            entries.append(np.full(size, 0.0 if number == 0 else prices.other_way, np.float32))
            total += size
            exits[index, number] = total - 1
        begins.append(total)
        phones = min(len(one.columns) for one in ways) / per_phone
        left_out.append(prices.leave_out_phone * phones)
    stays = np.concatenate(stay).astype(np.float32)
    return _Chain(
        np.concatenate(columns),
        stays,
        np.log1p(-np.exp(stays)).astype(np.float32),
        np.concatenate(first),
        np.concatenate(hurried),
        np.concatenate(word),
        np.concatenate(way),
        np.concatenate(state),
        np.array(begins, np.int64),
        exits,
        np.concatenate(entries),
        np.array(left_out, np.float32),
    )
