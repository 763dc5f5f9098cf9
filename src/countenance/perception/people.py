"""Who is who: which traces are one face that was hidden for a moment, and which tracks one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8
from countenance.perception.follow import Trace, Where
from countenance.perception.gallery import MOST_TEXTURES
from countenance.perception.identity import SAME_PERSON, distance

SHORT_GAP = 6  # pictures that are filled in where a face is lost and found again
FILLED_SCORE = 0.25  # of pictures filled in: below any at which a face is taken as seen
_SAME_TRACKED_PERSON = 0.5  # stricter than the network's 0.6: joining two people is worse than splitting one
_STRAY, _STRAY_A_PICTURE = 0.3, 0.1  # face sizes that a face may have moved meanwhile, at once and with each picture
_GROWTH = 1.4
_PLACE_COUNTS = 0.1  # taken off the distance of two tracks, one of which ends where the other begins
_PLACE_FOR = 25  # pictures between them for which it is


@dataclass(frozen=True)
class Chain:
    """A face through one shot: traces in order with short gaps between, and its embedding `(128,)`."""

    traces: tuple[Trace, ...]
    embedding: F32

    @property
    def first(self) -> int:
        return self.traces[0].first

    @property
    def last(self) -> int:
        return self.traces[-1].last

    @property
    def shot(self) -> int:
        return self.traces[0].shot

    @property
    def weight(self) -> float:
        return sum(trace.weight for trace in self.traces)

    def __len__(self) -> int:
        return self.last - self.first + 1

    def rows(self, start: int, stop: int) -> F32:
        """Rows `start` to `stop` (exclusive), counted from the chain's first picture; gaps are filled in a line."""
        begin, end = start + self.first, stop + self.first
        parts: list[F32] = []
        for index, trace in enumerate(self.traces):
            if index:
                parts.append(_filled(self.traces[index - 1], trace, begin, end))
            low, high = max(begin, trace.first), min(end, trace.last + 1)
            if low < high:
                parts.append(trace.rows(low, high))
        return np.concatenate(parts)

    @property
    def textures(self) -> tuple[U8, NDArray[np.int64]]:
        """Up to 16 textures of all traces, evenly chosen, and the pictures that they are from."""
        frames = np.concatenate([trace.gallery.frames for trace in self.traces])
        textures = np.concatenate([trace.gallery.textures for trace in self.traces])
        chosen = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), MOST_TEXTURES)).round().astype(int))
        return textures[chosen], frames[chosen]


def _filled(before: Trace, after: Trace, begin: int, end: int) -> F32:
    """The rows between two traces that lie in begin..end, from one to the other in a line, with a low score."""
    ends = np.concatenate([before.rows(before.last, before.last + 1), after.rows(after.first, after.first + 1)])
    pictures = np.arange(max(begin, before.last + 1), min(end, after.first))
    share = ((pictures - before.last) / (after.first - before.last)).astype(np.float32)[:, None]
    rows = np.asarray(ends[0] * (1 - share) + ends[1] * share, np.float32)
    rows[:, -1] = FILLED_SCORE
    return rows


def chained(traces: Sequence[Trace], embeddings: Sequence[F32]) -> list[Chain]:
    """Traces joined where one ends and the same face appears again nearby within `SHORT_GAP` pictures."""
    order = sorted(range(len(traces)), key=lambda i: (traces[i].first, traces[i].found))
    chains: list[list[int]] = []
    for index in order:
        fitting = {
            number: distance(embeddings[chain[-1]], embeddings[index])
            for number, chain in enumerate(chains)
            if _continues(traces[chain[-1]], traces[index], SHORT_GAP)
        }
        nearest = min(fitting, key=lambda number: fitting[number], default=None)
        if nearest is not None and fitting[nearest] < SAME_PERSON:
            chains[nearest].append(index)
        else:
            chains.append([index])
    return [
        Chain(
            tuple(traces[i] for i in chain),
            np.asarray(
                np.average([embeddings[i] for i in chain], axis=0, weights=[traces[i].weight for i in chain]),
                np.float32,
            ),
        )
        for chain in chains
    ]


def _continues(before: Trace, after: Trace, longest: int) -> bool:
    """Whether a trace begins at most so many pictures after another ended, about there and as large."""
    gap = after.first - before.last - 1
    if before.shot != after.shot or not 0 <= gap <= longest:
        return False
    size, later = _size(before.box), _size(after.starts)
    moved = float(np.hypot(*(_centre(after.starts) - _centre(before.box))))
    stray = _STRAY + _STRAY_A_PICTURE * min(gap, SHORT_GAP)
    return moved < size * stray and size / _GROWTH < later < size * _GROWTH


def _size(box: Where) -> float:
    return max(box[2], box[3], 1.0)


def _centre(box: Where) -> F32:
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2], np.float32)


def numbered(chains: Sequence[Chain]) -> list[int]:
    """A person's number for each chain, 0 for who fills most of the pictures.

    The two groups that are nearest in the mean become one person, again and again, until none are near enough;
    nobody is in one picture twice.
    """
    groups = [[index] for index in range(len(chains))]
    apart = np.array([[_apart(one, other) for other in chains] for one in chains], np.float64)
    while len(groups) > 1:
        i, j = sorted(divmod(int(np.argmin(apart)), len(groups)))
        if apart[i, j] >= _SAME_TRACKED_PERSON:
            break
        shares = np.array([len(groups[i]), len(groups[j])], np.float64)
        mean = shares @ apart[[i, j]] / shares.sum()  # infinite where either was
        apart[i], apart[:, i] = mean, mean
        apart = np.delete(np.delete(apart, j, axis=0), j, axis=1)
        groups[i] += groups.pop(j)
    groups.sort(key=lambda group: (-sum(chains[i].weight for i in group), min(chains[i].first for i in group)))
    numbers = {index: number for number, group in enumerate(groups) for index in group}
    return [numbers[index] for index in range(len(chains))]


def _apart(one: Chain, other: Chain) -> float:
    """How far two chains are from being joined to one person: infinitely, where both are in one picture."""
    if one is other or _together(one, other):
        return float("inf")
    first, second = sorted((one, other), key=lambda chain: chain.first)
    near = _continues(first.traces[-1], second.traces[0], _PLACE_FOR)
    return distance(one.embedding, other.embedding) - (_PLACE_COUNTS if near else 0.0)


def _together(one: Chain, other: Chain) -> bool:
    return one.first <= other.last and other.first <= one.last
