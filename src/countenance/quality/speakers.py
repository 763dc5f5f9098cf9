"""Who speaks when several people are in the picture: whoever's lips move with the sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from countenance.quality.agreement import GRID_HZ
from countenance.quality.lips import F64
from countenance.quality.sync import compared
from countenance.speech.activity import speech_segments

_AROUND_S = 1.5  # over which mouth and sound are compared
_SETTLED_S = 1.0  # shorter turns are taken for noise
_SHORTEST_S = 0.1
_LEAST = 0.05  # of agreement times movement, below which nobody in the picture speaks


@dataclass(frozen=True)
class Turn:
    """Somebody speaks from `start_s` to `end_s`: the person of that number, or None, whom the picture does not show."""

    start_s: float
    end_s: float
    person: int | None


def turns(
    times_s: NDArray[np.floating[Any]],
    openings: Sequence[NDArray[np.floating[Any]]],
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
) -> tuple[Turn, ...]:
    """The turns of speech and whose they are; `openings` has each person's lip gap as `sync.av_offset` takes it.

    At each moment in which somebody is heard it is the person whose lips, over 1.5 s, move most with the sound:
    the correlation of both curves of `sync.compared` at their best place within 0.1 s, times how much the lips move
    there against this person's own most. Nobody, where no product reaches a twentieth.
    """
    heard = speech_segments(samples, rate_hz)
    count = round(len(samples) / rate_hz * GRID_HZ)
    if not heard or not count or not openings:
        return ()
    scores = np.stack([_score(times_s, opening, samples, rate_hz, count) for opening in openings])
    best = np.where(scores.max(axis=0) >= _LEAST, scores.argmax(axis=0), -1)
    best = median_filter(best, size=round(_SETTLED_S * GRID_HZ), mode="nearest")
    found = []
    for start, end in heard:
        low, high = round(start * GRID_HZ), min(round(end * GRID_HZ), count)
        edges = [low, *(np.flatnonzero(np.diff(best[low:high])) + low + 1).tolist(), high]
        for first, last in pairwise(edges):
            if last - first >= _SHORTEST_S * GRID_HZ:
                person = int(best[first])
                found.append(Turn(first / GRID_HZ, last / GRID_HZ, None if person < 0 else person))
    return tuple(found)


def own_moments(
    times_s: NDArray[np.floating[Any]], openings: Sequence[NDArray[np.floating[Any]]], person: int
) -> NDArray[np.float64]:
    """The person's lip gap with NaN wherever somebody else's lips move more, each against their own most.

    Chosen by the picture alone: were moments chosen in which lips go with the sound, they would agree by choice.
    """
    moving = np.stack([_liveliness(times_s, opening) for opening in openings])
    kept = np.array(openings[person], np.float64)
    kept[moving.argmax(axis=0) != person] = np.nan
    return kept


def _liveliness(times_s: NDArray[np.floating[Any]], opening: NDArray[np.floating[Any]]) -> F64:
    """How much the lips move around each picture, of what they ever do; 0 where they are not seen."""
    known = np.isfinite(opening)
    if known.sum() < 3:
        return np.zeros(len(opening))
    gap = np.sqrt(np.maximum(np.interp(times_s, times_s[known], np.asarray(opening)[known]), 0.0))
    size = max(3, round(_AROUND_S * (len(times_s) - 1) / max(float(times_s[-1] - times_s[0]), 1e-9)))
    mean = uniform_filter1d(gap, size)
    moved = np.sqrt(np.maximum(uniform_filter1d(gap**2, size) - mean**2, 0.0))
    return np.where(known, moved / max(float(np.percentile(moved, 95)), 1e-9), 0.0)


def _score(
    times_s: NDArray[np.floating[Any]],
    opening: NDArray[np.floating[Any]],
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
    count: int,
) -> F64:
    whole = np.zeros(count)
    curves = compared(times_s, opening, samples, rate_hz)
    if curves is None:
        return whole
    first_s, mouth, sound = curves
    mouth = np.nan_to_num(mouth)
    size = round(_AROUND_S * GRID_HZ)
    energy = uniform_filter1d(mouth**2, size, mode="constant")
    loud = uniform_filter1d(sound**2, size, mode="constant")
    shifts = range(-GRID_HZ // 10, GRID_HZ // 10 + 1, 2)
    together = np.max(
        [uniform_filter1d(mouth * np.roll(sound, -shift), size, mode="constant") for shift in shifts], axis=0
    )
    agreed = np.maximum(together, 0) / np.sqrt(energy * loud + 1e-18)
    lively = np.sqrt(energy / max(float(np.percentile(energy, 95)), 1e-18))
    start = round(first_s * GRID_HZ)
    stop = min(start + len(mouth), count)
    whole[start:stop] = (agreed * np.minimum(lively, 1.0))[: stop - start]
    return whole
