"""Retention periods as data: the product's own, and what a project changes in them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from countenance.errors import InputError
from countenance.store.project import Project

FILE = "retention.toml"
_MOST_DAYS = 36525
_CHANGED = {"kind", "days", "reason", "basis"}


@dataclass(frozen=True)
class Period:
    """How long a kind of data is kept: `days` whole days after the event `after`, why, and on what legal basis."""

    kind: str
    what: str
    after: str
    days: int
    reason: str
    basis: str
    changed: bool = False  # by the project


def periods(project: Project) -> dict[str, Period]:
    """The periods that hold in a project, by kind. InputError for a file of the project that cannot be followed."""
    found = dict(own_periods())
    path = project.folder / FILE
    if not path.is_file():
        return found
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} cannot be understood ({exc}); repair it.") from exc
    if set(values) - {"version"} != {"period"} or not isinstance(values["period"], list):
        raise InputError(f"{path} must hold [[period]] tables and nothing else.")
    for one in values["period"]:
        changed = _change(path, found, one)
        found[changed.kind] = changed
    return found


@cache
def own_periods() -> Mapping[str, Period]:
    """The product's own periods."""
    text = Path(__file__).with_name(FILE).read_text(encoding="utf-8")
    return {one["kind"]: Period(**one) for one in tomllib.loads(text)["period"]}


def _change(path: Path, known: Mapping[str, Period], values: Any) -> Period:
    if not isinstance(values, dict) or set(values) != _CHANGED:
        raise InputError(f"{path}: every [[period]] needs {', '.join(sorted(_CHANGED))}, and nothing else.")
    kind, days = values["kind"], values["days"]
    if kind not in known:
        raise InputError(f"{path}: there is no kind {kind!r} (known: {', '.join(known)}).")
    if type(days) is not int or not 0 <= days <= _MOST_DAYS:
        raise InputError(f"{path}: the days of {kind!r} must be a whole number from 0 to {_MOST_DAYS}.")
    if not all(isinstance(values[name], str) and values[name].strip() for name in ("reason", "basis")):
        raise InputError(f"{path}: the period of {kind!r} needs a reason and a legal basis in words.")
    return replace(known[kind], days=days, reason=values["reason"], basis=values["basis"], changed=True)
