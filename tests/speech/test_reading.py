from __future__ import annotations

import pytest

from countenance.errors import InputError
from countenance.speech.reading import reading
from countenance.speech.utterance import Run


def spoken(inner: str, language: str = "en") -> str:
    return reading(f"<speak>{inner}</speak>", language).spoken


@pytest.mark.parametrize(
    ("inner", "language", "words"),
    [
        ("<say-as interpret-as='cardinal'>1,234</say-as>", "en", "one thousand two hundred thirty-four"),
        ("<say-as interpret-as='cardinal'>-5</say-as>", "en", "minus five"),
        ("<say-as interpret-as='cardinal'>1.234</say-as>", "de", "eintausendzweihundertvierunddreißig"),
        ("<say-as interpret-as='ordinal'>3</say-as>", "en", "third"),
        ("<say-as interpret-as='date' format='mdy'>5/3/2026</say-as>", "en", "May third, twenty twenty-six"),
        ("<say-as interpret-as='date' format='dmy'>5/3/2026</say-as>", "en", "March fifth, twenty twenty-six"),
        ("<say-as interpret-as='date' format='my'>5/2026</say-as>", "en", "May twenty twenty-six"),
        ("<say-as interpret-as='date' format='y'>1984</say-as>", "en", "nineteen eighty-four"),
        ("<say-as interpret-as='date'>2026-05-03</say-as>", "en", "May third, twenty twenty-six"),
        ("<say-as interpret-as='time'>14:30</say-as>", "en", "fourteen thirty"),
        ("<say-as interpret-as='time'>14:30</say-as>", "de", "vierzehn Uhr dreißig"),
        ("<say-as interpret-as='currency'>€12.50</say-as>", "en", "twelve euros fifty"),
        ("<say-as interpret-as='telephone'>555-12</say-as>", "en", "five five five, one two"),
        ("<say-as interpret-as='characters'>W3C</say-as>", "en", "W 3 C"),
        ("It is 5 km.", "en", "It is five kilometers."),
    ],
)
def test_figures_are_read_as_the_author_says(inner: str, language: str, words: str) -> None:
    assert spoken(inner, language) == words


@pytest.mark.parametrize(
    ("inner", "what"),
    [
        ("<say-as interpret-as='cardinal'>many</say-as>", "'many' is no cardinal: it holds no figures"),
        ("<say-as interpret-as='cardinal'>1 2 x</say-as>", "is no cardinal"),
        ("<say-as interpret-as='ordinal'>2.5</say-as>", "is no ordinal: write a whole number"),
        ("<say-as interpret-as='date' format='dmy'>31/2/2026</say-as>", "there is no such day"),
        ("<say-as interpret-as='date' format='my'>13/2026</say-as>", "there is no such month"),
        ("<say-as interpret-as='date' format='dmy'>5/2026</say-as>", "wants 3 numbers"),
        ("<say-as interpret-as='date' format='abc'>5/2026</say-as>", "'abc' is none of"),
        ("<say-as interpret-as='time'>99</say-as>", "is no time|write it as"),
    ],
)
def test_what_is_no_such_figure_is_told(inner: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        spoken(f"\n{inner}")


def test_captions_keep_what_is_written() -> None:
    whole = reading("It costs €12.50.", "en")
    assert whole.text == "It costs €12.50." and whole.spoken == "It costs twelve euros fifty."


def test_words_of_the_lexicon_are_left_to_it() -> None:
    assert reading("3M and 3 km", "en", {"3M": "θɹiːˈɛm"}).spoken == "3M and three kilometers"


def test_emoji_and_addresses_are_no_obstacle() -> None:
    whole = reading("Look 😀 at https://example.com/x today", "en")
    assert "😀" not in whole.spoken and "😀" in whole.text and "https" not in whole.spoken


def test_a_manner_holds_for_the_words_of_a_figure_too() -> None:
    parts = reading("<speak><prosody rate='80%'>5 km</prosody></speak>", "en").parts
    assert parts == (Run("5 km", said="five kilometers", rate=0.8),)
