"""The signed checkpoint over the whole ledger: one in the database, renewed by each transaction, and a copy beside it.

The one in the database is signed in the transaction that adds entries, so entries without it were put in by somebody
else. The copy is a file (`ledger.checkpoint`) that moves right after the commit: a chain alone cannot show that
its end was cut off, but a database that has less than the file names is known to have lost entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, insert, select, update

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
    row = connection.execute(select(ledger_head)).first()
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
    values = {"note": note, "previous": before, "frontier": " ".join(one.hex() for one in frontier.peaks)}
    if connection.execute(update(ledger_head).where(ledger_head.c.id == 1).values(values)).rowcount == 0:
        connection.execute(insert(ledger_head).values(id=1, **values))
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
        note = path.read_bytes().decode()
        return head.checkpoint if head and note == head.note else open_checkpoint(note, key)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check its rights.") from exc
    except (UnicodeDecodeError, IntegrityError) as exc:
        raise IntegrityError(f"the ledger's signed checkpoint {path} was changed; restore it from a backup.") from exc


def move_file(project: Project, note: str) -> None:
    """Put our own note in the file's place, unless another process has moved it further meanwhile."""
    path = checkpoint_path(project)
    with locked(project.folder / "ledger.lock"):
        found = parse_checkpoint(path.read_bytes().decode()) if path.exists() else None
        if found is None or found.size < parse_checkpoint(note).size:
            write_bytes(path, note.encode())
