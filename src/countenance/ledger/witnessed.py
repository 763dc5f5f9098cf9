"""What witnesses signed, kept with the project, so that it can no longer lose or change what they have seen unnoticed.

`.countenance/witnesses/NAME.vkey` is a witness's key, `NAME.checkpoint` the newest checkpoint with its signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from countenance.errors import InputError, IntegrityError
from countenance.ledger.note import Checkpoint, VerifierKey, cosigned_at, open_checkpoint, read_key
from countenance.store.files import write_bytes
from countenance.store.project import Project


@dataclass(frozen=True)
class Seen:
    """A witness's word: this checkpoint, at this moment (ISO 8601, UTC)."""

    witness: str
    checkpoint: Checkpoint
    at: str
    note: str


def open_witnessed(note: str, log: VerifierKey, witness: VerifierKey) -> Seen:
    """A note that both the ledger and the witness signed; IntegrityError for every other."""
    checkpoint, time_s = open_checkpoint(note, log), cosigned_at(note, witness)
    return Seen(witness.name, checkpoint, datetime.fromtimestamp(time_s, UTC).isoformat(), note)


def keep_witnessed(project: Project, note: str, log: VerifierKey, witness: VerifierKey) -> Seen:
    """Keep a witness's note. IntegrityError when it is not sound, or of fewer entries than the one that is kept."""
    seen = open_witnessed(note, log, witness)
    for known in kept(project, log):
        if known.witness == seen.witness and known.checkpoint.size > seen.checkpoint.size:
            raise IntegrityError(
                f"{known.witness} has seen {known.checkpoint.size} entries already; give its newest note."
            )
    if "/" in witness.name:
        raise InputError(f"a witness called {witness.name!r} cannot be kept; its name must hold no slash.")
    key_path = _folder(project) / f"{witness.name}.vkey"
    if key_path.exists() and key_path.read_text().strip() != witness.text():
        raise IntegrityError(f"{witness.name} is known under another key; remove {key_path} if it has a new one.")
    write_bytes(key_path, f"{witness.text()}\n".encode())
    write_bytes(_folder(project) / f"{witness.name}.checkpoint", note.encode())
    return seen


def kept(project: Project, log: VerifierKey) -> tuple[Seen, ...]:
    """The newest word of each witness; IntegrityError when one was changed."""
    found = []
    for path in sorted(_folder(project).glob("*.vkey")):
        note = path.with_suffix(".checkpoint")
        try:
            found.append(open_witnessed(note.read_bytes().decode(), log, read_key(path.read_text())))
        except (OSError, UnicodeDecodeError, InputError, IntegrityError) as exc:
            raise IntegrityError(f"the witness's note {note} is missing or was changed; ask for it again.") from exc
    return tuple(found)


def _folder(project: Project) -> Path:
    return project.folder / "witnesses"
