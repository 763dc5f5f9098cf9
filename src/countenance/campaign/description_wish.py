"""What a brief says about audio description, under `description:`: a script for each language that has one.

A script is a text file of blocks. The first line of each says when: a time such as "0:12", or "after: some words" that
are said; the lines below it are what is to be said then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from countenance.errors import InputError
from countenance.store.documents import Section

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)|(\d+(?:\.\d+)?)\s*s?")
_AFTER = re.compile(r"after\s*:\s*(.+)", re.I)


@dataclass(frozen=True, slots=True)
class Passage:
    """What is to be described: from `at_s` of the variant on, or as soon as the words of `after` are said."""

    text: str
    at_s: float | None = None
    after: str = ""


def read_descriptions(whole: Section, languages: Collection[str]) -> Mapping[str, Path]:
    """`description` of a brief: the script of each language; BriefError names the line, the key and the way out."""
    if "description" not in whole.values:
        return MappingProxyType({})
    section = whole.section("description")
    found: dict[str, Path] = {}
    for language in section.values:
        section.known(language, language, languages)
        path = section.file.parent / section.text(language)
        if not path.is_file():
            reason = "is a folder" if path.is_dir() else "does not exist"
            raise section.problem(
                f"'{section.path_of(language)}' is {path}, which {reason}: correct the path", language
            )
        try:
            passages(path.read_text(encoding="utf-8-sig"), path.name)
        except InputError as problem:
            raise section.problem(str(problem).rstrip("."), language) from problem
        except UnicodeDecodeError as problem:
            raise section.problem(f"{path} is not UTF-8 text: save it as UTF-8", language) from problem
        found[language] = path.resolve()
    return MappingProxyType(found)


def passages(text: str, name: str = "the description") -> tuple[Passage, ...]:
    """The passages of a script, in its order. InputError names the line that says no time, or nothing at all."""
    found: list[Passage] = []
    line_number = 1
    for block in re.split(r"(\n[^\S\n]*(?:\n[^\S\n]*)+)", text.replace("\r\n", "\n")):
        if block.strip():
            start = line_number + block[: len(block) - len(block.lstrip())].count("\n")
            found.append(_passage(block.strip(), start, name))
        line_number += block.count("\n")
    if not found:
        raise InputError(f"{name} holds nothing to say: write a time, and below it what is to be described.")
    return tuple(found)


def _passage(block: str, line: int, name: str) -> Passage:
    head, _, body = block.partition("\n")
    said = " ".join(body.split())
    if not said:
        raise InputError(f"{name}, line {line}: below '{head}' nothing is said: write the description there.")
    if after := _AFTER.fullmatch(head.strip()):
        return Passage(said, None, " ".join(after[1].split()))
    clock = _CLOCK.fullmatch(head.strip())
    if not clock:
        raise InputError(
            f"{name}, line {line}: '{head}' says no time: begin with one such as 0:12, or with after: WORDS."
        )
    hours, minutes, seconds, plain = clock.groups()
    return Passage(said, float(plain) if plain else int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds))
