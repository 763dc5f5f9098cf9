"""Writing to the ledger, reading it, and proving that nobody changed it.

The chain and its signatures show any change made without the project's key: an edited, removed,
inserted or moved entry, and (by the signed head beside the database) a cut-off end. Who holds the
key can write another history; a copy of the head kept elsewhere is what guards against that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Row, insert, select

from countenance.errors import InputError, IntegrityError
from countenance.ledger.chain import GENESIS, Entry, canonical, entry_hash, problem_of, sign_hash
from countenance.ledger.checkpoint import Head, read_head, write_head
from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519
from countenance.store.subjects import committed
from countenance.store.tables import ledger_entry

_KIND = re.compile(r"[a-z]+\.[a-z_]+")
_SIGNING_KEY = "ledger"


@dataclass(frozen=True)
class LedgerReport:
    """The outcome of `verify`: `count` entries are proven; `problem` names the first bad place."""

    ok: bool
    count: int
    problem: str | None


@dataclass(frozen=True)
class Transaction:
    """A write transaction of the database whose entries stand or fall with its other writes."""

    connection: Connection
    _key: Ed25519PrivateKey

    def append(self, kind: str, actor: str, data: dict[str, Any]) -> Entry:
        """Add an entry. `data` is a JSON object without personal data (see `commitment`)."""
        if not _KIND.fullmatch(kind):
            raise InputError(f"{kind!r} is no kind of entry; kinds read like 'consent.granted'.")
        if not actor.strip():
            raise InputError(f"the {kind} entry has no actor; say who acts.")
        last = _last(self.connection)
        seq, prev_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
        ts = utc_now()
        text = canonical(data).decode()
        content: dict[str, Any] = json.loads(text)
        value = entry_hash(seq, prev_hash, ts, actor, kind, content)
        entry = Entry(seq, prev_hash, ts, actor, kind, content, value, sign_hash(self._key, value))
        self.connection.execute(insert(ledger_entry).values({**vars(entry), "data": text}))
        return entry


@contextmanager
def transaction(project: Project) -> Iterator[Transaction]:
    """One write transaction for rows and entries that belong together.

    IntegrityError when the ledger has lost entries: nothing is ever added to a damaged ledger.
    """
    key = load_or_create_ed25519(project, _SIGNING_KEY)
    with writing(project) as connection:
        _check_head(project, connection, key)
        yield Transaction(connection, key)
    # The head moves after the commit, in a transaction of its own: processes take turns, so it only
    # moves forward, and one killed in between leaves a head that is behind but true.
    with writing(project) as connection:
        _check_head(project, connection, key)
        last = _last(connection)
        if last:
            write_head(project, Head(project.settings.project_id, last.seq, last.hash), key)


def append(project: Project, kind: str, actor: str, data: dict[str, Any]) -> Entry:
    """Add one entry in a transaction of its own."""
    with transaction(project) as ledger:
        return ledger.append(kind, actor, data)


def entries(project: Project, kind: str | None = None) -> list[Entry]:
    """All entries (of one kind) in their order, as they lie in the database; `verify` proves them."""
    with reading(project) as connection:
        return entries_in(connection, kind)


def entries_in(connection: Connection, kind: str | None = None) -> list[Entry]:
    """Like `entries`, within a transaction that looks at other tables too."""
    query = select(ledger_entry).order_by(ledger_entry.c.seq)
    if kind is not None:
        query = query.where(ledger_entry.c.kind == kind)
    return [_entry(row) for row in connection.execute(query)]


def verify(project: Project) -> LedgerReport:
    """Prove every entry, its place, its signature and the end of the ledger."""
    key = load_or_create_ed25519(project, _SIGNING_KEY).public_key()
    try:
        # Before the entries: a head that another process moves meanwhile would be ahead of our view.
        head = read_head(project, key)
    except IntegrityError as problem:
        return LedgerReport(False, 0, str(problem))
    count, previous, hash_at_head = 0, GENESIS, GENESIS
    with reading(project) as connection:
        query = select(ledger_entry).order_by(ledger_entry.c.seq).execution_options(yield_per=1000)
        for row in connection.execute(query):
            problem_here = _problem_of_row(row) or problem_of(_entry(row), previous, count + 1, key)
            if problem_here:
                return LedgerReport(False, count, problem_here)
            count, previous = row.seq, row.hash
            if head and head.size == count:
                hash_at_head = previous
    end = _problem_of_end(head, count, hash_at_head)
    return LedgerReport(end is None, count, end)


def commitment(project: Project, value: str, subject: str | None = None) -> str:
    """HMAC-SHA256 of a value, in hex, under the secret of the person it belongs to: stands for it in the ledger.

    `subject` is that person's name; without it a name of a person on record is that person's, all else the project's.
    Without the secret it cannot be traced back; with it the project finds its own. Destroying a person's secret makes
    everything that was committed to on their behalf anonymous.
    """
    return committed(project, value, subject)


def utc_now() -> str:
    """This moment as ISO 8601 text in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _last(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(ledger_entry).order_by(ledger_entry.c.seq.desc()).limit(1)).first()


def _entry(row: Row[Any]) -> Entry:
    problem = _problem_of_row(row)
    if problem:
        raise IntegrityError(f"{problem}; restore the database from a backup.")
    return Entry(**{**row._mapping, "data": json.loads(row.data)})


def _problem_of_row(row: Row[Any]) -> str | None:
    """Whether `data` is the canonical object that was hashed, not another spelling of it."""
    try:
        data = json.loads(row.data)
        sound = isinstance(data, dict) and canonical(data).decode() == row.data
    except (ValueError, TypeError, InputError):
        sound = False
    return None if sound else f"entry {row.seq} ({row.kind}) was changed after it was written"


def _problem_of_end(head: Head | None, count: int, hash_at_head: str) -> str | None:
    if head is None:
        return "the ledger's signed head is missing beside the database" if count else None
    if head.size > count:
        return f"the ledger ends at entry {count}, but its signed head names {head.size}: the end was cut off"
    if head.hash != hash_at_head:
        return f"entry {head.size} is not the one that the signed head names"
    return None


def _check_head(project: Project, connection: Connection, key: Ed25519PrivateKey) -> None:
    head = read_head(project, key.public_key())
    last = _last(connection)
    if head is None and last is None:
        # An empty ledger gets its head first, so a missing one later always means it was taken away.
        write_head(project, Head(project.settings.project_id, 0, GENESIS), key)
        return
    at_head = connection.execute(
        select(ledger_entry.c.hash).where(ledger_entry.c.seq == (head.size if head else 0))
    ).scalar_one_or_none()
    problem = _problem_of_end(head, last.seq if last else 0, at_head or GENESIS)
    if problem:
        raise IntegrityError(f"{problem}; nothing is added to a damaged ledger, restore it from a backup.")
