"""Proving that nobody changed the ledger, and naming the place where somebody did.

All entries are read once. Each must follow the one before it and have the content that its hash says; together they
must have the root that the signed checkpoints name. A root covers signatures as well, so they are looked at one by
one only to name the place once something is wrong, or in a ledger that has no checkpoint yet.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from countenance.errors import CountenanceError, IntegrityError
from countenance.ledger.chain import CLOCK_CORRECTED, GENESIS, Row, changed, entry_signed
from countenance.ledger.checkpoint import Head, project_key, read_file, read_head
from countenance.ledger.legacy import read_old_head
from countenance.ledger.note import Checkpoint, open_checkpoint
from countenance.ledger.tree import EMPTY_ROOT, Frontier, leaf_hash
from countenance.ledger.witnessed import Seen, kept
from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519
from countenance.store.tables import ledger_entry

SIGNING_KEY = "ledger"
CLOCK_TOLERANCE = timedelta(seconds=60)  # by which the clocks of machines that share a ledger may differ
_BATCH = 2000


@dataclass(frozen=True)
class LedgerReport:
    """The outcome of `verify`: `count` entries are proven; `problem` names the first bad place."""

    ok: bool
    count: int
    problem: str | None


@dataclass(frozen=True)
class Walk:
    """What a reading of all entries showed: `count` of them are sound in themselves, with this tree."""

    count: int
    problem: str | None
    frontier: Frontier
    roots: dict[int, bytes]  # of the sizes that were asked for, as far as they were reached
    last_hash: str
    last_ts: str


def verify(project: Project, seen: tuple[Seen, ...] = ()) -> LedgerReport:
    """Prove every entry, its place and the end of the ledger, and that it goes on from what witnesses have seen.

    Those are the notes that the project keeps, and `seen` besides.
    """
    key = load_or_create_ed25519(project, SIGNING_KEY).public_key()
    try:
        # Before the entries: a file that another process moves meanwhile would be ahead of our view.
        name = project_key(project, key)
        file = read_file(project, name)
        seen = (*kept(project, name), *seen)
        with reading(project) as connection:
            return _verify(project, connection, key, file, seen)
    except CountenanceError as problem:
        return LedgerReport(False, 0, str(problem))
    except (DatabaseError, UnicodeDecodeError):
        return LedgerReport(False, 0, "the database is damaged and cannot be read; restore it from a backup")


def verify_old(
    project: Project, connection: Connection, key: Ed25519PublicKey, file: Checkpoint | None
) -> tuple[LedgerReport, Frontier]:
    """Prove a ledger that has no head in the database yet: it is new, or from before there were trees.

    Then the signature of each entry and its old head on file prove it; `file` may be there when a process was killed
    while it took the ledger over. Gives its tree as well.
    """
    old = read_old_head(project, key)
    walked = walk(connection, (file.size,) if file else (), key, hash_at=old.size if old else 0)
    problem = walked.problem
    if problem is None and old is None and (walked.count or (file and file.size)):
        found = _at_file(file, walked) if file else None
        problem = found[0] if found else "the ledger's signed head is missing in the database"
    elif problem is None and old is not None:
        if old.size > walked.count:
            problem = _cut(walked.count, old.size, "signed head")
        elif old.hash != walked.last_hash:
            problem = f"entry {old.size} is not the one that the signed head names"
        elif file and (found := _at_file(file, walked)):
            problem = found[0]
    return LedgerReport(problem is None, walked.count, problem), walked.frontier


def walk(
    connection: Connection, sizes: tuple[int, ...], key: Ed25519PublicKey | None = None, hash_at: int | None = None
) -> Walk:
    """Read all entries until the first that is not sound; with a key, by their signatures too.

    `last_hash` is that of the last entry, or of entry `hash_at`.
    """
    wanted = set(sizes)
    frontier, previous, last_ts = Frontier(), GENESIS, ""
    hash_there = GENESIS
    roots = {0: EMPTY_ROOT}
    problem = None
    reader = rows(connection)
    try:
        for row in reader:
            problem = problem_of(row, frontier.size + 1, previous, last_ts)
            if problem is None and key is not None and not entry_signed(key, row.hash, row.signature):
                problem = f"entry {row.seq} ({row.kind}) is not signed with the key of this project"
            if problem:
                break
            previous, last_ts = row.hash, row.ts
            frontier.add(leaf_hash(row.leaf()))
            if row.seq in wanted:
                roots[row.seq] = frontier.root()
            if row.seq == hash_at:
                hash_there = row.hash
    except IntegrityError as unreadable:
        problem = str(unreadable)
    reader.close()
    return Walk(frontier.size, problem, frontier, roots, previous if hash_at is None else hash_there, last_ts)


def rows(connection: Connection) -> Generator[Row]:
    """All rows in their order. IntegrityError names the first that the database itself cannot read."""
    query = select(ledger_entry).order_by(ledger_entry.c.seq)
    last = 0
    try:
        with connection.execute(query.execution_options(yield_per=_BATCH)) as result:
            for found in result:
                yield Row(*found)
                last = found.seq
    except DatabaseError:  # somewhere in this batch
        while True:
            try:
                one = connection.execute(query.where(ledger_entry.c.seq > last).limit(1)).first()
            except DatabaseError as exc:
                raise IntegrityError(f"entry {last + 1} cannot be read: the database is damaged there") from exc
            if one is None:
                return
            yield Row(*one)
            last = one.seq


def problem_of(row: Row, expected_seq: int, previous_hash: str, previous_ts: str) -> str | None:
    """What is wrong with a row that should follow `previous_hash` as entry `expected_seq`, in words."""
    if row.seq != expected_seq:
        return f"entry {expected_seq} is missing (entry {row.seq} follows entry {expected_seq - 1})"
    if row.prev_hash != previous_hash:
        return f"entry {row.seq} does not follow entry {row.seq - 1}: entries were removed, put in or moved"
    if row.digest() != row.hash:
        return changed(row.seq, row.kind)
    if row.ts < previous_ts and row.kind != CLOCK_CORRECTED:
        return f"entry {row.seq} ({row.kind}) is dated before entry {row.seq - 1}: the clock was set back"
    return None


def _verify(
    project: Project,
    connection: Connection,
    key: Ed25519PublicKey,
    file: Checkpoint | None,
    seen: tuple[Seen, ...],
) -> LedgerReport:
    name = project_key(project, key)
    try:
        head, bad_head = read_head(connection, name), None
        if head:
            open_checkpoint(head.previous_note, name)
    except IntegrityError:
        head, bad_head = None, "the ledger's signed head in the database was changed"
    if head is None and bad_head is None and not any(one.checkpoint.size for one in seen):
        return verify_old(project, connection, key, file)[0]
    known = [one for one in (file, head and head.checkpoint, head and head.previous) if one]
    known += [one.checkpoint for one in seen]
    # Without a head nothing vouches for signatures, so they are looked at here.
    walked = walk(connection, tuple(one.size for one in known), None if head else key)
    if walked.problem:
        return LedgerReport(False, walked.count, walked.problem)
    found = _at_head(connection, key, head, walked) if head else None
    found = found or _at_file(file, walked) or _at_seen(seen, walked)
    if found is None and head and connection.dialect.name == "sqlite":
        # The file may have moved on since it was read, but never back.
        found = _at_old_file(read_file(project, name), head.previous)
    if found is None and head is None:
        found = bad_head or "the ledger's signed head is missing in the database", walked.count
    found = found or _at_clock(walked)
    return LedgerReport(False, found[1], found[0]) if found else LedgerReport(True, walked.count, None)


# Each of these gives what is wrong at the ledger's end, in words, and how many entries are proven all the same.
_Found = tuple[str, int] | None


def _at_head(connection: Connection, key: Ed25519PublicKey, head: Head, walked: Walk) -> _Found:
    size = head.checkpoint.size
    if walked.count == size and walked.roots[size] == head.checkpoint.root:
        if walked.roots[head.previous.size] != head.previous.root:
            return f"the ledger was forked before entry {head.previous.size + 1}: its last two heads disagree", 0
        return None
    with closing(rows(connection)) as reader:
        for row in reader:
            if not entry_signed(key, row.hash, row.signature):
                return f"entry {row.seq} ({row.kind}) is not signed with the key of this project", row.seq - 1
    if walked.count < size:
        return _cut(walked.count, size, "signed head"), walked.count
    if walked.count > size:
        return f"entry {size + 1} was put in behind the ledger's signed head, which ends at entry {size}", size
    for (start, end), ours, theirs in zip(
        head.frontier.spans(), walked.frontier.peaks, head.frontier.peaks, strict=True
    ):
        if ours != theirs:
            return f"entries {start + 1} to {end} are not those that the ledger's signed head names", start
    raise AssertionError("trees of one size with the same subtrees have the same root")


def _at_file(file: Checkpoint | None, walked: Walk) -> _Found:
    if file is None:
        return "the ledger's signed checkpoint is missing beside the database", walked.count
    if file.size > walked.count:
        return _cut(walked.count, file.size, "checkpoint beside the database"), walked.count
    if walked.roots[file.size] != file.root:
        words = f"the checkpoint beside the database names {file.size} other entries than these"
        return f"{words}: the ledger was forked or rewritten before entry {file.size + 1}", 0
    return None


def _at_old_file(file: Checkpoint | None, previous: Checkpoint) -> _Found:
    """A killed process leaves the file one transaction behind, and the next one moves it first: never two."""
    if file is None or file.size < previous.size:
        size = file.size if file else 0
        words = f"the checkpoint beside the database ends at entry {size}, though it once named {previous.size}"
        return f"{words}: it was replaced by an older one", previous.size
    return None


def _at_seen(seen: tuple[Seen, ...], walked: Walk) -> _Found:
    for one in seen:
        size = one.checkpoint.size
        if size > walked.count:
            return _cut(walked.count, size, f"witness {one.witness}"), walked.count
        if walked.roots[size] != one.checkpoint.root:
            words = f"{one.witness} has seen {size} other entries than these"
            return f"{words}: the ledger was forked or rewritten before entry {size + 1}", 0
    return None


def _at_clock(walked: Walk) -> _Found:
    limit = datetime.now(UTC) + CLOCK_TOLERANCE
    if walked.last_ts and moment(walked.last_ts) > limit:
        words = f"entry {walked.count} is dated {walked.last_ts}, which is to come"
        return f"{words}: the clock of this machine or of its writer was wrong", walked.count
    return None


def moment(ts: str) -> datetime:
    """An entry's time stamp as a moment."""
    return datetime.fromisoformat(ts.replace("Z", "+00:00"))


def _cut(count: int, named: int, by: str) -> str:
    return f"the ledger ends at entry {count}, but its {by} names {named}: the end was cut off"
