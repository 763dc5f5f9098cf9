"""Words that a text must, or must not, contain: a brand's glossary, read from a file and checked language by language.

terms:
  - must: Countenance            # in the text of every language, letter for letter
  - must_not: cheap
    languages: [en]
    instead: affordable
    inflected: true              # cheaper and cheapest as well
  - translate: {en: coffee machine, de: Kaffeemaschine}   # where the script says the one, German says the other
    level: warn                  # tell, but do not stop
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from countenance.speech.languages import canonical
from countenance.store.documents import Section, read_document

KINDS = ("must", "must_not", "translate")
LEVELS = ("block", "warn")
_SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_ENDING = 4  # letters that an inflected word may add to its stem
_SHORTEST_STEM = 3


@dataclass(frozen=True)
class Term:
    """One entry. `forms` maps a language ("" for all) to the word; an entry of `languages` () holds for all."""

    kind: str
    forms: Mapping[str, str]
    languages: tuple[str, ...] = ()
    inflected: bool = False
    exact_case: bool = False
    level: str = "block"
    instead: str | None = None
    line: int = field(default=0, compare=False)

    def form(self, language: str) -> str | None:
        """The word in a language, or None where the entry says nothing about it."""
        tag = canonical(language)
        return next((word for name, word in self.forms.items() if name == "" or _covers(name, tag)), None)


@dataclass(frozen=True)
class Violation:
    """A broken entry, in one sentence. `blocks` is False for what is only told."""

    language: str
    term: str
    sentence: str
    blocks: bool


Glossary = tuple[Term, ...]


def read_glossary(path: Path) -> Glossary:
    """The entries of a glossary file (YAML). BriefError names the file, the line and the way out."""
    whole = read_document(path)
    whole.only(("terms",))
    return tuple(_term(section) for section in whole.sections("terms"))


def check(texts: Mapping[str, str], glossary: Glossary, source: str) -> tuple[Violation, ...]:
    """Everything in which the texts (by language) break the glossary; `source` is the script's own language."""
    return tuple(
        violation
        for language, text in texts.items()
        for term in glossary
        for violation in _broken(term, language, text, texts.get(source, ""), source)
    )


def found(text: str, word: str, *, inflected: bool = False, exact_case: bool = False) -> str | None:
    """Where a word or phrase stands in a text as a whole word: what is written there, or None.

    Without `exact_case` capitals do not matter, with `inflected` endings and umlauts do not; in scripts without spaces
    it may stand anywhere.
    """
    match = _pattern(word, inflected, exact_case).search(_plain(text, inflected, exact_case))
    if match is None:
        return None
    written = re.search(re.escape(match[0]), text, re.IGNORECASE)
    return written[0] if written else match[0]


def hints(glossary: Glossary, source: str, target: str) -> tuple[str, ...]:
    """What a translator must know of it for one language, one line each."""
    lines: list[str] = []
    for term in glossary:
        word = term.form(target)
        if word is None or not _holds(term, target):
            continue
        original = term.form(source)
        if term.kind == "must":
            lines.append(f"Keep '{word}' exactly as it is.")
        elif term.kind == "must_not":
            lines.append(f"Never write '{word}'" + (f"; write '{term.instead}'." if term.instead else "."))
        elif original:
            lines.append(f"Translate '{original}' as '{word}'.")
    return tuple(lines)


def _term(section: Section) -> Term:
    kinds = [kind for kind in KINDS if kind in section.values]
    if len(kinds) != 1:
        raise section.problem(f"{section.name} needs one of {', '.join(KINDS)}: say what the entry asks for")
    (kind,) = kinds
    section.only((kind,), ("languages", "inflected", "case", "level", "instead"))
    if kind == "translate":
        forms = section.section(kind)
        if len(forms.values) < 2:
            raise forms.problem(f"{forms.name} needs the word in two languages or more")
        words = {canonical(language): forms.text(language) for language in forms.values}
    else:
        words = {"": section.text(kind)}
    for word in words.values():
        if not any(c.isalnum() for c in word):
            raise section.problem(f"{section.name}: '{word}' is no word: write one with letters", kind)
    return Term(
        kind,
        words,
        tuple(canonical(one) for one in section.texts("languages")) if "languages" in section.values else (),
        section.flag("inflected", False),
        section.choice("case", ("any", "exact"), "exact" if kind == "must" else "any") == "exact",
        section.choice("level", LEVELS, "block"),
        section.text("instead") if "instead" in section.values else None,
        section.line,
    )


def _broken(term: Term, language: str, text: str, script: str, source: str) -> Iterator[Violation]:
    word = term.form(language)
    if word is None or not _holds(term, language):
        return
    there = found(text, word, inflected=term.inflected, exact_case=term.exact_case)
    if term.kind == "must" and there is None:
        sentence = f"The text in {language} must say '{word}' (glossary) but does not: add it."
    elif term.kind == "must_not" and there is not None:
        way_out = f"write '{term.instead}'" if term.instead else "write something else"
        sentence = f"The text in {language} must not say '{word}' (glossary) but says '{there}': {way_out}."
    elif term.kind == "translate" and there is None and language != source:
        original = term.form(source)
        if original is None or found(script, original, inflected=term.inflected) is None:
            return
        sentence = (
            f"The text in {language} must say '{word}' where the script says '{original}' (glossary): correct it."
        )
    else:
        return
    yield Violation(language, word, sentence, term.level == "block")


def _holds(term: Term, language: str) -> bool:
    return not term.languages or any(_covers(one, canonical(language)) for one in term.languages)


def _covers(wide: str, tag: str) -> bool:
    """Whether a language code covers another: de covers de-at."""
    return tag == wide or tag.startswith(f"{wide}-")


def _plain(text: str, inflected: bool, exact_case: bool) -> str:
    plain = unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    if inflected:
        plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
        plain = unicodedata.normalize("NFC", plain)
    return plain if exact_case else plain.casefold()


@lru_cache(maxsize=1024)
def _pattern(word: str, inflected: bool, exact_case: bool) -> re.Pattern[str]:
    parts = _plain(word, inflected, exact_case).split()
    forms = [_stem(part) if inflected else re.escape(part) for part in parts]
    phrase = r"[\s\-‐‑]+".join(forms)
    if _SPACELESS.search(word):
        return re.compile(r"\s*".join(map(re.escape, parts)))
    return re.compile(rf"(?<!\w){phrase}(?!\w)")


def _stem(part: str) -> str:
    """A word with room for other endings: its last letters may be gone, and some more may come."""
    stem = part[: max(_SHORTEST_STEM, len(part) - (2 if len(part) > 5 else 1))]
    if len(part) <= _SHORTEST_STEM:
        stem = part
    return rf"{re.escape(stem)}\w{{0,{_ENDING + len(part) - len(stem)}}}"
