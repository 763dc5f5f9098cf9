"""Consent grants: the document in which a person, or the maker of a synthetic talent, allows uses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from countenance.ledger.chain import canonical
from countenance.rights.terms import Fee, Identity, Signed, read_fee, read_identity, read_signed
from countenance.rights.vocabulary import APPROVALS, EVERYTHING, FORBIDDEN, KINDS, PRODUCTS, PURPOSES
from countenance.store.documents import Section, read_document
from countenance.store.files import sha256_file

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
_OPTIONAL = (
    "engines", "evidence", "licence", "origin", "born", "jurisdiction", "excluded", "approval", "sublicence",
    "derivatives", "fee", "identity", "signed", "replaces", "notice", "contact",
)  # fmt: skip
_MARKET = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_SIGNED_AFTERWARDS = ("evidence", "signed")  # what is added to the terms when they are signed


@dataclass(frozen=True)
class Grant:
    """What is allowed, to whom and for how long (both days included). `"*"` in a list allows all.

    Fields from `born` on came later; where they have their defaults they are left out of the document, so that the
    hashes of older documents stay as they are.
    """

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
    born: date | None = None  # as declared; nobody's age is ever guessed from a face
    jurisdiction: str | None = None  # ISO 3166-1: whose law the grant is under
    excluded: tuple[str, ...] = ()  # categories of products; they bind all of the talent's grants
    approval: str = "none"  # "person": nothing is published before the person has agreed to it
    sublicence: tuple[str, ...] = ()  # who else may publish; none by default
    derivatives: bool = False  # may what was made be the master of something else?
    fee: Fee | None = None
    identity: Identity | None = None
    signed: Signed | None = None
    replaces: str | None = None  # the id of the grant that ends when this one is recorded
    notice: str | None = None  # where the privacy notice stands
    contact: str | None = None  # whom the person turns to

    @property
    def document(self) -> dict[str, Any]:
        """The grant as a JSON object in which the order of lists plays no part."""
        values: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default and field.name not in ("licence", "origin"):
                continue
            values[field.name] = _plain(value)
        values["evidence"] = [{"name": name, "sha256": sha256} for name, sha256 in sorted(self.evidence)]
        return values

    @property
    def document_sha256(self) -> str:
        return document_sha256(self.document)

    @property
    def terms_sha256(self) -> str:
        """The hash of what is signed: the document without the signature itself and its evidence."""
        return document_sha256({name: v for name, v in self.document.items() if name not in _SIGNED_AFTERWARDS})

    def age_on(self, day: date) -> int | None:
        """The declared age in full years; None where no birth date was declared."""
        if self.born is None:
            return None
        before_birthday = (day.month, day.day) < (self.born.month, self.born.day)
        return day.year - self.born.year - before_birthday


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
    for name in ("valid_from", "valid_until", "born"):
        if name in values:
            values[name] = date.fromisoformat(values[name])
    values["evidence"] = tuple((entry["name"], entry["sha256"]) for entry in document["evidence"])
    if "fee" in values:
        values["fee"] = Fee(**values["fee"])
    for name, part in (("identity", Identity), ("signed", Signed)):
        if name in values:
            values[name] = part(**{**values[name], "on": date.fromisoformat(values[name]["on"])})
    return Grant(**values)


def load_grant(path: Path) -> Grant:
    """Read a grant file; BriefError names the line of what is unknown, missing, impossible or forbidden.

    Evidence and signature are looked for beside the grant file and kept by their hash. A real person's grant needs
    evidence (the signed form) or a signature; a synthetic talent's needs `licence` and `origin` instead.
    """
    section = read_document(path)
    grant = _read_terms(section)
    signed = read_signed(section.section("signed")) if "signed" in section.values else None
    evidence = tuple(_evidence(section, grant.kind))
    return _signed_as_it_stands(section, replace(grant, signed=signed, evidence=evidence))


def load_terms(path: Path) -> Grant:
    """The grant of a file that need not be signed yet: without evidence and signature; errors as for `load_grant`."""
    return _read_terms(read_document(path))


def _read_terms(section: Section) -> Grant:
    section.only(_REQUIRED, _OPTIONAL)
    kind = section.choice("kind", KINDS)
    valid = section.section("valid")
    valid.only(("from", "until"))
    valid_from, valid_until = valid.day("from"), valid.day("until")
    if valid_until < valid_from:
        raise valid.problem(f"the grant ends on {valid_until}, before it begins on {valid_from}", "until")
    licence, origin = _source_of_synthetic(section, kind)
    given = section.values
    return Grant(
        talent=section.text("talent"),
        kind=kind,
        controller=section.text("controller"),
        purposes=_purposes(section),
        engines=section.texts("engines") if "engines" in given else (EVERYTHING,),
        campaigns=section.texts("campaigns"),
        markets=_matching(section, "markets", _MARKET, "a country code such as DE"),
        channels=section.texts("channels"),
        languages=_matching(section, "languages", _LANGUAGE, "a language code such as de or de-AT"),
        valid_from=valid_from,
        valid_until=valid_until,
        evidence=(),
        licence=licence,
        origin=origin,
        born=_born(section, kind, valid_from),
        jurisdiction=_one_matching(section, "jurisdiction", _MARKET, "a country code such as DE"),
        excluded=_known(section, "excluded", PRODUCTS),
        approval=section.choice("approval", APPROVALS, "none"),
        sublicence=section.texts("sublicence") if "sublicence" in given else (),
        derivatives=section.flag("derivatives", False),
        fee=read_fee(section.section("fee")) if "fee" in given else None,
        identity=read_identity(section.section("identity")) if "identity" in given else None,
        replaces=_one_matching(section, "replaces", _ULID, "the id of a grant on record"),
        notice=section.text("notice") if "notice" in given else None,
        contact=section.text("contact") if "contact" in given else None,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fee | Identity | Signed):
        return {name: _plain(one) for name, one in asdict(value).items() if one is not None}
    return sorted(value) if isinstance(value, tuple) else value


def _signed_as_it_stands(section: Section, grant: Grant) -> Grant:
    if grant.signed is not None and grant.signed.terms_sha256 not in (None, grant.terms_sha256):
        raise section.problem(
            f"the grant was changed after it was signed (its terms are now {grant.terms_sha256}, the signature is for "
            f"{grant.signed.terms_sha256}): undo the change, or have the new terms signed",
            "signed",
        )
    return grant


def _purposes(section: Section) -> tuple[str, ...]:
    wanted = section.texts("purposes")
    for name in wanted:
        law = FORBIDDEN.get(name.lower().replace("-", "_").replace(" ", "_"))
        if law:
            raise section.problem(f"no grant can allow '{name}': {law}", "purposes")
    return tuple(section.known("purposes", name, PURPOSES) for name in wanted)


def _known(section: Section, key: str, words: Iterable[str]) -> tuple[str, ...]:
    if key not in section.values:
        return ()
    return tuple(section.known(key, word, words) for word in section.texts(key))


def _born(section: Section, kind: str, valid_from: date) -> date | None:
    if "born" not in section.values:
        return None
    if kind == "synthetic":
        raise section.problem("'born' belongs to a real person, but this grant is of kind 'synthetic'", "born")
    born = section.day("born")
    if born >= valid_from:
        raise section.problem(f"'born' is {born}, which is not before the grant begins on {valid_from}", "born")
    return born


def _one_matching(section: Section, key: str, pattern: re.Pattern[str], meant: str) -> str | None:
    if key not in section.values:
        return None
    value = section.text(key)
    if not pattern.fullmatch(value):
        raise section.problem(f"'{value}' in '{key}' is not {meant}", key)
    return value


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
    if kind == "real" and "evidence" not in section.values and "signed" not in section.values:
        raise section.problem("'evidence' is missing: name the signed release form of a real person")
    for name in section.texts("evidence") if "evidence" in section.values else ():
        path = section.file.parent / name
        if not path.is_file():
            raise section.problem(f"the evidence file {path} does not exist: add it or correct its name", "evidence")
        yield name, sha256_file(path)
