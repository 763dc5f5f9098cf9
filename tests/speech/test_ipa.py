from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.speech.ipa import (
    CLOSURE,
    REST,
    SCHWA,
    TUCK,
    VISEMES,
    gestures,
    is_plosive,
    is_voiced_consonant,
    is_vowel,
    segments,
)
from countenance.speech.phones import Phone


@pytest.mark.parametrize(
    ("symbol", "visemes"),
    [
        ("", ["sil"]),
        ("p", ["PP"]),
        ("pʰ", ["PP"]),
        ("m̩", ["PP"]),
        ("f", ["FF"]),
        ("pf", ["PP", "FF"]),
        ("θ", ["TH"]),
        ("t", ["DD"]),
        ("ɡ", ["kk"]),
        ("ç", ["kk"]),
        ("tʃ", ["DD", "CH"]),
        ("t͡s", ["DD", "SS"]),
        ("l", ["nn"]),
        ("ɹ", ["RR"]),
        ("ɑː", ["aa"]),
        ("ɑ̃", ["aa"]),
        ("aɪ", ["aa", "I"]),
        ("oʊ", ["O", "U"]),
        ("kʷ", ["kk", "U"]),
        ("yː", ["U"]),
        ("əl", ["E", "nn"]),
    ],
)
def test_symbols_become_the_visemes_of_the_table(symbol: str, visemes: list[str]) -> None:
    assert [gesture.viseme for gesture in gestures(symbol)] == visemes


@given(st.text(min_size=1, max_size=6))
def test_any_name_becomes_gestures(symbol: str) -> None:
    found = gestures(symbol)
    assert found and REST not in found
    assert all(g.viseme in VISEMES and 0 <= g.aperture <= 1 and -1 <= g.width <= 1 for g in found)


def test_an_unknown_name_is_a_schwa() -> None:
    assert gestures("☃") == (SCHWA,)


def test_rounded_vowels_are_rounder_than_their_spread_twins() -> None:
    for rounded, spread in (("y", "i"), ("ø", "e"), ("œ", "ɛ"), ("u", "ɯ"), ("o", "ɤ"), ("ɒ", "ɑ")):
        assert gestures(rounded)[0].width < gestures(spread)[0].width - 0.2


def test_open_vowels_open_wider_than_close_ones() -> None:
    openings = [gestures(symbol)[0].aperture for symbol in ("i", "e", "ɛ", "a")]
    assert openings == sorted(openings)


def test_diphthongs_and_affricates_are_cut_where_the_mouth_changes() -> None:
    parts = segments((Phone("aɪ", 0.0, 1.0), Phone("tʃ", 1.0, 2.0), Phone("pf", 2.0, 3.0)))
    assert [round(part.start_s, 6) for part in parts] == [0, 0.6, 1.0, 1.3, 2.0, 2.3]
    assert [part.gesture for part in parts[4:]] == [CLOSURE, TUCK]


def test_classes_of_sounds() -> None:
    assert all(is_plosive(s) for s in ("p", "b", "t", "tʃ", "kʰ", "pf")) and not is_plosive("m")
    assert all(is_vowel(s) for s in ("a", "ɔːɹ", "əl")) and not is_vowel("j") and not is_vowel("")
    assert all(is_voiced_consonant(s) for s in ("m", "b", "l", "dʒ", "ɔːɹ"))
    assert not any(is_voiced_consonant(s) for s in ("p", "s", "a", ""))
