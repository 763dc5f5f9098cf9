"""Who needs which blob: what nobody refers to any more may be collected.

A reference is a kind (`result`, `release`, `grant`, `evidence`, `input`, `job` or any other short word) and a name.
A blob is announced before it is written, and referred to after: whoever is cut off between leaves something that the
collector takes when its time of grace is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.tables import blob, blob_ref, tombstone

BLOB, SUBJECT = "blob", "subject"  # kinds of tombstones
RESULT = "result"  # the kind of reference that `store.results` makes


@dataclass(frozen=True)
class Reference:
    kind: str
    name: str


def refer(project: Project, kind: str, name: str, hashes: Iterable[str]) -> None:
    """Note that something needs these blobs. Saying it twice changes nothing."""
    with writing(project) as connection:
        refer_in(connection, kind, name, hashes)


def refer_in(connection: Connection, kind: str, name: str, hashes: Iterable[str]) -> None:
    """The same within a transaction that writes other rows too."""
    query = select(blob_ref.c.sha256).where(blob_ref.c.kind == kind, blob_ref.c.name == name)
    new = sorted(set(hashes) - set(connection.execute(query).scalars()))
    if new:
        connection.execute(insert(blob_ref), [{"kind": kind, "name": name, "sha256": one} for one in new])
        connection.execute(update(blob).where(blob.c.sha256.in_(new)).values(condemned_at=None))


def let_go(project: Project, kind: str, name: str) -> None:
    """Note that something needs its blobs no more."""
    with writing(project) as connection:
        let_go_in(connection, kind, name)


def let_go_in(connection: Connection, kind: str, name: str) -> None:
    """The same within a transaction that writes other rows too."""
    connection.execute(delete(blob_ref).where(blob_ref.c.kind == kind, blob_ref.c.name == name))


def references_to(project: Project, sha256: str) -> list[Reference]:
    """Everything that needs a blob."""
    query = select(blob_ref.c.kind, blob_ref.c.name).where(blob_ref.c.sha256 == sha256)
    with reading(project) as connection:
        return [Reference(*row) for row in connection.execute(query.order_by(blob_ref.c.kind, blob_ref.c.name))]


def announce(connection: Connection, sha256: str, size: int) -> bool:
    """Note that a blob is about to be written, so that no collector takes it meanwhile.

    True when a copy that is there is known to be damaged, and must be written again.
    """
    now = moment_now()
    connection.execute(delete(tombstone).where(tombstone.c.kind == BLOB, tombstone.c.name == sha256))
    row = connection.execute(select(blob).where(blob.c.sha256 == sha256)).one_or_none()
    if row is None:
        connection.execute(insert(blob).values(sha256=sha256, size=size, put_at=now))
        return False
    connection.execute(update(blob).where(blob.c.sha256 == sha256).values(put_at=now, condemned_at=None))
    return row.damaged_at is not None


def moment_now() -> str:
    """This moment as the database keeps it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
