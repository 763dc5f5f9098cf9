"""Two witnesses made one: edges move a little towards a reading of the text, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.media.audio import Samples, resample
from countenance.speech.agree import NEAR_S, SHORTEST_S, agreed
from countenance.speech.espeak import speak
from countenance.speech.phones import Speech
from countenance.speech.placing import Placed

TEXT = "Ten small boats came back before the storm, and nobody was hurt."


@cache
def said_and_heard() -> tuple[list[Placed], Samples, Speech]:
    """True places of the phones of a recording, the recording, and another voice's reading."""
    other = speak(TEXT, "en", 140, "f2")
    places, word = [], 0
    for phone in other.phones:
        while word < len(other.words) - 1 and phone.start_s >= other.words[word].end_s:
            word += 1
        if not phone.silent:
            places.append(Placed(word, phone.symbol, phone.start_s, phone.end_s))
    return places, resample(other.samples[:, None], other.rate_hz, 16_000)[:, 0], speak(TEXT, "en")


def jittered(places: list[Placed], sizes_s: list[float]) -> list[Placed]:
    """Every edge off by its own amount, as far as order allows; what touched still touches."""
    edges = sorted({edge for place in places for edge in (place.start_s, place.end_s)})
    room = [min(b - a for a, b in pairwise(edges))] * len(edges)
    moved = {}
    for index, edge in enumerate(edges):
        before = edge - edges[index - 1] if index else room[0]
        after = edges[index + 1] - edge if index + 1 < len(edges) else room[0]
        moved[edge] = edge + float(np.clip(sizes_s[index % len(sizes_s)], -0.4 * before, 0.4 * after))
    return [replace(place, start_s=moved[place.start_s], end_s=moved[place.end_s]) for place in places]


def mean_error_s(found: list[Placed], true: list[Placed]) -> float:
    return float(np.mean([abs(a.start_s - b.start_s) for a, b in zip(found, true, strict=True)]))


@pytest.mark.parametrize("seed", [1, 2])
def test_errors_of_one_witness_get_smaller(seed: int) -> None:
    true, sound, reading = said_and_heard()
    off = jittered(true, list(np.random.default_rng(seed).normal(0, 0.04, 40)))
    assert mean_error_s(agreed(off, sound, reading), true) < 0.85 * mean_error_s(off, true)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=9))
def test_only_edges_move_and_only_a_little(sizes_s: list[float]) -> None:
    true, sound, reading = said_and_heard()
    before = jittered(true, sizes_s)
    after = agreed(before, sound, reading)
    assert [(p.word, p.symbol) for p in after] == [(p.word, p.symbol) for p in before]
    for a, b in zip(after, before, strict=True):
        assert abs(a.start_s - b.start_s) <= NEAR_S and abs(a.end_s - b.end_s) <= NEAR_S
        assert a.end_s - a.start_s >= min(SHORTEST_S, b.end_s - b.start_s) - 1e-9
    for (a, b), (old_a, old_b) in zip(pairwise(after), pairwise(before), strict=True):
        assert b.start_s >= a.end_s - 1e-9
        assert (old_a.end_s == old_b.start_s) <= (a.end_s == b.start_s)


def test_a_reading_of_another_text_or_of_a_longer_one_changes_little_or_nothing() -> None:
    true, sound, _ = said_and_heard()
    assert mean_error_s(agreed(true, sound, speak("Meanwhile lawyers argued.", "en")), true) < 0.02
    assert agreed(true, sound, speak(" ".join([TEXT] * 6), "en")) == true
    assert agreed([], sound, speak(TEXT, "en")) == []
