"""The words of the pages in their languages, and dates as people write them there."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from countenance.delivery.addresses import DEFAULT_LANGUAGE


def words_of(language: str) -> Mapping[str, str]:
    """The words for a language; English ones for a language that has none, with its code for its name.

    `lang` is the language that the words are in.
    """
    every = _all_words()
    base = language.split("-")[0]
    if base in every:
        return {**every[base], "lang": base}
    return {**every[DEFAULT_LANGUAGE], "lang": DEFAULT_LANGUAGE, "name": _own_name(language)}


def day(moment: str, language: str) -> str:
    """The day of an ISO 8601 moment in words: "21 November 2026"."""
    when = datetime.datetime.fromisoformat(moment).date()
    try:
        return format_date(when, "long", Locale.parse(language.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return when.isoformat()


def _own_name(language: str) -> str:
    try:
        return (Locale.parse(language.replace("-", "_")).get_display_name() or language).capitalize()
    except (UnknownLocaleError, ValueError):
        return language


@cache
def _all_words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("countenance.delivery").joinpath("site_words.toml").read_text(encoding="utf-8"))
