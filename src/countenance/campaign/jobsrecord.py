"""What DBOS keeps of jobs (`jobs.db`): their inputs and the outcomes of their steps, with names and paths in them.

It serves to go on with a job that was cut off. Everything that a job has finished is found by its content as well, so
the record of a job may be deleted at any time while the job does not run.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from pathlib import Path

from countenance.store.shred import sqlite, tables_of

_OWNERS = ("workflow_uuid", "destination_uuid", "workflow_id")


def forget_jobs(database: Path, words: Iterable[str]) -> int:
    """Delete the record of every job in which one of the words occurs, in whatever way it is packed.

    Returns how many jobs were deleted. A word may be a name or the digest of a brief; it counts anywhere in a text,
    since a job too many that is deleted does no harm.
    """
    wanted = [word.encode() for word in words if word]
    if not database.is_file() or not wanted:
        return 0
    with sqlite(database) as connection:
        owned = {
            table: column
            for table, columns in tables_of(connection).items()
            if (column := next((name for name in _OWNERS if name in columns), None))
        }
        found = {
            str(row[position])
            for table, column in owned.items()
            for cursor in [connection.execute(f'SELECT * FROM "{table}"')]
            for position in [[one[0] for one in cursor.description].index(column)]
            for row in cursor
            if any(word in content for cell in row for content in _contents(cell) for word in wanted)
        }
        for table, column in owned.items():
            connection.executemany(f'DELETE FROM "{table}" WHERE "{column}" = ?', [(name,) for name in found])
    return len(found)


def forget_ended_jobs(database: Path, before_ms: int, *, delete: bool = True) -> int:
    """Delete the record of the jobs that ended before a moment (milliseconds of Unix time); returns how many."""
    if not database.is_file():
        return 0
    with sqlite(database) as connection:
        tables = tables_of(connection)
        if "workflow_status" not in tables:
            return 0
        query = (
            "SELECT workflow_uuid FROM workflow_status WHERE status NOT IN ('PENDING', 'ENQUEUED') AND updated_at < ?"
        )
        found = connection.execute(query, (before_ms,)).fetchall()
        for table, columns in tables.items():
            if delete and "workflow_uuid" in columns:
                connection.executemany(f'DELETE FROM "{table}" WHERE workflow_uuid = ?', found)
    return len(found)


def _contents(cell: object) -> list[bytes]:
    """A cell's bytes, and what they stand for where they are Base64, as DBOS packs what it stores."""
    if isinstance(cell, bytes):
        return [cell]
    if not isinstance(cell, str):
        return []
    try:
        return [cell.encode(), base64.b64decode(cell, validate=True)]
    except (binascii.Error, ValueError):
        return [cell.encode()]
