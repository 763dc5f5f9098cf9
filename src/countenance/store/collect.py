"""Collecting blobs that nobody needs, while others write.

In two steps with a time of grace before each: what has no reference for so long is condemned, what stays condemned for
so long is removed. Whoever puts a blob announces it first, which pardons it; so nothing that is being written, found
again or just about to be referred to is ever taken. The removal itself holds the database's write lock, so that no
announcement can come between the last look and the end.

References are what decides. Beside them, whatever hash a release, a grant, an undecided variant or an unsettled job
mentions anywhere in its record is left alone as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, delete, exists, insert, select, update

from countenance.store import tables
from countenance.store.buried import GONE, fingerprint, heed, remove_buried
from countenance.store.database import reading, writing
from countenance.store.files import is_temporary
from countenance.store.folders import SCRATCH
from countenance.store.places import BlobPlace, Stored, blob_place, is_shared
from countenance.store.project import Project
from countenance.store.references import RESULT, let_go_in
from countenance.store.shred import remove
from countenance.store.tables import blob, blob_ref, kept_result, tombstone

GRACE = timedelta(hours=24)
UNUSED = timedelta(days=30)
T = TypeVar("T")
_AT_ONCE = 200
_WORD = re.compile(r"[A-Za-z0-9_-]{20,}")  # of records: what may be a hash or the key of a result
_OPEN_JOBS = ("active", "paused")
_UNDECIDED = ("planned", "rendered", "in_review", "approved")


@dataclass
class Collected:
    """What a run did, or would do: numbers of blobs, results and files; bytes that became free."""

    results: int = 0  # shared results that nobody used for long
    condemned: int = 0
    removed: int = 0
    freed: int = 0
    strays: int = 0  # blobs in the place of which no row knew
    leftovers: int = 0  # files and folders that killed runs left in this machine's work folder
    missing: list[str] = field(default_factory=list)  # blobs that are needed and not there


def collect(
    project: Project,
    *,
    really: bool = False,
    grace: timedelta = GRACE,
    unused: timedelta = UNUSED,
    now: datetime | None = None,
) -> Collected:
    """Take what nobody needs, or without `really` only tell. Cut off anywhere, the next run goes on.

    `unused` is for how long a shared result is kept that nobody asks for. Raises StorageError when the place does not
    answer.
    """
    at = now or datetime.now(UTC)
    place = blob_place(project)
    done = Collected()
    if really:
        remove_buried(project)
        heed(project, at_once=True)
    there = {one.sha256: one for one in place.listing()}
    _results(project, done, at - unused, really)
    _strays(project, done, place, there, at, grace, really)
    _mark(project, done, place, there, at, grace, really)
    _sweep(project, done, place, at - grace, really)
    _leftovers(project, done, at - grace, really)
    return done


def needed_words(connection: Connection) -> set[str]:
    """Every word that may be a hash or a key in the records of what must not be taken."""
    found: set[str] = set()
    for text in _records(connection):
        found.update(_WORD.findall(text))
    return found


def _records(connection: Connection) -> Iterator[str]:
    for query in (
        select(tables.release.c.record),
        select(tables.grant_record.c.document),
        select(tables.variant.c.render).where(tables.variant.c.state.in_(_UNDECIDED)),
    ):
        yield from (json.dumps(value) for value in connection.execute(query).scalars())
    unsettled = tables.job.c.state.in_(_OPEN_JOBS)
    yield from connection.execute(select(tables.job.c.request).where(unsettled)).scalars()
    wanted = select(tables.job_task.c.task).join(tables.job, tables.job.c.id == tables.job_task.c.job).where(unsettled)
    task = tables.task
    for row in connection.execute(select(task.c.key, task.c.spec, task.c.result).where(task.c.key.in_(wanted))):
        yield " ".join(str(value) for value in row if value)


def _results(project: Project, done: Collected, before: datetime, really: bool) -> None:
    """Shared results that were not used for long, unless something under way mentions them."""
    query = select(kept_result.c.name, kept_result.c.manifest).where(kept_result.c.used_at < _text(before))
    with reading(project) as connection:
        old = connection.execute(query).all()
        words = needed_words(connection) if old else set()
    shared = is_shared(project)
    gone = [
        row.name
        for row in old
        if not words.intersection(_WORD.findall(row.name))
        # A row without files counts a folder that all machines have in common: it ends with the folder.
        and ((shared and row.manifest) or not (project.work / row.name).is_dir())
    ]
    done.results = len(gone)
    if really:
        for names in _batches(gone):
            with writing(project) as connection:
                connection.execute(
                    delete(kept_result).where(kept_result.c.name.in_(names), kept_result.c.used_at < _text(before))
                )
                kept = select(kept_result.c.name).where(kept_result.c.name.in_(names))
                for name in set(names) - set(connection.execute(kept).scalars()):
                    let_go_in(connection, RESULT, name)


def _strays(
    project: Project,
    done: Collected,
    place: BlobPlace,
    there: dict[str, Stored],
    at: datetime,
    grace: timedelta,
    really: bool,
) -> None:
    """Blobs of which no row knows get one, condemned; a removal that was cut off after the row went ends here."""
    with reading(project) as connection:
        known = set(connection.execute(select(blob.c.sha256)).scalars())
        gone = set(connection.execute(select(tombstone.c.name).where(tombstone.c.kind == GONE)).scalars())
    strays = [one for sha256, one in sorted(there.items()) if sha256 not in known and one.at < at - grace]
    buried = {one.sha256 for one in strays if gone and fingerprint(project, one.sha256) in gone}
    done.strays = len(strays)
    if not really:
        return
    for some in _batches(strays):
        with writing(project) as connection:
            names = [one.sha256 for one in some]
            since = set(connection.execute(select(blob.c.sha256).where(blob.c.sha256.in_(names))).scalars())
            place.remove(one.sha256 for one in some if one.sha256 in buried - since)
            for one in some:
                if one.sha256 not in since | buried:
                    values = {"size": one.size, "put_at": _text(one.at), "condemned_at": _text(at)}
                    connection.execute(insert(blob).values(sha256=one.sha256, **values))


def _mark(
    project: Project,
    done: Collected,
    place: BlobPlace,
    there: dict[str, Stored],
    at: datetime,
    grace: timedelta,
    really: bool,
) -> None:
    """Condemn what has no reference, pardon what has one again."""
    referred = select(blob_ref.c.sha256)
    unreferred = ~exists().where(blob_ref.c.sha256 == blob.c.sha256)
    with reading(project) as connection:
        words = needed_words(connection)
        alone = select(blob.c.sha256).where(
            blob.c.condemned_at.is_(None), blob.c.put_at < _text(at - grace), unreferred
        )
        unneeded = [one for one in connection.execute(alone).scalars() if one not in words]
        needed = set(connection.execute(referred).scalars()) | words
        known = connection.execute(select(blob.c.sha256, blob.c.condemned_at)).all()
    lacking = (row.sha256 for row in known if row.sha256 in needed and row.sha256 not in there)
    # Asked again one by one: the list may be from before it was put.
    done.missing = sorted(sha256 for sha256 in lacking if place.size(sha256) is None)
    done.condemned = len(unneeded)
    pardoned = [row.sha256 for row in known if row.condemned_at and row.sha256 in needed]
    if really:
        for names in _batches(unneeded):
            with writing(project) as connection:
                connection.execute(
                    update(blob)
                    .where(blob.c.sha256.in_(names), blob.c.put_at < _text(at - grace), unreferred)
                    .values(condemned_at=_text(at))
                )
        for names in _batches(pardoned):
            with writing(project) as connection:
                connection.execute(update(blob).where(blob.c.sha256.in_(names)).values(condemned_at=None))


def _sweep(project: Project, done: Collected, place: BlobPlace, before: datetime, really: bool) -> None:
    """Remove what has been condemned for the time of grace: first the blob, then its row, under the write lock."""
    due = select(blob.c.sha256, blob.c.size).where(
        blob.c.condemned_at < _text(before), ~exists().where(blob_ref.c.sha256 == blob.c.sha256)
    )
    with reading(project) as connection:
        words = needed_words(connection)
        found = [row for row in connection.execute(due) if row.sha256 not in words]
    if not really:
        done.removed, done.freed = len(found), sum(row.size for row in found)
        return
    for some in _batches(found):
        with writing(project) as connection:
            # Asked again, now that nobody else can write: who wants one of them by now has pardoned it.
            still = connection.execute(due.where(blob.c.sha256.in_([row.sha256 for row in some]))).all()
            place.remove(row.sha256 for row in still)
            connection.execute(delete(blob).where(blob.c.sha256.in_([row.sha256 for row in still])))
        done.removed += len(still)
        done.freed += sum(row.size for row in still)


def _leftovers(project: Project, done: Collected, before: datetime, really: bool) -> None:
    """What killed runs left half-written on this machine."""
    found = [
        path
        for path in (*project.work.glob("*/.*"), *project.work.glob(f"cache/{SCRATCH}*"), *project.blobs.glob("*/.*"))
        if _is_leftover(path) and path.stat().st_mtime < before.timestamp()
    ]
    done.leftovers = len(found)
    if really:
        for path in found:
            remove(path)


def _is_leftover(path: Path) -> bool:
    return is_temporary(path.name) or path.name.endswith((".gone", ".part")) or path.name.startswith(SCRATCH)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    every = list(items)
    yield from (every[first : first + _AT_ONCE] for first in range(0, len(every), _AT_ONCE))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
