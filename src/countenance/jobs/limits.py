"""Limits from the project's `settings.toml`: how much runs at once, how fast, and when a task is given up.

[queues]
gpu = 2                    # tasks of this queue at once, over all machines

[limits]
at_once = 8                # tasks of one owner at once
starts_per_minute = 120    # of one owner
tries = 5                  # of a task that fails without patience of its own
kills = 5                  # workers that a task may take with it

[limits.owners."Ada Ltd"]  # what holds for one owner instead
at_once = 2
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from countenance.errors import InputError
from countenance.store.project import Project


@dataclass(frozen=True)
class Limits:
    """None where nothing limits."""

    at_once: int | None = None
    starts_per_minute: int | None = None
    tries: int = 5
    kills: int = 5
    queues: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[str, Limits] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether it matters how many tasks run at once."""
        return bool(self.queues) or any(one.at_once is not None for one in (self, *self.owners.values()))

    def of(self, owner: str) -> Limits:
        """What holds for one owner."""
        return self.owners.get(owner, self)


def limits_of(project: Project) -> Limits:
    """The limits as they are on disk now; InputError when they cannot be understood."""
    try:
        found = project.settings_path.stat()
        return _limits(project.settings_path, (found.st_ino, found.st_mtime_ns, found.st_size))
    except OSError as exc:
        raise InputError(f"{project.settings_path} cannot be read ({exc.strerror}); repair it.") from exc


@lru_cache(maxsize=64)
def _limits(path: Path, _version: tuple[int, ...]) -> Limits:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise InputError(f"{path} cannot be understood ({exc}); repair it.") from exc
    queues, limits = _table(path, values, "queues"), dict(_table(path, values, "limits"))
    owners = _table(path, limits, "owners")
    limits.pop("owners", None)
    common = _numbers(path, Limits(queues={name: _count(path, name, value) for name, value in queues.items()}), limits)
    return replace(common, owners={name: _numbers(path, common, _table(path, owners, name)) for name in owners})


def _numbers(path: Path, base: Limits, values: Mapping[str, Any]) -> Limits:
    known = ("at_once", "starts_per_minute", "tries", "kills")
    if unknown := sorted(set(values) - set(known)):
        raise InputError(f"{path} names the limit {unknown[0]!r}, which is none; write one of {', '.join(known)}.")
    checked: dict[str, Any] = {name: _count(path, name, value) for name, value in values.items()}
    return replace(base, **checked)


def _table(path: Path, values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name, {})
    if not isinstance(found, dict):
        raise InputError(f"{path}: {name!r} is no table; write it as [{name}] with one name = number a line.")
    return found


def _count(path: Path, name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{path}: the limit {name!r} is {value!r}; write a whole number from 1.")
    return value
