"""What is blocked and what waits for a decision: rules as data, each with its reason, its owner and its date.

The rules that come with the product stand in `policies/standard.toml`. A project's `policy.toml` may change a rule's
action, not below its `least`, and add sensitive words; whoever changes says why.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from countenance.errors import InputError
from countenance.rights.keywords import STANDARD as STANDARD_WORDS
from countenance.rights.keywords import Words, read_words, words_of
from countenance.store.project import Project

ACTIONS = ("allow", "escalate", "block")  # from the weakest to the strictest
_STANDARD = Path(__file__).parent / "policies" / "standard.toml"
_KEYS = ("id", "title", "action", "least", "owner", "date", "reason")


@dataclass(frozen=True)
class Rule:
    """One rule as it is in force. `least` is how weak a project may make it; `source` the file that decides."""

    id: str
    title: str
    action: str
    least: str
    owner: str
    date: date
    reason: str
    source: str = "standard"


@dataclass(frozen=True)
class Policy:
    """All rules by id, the word lists, and the two distances of faces (`policies/standard.toml` says of what)."""

    rules: Mapping[str, Rule]
    words: tuple[Words, ...]
    same: float
    alike: float

    def action(self, rule: str) -> str:
        return self.rules[rule].action


def policy_path(project: Project) -> Path:
    return project.folder / "policy.toml"


def load_policy(project: Project | None = None) -> Policy:
    """The policy in force. InputError names the row of a file that is broken, unknown, unexplained or too weak."""
    content = _read(_STANDARD)
    rules = {row["id"]: _rule(_STANDARD, row) for row in content["rule"]}
    words = read_words(STANDARD_WORDS, tuple(rules))
    path = policy_path(project) if project is not None else None
    if path is not None and path.is_file():
        own = _read(path)
        for row in own.get("rule", []):
            changed = _changed(path, row, rules)
            rules[changed.id] = changed
        lists = enumerate(own.get("words", []), start=1)
        words += tuple(words_of(path, number, row, tuple(rules)) for number, row in lists)
    return Policy(MappingProxyType(rules), words, content["likeness"]["same"], content["likeness"]["alike"])


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} cannot be understood ({exc}); repair it.") from exc


def _rule(path: Path, row: Mapping[str, Any]) -> Rule:
    if set(row) != set(_KEYS):
        wrong = ", ".join(sorted(set(row) ^ set(_KEYS)))
        raise InputError(f"{path}: rule {row.get('id')!r} lacks or has too much of: {wrong}; correct it.")
    return _checked(path, Rule(**row))


def _changed(path: Path, row: Mapping[str, Any], rules: Mapping[str, Rule]) -> Rule:
    known = rules.get(str(row.get("id")))
    if known is None:
        raise InputError(f"{path}: there is no rule {row.get('id')!r} to change (known: {', '.join(rules)}).")
    allowed = {"id", "action", "owner", "date", "reason"}
    if set(row) != allowed:
        wrong = ", ".join(sorted(set(row) ^ allowed))
        raise InputError(f"{path}: rule {known.id!r} is changed by action, owner, date and reason; look at: {wrong}.")
    return _checked(path, replace(known, **row, source=path.name))


def _checked(path: Path, rule: Rule) -> Rule:
    texts = (rule.id, rule.title, rule.owner, rule.reason)
    if not all(isinstance(text, str) and text.strip() for text in texts) or type(rule.date) is not date:
        raise InputError(f"{path}: rule {rule.id!r} needs a title, an owner, a reason and a date; add them.")
    if rule.action not in ACTIONS or rule.least not in ACTIONS:
        raise InputError(f"{path}: rule {rule.id!r} does not know the action (known: {', '.join(ACTIONS)}).")
    if ACTIONS.index(rule.action) < ACTIONS.index(rule.least):
        raise InputError(f"{path}: rule {rule.id!r} cannot be weaker than {rule.least!r}; what it guards is not ours.")
    return rule
