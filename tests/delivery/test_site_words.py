"""The pages' words: the same in every language, and dates as people write them."""

from __future__ import annotations

import pytest

from countenance.delivery.site_words import day, words_of

LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "ar")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_lacks_a_word(language: str) -> None:
    words = words_of(language)
    assert words.keys() == words_of("en").keys()
    assert all(text.strip() for text in words.values())
    assert words["lang"] == language


def test_a_language_without_words_keeps_its_own_name_and_says_whose_words_it_has() -> None:
    words = words_of("fi")
    assert (words["name"], words["lang"], words["transcript"]) == ("Suomi", "en", "Transcript")
    assert words_of("qqq")["name"] == "qqq"


@pytest.mark.parametrize(
    ("language", "told"),
    [("de", "20. November 2026"), ("ja", "2026年11月20日"), ("fr", "20 novembre 2026"), ("qqq", "2026-11-20")],
)
def test_a_day_is_written_as_people_there_do(language: str, told: str) -> None:
    assert day("2026-11-20T10:00:00.000000Z", language) == told
