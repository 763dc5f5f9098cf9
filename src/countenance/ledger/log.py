"""Writing to the ledger and reading it; `verify` (ledger/audit.py) proves that nobody changed it.

The chain, the tree and their signatures show any change made without the project's key: an edited, removed, inserted
or moved entry, and a cut-off end. Who holds the key can write another history; a witness (ledger/witness.py) is what
guards against that.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DatabaseError

from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.ledger.audit import CLOCK_TOLERANCE, SIGNING_KEY, LedgerReport, moment, verify, verify_old
from countenance.ledger.chain import (
    CLOCK_CORRECTED,
    GENESIS,
    KIND,
    Entry,
    Row,
    canonical,
    content_digest,
    entry_signed,
    sign_hash,
)
from countenance.ledger.checkpoint import (
    Head,
    checkpoint_path,
    empty_note,
    move_file,
    project_key,
    read_file,
    read_head,
    write_head,
)
from countenance.ledger.legacy import old_head_path
from countenance.ledger.note import VerifierKey, parse_checkpoint
from countenance.ledger.tree import Frontier, leaf_hash
from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519
from countenance.store.subjects import acting, committed
from countenance.store.tables import ledger_entry

__all__ = [
    "LedgerReport", "Transaction", "append", "commitment", "entries", "entries_in", "transaction", "utc_now", "verify",
]  # fmt: skip

# Built once: putting a statement together takes longer than the database needs for it.
_INSERT = insert(ledger_entry)
_LAST = select(ledger_entry).order_by(ledger_entry.c.seq.desc()).limit(1)


@dataclass
class _Tail:
    """Where the next entry goes."""

    hash: str
    ts: str
    frontier: Frontier


@dataclass(frozen=True)
class Transaction:
    """A write transaction of the database whose entries stand or fall with its other writes."""

    connection: Connection
    _project: Project
    _key: Ed25519PrivateKey
    _tail: _Tail

    def append(self, kind: str, actor: str, data: dict[str, Any]) -> Entry:
        """Add an entry. `data` is a JSON object without personal data (see `commitment`).

        A person on record who acts is entered without their name.

        IntegrityError when the clock is behind the last entry; `clock.corrected` alone may be dated before it.
        """
        if not KIND.fullmatch(kind):
            raise InputError(f"{kind!r} is no kind of entry; kinds read like 'consent.granted'.")
        if not actor.strip() or not actor.isprintable():
            raise InputError(f"the {kind} entry has no actor; say who acts.")
        actor = acting(self._project, actor)
        text = canonical(data).decode()
        canonical(json.loads(text))  # what cannot be read back as it was written has no form for good
        seq, before, ts = self._tail.frontier.size + 1, self._tail.hash, self._moment(kind)
        value = content_digest(seq, before, ts, actor, kind, text)
        row = Row(seq, before, ts, actor, kind, text, value, sign_hash(self._key, value))
        self.connection.execute(_INSERT, vars(row))
        self._tail.hash, self._tail.ts = value, ts
        self._tail.frontier.add(leaf_hash(row.leaf()))
        return row.entry()

    def _moment(self, kind: str) -> str:
        now, last = utc_now(), self._tail.ts
        if kind == CLOCK_CORRECTED or now >= last:
            return now
        # Machines that share a ledger differ a little; more than that is a wrong clock.
        if moment(last) - moment(now) > CLOCK_TOLERANCE:
            raise IntegrityError(
                f"this machine's clock shows {now}, but the ledger's last entry is dated {last}; set the clock right, "
                "or if that entry's was wrong, record it with `countenance ledger correct-clock`."
            )
        return last


@contextmanager
def transaction(project: Project) -> Iterator[Transaction]:
    """One write transaction for rows and entries that belong together.

    IntegrityError when the ledger has lost entries: nothing is ever added to a damaged ledger.
    """
    key = load_or_create_ed25519(project, SIGNING_KEY)
    name = project_key(project, key.public_key())
    with writing(project) as connection:
        head, tail = _sound_end(project, connection, key, name)
        yield Transaction(connection, project, key, tail)
        note = None
        if tail.frontier.size > head.checkpoint.size:
            note = write_head(connection, name.name, tail.frontier, head.note, key)
    # The file moves after the commit. A process killed in between leaves one that is behind but true; the next
    # transaction moves it before its own commit, so it is never behind by two.
    if note:
        # A disk that is full by now does not undo what was committed; the next transaction will say so first.
        with contextlib.suppress(OSError):
            move_file(project, note)
        old_head_path(project).unlink(missing_ok=True)


def append(project: Project, kind: str, actor: str, data: dict[str, Any]) -> Entry:
    """Add one entry in a transaction of its own."""
    with transaction(project) as ledger:
        return ledger.append(kind, actor, data)


def entries(project: Project, kind: str | None = None, *, last: int | None = None) -> list[Entry]:
    """All entries (of one kind) in their order, or the `last` ones. Each is what its hash says; `verify` proves all."""
    with reading(project) as connection:
        return entries_in(connection, kind, last=last)


def entries_in(
    connection: Connection,
    kind: str | None = None,
    *,
    where: Mapping[str, str] | None = None,
    last: int | None = None,
) -> list[Entry]:
    """Like `entries`, within a transaction that looks at other tables too.

    `where` keeps those whose data has these texts under these names; the database looks for them, so nothing
    else is parsed.
    """
    query = select(ledger_entry)
    if kind is not None:
        query = query.where(ledger_entry.c.kind == kind)
    for name, value in (where or {}).items():
        # Canonical JSON spells a pair in one way only. Deeper pairs match too, so what is found is looked at again.
        pair = canonical({name: value}).decode()[1:-1]
        query = query.where(ledger_entry.c.data.contains(pair, autoescape=True))
    query = query.order_by(ledger_entry.c.seq if last is None else ledger_entry.c.seq.desc()).limit(last)
    try:
        found = [Row(*row).entry() for row in connection.execute(query)]
    except DatabaseError as exc:
        raise IntegrityError("the ledger cannot be read; `countenance ledger verify` names the place.") from exc
    if where:
        found = [one for one in found if all(one.data.get(name) == value for name, value in where.items())]
    return found if last is None else found[::-1]


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


def _sound_end(
    project: Project, connection: Connection, key: Ed25519PrivateKey, name: VerifierKey
) -> tuple[Head, _Tail]:
    """The head to grow from, once head, last entry and file agree; a file that is one behind is moved."""
    head = read_head(connection, name) or _first_head(project, connection, key, name)
    file = read_file(project, name, head)
    last = connection.execute(_LAST).first()
    count, size = last.seq if last else 0, head.checkpoint.size
    if file is None:
        raise _damaged("the ledger's signed checkpoint is missing beside the database")
    if count < max(size, file.size):
        raise _damaged(f"the ledger ends at entry {count}, but it had {max(size, file.size)}: the end was cut off")
    if count > size:
        raise _damaged(f"entry {size + 1} was put in behind the ledger's signed head")
    if file != head.checkpoint:
        if file.size >= size or (file.size == head.previous.size and file != head.previous):
            raise _damaged("the checkpoint beside the database names other entries: the ledger was forked")
        if file.size < head.previous.size and connection.dialect.name == "sqlite":
            raise _damaged("the checkpoint beside the database was replaced by an older one")
        _move_first(project, head.note)
    frontier = Frontier(size, head.frontier.peaks)
    return head, _tail(Row(*last), key, frontier) if last else _Tail(GENESIS, "", frontier)


def _first_head(project: Project, connection: Connection, key: Ed25519PrivateKey, name: VerifierKey) -> Head:
    """The head of a ledger that has none: an empty one, or one from before there were trees, which is proven first."""
    report, frontier = verify_old(project, connection, key.public_key(), read_file(project, name))
    if report.problem:
        raise _damaged(report.problem)
    before = empty_note(name.name, key)
    note = write_head(connection, name.name, frontier, before, key)
    # Before anything is added, so a file that is missing later was taken away.
    _move_first(project, note)
    return Head(note, parse_checkpoint(note), before, parse_checkpoint(before), frontier)


def _tail(row: Row, key: Ed25519PrivateKey, frontier: Frontier) -> _Tail:
    if row.digest() != row.hash or not entry_signed(key.public_key(), row.hash, row.signature):
        raise _damaged(f"entry {row.seq} ({row.kind}) was changed after it was written")
    return _Tail(row.hash, row.ts, frontier)


def _move_first(project: Project, note: str) -> None:
    try:
        move_file(project, note)
    except OSError as exc:
        path = checkpoint_path(project)
        raise CountenanceError(f"{path} cannot be written ({exc.strerror}); nothing was added to the ledger.") from exc


def _damaged(problem: str) -> IntegrityError:
    return IntegrityError(f"{problem}; nothing is added to a damaged ledger, restore it from a backup.")
