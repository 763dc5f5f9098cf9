"""A witness: on a machine of its own it signs what it has seen of a ledger, and never two stories.

Who holds the ledger's key can write another history; but not one that a witness signs, since it signs a checkpoint only
after a proof that the ledger went on from the last one it signed. It keeps its own key, that last checkpoint and the
hashes of all entries, so when the ledger has two stories it can name the first entry in which they differ.

`folder` of the functions here is the witness's own: key.pem, witness.vkey, log.vkey, checkpoint, leaves.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.errors import InputError, IntegrityError
from countenance.ledger.audit import CLOCK_TOLERANCE
from countenance.ledger.note import (
    Checkpoint,
    VerifierKey,
    cosign,
    cosigned_at,
    open_checkpoint,
    read_key,
    witness_key,
)
from countenance.ledger.proof import require_consistent
from countenance.ledger.shelf import Source
from countenance.ledger.tiles import WIDTH, read_checkpoint, read_leaves
from countenance.ledger.tree import HASH_BYTES, Tree
from countenance.store.files import locked, write_bytes

_FILES = ("key.pem", "witness.vkey", "log.vkey", "checkpoint", "leaves")


@dataclass(frozen=True)
class Witnessed:
    """A checkpoint with the witness's signature, and how many entries it had not seen before."""

    checkpoint: Checkpoint
    note: str
    new_entries: int
    witness: VerifierKey


@dataclass(frozen=True)
class _State:
    key: Ed25519PrivateKey
    name: VerifierKey
    log: VerifierKey
    checkpoint: Checkpoint
    time_s: int
    leaves: list[bytes]


def published_name(witness: str) -> str:
    """Where an exported ledger carries the newest signature of a witness."""
    return f"witness/{witness}"


def witness(
    source: Source, folder: Path, name: str = "witness", log: str | None = None, now_s: int | None = None
) -> Witnessed:
    """Check the exported ledger in `source` against all that was seen before, and sign its checkpoint.

    The first time `log` (the ledger's key, `name+id+key`) says whose ledger it is, and the witness gets its own key.
    IntegrityError, and no signature: when the ledger was forked, cut off or set back, when the witness's own files
    were changed or set back, and when this machine's clock is behind the last signature. `now_s` is for tests.
    """
    now_s = int(datetime.now(UTC).timestamp()) if now_s is None else now_s
    if not folder.exists() or not any(folder.iterdir()):
        return _first(source, folder, name, log, now_s)
    with locked(folder / "lock"):
        state = _load(folder)
        if log is not None and read_key(log).text() != state.log.text():
            raise InputError(f"this witness watches {state.log.name} under another key; use another folder.")
        time_s = _time(state.time_s, now_s)
        note, checkpoint = read_checkpoint(source, state.log)
        _require_newest_state(source, state)
        if checkpoint.size < state.checkpoint.size:
            raise IntegrityError(_shrunk(state, checkpoint))
        leaves = _grown(source, state, checkpoint)
        path = Tree(leaves).consistency(state.checkpoint.size) if state.checkpoint.size < checkpoint.size else []
        require_consistent(state.checkpoint, checkpoint, path)
        signed = cosign(note, state.name.name, state.key, time_s)
        write_bytes(folder / "leaves", b"".join(leaves))
        write_bytes(folder / "checkpoint", signed.encode())
        return Witnessed(checkpoint, signed, checkpoint.size - state.checkpoint.size, state.name)


