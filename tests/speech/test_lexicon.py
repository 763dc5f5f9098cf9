from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import BriefError
from countenance.speech.lexicon import is_ipa, load_lexicon, matches

WORDS = {"Countenance": "ˈkaʊntənəns", "crema": "ˈkɹeɪmə", "Face Up": "feɪsˈʌp"}


def file(folder: Path, text: str) -> Path:
    path = folder / "brand.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def found(text: str, language: str = "en") -> list[str]:
    return [text[one.start : one.end] for one in matches(text, WORDS, language)]


def test_sections_are_for_languages_and_the_rest_for_all(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "Countenance: ˈkaʊntənəns\nall: {Ada: ˈeɪdə}\nde: {Ada: ˈaːda}\npt: {Ada: ˈada}\npt-BR: {Ada: ˈadɐ}\n",
    )
    lexicon = load_lexicon(path)
    assert lexicon.of("fr") == {"Countenance": "ˈkaʊntənəns", "Ada": "ˈeɪdə"}
    assert lexicon.of("de-AT")["Ada"] == "ˈaːda"
    assert lexicon.of("pt-BR")["Ada"] == "ˈadɐ" and lexicon.of("pt_PT")["Ada"] == "ˈada"


def test_slashes_and_brackets_around_ipa_are_taken_off(tmp_path: Path) -> None:
    assert load_lexicon(file(tmp_path, "Ada: /ˈeɪdə/\n")).of("en") == {"Ada": "ˈeɪdə"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("Good: ɡʊd\nBad: BAD\n", 2, "'BAD' is not IPA"),
        ("Bad: k@t\n", 1, "'k@t' is not IPA"),
        ("Bad: 12\n", 1, "must be a text"),
        ("Bad: ˈ\n", 1, "is not IPA"),
        ("'!': ə\n", 1, "must begin and end with a letter"),
        ("german!: {Ada: a}\n", 1, "not a language code"),
        ("de: {Ada: a, Ada: b}\n", 1, "twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    with pytest.raises(BriefError, match=what) as told:
        load_lexicon(file(tmp_path, text))
    assert f"line {line}" in str(told.value)


def test_whole_words_only() -> None:
    assert found("Countenance, Countenances and a-Countenance (Countenance).") == ["Countenance"] * 3


def test_capitals_are_for_the_brand_and_small_letters_for_any_case() -> None:
    assert found("countenance Countenance COUNTENANCE") == ["Countenance"]
    assert found("crema Crema CREMA") == ["crema", "Crema", "CREMA"]


def test_the_longest_of_several_wins_and_words_may_have_blanks() -> None:
    assert found("Face Up with Countenance") == ["Face Up", "Countenance"]


def test_an_english_possessive_is_said_with_its_word() -> None:
    own = matches("Countenance's and crema’s", WORDS, "en")
    assert [one.ipa for one in own] == ["ˈkaʊntənənsɪz", "ˈkɹeɪməz"]
    assert found("Countenance's", "de") == ["Countenance"]


def test_ipa_is_known_from_other_writing() -> None:
    assert all(map(is_ipa, ["ˈkaʊntənəns", "t͡ʃaɪ", "kɑ̃.tə", "ɛsˈprɛso", "ç", "nʲɪ"]))
    assert not any(map(is_ipa, ["", "ˈ", "K AE1 T", "k@t", "kat1", "☃", "<b>"]))


@given(st.text(max_size=80))
def test_matches_are_in_order_apart_and_in_the_text(text: str) -> None:
    at = 0
    for one in matches(text, WORDS, "en"):
        assert at <= one.start < one.end <= len(text)
        at = one.end
