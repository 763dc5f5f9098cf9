"""A brand's pronunciation lexicon: how its words are said, per language, for every voice and for the aligner."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from countenance.errors import BriefError
from countenance.speech.ipa import is_voiced_consonant, is_vowel, not_ipa
from countenance.speech.languages import canonical
from countenance.store.documents import Section, read_document

EVERY = "all"
MOST_WORDS = 10_000
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_MARKS = set(" .ˈˌ'‿͜͡|ː")
_SIBILANTS = "szʃʒɕʑʂʐ"
_APOSTROPHES = "'’"


@dataclass(frozen=True)
class Lexicon:
    """Words and their IPA by lower-case language tag; `all` holds for every language."""

    sections: Mapping[str, Mapping[str, str]]

    def of(self, language: str) -> Mapping[str, str]:
        """The words of a language: those of all languages, then of "pt", then of "pt-br", the later going before."""
        parts = canonical(language).split("-")
        tags = [EVERY, *("-".join(parts[: n + 1]) for n in range(len(parts)))]
        return MappingProxyType({word: ipa for tag in tags for word, ipa in self.sections.get(tag, {}).items()})


EMPTY = Lexicon(MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Match:
    """A place in a text that the lexicon speaks about: characters `start` to `end`, and their IPA."""

    start: int
    end: int
    ipa: str


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon: YAML with `word: IPA` for all languages, and sections `de: {word: IPA}` for one.

    BriefError names the file and line of what is no IPA, no word or no language.
    """
    whole = read_document(path)
    sections: dict[str, dict[str, str]] = {}
    for key, value in whole.values.items():
        if isinstance(value, dict):
            if key != EVERY and not _LANGUAGE.fullmatch(key):
                raise whole.problem(f"the section '{key}' is not a language code such as de, nor '{EVERY}'", key)
            section = whole.section(key)
            words = sections.setdefault(canonical(key), {})
            words.update((_word(section, word), _ipa(section, word)) for word in section.values)
        else:
            sections.setdefault(EVERY, {})[_word(whole, key)] = _ipa(whole, key)
    if sum(len(words) for words in sections.values()) > MOST_WORDS:
        raise BriefError(f"{path} holds more than {MOST_WORDS} words: keep those that the campaign says.")
    return Lexicon(MappingProxyType({tag: MappingProxyType(words) for tag, words in sections.items()}))


def is_ipa(text: str) -> bool:
    """Whether a text is in the International Phonetic Alphabet: its letters and marks alone, and a sound in it."""
    letters = [c for c in text if c not in _MARKS]
    known = all(not c.isascii() or c.islower() for c in letters) and not_ipa(text) == ""
    return known and any(unicodedata.category(c) in ("Ll", "Lo") for c in letters)


def matches(text: str, words: Mapping[str, str], language: str) -> tuple[Match, ...]:
    """The places in a text where whole words of the lexicon stand, in order, the longest of those that overlap.

    A word in small letters is found in any case, one with a capital only as it is written ("Face" the brand, "face"
    the noun). An English 's after a word belongs to it and is said as English says it.
    """
    if not words:
        return ()
    found: list[Match] = []
    taken = 0
    exact = {word: ipa for word, ipa in words.items() if word != word.lower()}
    loose = {word: ipa for word, ipa in words.items() if word == word.lower()}
    choices = "|".join(
        re.escape(word) if word in exact else f"(?i:{re.escape(word)})" for word in sorted(words, key=len, reverse=True)
    )
    for match in re.finditer(rf"(?<!\w)(?:{choices})(?!\w)", text):
        if match.start() < taken:
            continue
        ipa = exact.get(match[0]) or loose[match[0].lower()]
        end = match.end()
        if canonical(language).split("-")[0] == "en" and re.match(rf"[{_APOSTROPHES}]s(?!\w)", text[end : end + 3]):
            end, ipa = end + 2, ipa + _possessive(ipa)
        found.append(Match(match.start(), end, ipa))
        taken = end
    return tuple(found)


def _possessive(ipa: str) -> str:
    last = ipa.rstrip("ː .")[-1:]
    if last in _SIBILANTS:
        return "ɪz"
    return "z" if is_vowel(last) or is_voiced_consonant(last) else "s"


def _word(section: Section, word: str) -> str:
    clean = unicodedata.normalize("NFC", word).strip()
    if not clean[:1].isalnum() or not clean[-1:].isalnum() or not clean.isprintable():
        raise section.problem(f"the word '{word}' must begin and end with a letter or a digit", word)
    return clean


def _ipa(section: Section, word: str) -> str:
    ipa = unicodedata.normalize("NFC", section.text(word).strip().strip("/[]"))
    if not is_ipa(ipa):
        raise section.problem(f"'{ipa}' is not IPA, as in 'Countenance: ˈkaʊntənəns'", word)
    return ipa
