"""Consent grants: the document in which a person, or the maker of a synthetic talent, allows uses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from countenance.ledger.chain import canonical
from countenance.store.documents import Section, read_document
from countenance.store.files import sha256_file

EVERYTHING = "*"
PURPOSES = ("swap_source", "swap_target", "lipsync", "voice", "training", "analysis", "authentication")
KINDS = ("real", "synthetic")

_REQUIRED = (
    "talent",
    "kind",
    "controller",
    "purposes",
    "campaigns",
    "markets",
    "channels",
    "languages",
    "valid",
)
_OPTIONAL = ("engines", "evidence", "licence", "origin")
_MARKET = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Grant:
    """What is allowed, to whom and for how long (both days included). `"*"` in a list allows all."""

    talent: str
    kind: str
    controller: str
    purposes: tuple[str, ...]
    engines: tuple[str, ...]
    campaigns: tuple[str, ...]
    markets: tuple[str, ...]
    channels: tuple[str, ...]
    languages: tuple[str, ...]
    valid_from: date
    valid_until: date
    evidence: tuple[tuple[str, str], ...]  # file name, sha256
    licence: str | None
    origin: str | None

    @property
    def document(self) -> dict[str, Any]:
        """The grant as a JSON object in which the order of lists plays no part."""
        values: dict[str, Any] = {
            name: sorted(value) if isinstance(value, tuple) else value for name, value in vars(self).items()
        }
        values["valid_from"] = self.valid_from.isoformat()
        values["valid_until"] = self.valid_until.isoformat()
        values["evidence"] = [{"name": name, "sha256": sha256} for name, sha256 in sorted(self.evidence)]
        return values

    @property
    def document_sha256(self) -> str:
        return document_sha256(self.document)


@dataclass(frozen=True)
class RecordedGrant:
    """A grant that the project has on record, and its withdrawal if there was one."""

    id: str
    grant: Grant
    recorded_at: str
    withdrawn_at: str | None = None
    withdrawn_by: str | None = None
    reason: str | None = None


def document_sha256(document: dict[str, Any]) -> str:
    """The hash that names a grant document: SHA-256 of its RFC 8785 form, in hex."""
    return hashlib.sha256(canonical(document)).hexdigest()


def grant_from_document(document: dict[str, Any]) -> Grant:
    """The grant of a JSON object made by `Grant.document`."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    values["valid_from"] = date.fromisoformat(document["valid_from"])
    values["valid_until"] = date.fromisoformat(document["valid_until"])
    values["evidence"] = tuple((entry["name"], entry["sha256"]) for entry in document["evidence"])
    return Grant(**values)


def load_grant(path: Path) -> Grant:
    """Read a grant file; BriefError names the line of what is unknown, missing or impossible.

    Evidence files are looked for beside the grant file and kept by their hash. A real person's
    grant needs at least one; a synthetic talent's needs `licence` and `origin` instead.
    """
    section = read_document(path)
    section.only(_REQUIRED, _OPTIONAL)
    kind = section.choice("kind", KINDS)
    valid = section.section("valid")
    valid.only(("from", "until"))
    valid_from, valid_until = valid.day("from"), valid.day("until")
    if valid_until < valid_from:
        raise valid.problem(f"the grant ends on {valid_until}, before it begins on {valid_from}", "until")
    licence, origin = _source_of_synthetic(section, kind)
    return Grant(
        talent=section.text("talent"),
        kind=kind,
        controller=section.text("controller"),
        purposes=tuple(section.known("purposes", name, PURPOSES) for name in section.texts("purposes")),
        engines=section.texts("engines") if "engines" in section.values else (EVERYTHING,),
        campaigns=section.texts("campaigns"),
        markets=_matching(section, "markets", _MARKET, "a country code such as DE"),
        channels=section.texts("channels"),
        languages=_matching(section, "languages", _LANGUAGE, "a language code such as de or de-AT"),
        valid_from=valid_from,
        valid_until=valid_until,
        evidence=tuple(_evidence(section, kind)),
        licence=licence,
        origin=origin,
    )


def _matching(section: Section, key: str, pattern: re.Pattern[str], meant: str) -> tuple[str, ...]:
    values = section.texts(key)
    for value in values:
        if value != EVERYTHING and not pattern.fullmatch(value):
            raise section.problem(f"'{value}' in '{key}' is not {meant} (nor '*' for all)", key)
    return values


def _source_of_synthetic(section: Section, kind: str) -> tuple[str | None, str | None]:
    if kind == "synthetic":
        return section.text("licence"), section.text("origin")
    for key in ("licence", "origin"):
        if key in section.values:
            raise section.problem(f"'{key}' belongs to a synthetic talent, but this grant is of kind 'real'", key)
    return None, None


def _evidence(section: Section, kind: str) -> Iterable[tuple[str, str]]:
    if kind == "real" and "evidence" not in section.values:
        raise section.problem("'evidence' is missing: name the signed release form of a real person")
    for name in section.texts("evidence") if "evidence" in section.values else ():
        path = section.file.parent / name
        if not path.is_file():
            raise section.problem(f"the evidence file {path} does not exist: add it or correct its name", "evidence")
        yield name, sha256_file(path)
