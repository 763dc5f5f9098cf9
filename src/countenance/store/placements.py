"""What lies where outside: every file that was sent to a sink, from before it is sent until it is gone again.

A row is written before the first byte leaves, so nothing can lie anywhere that is not on record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.tables import placement

PLACING, PLACED, GONE = "placing", "placed", "gone"


@dataclass(frozen=True)
class Placement:
    """One file at one sink. `release` None: a page about several; `site` is the path of the site it is part of.

    `state` is `placing` (may lie there, in part), `placed` (lies there, checked) or `gone`; `url` is where others get
    it, `resume` what the sink needs to go on with an upload that was cut off.
    """

    sink: str
    name: str
    release: str | None
    site: str | None
    sha256: str
    bytes: int
    url: str
    state: str
    at: str
    resume: str = ""


def begin_placing(
    connection: Connection,
    sink: str,
    name: str,
    *,
    release: str | None,
    site: str | None,
    sha256: str,
    size: int,
) -> Placement:
    """Note that a file is about to be sent; what was noted of an upload of the same content that was cut off stays."""
    before = _found(connection, sink, name)
    same = before is not None and before.sha256 == sha256 and before.state == PLACING
    values = {
        "release_id": release, "site": site, "sha256": sha256, "bytes": size, "state": PLACING, "at": _now(),
        "url": before.url if before else "", "resume": before.resume if before and same else "",
    }  # fmt: skip
    if before is None:
        connection.execute(insert(placement).values(sink=sink, name=name, **values))
    else:
        connection.execute(_change(sink, name).values(**values))
    return _one(connection.execute(_query().where(placement.c.sink == sink, placement.c.name == name)).one())


def note_resume(project: Project, sink: str, name: str, resume: str) -> None:
    """Keep what the sink needs to go on with this upload after the process was killed."""
    with writing(project) as connection:
        connection.execute(_change(sink, name).values(resume=resume))


def mark_placed(connection: Connection, sink: str, name: str, url: str) -> None:
    """Note that a file lies at its place, whole and checked."""
    connection.execute(_change(sink, name).values(state=PLACED, url=url, at=_now(), resume=""))


def mark_gone(connection: Connection, sink: str, name: str) -> None:
    """Note that a file no longer lies at its place."""
    connection.execute(_change(sink, name).values(state=GONE, at=_now(), resume=""))


def forget_gone(connection: Connection, sink: str, site: str) -> None:
    """Drop what is on record of a site's files that are gone: their names may hold a face's name."""
    at_site = (placement.c.sink == sink, placement.c.site == site)
    connection.execute(delete(placement).where(*at_site, placement.c.state == GONE))


def find_placement(project: Project, sink: str, name: str) -> Placement | None:
    """What is on record for one name at one sink."""
    with reading(project) as connection:
        return _found(connection, sink, name)


def placements(project: Project, *, release: str | None = None, sink: str | None = None) -> list[Placement]:
    """What is on record, of one release or at one sink if they are given, by sink and name."""
    with reading(project) as connection:
        return placements_in(connection, release=release, sink=sink)


def placements_in(
    connection: Connection,
    *,
    release: str | None = None,
    sink: str | None = None,
    site: str | None = None,
    states: Iterable[str] = (),
) -> list[Placement]:
    """Like `placements`, within a transaction; of one site, and in some states alone, if they are given."""
    query = _query()
    if release is not None:
        query = query.where(placement.c.release_id == release)
    if sink is not None:
        query = query.where(placement.c.sink == sink)
    if site is not None:
        query = query.where(placement.c.site == site)
    wanted = tuple(states)
    if wanted:
        query = query.where(placement.c.state.in_(wanted))
    return [_one(row) for row in connection.execute(query.order_by(placement.c.sink, placement.c.name))]


def _found(connection: Connection, sink: str, name: str) -> Placement | None:
    row = connection.execute(_query().where(placement.c.sink == sink, placement.c.name == name)).first()
    return None if row is None else _one(row)


def _query() -> Any:
    return select(placement)


def _change(sink: str, name: str) -> Any:
    return update(placement).where(placement.c.sink == sink, placement.c.name == name)


def _one(row: Row[Any]) -> Placement:
    return Placement(
        row.sink, row.name, row.release_id, row.site, row.sha256, row.bytes, row.url, row.state, row.at, row.resume
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
