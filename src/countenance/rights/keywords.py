"""Sensitive words in texts: found however they are spelt, so that a hidden character does not hide a word."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from countenance.errors import InputError

STANDARD = Path(__file__).parent / "policies" / "words.toml"
_AS_DIGITS = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_APART = re.compile(r"(?<!\w)(?:\w[ .\-_*]){3,}\w(?!\w)")  # four letters or more, each for itself
_MIXED = re.compile(r"(?=\w*[^\W\d_])[\w@$!]*[0-9@$!][\w@$!]*")
_UMLAUT = re.compile(r"(?<=[aou])e")


@dataclass(frozen=True)
class Words:
    """The terms of one rule in one language."""

    rule: str
    language: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """A term that stands in a text."""

    rule: str
    term: str


def read_words(path: Path, known_rules: Sequence[str]) -> tuple[Words, ...]:
    """The word lists of a TOML file; InputError names the list that is broken."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("words", [])
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} cannot be understood ({exc}); repair it.") from exc
    return tuple(words_of(path, number, row, known_rules) for number, row in enumerate(rows, start=1))


def words_of(path: Path, number: int, row: Mapping[str, object], known_rules: Sequence[str]) -> Words:
    """One word list of a policy file; InputError when it is broken."""
    terms = row.get("terms")
    sound = isinstance(terms, list) and terms and all(isinstance(one, str) and one.strip("* ") for one in terms)
    if not sound or row.get("rule") not in known_rules or not isinstance(row.get("language"), str):
        raise InputError(f"{path}: word list {number} needs a known rule, a language and terms; correct it.")
    assert isinstance(terms, list)
    return Words(str(row["rule"]), str(row["language"]), tuple(terms))


def hits(text: str, language: str, lists: Sequence[Words]) -> tuple[Hit, ...]:
    """The terms of a language's lists, and of the English ones, that stand in a text; each once.

    A language that has no list is looked at with all of them.
    """
    own = language.split("-")[0].lower()
    covered = {words.language for words in lists}
    wanted = {own, "en"} if own in covered else covered
    forms = tuple(_forms(text))
    found = (
        Hit(words.rule, term)
        for words in lists
        if words.language in wanted
        for term in words.terms
        if any(_pattern(term).search(form) for form in forms)
    )
    return tuple(dict.fromkeys(found))


def _forms(text: str) -> Iterator[str]:
    """A text as plain letters, and as what it would be with its disguises taken off."""
    plain = _plain(text)
    together = _APART.sub(lambda match: re.sub(r"[ .\-_*]", "", match[0]), plain)
    letters = _MIXED.sub(lambda match: match[0].translate(_AS_DIGITS), plain)
    yield from dict.fromkeys((plain, together, letters))


def _plain(text: str) -> str:
    """Small letters without accents or hidden characters; ae, oe and ue are the umlauts that they stand for."""
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", visible).casefold())
    return _UMLAUT.sub("", "".join(char for char in bare if not unicodedata.combining(char)))


@lru_cache(maxsize=2048)
def _pattern(term: str) -> re.Pattern[str]:
    words = [r"\w+" if word == "*" else re.escape(_plain(word)).replace(r"\*", r"\w*") for word in term.split()]
    phrase = r"\W+".join(words)
    return re.compile(rf"(?<!\w){phrase}(?!\w)")
