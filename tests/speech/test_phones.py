from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.speech.phones import Phone, Speech, Word, covering, place, span

RATE_HZ = 1000


def spoken(*lengths_s: float) -> Speech:
    """Silence, one phone "a" for each length but the first and last, silence."""
    times = np.cumsum([0.0, *lengths_s])
    symbols = ["", *["a"] * (len(lengths_s) - 2), ""]
    phones = tuple(Phone(s, float(a), float(b)) for s, a, b in zip(symbols, times, times[1:], strict=False))
    samples = np.arange(round(times[-1] * RATE_HZ), dtype=np.float32) / 10000
    return Speech(samples, RATE_HZ, phones, (Word("aa", phones[0].end_s, phones[-1].start_s),))


@given(
    st.lists(st.tuples(st.sampled_from(["", "a", "p"]), st.floats(-1, 5), st.floats(-0.5, 2)), max_size=12),
    st.floats(0.01, 4),
)
def test_phones_cover_the_audio_without_gaps_or_overlaps(
    rough: list[tuple[str, float, float]], duration_s: float
) -> None:
    phones = covering(sorted((Phone(s, a, a + d) for s, a, d in rough), key=lambda p: p.start_s), duration_s)
    assert phones[0].start_s == 0 and phones[-1].end_s == duration_s
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(phones))
    assert all(p.end_s > p.start_s for p in phones)
    assert not any(a.silent and b.silent for a, b in itertools.pairwise(phones))


def test_the_span_leaves_silence_out() -> None:
    assert span(spoken(0.2, 0.1, 0.3, 0.5).phones) == (0.2, 0.6000000000000001)
    assert span((Phone("", 0, 1),)) == (0.0, 0.0)


def test_placing_moves_sound_phones_and_words_together() -> None:
    moved = place(spoken(0.2, 0.1, 0.1, 0.1), start_s=0.5, duration_s=2.0)
    assert len(moved.samples) == 2000 and moved.duration_s == 2.0
    assert moved.span_s[0] == 0.5
    assert moved.samples[500] == np.float32(0.02)
    assert (round(moved.words[0].start_s, 6), round(moved.words[0].end_s, 6)) == (0.5, 0.7)
    assert moved.phones[0] == Phone("", 0.0, 0.5)
    assert moved.phones[-1].end_s == 2.0


def test_placing_early_cuts_the_silence_in_front() -> None:
    moved = place(spoken(0.2, 0.1, 0.1), start_s=0.0, duration_s=0.15)
    assert moved.samples[0] == np.float32(0.02)
    assert len(moved.samples) == 150
    assert moved.phones[0].symbol == "a"


def test_what_falls_behind_the_end_is_dropped() -> None:
    moved = place(spoken(0.0, 0.4, 0.4, 0.1), start_s=0.1, duration_s=0.3)
    assert len(moved.samples) == 300
    assert moved.words[0].end_s == 0.3
    assert place(spoken(0.1, 0.2, 0.1), start_s=1.0, duration_s=0.5).words == ()
