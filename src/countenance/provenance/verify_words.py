"""The sentences of `verify`, from `verify_words.toml`, in the language that was asked for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from countenance.errors import InputError

LANGUAGES = ("en", "de")


@cache
def sentences() -> dict[str, dict[str, str]]:
    """All sentences by key and language."""
    text = resources.files("countenance.provenance").joinpath("verify_words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def say(language: str, key: str, **values: object) -> str:
    """The sentence `key` in `language`, with its values filled in."""
    return sentences()[key][spoken(language)].format(**values)


def spoken(language: str) -> str:
    """The one of LANGUAGES that is meant ("de-AT" means "de"); InputError when it is none of them."""
    short = language.lower().replace("_", "-").split("-")[0]
    if short not in LANGUAGES:
        raise InputError(f"verify does not speak {language!r}; choose one of {', '.join(LANGUAGES)}.")
    return short
