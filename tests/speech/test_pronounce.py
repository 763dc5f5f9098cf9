from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.speech.arpabet import arpabet
from countenance.speech.pronounce import ipa_phones, pronounce
from countenance.speech.senones import acoustic_model
from countenance.speech.variants import other_ways


def words(text: str, language: str) -> list[str]:
    return [word.text for word in pronounce(text, language)]


def phones(text: str, language: str) -> str:
    return " ".join(pronounce(text, language)[0].phones)


def test_every_written_word_has_its_own_phones() -> None:
    said = pronounce("He said that of the people in the room, it was theirs.", "en")
    assert " ".join(word.text for word in said) == "He said that of the people in the room, it was theirs."
    assert all(word.phones for word in said)


def test_context_decides_how_a_word_is_said() -> None:
    first, _, second, _ = pronounce("the apple the house", "en")
    assert first.phones != second.phones


def test_numbers_are_said_as_words() -> None:
    assert len(pronounce("1250", "de")[0].phones) > 12
    assert phones("2", "es") == phones("dos", "es")


def test_emoji_and_marks_are_not_said() -> None:
    plain = pronounce("Good morning", "en")
    decked = pronounce("😀 Good — morning!!! 🎉", "en")
    assert [word.phones for word in decked] == [word.phones for word in plain]


def test_signs_that_are_read_are_read_and_soft_hyphens_are_not_seen() -> None:
    assert len(pronounce("20 °C", "de")) == len(pronounce("20 Grad", "de"))
    assert phones("Silben\u00adtrennung", "de") == phones("Silbentrennung", "de")


def test_marks_between_small_words_are_kept() -> None:
    assert " ".join(words("That — of — the people", "en")) == "That — of — the people"


def test_scripts_without_spaces_are_split_where_the_voice_splits_them() -> None:
    said = pronounce("我们去北京。", "zh")
    assert len(said) == 5
    assert not said[0].space_after


def test_long_texts_keep_every_word_in_order() -> None:
    text = " ".join(f"word{number}" for number in range(200))
    assert words(text, "en") == text.split()


def test_a_lexicon_goes_before_the_voice() -> None:
    said = pronounce("Our Countenance, and Countenance's face.", "en", {"Countenance": "ˈkaʊntənɒns"})
    assert "".join(said[1].phones) == "kaʊntənɒns"
    assert said[1].others == ()
    assert "".join(said[3].phones).startswith("kaʊntənɒns")


@pytest.mark.parametrize("text", ["", "   ", "...", "😀🎉", "\n\n", "—"])
def test_a_text_without_words_is_told(text: str) -> None:
    with pytest.raises(InputError, match="nothing to speak"):
        pronounce(text, "en")


def test_an_unknown_language_is_told() -> None:
    with pytest.raises(InputError, match="does not speak the language 'tlh'"):
        pronounce("Qapla", "tlh")


@pytest.mark.parametrize(
    ("said", "cut"),
    [
        ("ˈkaʊntənəns", ["k", "aʊ", "n", "t", "ə", "n", "ə", "n", "s"]),
        ("ˈbaːn.hoːf", ["b", "aː", "n", "h", "oː", "f"]),
        ("t͡sɛlt", ["ts", "ɛ", "l", "t"]),
        ("bɔ̃ʒuʁ", ["b", "ɔ̃", "ʒ", "u", "ʁ"]),
        ("", []),
    ],
)
def test_ipa_is_cut_into_phones(said: str, cut: list[str]) -> None:
    assert list(ipa_phones(said)) == cut


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_any_symbol_stands_for_phones_of_the_english_model(symbol: str) -> None:
    assert set(arpabet(symbol)) <= set(acoustic_model().names)


@pytest.mark.parametrize(
    ("symbol", "heard"),
    [("", "SIL"), ("tʃ", "CH"), ("pf", "P F"), ("ʏ", "IH"), ("ɔ̃", "AO"), ("aɪə", "AY AH"), ("ʁ", "R"), ("?", "AH")],
)
def test_each_symbol_is_heard_as_the_nearest_english_sounds(symbol: str, heard: str) -> None:
    assert " ".join(arpabet(symbol)) == heard


def test_quick_speech_swallows_schwas_and_last_stops() -> None:
    ways = other_ways([("haben", ("h", "aː", "b", "ə", "n")), ("ist", ("ɪ", "s", "t"))], "de")
    assert ways["haben", ("h", "aː", "b", "ə", "n")] == (("h", "aː", "b", "n"),)
    assert ways["ist", ("ɪ", "s", "t")] == (("ɪ", "s"),)


def test_the_dictionary_adds_ways_that_differ() -> None:
    said = ("ɛ", "n", "v", "aɪ", "ɹ", "ə", "n", "m", "ə", "n", "t")
    ways = other_ways([("environment", said)], "en-GB")["environment", said]
    assert any(way[0] == "ɪ" for way in ways)
    assert said not in ways and len(ways) <= 4


def test_no_way_is_so_short_that_it_hides_in_its_neighbours() -> None:
    for word in ("the", "of", "and", "her", "a", "i"):
        said = pronounce(word, "en")[0]
        assert all(len(way) >= min(2, len(said.phones)) for way in said.others)
