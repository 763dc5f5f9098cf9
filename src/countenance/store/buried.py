"""What was erased stays erased: tombstones of people, of their work and of its blobs.

A tombstone is written in the transaction that deletes a row, before any file goes: it is the list of what is still to
be removed, so an erasure that is cut off goes on, and machines that were switched off obey when they are back. Keyed
hashes only; a tombstone tells no name.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, inspect, select

from countenance.errors import CountenanceError
from countenance.store.blobs import cache_folder
from countenance.store.database import reading, writing
from countenance.store.places import blob_place, is_shared, key_of_blob, replica_places
from countenance.store.project import Project
from countenance.store.references import BLOB, RESULT, SUBJECT, moment_now
from countenance.store.sealedblobs import STORAGE_KEY
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.shred import destroy_key, remove
from countenance.store.subjects import key_files
from countenance.store.tables import blob, blob_ref, kept_result, subject_key, tombstone

# Kinds of tombstones beside those of `store.references`: a folder below `work`, which machines may still have, and a
# blob that every place is rid of.
WORK, GONE = "work", "gone"
_AT_ONCE = 500
_HEED_EVERY_S = 5.0
_CLOCKS_DIFFER = timedelta(minutes=15)

_heeded: dict[Path, tuple[float, str]] = {}  # by project: when it looked, and the newest tombstone that it saw


def bury_person(connection: Connection, tag: str, work: Iterable[str], mine: Iterable[str]) -> None:
    """Delete the rows of a person's results, files (`mine`: their hashes) and key, and set tombstones for them."""
    if not inspect(connection).has_table(tombstone.name):
        return  # a replica of before
    shown = connection.execute(select(kept_result.c.name, kept_result.c.manifest)).all()
    names = {*work, *(row.name for row in shown if tag in row.manifest.get("subjects", ()))}
    _bury_work(connection, names)
    _bury_blobs(connection, set(mine))
    connection.execute(delete(subject_key).where(subject_key.c.subject == tag))
    _set(connection, SUBJECT, {tag})


def bury_work(project: Project, name: str) -> None:
    """The same for one folder of work, when its time is over: nobody keeps it any more."""
    with writing(project) as connection:
        if is_shared(project):
            _bury_work(connection, {name})
        else:
            connection.execute(delete(kept_result).where(kept_result.c.name == name))
    remove_buried(project)


def remove_buried(project: Project) -> int:
    """Remove the blobs of all tombstones from every place, and look whether they are gone; returns how many went.

    Raises StorageError when a place does not answer: the tombstones stay, and it goes on when called again.
    """
    query = select(tombstone.c.name).where(tombstone.c.kind == BLOB)
    with reading(project) as connection:
        waiting = sorted(connection.execute(query).scalars())
    places = [blob_place(project), *replica_places(project)] if waiting else []
    for first in range(0, len(waiting), _AT_ONCE):
        names = waiting[first : first + _AT_ONCE]
        for place in places:
            place.remove(names)
            left = next((one for one in names if place.size(one) is not None), None)
            if left is not None:
                raise CountenanceError(
                    f"blob {left} is still in {place.name}; remove it there, then repeat the command."
                )
        for name in names:
            (cache_folder(project) / key_of_blob(name)).unlink(missing_ok=True)
        with writing(project) as connection:
            connection.execute(delete(tombstone).where(tombstone.c.kind == BLOB, tombstone.c.name.in_(names)))
            _set(connection, GONE, {fingerprint(project, one) for one in names})
    return len(waiting)


def waiting_for_removal(project: Project) -> int:
    """How many blobs of what was erased still have to be removed."""
    with reading(project) as connection:
        return connection.execute(select(func.count()).where(tombstone.c.kind == BLOB)).scalar_one()


def heed(project: Project, *, at_once: bool = False) -> int:
    """Remove from this machine what was erased on another: work, cached blobs, models and keys; returns how many went.

    Quick, and looks again only every few seconds unless it is to be done `at_once`.
    """
    now = time.monotonic()
    looked, heard = _heeded.get(project.folder, (-_HEED_EVERY_S, ""))
    if not at_once and now - looked < _HEED_EVERY_S:
        return 0
    query = select(tombstone.c.kind, tombstone.c.name, tombstone.c.at)
    with reading(project) as connection:
        # A little before what was heard last: machines' clocks differ.
        found = connection.execute(query.where(tombstone.c.at > _before(heard)) if heard else query).all()
    count = 0
    for row in found:
        at = datetime.fromisoformat(row.at).timestamp()
        for path in _lies_at(project, row.kind, row.name):
            if path.exists() and path.stat().st_mtime < at:  # what is newer was allowed again
                destroy_key(path) if path.parent == project.keys else remove(path)
                count += 1
    _heeded[project.folder] = now, max([heard, *(row.at for row in found)])
    return count


def _lies_at(project: Project, kind: str, name: str) -> Iterable[Path]:
    """Where a machine may have what a tombstone stands for."""
    if kind == WORK:
        return [project.work / name]
    if kind == BLOB:
        return [cache_folder(project) / key_of_blob(name)]
    if kind == GONE:
        cached = cache_folder(project).glob("*/[!.]*")
        return [path for path in cached if fingerprint(project, path.parent.name + path.name) == name]
    keys = [project.keys / one for one in (*key_files(name), f"face-{name}.key")]
    return [*(project.folder / "talents").glob(f"face-{name}*"), *keys]


def _before(moment: str) -> str:
    earlier = datetime.fromisoformat(moment) - _CLOCKS_DIFFER
    return earlier.isoformat(timespec="microseconds").replace("+00:00", "Z")


def fingerprint(project: Project, sha256: str) -> str:
    """What stands for a removed blob: a keyed hash, since the plain one is that of a person's file."""
    return hmac.new(load_or_create_symmetric(project, STORAGE_KEY), sha256.encode(), "sha256").hexdigest()


def erased_since(project: Project, moment: str) -> dict[str, str]:
    """The tags of the people who were erased after a moment, each with when it was."""
    query = select(tombstone.c.name, tombstone.c.at).where(tombstone.c.kind == SUBJECT, tombstone.c.at > moment)
    with reading(project) as connection:
        return {name: at for name, at in connection.execute(query)}


def _bury_work(connection: Connection, names: set[str]) -> None:
    """Only blobs that nothing else needs go with it."""
    theirs = blob_ref.c.kind == RESULT, blob_ref.c.name.in_(names)
    hashes = set(connection.execute(select(blob_ref.c.sha256).where(*theirs)).scalars())
    connection.execute(delete(blob_ref).where(*theirs))
    connection.execute(delete(kept_result).where(kept_result.c.name.in_(names)))
    _set(connection, WORK, names)
    needed = set(connection.execute(select(blob_ref.c.sha256).where(blob_ref.c.sha256.in_(hashes))).scalars())
    _bury_blobs(connection, hashes - needed)


def _bury_blobs(connection: Connection, hashes: set[str]) -> None:
    known = set(connection.execute(select(blob.c.sha256).where(blob.c.sha256.in_(hashes))).scalars())
    connection.execute(delete(blob_ref).where(blob_ref.c.sha256.in_(known)))
    connection.execute(delete(blob).where(blob.c.sha256.in_(known)))
    _set(connection, BLOB, known)


def _set(connection: Connection, kind: str, names: set[str]) -> None:
    if names:
        connection.execute(delete(tombstone).where(tombstone.c.kind == kind, tombstone.c.name.in_(names)))
        now = moment_now()
        connection.execute(insert(tombstone), [{"kind": kind, "name": one, "at": now} for one in sorted(names)])
