"""How much a project, a campaign and an owner may keep: `[quota]` in settings.toml.

    [quota]
    project = "500 GB"

    [quota.campaigns]
    espresso-launch = "50 GB"
    "*" = "20 GB"             # every other campaign

    [quota.owners]
    "ops@example.org" = "200 GB"

What is kept once counts once for the project, and for each campaign whose results need it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from countenance.errors import CountenanceError, InputError
from countenance.store.database import reading
from countenance.store.places import storage_settings
from countenance.store.project import Project
from countenance.store.tables import blob, kept_result

_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?(B|kB|MB|GB|TB)")
_CACHE = 20 * 10**9


class QuotaError(CountenanceError):
    """What is to be kept would be more than is allowed."""


@dataclass(frozen=True)
class Quota:
    """Limits in bytes; None and absent ones do not limit. `cache` is this machine's copies of a bucket's blobs."""

    project: int | None = None
    campaigns: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[str, int] = field(default_factory=dict)
    cache: int = _CACHE
    shared: bool = False  # results are blobs; else they are folders, which count beside the blobs

    @property
    def limits(self) -> bool:
        return self.project is not None or bool(self.campaigns) or bool(self.owners)


@dataclass(frozen=True)
class Usage:
    """One line of what is kept: `sort` is project, campaign or owner; sizes in bytes."""

    sort: str
    name: str
    size: int
    limit: int | None


def quota(project: Project) -> Quota:
    """The limits of the settings; InputError for one that is no amount."""
    values = storage_settings(project)
    said, s3 = values.get("quota", {}), values.get("s3", {})
    return Quota(
        _amount(project, "quota.project", said["project"]) if "project" in said else None,
        _amounts(project, "quota.campaigns", said.get("campaigns", {})),
        _amounts(project, "quota.owners", said.get("owners", {})),
        _amount(project, "s3.cache", s3["cache"]) if "cache" in s3 else _CACHE,
        "blobs" in values,
    )


def usage(project: Project) -> list[Usage]:
    """What is kept now: of the project, of each campaign, of each owner."""
    wanted = quota(project)
    with reading(project) as connection:
        found = [Usage("project", project.settings.tenant, _of_project(connection, wanted), wanted.project)]
        for sort, column, limits in (
            ("campaign", kept_result.c.campaign, wanted.campaigns),
            ("owner", kept_result.c.owner, wanted.owners),
        ):
            query = select(column, func.sum(kept_result.c.size)).where(column != "").group_by(column).order_by(column)
            found += [Usage(sort, name, int(size), _limit(limits, name)) for name, size in connection.execute(query)]
    return found


def require_room(
    connection: Connection, limits: Quota, more: int, campaign: str, owner: str, *, counted: int = 0
) -> None:
    """Raises QuotaError when so many bytes more would be too much for the project, the campaign or the owner.

    Within the transaction that keeps them, so that two who ask at once do not both get the last of it. `counted` are
    bytes of them that the project has as blobs already.
    """
    if limits.project is not None:
        _require("the project", _of_project(connection, limits) - counted, more, limits.project)
    for sort, column, name, of in (
        ("campaign", kept_result.c.campaign, campaign, limits.campaigns),
        ("owner", kept_result.c.owner, owner, limits.owners),
    ):
        limit = _limit(of, name) if name else None
        if limit is not None:
            query = select(func.coalesce(func.sum(kept_result.c.size), 0)).where(column == name)
            _require(f"{sort} {name!r}", int(connection.execute(query).scalar_one()), more, limit)


def in_words(size: int) -> str:
    """Bytes as people say them."""
    unit = next((name for name, factor in reversed(_UNITS.items()) if size >= factor), "B")
    return f"{size / _UNITS[unit]:.1f} {unit}" if unit != "B" else f"{size} B"


def _require(who: str, kept: int, more: int, limit: int) -> None:
    if kept + more > limit:
        raise QuotaError(
            f"{who} keeps {in_words(kept)} and would need {in_words(more)} more, but its quota is {in_words(limit)}; "
            "raise [quota] in settings.toml, or make room with `countenance storage gc`."
        )


def _of_project(connection: Connection, limits: Quota) -> int:
    columns = [blob.c.size] if limits.shared else [blob.c.size, kept_result.c.size]
    return sum(int(connection.execute(select(func.coalesce(func.sum(one), 0))).scalar_one()) for one in columns)


def _limit(limits: Mapping[str, int], name: str) -> int | None:
    return limits.get(name, limits.get("*"))


def _amounts(project: Project, what: str, said: Any) -> dict[str, int]:
    if not isinstance(said, dict):
        raise InputError(f"[{what}] in {project.settings_path} must hold names and amounts; correct it.")
    return {str(name): _amount(project, f"{what}.{name}", amount) for name, amount in said.items()}


def _amount(project: Project, what: str, said: Any) -> int:
    found = _AMOUNT.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        raise InputError(f'{what} = {said!r} in {project.settings_path} is no amount; write one such as "50 GB".')
    return round(float(found[1]) * _UNITS[found[2]])
