from __future__ import annotations

import string

import pytest

from countenance.errors import InputError
from countenance.provenance.verify_words import LANGUAGES, say, sentences, spoken


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_there_in_every_language_with_the_same_places() -> None:
    for key, texts in sentences().items():
        assert set(texts) == set(LANGUAGES), key
        assert len({frozenset(_places(text)) for text in texts.values()}) == 1, key
        assert len(set(texts.values())) == len(LANGUAGES), key


def test_whole_sentences_end_like_sentences() -> None:
    parts = ("where.", "changes.translated", "ledger.refuted")  # the last ends with another sentence
    for key, texts in sentences().items():
        if not key.startswith(parts):
            assert all(text.endswith(".") for text in texts.values()), key


def test_values_are_filled_in() -> None:
    assert say("de-CH", "ledger.proven", count=3) == "Das Protokoll ist unversehrt (Einträge: 3)."


@pytest.mark.parametrize(("asked", "meant"), [("en", "en"), ("de-AT", "de"), ("EN_us", "en")])
def test_regions_do_not_matter(asked: str, meant: str) -> None:
    assert spoken(asked) == meant


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="en, de"):
        spoken("fr")
