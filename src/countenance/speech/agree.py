"""Two witnesses of an alignment made one: where both place the same phone nearly alike, its edges lie between them.

The acoustic model and the warped reading err in different ways, so a mean of the two is better than either as long
as they speak of the same moment. How far each is believed depends on what meets at the edge: where a vowel
glides into something the acoustic model hears the edge better, at a burst both hear it alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from countenance.errors import InputError
from countenance.media.audio import Samples
from countenance.speech.ipa import gestures
from countenance.speech.phones import Speech
from countenance.speech.placing import Placed
from countenance.speech.warp import Witnessed, witness

NEAR_S = 0.06  # witnesses further apart than this do not mean the same moment
LIKE, UNLIKE = 0.3, 0.6  # a word as near to the reading as this is full evidence; as far, none
SHORTEST_S = 0.01
GAP = 0.7
REACH = 40  # phones by which two ways of saying a text may run apart
# How far the reading is believed by (kind before, kind after); measured on festival's voices.
SHARE = 0.45
SHARES = {
    ("rest", "vowel"): 0.25,
    ("rest", "plosive"): 0.1,
    ("rest", "closure"): 0.1,
    ("vowel", "liquid"): 0.2,
    ("vowel", "glide"): 0.15,
    ("vowel", "tuck"): 0.25,
    ("nasal", "rest"): 0.0,
    ("nasal", "fricative"): 0.25,
}


class _Place(NamedTuple):
    """Where the reading has a phone, and how far it can be believed, 0 to 1."""

    start_s: float
    end_s: float
    weight: float


def agreed(said: Sequence[Placed], sound: Samples, reading: Speech) -> list[Placed]:
    """`said` with its edges moved towards those that a reading of the same text lets one expect in the recording.

    `sound` is (n,) float32 at 16 kHz, on whose clock `said` is. Phones, words and order stay as they are, and what
    touched still touches; no phone gets shorter than 10 ms by it.
    """
    told = [phone for phone in reading.phones if not phone.silent]
    pairs = _matches([phone.symbol for phone in said], [phone.symbol for phone in told])
    guide = [(told[j].start_s, said[i].start_s) for i, j in pairs if i == 0 or said[i].word != said[i - 1].word]
    try:
        witnessed = witness(sound, reading, guide)
    except InputError:
        return list(said)
    unlike = _unlike_by_phone(witnessed)
    theirs: list[_Place | None] = [None] * len(said)
    for i, j in pairs:
        phone = witnessed.sounds[j]
        weight = min(1.0, (UNLIKE - unlike[j]) / (UNLIKE - LIKE))
        if weight > 0:
            theirs[i] = _Place(phone.start_s, phone.end_s, weight)
    result = list(said)
    for index in range(len(said) + 1):
        before = said[index - 1] if index else None
        after = said[index] if index < len(said) else None
        touching = before is not None and after is not None and after.start_s - before.end_s < 1e-6
        if touching:
            assert before is not None and after is not None
            moved_s = _moved(after.start_s, theirs[index], "start", _kind(before, last=True), _kind(after))
            result[index - 1] = replace(result[index - 1], end_s=moved_s)
            result[index] = replace(result[index], start_s=moved_s)
            continue
        if before is not None:
            end_s = _moved(before.end_s, theirs[index - 1], "end", _kind(before, last=True), "rest")
            result[index - 1] = replace(result[index - 1], end_s=end_s)
        if after is not None:
            start_s = _moved(after.start_s, theirs[index], "start", "rest", _kind(after))
            result[index] = replace(result[index], start_s=start_s)
    return _ordered(list(said), result)


def _moved(at_s: float, witness: _Place | None, edge: str, before: str, after: str) -> float:
    if witness is None:
        return at_s
    other_s = witness.start_s if edge == "start" else witness.end_s
    if abs(other_s - at_s) > NEAR_S:
        return at_s
    return at_s + witness.weight * SHARES.get((before, after), SHARE) * (other_s - at_s)


def _ordered(said: list[Placed], moved: list[Placed]) -> list[Placed]:
    """Phones that a move has made too short, or that overlap, go back to where they were, with their neighbours."""
    for _ in range(len(said)):
        wrong = {i for i, phone in enumerate(moved) if phone.end_s - phone.start_s < SHORTEST_S}
        wrong |= {i for i, (a, b) in enumerate(pairwise(moved)) if b.start_s < a.end_s - 1e-9}
        wrong = {i for i in wrong if _around(moved, i) != _around(said, i)}
        if not wrong:
            break
        for index in wrong:
            for near in range(max(0, index - 1), min(len(said), index + 2)):
                moved[near] = said[near]
        moved = _joined(said, moved)
    return moved


def _around(phones: list[Placed], index: int) -> list[Placed]:
    return phones[max(0, index - 1) : index + 2]


def _joined(said: list[Placed], moved: list[Placed]) -> list[Placed]:
    """What touched touches again."""
    for index, (before, after) in enumerate(pairwise(said)):
        if after.start_s - before.end_s < 1e-6 and moved[index].end_s != moved[index + 1].start_s:
            kept = moved[index].end_s if moved[index] == before else moved[index + 1].start_s
            moved[index] = replace(moved[index], end_s=kept)
            moved[index + 1] = replace(moved[index + 1], start_s=kept)
    return moved


def _kind(phone: Placed, last: bool = False) -> str:
    return gestures(phone.symbol)[-1 if last else 0].kind


def _unlike_by_phone(witnessed: Witnessed) -> list[float]:
    """How unlike the reading is at each sounding phone: that of its word."""
    result, place = [], 0
    for phone in witnessed.sounds:
        middle_s = (phone.start_s + phone.end_s) / 2
        while place < len(witnessed.words) - 1 and witnessed.words[place].end_s <= middle_s:
            place += 1
        result.append(witnessed.unlike[place])
    return result


def _matches(own: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of phones in order, alike or of one kind, in a band (Needleman and Wunsch 1970, with REACH)."""
    slope = len(other) / max(1, len(own))
    rows: list[dict[int, tuple[float, int]]] = [{j: (GAP * j, 2) for j in range(REACH + 1)}]
    for i, symbol in enumerate(own, 1):
        before = rows[-1]
        row: dict[int, tuple[float, int]] = {}
        middle = round(i * slope)
        for j in range(max(0, middle - REACH), min(len(other), middle + REACH) + 1):
            ways = []
            if j and j - 1 in before:
                ways.append((before[j - 1][0] + _unlike(symbol, other[j - 1]), 0))
            if j in before:
                ways.append((before[j][0] + GAP, 1))
            if j - 1 in row:
                ways.append((row[j - 1][0] + GAP, 2))
            row[j] = min(ways, default=(float("inf"), 2))
        rows.append(row)
    pairs = []
    i, j = len(own), len(other)
    while i and j:
        step = rows[i][j][1]
        i, j = i - (step != 2), j - (step != 1)
        if step == 0 and _unlike(own[i], other[j]) < 1:
            pairs.append((i, j))
    return pairs[::-1]


@cache
def _unlike(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a[:1] == b[:1]:
        return 0.1
    return 0.4 if gestures(a)[0].kind == gestures(b)[0].kind else 1.4
