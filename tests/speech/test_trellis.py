"""The search on made-up sounds: each word is a row of states, each frame likes exactly one of them."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.speech import trellis
from countenance.speech.trellis import Prices, Way, search

FIT, MISS = 0.0, -10.0
QUIET, SPEAKING = -1, -2
PRICES = Prices(leave_out=-60, leave_out_phone=-10, enter_speaking=-30)


def words(count: int, phones: int = 2) -> list[list[Way]]:
    """Words of their own sounds: word w has the columns w * 3 * phones and on."""
    size = 3 * phones
    return [[Way(np.arange(w * size, (w + 1) * size), np.full(size, np.log(0.7), np.float32))] for w in range(count)]


def sounds(script: list[tuple[int, int]], columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a recording that plays (column, frames) in turn; -1 is silence, -2 is foreign speech."""
    played = [column for column, frames in script for _ in range(frames)]
    states = np.full((len(played), columns), MISS, np.float32)
    gaps = np.full((len(played), 2), MISS, np.float32)
    gaps[:, 1] = FIT - 4  # any speech is always an explanation, but a poor one
    for frame, column in enumerate(played):
        if column >= 0:
            states[frame, column] = FIT
        else:
            gaps[frame, 0 if column == QUIET else 1] = FIT
    return states, gaps


def spoken(word: int, frames: int = 3, phones: int = 2) -> list[tuple[int, int]]:
    return [(word * 3 * phones + state, frames) for state in range(3 * phones)]


def found(script: list[tuple[int, int]], count: int, prices: Prices = PRICES) -> list[tuple[int, int, int]]:
    """(word, first frame, last frame) of each word that is said; silence and foreign speech as words -1 and -2."""
    graph = words(count)
    states, gaps = sounds(script, 6 * count)
    steps = search(graph, len(states), lambda a, b: (states[a:b], gaps[a:b]), prices)
    assert len(steps) == len(states)
    result, frame = [], 0
    for key, run in groupby(steps, key=lambda step: step.word if step.state >= 0 else step.state):
        size = len(list(run))
        result.append((key, frame, frame + size))
        frame += size
    return result


def test_words_are_found_where_they_are() -> None:
    script = [*spoken(0), *spoken(1, 5), *spoken(2)]
    assert found(script, 3) == [(0, 0, 18), (1, 18, 48), (2, 48, 66)]


def test_pauses_lie_between_words() -> None:
    script = [(QUIET, 20), *spoken(0), (QUIET, 7), *spoken(1), (QUIET, 4)]
    assert found(script, 2) == [(QUIET, 0, 20), (0, 20, 38), (QUIET, 38, 45), (1, 45, 63), (QUIET, 63, 67)]


def test_foreign_speech_is_not_smeared_over_words() -> None:
    script = [*spoken(0), (SPEAKING, 40), *spoken(1)]
    assert found(script, 2) == [(0, 0, 18), (SPEAKING, 18, 58), (1, 58, 76)]


def test_words_that_are_not_said_are_left_out() -> None:
    script = [*spoken(0), *spoken(4), *spoken(5)]
    assert found(script, 6) == [(0, 0, 18), (4, 18, 36), (5, 36, 54)]
    assert found([*spoken(2), *spoken(3)], 6)[:2] == [(2, 0, 18), (3, 18, 36)]


def test_a_word_said_badly_is_still_said() -> None:
    script = [*spoken(0), *spoken(1)[:3], (17, 1), *spoken(1)[3:], *spoken(2)]
    assert [word for word, _, _ in found(script, 3)] == [0, 1, 2]


def test_the_way_that_fits_is_taken() -> None:
    usual, other = words(2)[0][0], words(2)[1][0]
    states, gaps = sounds(spoken(1), 12)
    steps = search([[usual, other]], len(states), lambda a, b: (states[a:b], gaps[a:b]), PRICES)
    assert {step.way for step in steps} == {1}


def test_a_middle_that_is_not_heard_is_leapt_over() -> None:
    script = [(column, frames) for column, frames in spoken(0) if column % 3 != 1]
    assert found(script, 1) == [(0, 0, 12)]


def test_long_texts_are_searched_in_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trellis, "WINDOW", 6)
    monkeypatch.setattr(trellis, "BLOCK", 40)
    monkeypatch.setattr(trellis, "LAG", 60)
    order = list(range(40))
    script = [piece for word in order for piece in [*spoken(word, 2), (QUIET, 3)]]
    said = [word for word, _, _ in found(script, 40) if word >= 0]
    assert said == order


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.lists(st.integers(0, 6), min_size=6, max_size=6))
@settings(max_examples=40, deadline=None)
def test_any_lengths_and_pauses_are_found(lengths: list[int], pauses: list[int]) -> None:
    script: list[tuple[int, int]] = []
    expected = []
    frame = 0
    for word, length in enumerate(lengths):
        script += [(QUIET, pauses[word]), *spoken(word, length)]
        start = frame + pauses[word]
        frame = start + 6 * length
        expected.append((word, start, frame))
    assert [part for part in found(script, len(lengths)) if part[0] >= 0] == expected
