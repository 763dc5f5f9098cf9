from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.audio import Samples
from countenance.speech.events import TextEvent, speech_from_events

RATE_HZ = 20000


def sound(*parts: tuple[float, float]) -> Samples:
    """(seconds, Hz) one after the other; 0 Hz is digital silence."""
    pieces = [0.3 * np.sin(2 * np.pi * hz * np.arange(round(s * RATE_HZ)) / RATE_HZ) for s, hz in parts]
    return np.concatenate(pieces).astype(np.float32)


def phone(name: str, at_s: float, position: int = 0) -> TextEvent:
    return TextEvent(7, position, 0, round(at_s * RATE_HZ), name)


def word(position: int, at_s: float) -> TextEvent:
    return TextEvent(1, position, 1, round(at_s * RATE_HZ), "")


def test_stress_marks_go_and_length_marks_stay() -> None:
    speech = speech_from_events("a e", [phone("ˈa", 0), phone("ˌɛː", 0.1, 2)], sound((0.2, 300)), RATE_HZ)
    assert [p.symbol for p in speech.phones] == ["a", "ɛː"]


def test_the_closure_before_a_plosive_belongs_to_it() -> None:
    samples = sound((0.1, 300), (0.05, 0), (0.05, 4000), (0.1, 300))
    events = [phone("a", 0), phone("p", 0.15), phone("a", 0.2)]
    speech = speech_from_events("apa", events, samples, RATE_HZ)
    assert speech.phones[1].start_s == pytest.approx(0.1, abs=0.002)
    assert speech.phones[1].end_s == pytest.approx(0.2, abs=1e-6)


def test_after_a_long_pause_only_the_end_of_it_is_closure() -> None:
    samples = sound((0.1, 300), (0.4, 0), (0.05, 4000))
    speech = speech_from_events("a p", [phone("a", 0), phone("", 0.1), phone("b", 0.5)], samples, RATE_HZ)
    assert [p.symbol for p in speech.phones] == ["a", "", "b"]
    assert speech.phones[2].start_s == pytest.approx(0.44, abs=0.002)


def test_a_late_vowel_after_a_nasal_moves_to_where_the_sound_changes() -> None:
    samples = sound((0.1, 200), (0.15, 1500))
    speech = speech_from_events("ma", [phone("m", 0), phone("a", 0.14)], samples, RATE_HZ)
    assert speech.phones[1].start_s == pytest.approx(0.1, abs=0.006)


def test_a_vowel_after_a_voiceless_sound_stays() -> None:
    samples = sound((0.1, 200), (0.15, 1500))
    speech = speech_from_events("sa", [phone("s", 0), phone("a", 0.14)], samples, RATE_HZ)
    assert speech.phones[1].start_s == pytest.approx(0.14)


def test_marks_of_another_language_are_not_phones() -> None:
    events = [phone("a", 0), phone("(en)", 0.1), phone("i", 0.11)]
    assert [p.symbol for p in speech_from_events("ai", events, sound((0.2, 300)), RATE_HZ).phones] == [
        "a",
        "i",
    ]


def test_words_keep_their_punctuation_and_lonely_marks_join_a_neighbour() -> None:
    text = "– “Oh”, a – b!"
    events = [phone("o", 0.0, 3), phone("", 0.1), phone("a", 0.2, 8), phone("b", 0.3, 12)]
    words = speech_from_events(text, events, sound((0.4, 300)), RATE_HZ).words
    assert [w.text for w in words] == ["– “Oh”,", "a –", "b!"]
    assert words[0].end_s == pytest.approx(0.1)
    assert " ".join(w.text for w in words) == text


def test_scripts_without_spaces_split_where_the_voice_does() -> None:
    events = [word(0, 0), phone("n", 0, 0), word(2, 0.1), phone("s", 0.1, 2), phone("t", 0.2, 6)]
    words = speech_from_events("你好世界， 天", events, sound((0.3, 300)), RATE_HZ).words
    assert [(w.text, w.space_after) for w in words] == [("你好", False), ("世界，", True), ("天", True)]


def test_latin_words_are_not_split_inside() -> None:
    events = [word(0, 0), phone("d", 0, 0), word(4, 0.1), phone("t", 0.1, 4)]
    words = speech_from_events("don't", events, sound((0.2, 300)), RATE_HZ).words
    assert [w.text for w in words] == ["don't"]


@given(
    st.lists(st.tuples(st.sampled_from(["", "p", "m", "a", "ˈaɪ", "s", "tʃ"]), st.integers(0, 3999)), max_size=30),
    st.integers(0, 2**16),
)
def test_whatever_the_events_phones_cover_the_audio(rough: list[tuple[str, int]], seed: int) -> None:
    samples = (0.1 * np.random.default_rng(seed).standard_normal(4000)).astype(np.float32)
    samples[1000:1800] = 0
    events = [TextEvent(7, index % 5, 0, sample, name) for index, (name, sample) in enumerate(rough)]
    speech = speech_from_events("ab cd", events, samples, RATE_HZ)
    assert speech.phones[0].start_s == 0 and speech.phones[-1].end_s == pytest.approx(0.2)
    assert all(p.end_s > p.start_s for p in speech.phones)
    assert all(a.end_s == b.start_s for a, b in zip(speech.phones, speech.phones[1:], strict=False))
