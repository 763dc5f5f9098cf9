"""Reads the YAML that people write by hand, and answers mistakes with the line and what was probably meant.

Two traps of YAML 1.1 are closed here: `no`, `on` and `off` stay words (Norway is a market, `off` a badge),
and a key that is written twice is an error instead of a silent last-one-wins.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from countenance.errors import BriefError


class _Located(dict[str, object]):
    """A mapping that remembers in which line each of its keys stands."""

    lines: dict[str, int]


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the booleans of YAML 1.2."""


_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Located:
    found = _Located()
    found.lines = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise BriefError(f"line {line}: the key {key!r} is not a word: put it in quotes")
        if key in found:
            raise BriefError(f"line {line}: '{key}' stands here twice: keep one of the two")
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = line
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


@dataclass(frozen=True)
class Section:
    """One mapping of a document: its values, and where they stand for the sake of good messages."""

    file: Path
    name: str  # "" for the whole document, else the path of keys to here, such as "talents.ada"
    values: Mapping[str, object]
    lines: Mapping[str, int]
    line: int

    def problem(self, message: str, key: str | None = None) -> BriefError:
        """The error to raise about this section, or about one of its keys."""
        return BriefError(f"{self.file.name}, line {self.lines.get(key or '', self.line)}: {message}")

    def path_of(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def only(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Refuse keys that are not known here, then the lack of those that are required."""
        required = tuple(required)
        known = (*required, *optional)
        for key in self.values:
            if key not in known:
                where = f" in {self.name}" if self.name else ""
                raise self.problem(f"unknown key '{key}'{where}{nearest(key, known)}", key)
        for key in required:
            if key not in self.values:
                raise self.problem(f"'{self.path_of(key)}' is missing")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, value, "must be a text")
        return value

    def whole(self, key: str, default: int | None = None) -> int | None:
        """A whole number, or `default` when the key is absent."""
        if key not in self.values:
            return default
        value = self.values[key]
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(key, value, "must be a whole number")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false, or `default` when the key is absent."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "must be true or false")
        return value

    def day(self, key: str) -> datetime.date:
        value = self.values.get(key)
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise self._wrong(key, value, "must be a day such as 2026-01-31")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of at least one text, without duplicates."""
        value = self.values.get(key)
        if isinstance(value, str):
            raise self._wrong(key, value, f"must be a list: write [{value}]")
        if not isinstance(value, list) or not value:
            raise self._wrong(key, value, "must be a list with at least one entry")
        for position, entry in enumerate(value):
            if not isinstance(entry, str) or not entry.strip():
                raise self._wrong(key, entry, "must hold texts only")
            if entry in value[:position]:
                raise self.problem(f"'{self.path_of(key)}' names '{entry}' twice", key)
        return tuple(value)

    def choice(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        """A text out of a closed set."""
        value = self.text(key, default)
        return self.known(key, value, known)

    def known(self, key: str, value: str, known: Iterable[str]) -> str:
        """`value` itself when it belongs to the set; otherwise a refusal that lists the set."""
        known = tuple(known)
        if value not in known:
            message = f"'{self.path_of(key)}' does not know '{value}'{nearest(value, known)}"
            raise self.problem(f"{message} (known: {', '.join(known)})", key)
        return value

    def section(self, key: str) -> Section:
        return self._as_section(key, self.path_of(key), self.values.get(key))

    def sections(self, key: str) -> tuple[Section, ...]:
        """A list of mappings; empty when the key is absent."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, value, "must be a list")
        name = self.path_of(key)
        return tuple(self._as_section(key, f"{name}[{n}]", entry) for n, entry in enumerate(value))

    def entry(self, key: str) -> str | Section:
        """A text or a mapping."""
        value = self.values.get(key)
        return self.section(key) if isinstance(value, dict) else self.text(key)

    def entries(self, key: str) -> tuple[str | Section, ...]:
        """A list of at least one entry, each a text or a mapping; the mappings are called `key[0]` and so on."""
        value = self.values.get(key)
        if isinstance(value, list) and any(isinstance(one, dict) for one in value):
            name = self.path_of(key)
            return tuple(
                self._as_section(key, f"{name}[{n}]", one) if isinstance(one, dict) else self._text_in(key, one)
                for n, one in enumerate(value)
            )
        return self.texts(key)

    def _text_in(self, key: str, entry: object) -> str:
        if not isinstance(entry, str) or not entry.strip():
            raise self._wrong(key, entry, "must hold texts and mappings only")
        return entry

    def _as_section(self, key: str, name: str, value: object) -> Section:
        if not isinstance(value, _Located) or not value:
            raise self._wrong(key, value, "must be a mapping (key: value) with at least one entry")
        line = min(value.lines.values())
        return Section(self.file, name, value, value.lines, line)

    def _wrong(self, key: str, value: object, rule: str) -> BriefError:
        if key not in self.values:
            return self.problem(f"'{self.path_of(key)}' is missing")
        shown = "nothing" if value is None or value in ("", [], {}) else repr(value)
        return self.problem(f"'{self.path_of(key)}' {rule}, not {shown}", key)


def nearest(word: str, known: Iterable[str]) -> str:
    """ ": did you mean 'language'?" when one of the known words is close enough, else nothing."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f": did you mean '{by_lower[close[0]]}'?" if close else ""


def read_document(path: Path) -> Section:
    """The whole document as a section. BriefError when it is absent, not UTF-8, not YAML or not a mapping."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise BriefError(f"{path} cannot be read ({problem.strerror}): check the path") from problem
    except UnicodeDecodeError as problem:
        raise BriefError(f"{path} is not UTF-8 text: save it as UTF-8") from problem
    try:
        content = yaml.load(text, Loader=_Loader)
    except BriefError as problem:
        raise BriefError(f"{path.name}, {problem}") from None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        raise BriefError(f"{path.name}, line {line}: this is not YAML: {problem.problem}") from problem
    except (yaml.YAMLError, ValueError) as problem:
        raise BriefError(f"{path.name}: this is not YAML: {problem}") from problem
    if not isinstance(content, _Located):
        raise BriefError(f"{path.name}, line 1: the document must be a mapping (key: value)")
    return Section(path, "", content, content.lines, 1)
