"""What the project has on record about a release, and how far the ledger bears it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from countenance.ledger.chain import Entry
from countenance.ledger.log import LedgerReport, entries_in
from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.tables import release as release_table

FILES = ("sha256", "poster_sha256")  # of a release's record: what its video and its poster hash to


@dataclass(frozen=True)
class GrantTrace:
    """A grant by its commitment alone, with the entries that granted it (None: there is none) and withdrew it."""

    commitment: str
    granted: int | None
    withdrawn: int | None


@dataclass(frozen=True)
class Known:
    """A row of the release table, with the ledger's entries that prove its sealing and its withdrawal."""

    id: str
    mark_id: str
    released_at: str
    record: Mapping[str, Any]
    sealed: Entry | None
    withdrawn: bool
    grants: tuple[GrantTrace, ...]


def has_bytes(sha256: str) -> ColumnElement[bool]:
    """The release whose video, or whose poster, is this file bit by bit."""
    return or_(*(release_table.c.record[name].as_string() == sha256 for name in FILES))


def find_release(project: Project, where: ColumnElement[bool], ledger: LedgerReport) -> Known | None:
    """The one release for which `where` holds; a damaged ledger proves nothing about it, either way."""
    with reading(project) as connection:
        row = connection.execute(select(release_table).where(where)).first()
        if row is None:
            return None
        kinds = ("release.sealed", "release.withdrawn", "consent.granted", "consent.withdrawn")
        entries = {kind: entries_in(connection, kind) if ledger.ok else [] for kind in kinds}
    facts = {"release": row.id, "mark_id": row.mark_id}
    facts |= {name: row.record.get(name) for name in FILES if name == "sha256" or name in row.record}
    ended = [entry for entry in entries["release.withdrawn"] if entry.data.get("release") == row.id]
    return Known(
        id=row.id,
        mark_id=row.mark_id,
        released_at=row.released_at,
        record=row.record,
        sealed=next((entry for entry in entries["release.sealed"] if facts.items() <= entry.data.items()), None),
        withdrawn=row.state == "withdrawn" or bool(ended),
        grants=tuple(_trace(one, entries) for one in row.record.get("grants", ())),
    )


def _trace(commitment: str, entries: Mapping[str, list[Entry]]) -> GrantTrace:
    granted = next((one for one in entries["consent.granted"] if one.data.get("document") == commitment), None)
    ended = next((one for one in entries["consent.withdrawn"] if one.data.get("document") == commitment), None)
    return GrantTrace(commitment, granted.seq if granted else None, ended.seq if ended else None)