def _first(source: Source, folder: Path, name: str, log: str | None, now_s: int) -> Witnessed:
    if log is None:
        raise InputError(f"{folder} is new: name the ledger's key with --log-key, as its owner told it to you.")
    log_key, key = read_key(log), Ed25519PrivateKey.generate()
    own = witness_key(name, key.public_key())
    note, checkpoint = read_checkpoint(source, log_key)
    leaves = read_leaves(source, checkpoint.size)
    if Tree(leaves).root() != checkpoint.root:
        raise IntegrityError("the tiles do not lead to the checkpoint's root; export the ledger again.")
    signed = cosign(note, name, key, now_s)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    contents = (pem, f"{own.text()}\n".encode(), f"{log_key.text()}\n".encode(), signed.encode(), b"".join(leaves))
    # All at once: a folder that lacks a file later has lost it.
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")
    made.mkdir(mode=0o700)
    try:
        for file, content in zip(_FILES, contents, strict=True):
            write_bytes(made / file, content)
        (made / "key.pem").chmod(0o600)
        os.rename(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return Witnessed(checkpoint, signed, checkpoint.size, own)


def _load(folder: Path) -> _State:
    for file in _FILES:
        if not (folder / file).is_file():
            raise IntegrityError(f"the witness's {file} is missing in {folder}; restore it from a backup.")
    where = "key.pem"
    try:
        key = serialization.load_pem_private_key((folder / where).read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("another kind of key")
        where = "witness.vkey"
        name = read_key((folder / where).read_text())
        if name.text() != witness_key(name.name, key.public_key()).text():
            raise ValueError("the key of another witness")
        where = "log.vkey"
        log = read_key((folder / where).read_text())
        where = "checkpoint"
        note = (folder / where).read_bytes().decode()
        checkpoint = open_checkpoint(note, log)
        time_s = cosigned_at(note, name)
        where = "leaves"
        raw = (folder / where).read_bytes()
        # A run that was killed may have written more leaves than it signed.
        leaves = [raw[n : n + HASH_BYTES] for n in range(0, checkpoint.size * HASH_BYTES, HASH_BYTES)]
        if len(raw) % HASH_BYTES or Tree(leaves).root() != checkpoint.root:
            raise ValueError("not the leaves of the checkpoint")
    except (ValueError, UnsupportedAlgorithm, InputError, IntegrityError) as exc:
        raise IntegrityError(f"the witness's {where} in {folder} was changed; restore it from a backup.") from exc
    return _State(key, name, log, checkpoint, time_s, leaves)


def _time(last_s: int, now_s: int) -> int:
    if now_s < last_s - CLOCK_TOLERANCE.total_seconds():
        shown, last = (datetime.fromtimestamp(one, UTC).isoformat() for one in (now_s, last_s))
        raise IntegrityError(f"this machine's clock shows {shown}, before the last signature ({last}); set it right.")
    return max(now_s, last_s)


def _require_newest_state(source: Source, state: _State) -> None:
    """Notice when the witness's own folder was set back, by its newer signature beside the ledger."""
    content = source.get(published_name(state.name.name))
    if content is None:
        return
    try:
        note = content.decode()
        theirs, time_s = open_checkpoint(note, state.log), cosigned_at(note, state.name)
    except (UnicodeDecodeError, IntegrityError) as exc:
        raise IntegrityError(f"{published_name(state.name.name)} beside the ledger is not this witness's.") from exc
    if theirs.size > state.checkpoint.size or time_s > state.time_s:
        raise IntegrityError(
            f"this witness has signed {theirs.size} entries, but its own files know {state.checkpoint.size}: "
            "they were set back; restore them from the newest backup."
        )


def _shrunk(state: _State, checkpoint: Checkpoint) -> str:
    words = f"the ledger shows {checkpoint.size} entries, but {state.checkpoint.size} were seen before"
    if Tree(state.leaves[: checkpoint.size]).root() == checkpoint.root:
        return f"{words}: it was cut off after entry {checkpoint.size}, or an old checkpoint was put back."
    return f"{words}, and those it shows are others: it was forked before entry {checkpoint.size + 1}."


def _grown(source: Source, state: _State, checkpoint: Checkpoint) -> list[bytes]:
    """The leaves of the new checkpoint: those that were seen before, and new ones; else the place where they part."""
    start = state.checkpoint.size // WIDTH * WIDTH
    leaves = state.leaves[:start] + read_leaves(source, checkpoint.size, start)
    if leaves[: state.checkpoint.size] == state.leaves and Tree(leaves).root() == checkpoint.root:
        return leaves
    theirs = read_leaves(source, checkpoint.size)
    for seq, (seen, shown) in enumerate(zip(state.leaves, theirs, strict=False), 1):
        if seen != shown:
            raise IntegrityError(f"entry {seq} is not the one that was seen before: the ledger was forked or changed.")
    if state.checkpoint.size == checkpoint.size:
        raise IntegrityError(f"two checkpoints name {checkpoint.size} entries that are not the same: a fork.")
    raise IntegrityError(
        f"the tiles after entry {state.checkpoint.size} do not lead to the checkpoint's root; export the ledger again."
    )
