"""What channels and laws ask of a package: rows of data in `rules/*.toml`, each with its source and its date."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from countenance.delivery.checks import CHECKS
from countenance.delivery.jsonld import SOURCE_TYPES
from countenance.delivery.situation import CIRCUMSTANCES, EU
from countenance.errors import InputError

BLOCK, WARN, INFO = "block", "warn", "info"
SEVERITIES = (BLOCK, WARN, INFO)
SURE = ("certain", "likely", "possible")
ANY = "any"
NOBODY = "nobody"  # no person has opened the source and compared
STALE_DAYS = 90

_ID = re.compile(r"[A-Z]{2,6}(-[A-Z0-9]+)+[a-z]?")
_MARKET = re.compile(r"[A-Z]{2}")
_ROW = {"platform": list, "source": str, "as_of": datetime.date, "verified_by": str}
_RULE = {"id": str, "rule": str, "severity": str, "check": str}
_RULE_EXTRA = {"format": str, "formats": list, "markets": list, "when": list, "params": dict}
_LABEL = {"source_types": list, "label": str, "where": str, "sure": str, "why": str}


@dataclass(frozen=True)
class Rule:
    """One row: what is asked (`text`) of whom, how bad it is to break it, how it is checked, and who says so.

    It holds on the channels of `platform` ("any": all), in `markets` (empty: everywhere; "EU": the member
    states), for `formats` (empty: all) and in the circumstances `when`, which must all be given.
    """

    id: str
    platform: tuple[str, ...]
    text: str
    severity: str
    check: str
    params: Mapping[str, Any]
    format: str
    formats: tuple[str, ...]
    markets: tuple[str, ...]
    when: tuple[str, ...]
    source: str
    as_of: datetime.date
    verified_by: str

    def holds(self, channel: str, markets: Iterable[str], format: str | None, circumstances: frozenset[str]) -> bool:
        """Whether the rule is about this channel, these markets, this format and these circumstances."""
        return (
            (ANY in self.platform or channel in self.platform)
            and (not self.markets or any(_is_in(market, self.markets) for market in markets))
            and (not self.formats or format in self.formats)
            and circumstances >= set(self.when)
        )

    def age_days(self, today: datetime.date) -> int:
        return (today - self.as_of).days

    def is_stale(self, today: datetime.date) -> bool:
        """Whether somebody should open the source again."""
        return self.age_days(today) > STALE_DAYS


@dataclass(frozen=True)
class PlatformLabel:
    """What a channel is expected to write beside a file of one of these source types, and how sure that is."""

    platform: tuple[str, ...]
    source_types: tuple[str, ...]
    label: str
    where: str
    sure: str
    why: str
    source: str
    as_of: datetime.date
    verified_by: str


@cache
def rules() -> tuple[Rule, ...]:
    """All rules. InputError names the file and the row that is broken."""
    found = tuple(_rule(name, row) for name, content in _files() for row in content.get("rule", ()))
    seen: dict[str, Rule] = {}
    for rule in found:
        if rule.id in seen:
            raise InputError(f"the rule {rule.id} stands in the rule data twice: give one of them another id.")
        seen[rule.id] = rule
    return found


@cache
def platform_labels() -> tuple[PlatformLabel, ...]:
    """All predictions, the surest first within a file. InputError as for `rules`."""
    return tuple(_label(name, row) for name, content in _files() for row in content.get("label", ()))


def parse_rules(text: str, name: str = "rules.toml") -> tuple[Rule, ...]:
    """The rules of one file's text."""
    return tuple(_rule(name, row) for row in _parsed(name, text).get("rule", ()))


def parse_labels(text: str, name: str = "rules.toml") -> tuple[PlatformLabel, ...]:
    """The predictions of one file's text."""
    return tuple(_label(name, row) for row in _parsed(name, text).get("label", ()))


def _files() -> Iterator[tuple[str, dict[str, Any]]]:
    folder = files("countenance.delivery").joinpath("rules")
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        if path.name.endswith(".toml"):
            yield path.name, _parsed(path.name, path.read_text(encoding="utf-8"))


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"the rule file {name} is not TOML: {problem}.") from problem
    unknown = [key for key in content if key not in ("rule", "label")]
    if unknown:
        raise InputError(f"the rule file {name} has {unknown[0]!r}, which is neither [[rule]] nor [[label]].")
    return content


def _rule(name: str, row: Mapping[str, Any]) -> Rule:
    place = f"{name}: rule {row.get('id', '(without id)')}"
    _require(place, row, {**_ROW, **_RULE}, _RULE_EXTRA)
    if not _ID.fullmatch(row["id"]):
        raise InputError(f"{place}: an id looks like TT-FMT-2a.")
    _one_of(place, "severity", row["severity"], SEVERITIES)
    _one_of(place, "check", row["check"], CHECKS)
    params = row.get("params", {})
    known = CHECKS[row["check"]].params
    for key, value in params.items():
        _one_of(place, "params", key, known)
        if not isinstance(value, known[key]):
            raise InputError(f"{place}: params.{key} cannot be {value!r}.")
    for circumstance in row.get("when", ()):
        _one_of(place, "when", circumstance, CIRCUMSTANCES)
    for market in row.get("markets", ()):
        if not _MARKET.fullmatch(market):
            raise InputError(f"{place}: markets cannot hold {market!r}: two capitals, such as DE, or EU.")
    return Rule(
        id=row["id"], platform=tuple(row["platform"]), text=row["rule"], severity=row["severity"], check=row["check"],
        params=params, format=row.get("format", ""), formats=tuple(row.get("formats", ())),
        markets=tuple(row.get("markets", ())), when=tuple(row.get("when", ())), source=row["source"],
        as_of=row["as_of"], verified_by=row["verified_by"],
    )  # fmt: skip


def _label(name: str, row: Mapping[str, Any]) -> PlatformLabel:
    place = f"{name}: label {row.get('label', '(without label)')!r}"
    _require(place, row, {**_ROW, **_LABEL}, {})
    _one_of(place, "sure", row["sure"], SURE)
    for term in row["source_types"]:
        _one_of(place, "source_types", term, SOURCE_TYPES)
    return PlatformLabel(**{**row, "platform": tuple(row["platform"]), "source_types": tuple(row["source_types"])})


def _require(place: str, row: Mapping[str, Any], needed: Mapping[str, type], extra: Mapping[str, type]) -> None:
    for key in needed:
        if key not in row or row[key] in ("", []):
            raise InputError(f"{place}: {key} is missing.")
    for key, value in row.items():
        kind = {**needed, **extra}.get(key)
        if kind is None:
            raise InputError(f"{place}: there is no field {key!r}.")
        if not isinstance(value, kind) or isinstance(value, datetime.datetime):
            raise InputError(f"{place}: {key} cannot be {value!r}.")
    if row["as_of"] > datetime.date.today():
        raise InputError(f"{place}: as_of {row['as_of']} lies in the future.")
    for channel in row["platform"]:
        if not isinstance(channel, str):
            raise InputError(f"{place}: platform cannot hold {channel!r}.")


def _one_of(place: str, key: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise InputError(f"{place}: {key} does not know {value!r} (known: {', '.join(known)}).")


def _is_in(market: str, markets: Iterable[str]) -> bool:
    return market in markets or ("EU" in markets and market in EU)
