"""Figures in words, language by language."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.speech.figures import CURRENCIES, UNITS, Figures, abbreviations, figures_of

SPELT = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "zh")
ALL = (*SPELT, "ja", "ar", "en-GB", "de-CH", "de-AT", "fr-CA", "es-MX", "pt-PT")


def figures(language: str) -> Figures:
    found = figures_of(language)
    assert found is not None
    return found


def test_a_language_without_rules_has_no_figures() -> None:
    assert figures_of("hi") is None and figures_of("qqx") is None and figures_of("") is None


@pytest.mark.parametrize("language", ALL)
@settings(max_examples=50, deadline=None)
@given(number=st.decimals(0, 10**9, places=2))
def test_a_number_is_worth_what_its_language_writes(language: str, number: Decimal) -> None:
    one = figures(language)
    written = format_decimal(number, format="#,##0.##", locale=one.locale, numbering_system="latn")
    assert re.fullmatch(one.number, written), written
    assert one.value(written) == number


@pytest.mark.parametrize("language", SPELT)
@settings(max_examples=50, deadline=None)
@given(whole=st.integers(0, 10**6), part=st.integers(0, 999))
def test_a_decimal_has_no_figures_left(language: str, whole: int, part: int) -> None:
    one = figures(language)
    spoken = one.read(f"{whole}{one.decimal}{part}")
    assert spoken and not re.search(r"\d", spoken)
    assert one.table["point"] in spoken


@pytest.mark.parametrize("language", SPELT)
@pytest.mark.parametrize("unit", sorted(set(UNITS.values())))
def test_a_unit_is_named_or_left_to_the_voice(language: str, unit: str) -> None:
    one = figures(language)
    for number in ("1", "2", "5", f"1{one.decimal}5"):
        spoken = one.quantity(number, unit)
        assert spoken is None or (not re.search(r"\d", spoken) and unit not in spoken and "  " not in spoken)


@pytest.mark.parametrize("language", SPELT)
@pytest.mark.parametrize("currency", sorted(set(CURRENCIES.values())))
def test_a_price_is_in_words(language: str, currency: str) -> None:
    one = figures(language)
    for number in ("1", "2", "5", f"3{one.decimal}50", f"0{one.decimal}99"):
        spoken = one.price(number, currency)
        assert spoken and not re.search(r"\d", spoken)


@pytest.mark.parametrize("language", [one for one in SPELT if one != "pl"])
def test_every_minute_of_the_day_is_said(language: str) -> None:
    said = [figures(language).time(hour, minute) for hour in range(24) for minute in (0, 1, 9, 15, 30, 59)]
    assert None not in said and len(set(said)) == len(said)


@pytest.mark.parametrize("language", SPELT)
@settings(max_examples=60, deadline=None)
@given(day=st.dates(min_value=date(1101, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_is_said(language: str, day: date) -> None:
    spoken = figures(language).date(day.day, day.month, day.year)
    assert spoken is None or not re.search(r"\d", spoken)
    if language != "pl":  # which has no word for whole hundreds
        assert spoken


@pytest.mark.parametrize(
    ("language", "number", "gender", "said"),
    [
        ("de", "1", "feminine", "eine"), ("de", "1", "masculine", "ein"), ("de", "1", "alone", "eins"),
        ("es", "21", "masculine", "veintiún"), ("es", "21", "feminine", "veintiuna"),
        ("es", "21", "alone", "veintiuno"),
        ("pt", "2", "feminine", "duas"), ("it", "1", "feminine", "una"), ("sv", "1", "neuter", "ett"),
        ("pl", "2", "feminine", "dwie"), ("fr", "1", "feminine", "une"), ("en", "007", "alone", "zero zero seven"),
        ("de", "1.000.000", "alone", "eine Million"), ("de-CH", "1’000", "alone", "eintausend"),
    ],
)  # fmt: skip
def test_a_number_agrees_with_its_noun(language: str, number: str, gender: str, said: str) -> None:
    assert figures(language).read(number, gender) == said


@pytest.mark.parametrize(
    ("language", "noun", "gender"),
    [
        ("de", "Tasse", "feminine"), ("de", "Kilometer", "masculine"), ("de", "kommt", "alone"),
        ("es", "horas", "feminine"), ("es", "días", "masculine"), ("es", "de", "alone"),
        ("pt", "problemas", "masculine"),
    ],
)  # fmt: skip
def test_the_gender_goes_by_the_noun_s_ending(language: str, noun: str, gender: str) -> None:
    assert figures(language).before(noun) == gender


def test_days_are_inflected_after_german_words() -> None:
    said = [figures("de").date(3, 10, None, before) for before in ("am", "der", "")]
    assert said == ["dritten Oktober", "dritte Oktober", "dritter Oktober"]


def test_a_polish_year_is_an_ordinal() -> None:
    assert figures("pl").year(1994) == "tysiąc dziewięćset dziewięćdziesiątego czwartego"
    assert figures("pl").year(2000) is None


def test_abbreviations_are_those_of_the_table() -> None:
    assert "z. B." in abbreviations("de-AT") and abbreviations("hi") == ()
