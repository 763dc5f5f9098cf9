from __future__ import annotations

import pytest

from countenance.speech.espeak import raw_speech, sounds_of, transcribed
from countenance.speech.mnemonics import names_for


def said(ipa: str, language: str) -> str:
    names, missing = names_for(ipa, sounds_of(language))
    assert missing == ""
    events, _, _ = raw_speech(f"<speak>[[{names}]]", language, 160, None, markup=True)
    return "".join(event.name for event in events if event.type == 7)


@pytest.mark.parametrize(
    ("ipa", "language"),
    [
        ("kˈaʊntənəns", "en"), ("kˈaʊntənəns", "de"), ("ɛspɹˈɛsoʊ", "en"), ("ɛspʁˈɛso", "de"), ("zˈiːmɛns", "de"),
        ("ʃˈɛf", "fr"), ("θˈiɾko", "es"), ("ʃɔkolˈa", "fr"), ("bəʊldˈɜːməs", "en-gb"), ("fˈœ", "fr"),
    ],
)  # fmt: skip
def test_the_phones_that_are_wanted_come_out(ipa: str, language: str) -> None:
    assert said(ipa, language) == ipa


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pl", "cmn", "ja", "ar", "hi", "tr", "ru"])
def test_a_brand_can_be_said_in_any_language(language: str) -> None:
    heard = said("ˈkaʊntənəns", language)
    consonants = [c for c in heard if c in "kntsd"]
    assert consonants == list("kntnns")


def test_a_sound_that_a_language_lacks_becomes_a_near_one() -> None:
    assert said("θɪŋk", "de").startswith("θ")  # espeak-ng has it for loanwords
    assert said("ʁɔbˈo", "en") in ("ʁɔbˈo", "ɹɔbˈo")


def test_what_has_no_near_sound_is_reported() -> None:
    assert names_for("aǂa", {"a": "a"}) == ("aa", "ǂ")


def test_texts_are_transcribed_with_stress_and_blanks() -> None:
    assert transcribed(["Hello world.", "two"], "en") == ("həlˈoʊ wˈɜːld", "tˈuː")
