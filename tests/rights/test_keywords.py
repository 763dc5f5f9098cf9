from __future__ import annotations

import pytest

from countenance.rights.keywords import Words, hits
from countenance.rights.policy import load_policy

LISTS = load_policy().words


def rules(text: str, language: str = "en") -> set[str]:
    return {hit.rule for hit in hits(text, language, LISTS)}


@pytest.mark.parametrize(
    ("text", "language", "rule"),
    [
        ("She is naked in this scene.", "en", "words_sexual"),
        ("Sie ist nackt.", "de", "words_sexual"),
        ("Zieh Dich aus!", "de", "words_sexual"),
        ("vote for us on Sunday", "en", "words_political"),
        ("Die Bundestagswahlen kommen.", "de", "words_political"),
        ("Geben Sie Ihre Stimme für uns ab", "de", "words_political"),
        ("I am fifteen years old", "en", "words_minor"),
        ("Ich bin 15 Jahre alt", "de", "words_minor"),
        ("As a doctor I recommend it", "en", "words_deception"),
        ("Als Ärztin empfehle ich das", "de", "words_deception"),
        ("This miracle cure works", "en", "words_claims"),
        ("garantierte Rendite", "de", "words_claims"),
        ("Heil Hitler", "de", "words_hate"),
        ("a suicide bomber", "en", "words_violence"),
        ("underage sex", "en", "words_minor_sexual"),
        ("Kinderpornos", "de", "words_minor_sexual"),
        ("Join our OnlyFans", "de", "words_sexual"),  # English words are said in every language
        ("Elle est nackt", "fr", "words_sexual"),  # a language without a list is looked at with all
    ],
)
def test_sensitive_words_are_found(text: str, language: str, rule: str) -> None:
    assert rule in rules(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "n a k e d", "N.A.K.E.D", "n4k3d", "na\u00adked", "na\u200bked", "ＮＡＫＥＤ", "nákêd", "NaKeD!", "n-a-k-e-d",
    ],
)  # fmt: skip
def test_a_disguise_does_not_hide_a_word(text: str) -> None:
    assert "words_sexual" in rules(f"Now {text} for you")


@pytest.mark.parametrize("text", ["Wählt die Beste", "Waehlt die Beste", "wa\u0308hlt die Beste", "WÄHLT die Beste"])
def test_umlauts_are_found_however_they_are_written(text: str) -> None:
    assert "words_political" in rules(text, "de")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This coffee machine makes a fresh cup in thirty seconds.", "en"),
        ("Die richtige Wahl für Kaffee, auch für Kinder ab 3 Jahren. Neue Auswahl.", "de"),
        ("Essex and Sussex have the best cockerels; an analysis of assets.", "en"),
        ("Der Parteiverkehr ist geschlossen; Heilpflanzen und Einheilung.", "de"),
        ("I, a 5 or 6 b c: 3 for 2, up to 40 % off!", "en"),
        ("", "en"),
    ],
)
def test_harmless_words_are_left_alone(text: str, language: str) -> None:
    assert hits(text, language, LISTS) == ()


def test_german_words_are_not_looked_for_in_english_texts() -> None:
    assert "words_claims" not in rules("The partei heilt", "en")


def test_each_term_is_told_once_and_phrases_stand_across_lines() -> None:
    lists = (Words("words_claims", "en", ("get rich", "cure*")),)
    found = hits("Get\n  rich! get, rich. Cures and cured.", "en", lists)
    assert [hit.term for hit in found] == ["get rich", "cure*"]
