"""The signed checkpoint over the whole ledger: one in the database, renewed by each transaction, and a copy beside it.

The one in the database is signed in the transaction that adds entries, so entries without it were put in by somebody
else. The copy is a file (`ledger.checkpoint`) that moves right after the commit: a chain alone cannot show that
its end was cut off, but a database that has less than the file names is known to have lost entries.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, bindparam, insert, select, update

from countenance.errors import InputError, IntegrityError
from countenance.ledger.note import (
    ORIGIN,
    Checkpoint,
    VerifierKey,
    log_key,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from countenance.ledger.tree import EMPTY_ROOT, Frontier
from countenance.store.files import locked, write_bytes
from countenance.store.project import Project
from countenance.store.tables import ledger_head

_SECTOR_BYTES = 512
# Built once: putting a statement together takes longer than the database needs for it.
_HEAD = select(ledger_head)
_MOVE_HEAD = (
    update(ledger_head)
    .where(ledger_head.c.id == 1)
    .values(note=bindparam("new_note"), previous=bindparam("new_previous"), frontier=bindparam("new_frontier"))
)


@dataclass(frozen=True)
class Head:
    """The checkpoint in the database, the one before it, and the edge of the tree from which it grows."""

    note: str
    checkpoint: Checkpoint
    previous_note: str
    previous: Checkpoint
    frontier: Frontier


def checkpoint_path(project: Project) -> Path:
    return project.folder / "ledger.checkpoint"


def project_key(project: Project, key: Ed25519PublicKey) -> VerifierKey:
    """The ledger's key under the name of its log."""
    return log_key(ORIGIN + project.settings.project_id, key)


def read_head(connection: Connection, key: VerifierKey) -> Head | None:
    """The head in the database, None when there is none; IntegrityError when it is not ours.

    The note before it is signed as well, but only `verify` looks at that signature.
    """
    row = connection.execute(_HEAD).first()
    if row is None:
        return None
    try:
        checkpoint = open_checkpoint(row.note, key)
        previous = parse_checkpoint(row.previous)
        peaks = [bytes.fromhex(one) for one in row.frontier.split(" ") if one]
        frontier = Frontier(checkpoint.size, peaks)
        sound = " ".join(one.hex() for one in peaks) == row.frontier and frontier.root() == checkpoint.root
    except (IntegrityError, ValueError, TypeError, AttributeError) as exc:
        raise IntegrityError("the ledger's signed head in the database was changed; restore it from a backup.") from exc
    if not sound or previous.size > checkpoint.size:
        raise IntegrityError("the ledger's signed head in the database was changed; restore it from a backup.")
    return Head(row.note, checkpoint, row.previous, previous, frontier)


def write_head(connection: Connection, name: str, frontier: Frontier, before: str, key: Ed25519PrivateKey) -> str:
    """Sign the tree as it stands and put it in the place of the note `before`; returns the note."""
    note = sign_checkpoint(Checkpoint(name, frontier.size, frontier.root()), key)
    peaks = " ".join(one.hex() for one in frontier.peaks)
    values = {"new_note": note, "new_previous": before, "new_frontier": peaks}
    if connection.execute(_MOVE_HEAD, values).rowcount == 0:
        connection.execute(insert(ledger_head).values(id=1, note=note, previous=before, frontier=peaks))
    return note


def empty_note(name: str, key: Ed25519PrivateKey) -> str:
    """The checkpoint of a ledger without entries."""
    return sign_checkpoint(Checkpoint(name, 0, EMPTY_ROOT), key)


def read_file(project: Project, key: VerifierKey, head: Head | None = None) -> Checkpoint | None:
    """The checkpoint beside the database, None when there is no file; IntegrityError when it is not ours.

    With the head at hand, a file that holds the same note is not checked once more.
    """
    path = checkpoint_path(project)
    try:
        return _opened(path, key, head)
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, IntegrityError):
        pass  # perhaps another process was writing it just then
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check its rights.") from exc
    try:
        with locked(_lock(project)):
            return _opened(path, key, head)
    except (OSError, UnicodeDecodeError, IntegrityError) as exc:
        raise IntegrityError(f"the ledger's signed checkpoint {path} was changed; restore it from a backup.") from exc


def move_file(project: Project, note: str) -> None:
    """Put our own note in the file's place, unless another process has moved it further meanwhile."""
    path, content = checkpoint_path(project), note.encode()
    with locked(_lock(project)):
        found = path.read_bytes() if path.exists() else b""
        if found and parse_checkpoint(found.decode()).size >= parse_checkpoint(note).size:
            return
        if len(found) != len(content) or len(content) > _SECTOR_BYTES:
            write_bytes(path, content)
            return
        # A note of the same length is written over the old one: it lies in one sector of the disk, which is written
        # whole or not at all, and the flush needs no change of the folder, which takes a hundred times as long.
        handle = os.open(path, os.O_WRONLY)
        try:
            os.pwrite(handle, content, 0)
            os.fdatasync(handle)
        finally:
            os.close(handle)


def _opened(path: Path, key: VerifierKey, head: Head | None) -> Checkpoint:
    note = path.read_bytes().decode()
    return head.checkpoint if head and note == head.note else open_checkpoint(note, key)


def _lock(project: Project) -> Path:
    return project.folder / "ledger.lock"
