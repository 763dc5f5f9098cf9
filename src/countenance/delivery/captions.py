"""From spoken words to captions that can be read in time, that break where the sense does and respect the cut."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from countenance.delivery.caption_breaks import CLAUSE, NEVER, PLAIN, SENTENCE, ends_sentence, tied
from countenance.delivery.caption_lines import LONGEST_S, SHORTEST_S, Fabric, limits_of
from countenance.delivery.caption_times import timed
from countenance.delivery.caption_words import Piece, columns, pieces_of
from countenance.delivery.cue import Cue, Turn
from countenance.errors import InputError
from countenance.speech.phones import Word

LONG_PAUSE_S = 0.4
_CLAUSE_END = ",;:–—、，；：)"
_NEAR_S = 0.2  # a cut this close to a caption's beginning or end is met by moving that


def spread_words(text: str, start_s: float, end_s: float) -> tuple[Word, ...]:
    """Words of `text` over a stretch of speech whose word times are not known, each by its length.

    Punctuation counts as the pause that it usually is. An estimate, good to about half a second.
    """
    tokens = text.split()
    if not tokens or end_s <= start_s:
        return ()
    weights = [len(token) + 1 + 4 * ends_sentence(token) + 2 * (token[-1:] in tuple(_CLAUSE_END)) for token in tokens]
    weights[-1] = len(tokens[-1]) + 1  # no pause is known after the last word
    scale = (end_s - start_s) / sum(weights)
    words: list[Word] = []
    at = start_s
    for token, weight in zip(tokens, weights, strict=True):
        words.append(Word(token, at, at + (len(token) + 1) * scale))
        at += weight * scale
    return tuple(words)


def cues(
    words: Sequence[Word], language: str = "", *, shots: Sequence[float] = (), turns: Sequence[Turn] = ()
) -> list[Cue]:
    """Group words into captions by the cheapest set of breaks (dynamic programming over break positions).

    Breaks fall at ends of sentences, then of clauses, then in pauses, and at cuts (`shots`: when each new shot begins,
    in seconds); a caption that must be read faster than the limit costs most. Nobody shares a caption with the next
    speaker of `turns`. Captions never overlap and keep every word once. InputError when the words run backwards.
    """
    for before, after in itertools.pairwise(words):
        if after.start_s < before.start_s:
            raise InputError(f"the word '{after.text}' starts before the one it follows: sort the words by time")
    limits = limits_of(language)
    fabric = Fabric(tied(pieces_of(words, language, limits.columns), language), limits)
    groups = _grouped(fabric, sorted(shots), sorted(turn.start_s for turn in turns))
    return timed(fabric, groups, sorted(shots), sorted(turns, key=lambda turn: turn.start_s))


def problems(cues: Sequence[Cue], language: str) -> tuple[str, ...]:
    """Where captions could not keep a limit of their language, one sentence each; empty where all hold."""
    limits, found = limits_of(language), []
    for number, cue in enumerate(cues, 1):
        shown_s = (cue.end_ms - cue.start_ms) / 1000
        speed = sum(map(columns, cue.lines)) / shown_s
        where = f"Caption {number}, at {cue.start_ms / 1000:.1f} s,"
        if speed > 1.05 * limits.columns_per_s:
            found.append(
                f"{where} has to be read at {speed:.0f} columns a second, and {limits.columns_per_s:.0f} are "
                f"comfortable: shorten “{cue.text}”."
            )
        if shown_s < 0.8 * SHORTEST_S:
            found.append(f"{where} is shown for {shown_s:.2f} s only, because the next one follows at once.")
    return tuple(found)


def _grouped(fabric: Fabric, shots: Sequence[float], turns: Sequence[float]) -> list[tuple[int, int]]:
    """The cheapest way to group pieces into captions, as ranges."""
    count = len(fabric.pieces)
    best: list[tuple[float, int]] = [(0.0, 0)]  # cost up to a break, and the break before it
    for last in range(1, count + 1):
        chosen: tuple[float, int] | None = None
        for first in range(last - 1, -1, -1):
            cost = _cost(fabric, first, last, shots, turns)
            if cost is None:
                break
            if chosen is None or best[first][0] + cost < chosen[0]:
                chosen = best[first][0] + cost, first
        assert chosen is not None  # a piece alone always fits
        best.append(chosen)
    breaks = [count]
    while breaks[-1]:
        breaks.append(best[breaks[-1]][1])
    breaks.reverse()
    return list(itertools.pairwise(breaks))


def _cost(fabric: Fabric, first: int, last: int, shots: Sequence[float], turns: Sequence[float]) -> float | None:
    """What it costs to show pieces[first:last] as one caption; None when they cannot be one."""
    pieces, limits = fabric.pieces, fabric.limits
    broken = fabric.broken(first, last)
    start_s, end_s = pieces[first].start_s, pieces[last - 1].end_s
    alone = last - first == 1
    if broken is None or (
        not alone and (end_s - start_s > LONGEST_S or _turns_inside(turns, start_s, pieces[last - 1]))
    ):
        return None
    next_s = pieces[last].start_s if last < len(pieces) else float("inf")
    shown_s = max(min(next_s - start_s, LONGEST_S), 0.001)
    cost: float = 1.0 + 0.4 * (broken[1] < last) + max(0.0, broken[0])
    cost += 0.15 * max(0.0, fabric.width(first, last) / shown_s - limits.columns_per_s) ** 1.5
    cost += 8.0 * max(0.0, SHORTEST_S - shown_s)
    cost += 2.5 * (bisect_left(shots, end_s - _NEAR_S) - bisect_right(shots, start_s + _NEAR_S) > 0)
    if last < len(pieces):
        cost += _break_cost(pieces[last - 1], next_s - end_s)
    for n in range(first, last - 1):
        cost += 2.5 * (pieces[n].tie == SENTENCE)
        cost += 3.0 * (pieces[n + 1].start_s - pieces[n].end_s > 2 * LONG_PAUSE_S)
    return cost


def _turns_inside(turns: Sequence[float], start_s: float, last: Piece) -> bool:
    """Whether somebody else begins to speak between the first word's beginning and the last one's."""
    return bisect_right(turns, last.start_s) > bisect_right(turns, start_s)


def _break_cost(before: Piece, pause_s: float) -> float:
    """What it costs to go on in another caption after a piece."""
    if before.tie <= CLAUSE:
        return 5.0 * before.tie
    by_pause = 0.5 if pause_s >= 2 * LONG_PAUSE_S else 1.2 if pause_s >= LONG_PAUSE_S else 4.0
    strain = 7.0 * (before.tie - PLAIN) + (12.0 if before.tie >= NEVER else 0.0)
    return by_pause + max(-1.2, strain)
