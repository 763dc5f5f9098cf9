"""Proofs about the ledger that anybody can check from a file and the ledger's public key, without the project.

An inclusion proof holds one entry, the hashes that lead from it to the root of the tree, and the signed checkpoint
that names this root. A consistency proof holds two signed checkpoints and the hashes that show that the later tree
begins with the earlier one: nothing before was changed, only added to.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from countenance.errors import InputError, IntegrityError
from countenance.ledger.audit import SIGNING_KEY, rows
from countenance.ledger.chain import Entry, Row, entry_signed, row_of
from countenance.ledger.checkpoint import project_key, read_head
from countenance.ledger.note import (
    Checkpoint,
    VerifierKey,
    log_key,
    open_checkpoint,
    parse_checkpoint,
    pem_of,
    read_pem,
)
from countenance.ledger.tree import Tree, leaf_hash, root_from_inclusion, roots_from_consistency
from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519

INCLUSION = "countenance ledger inclusion v1"
CONSISTENCY = "countenance ledger consistency v1"


def public_key_pem(project: Project) -> str:
    """The key that the project's ledger is signed with, for those who check its proofs."""
    return pem_of(load_or_create_ed25519(project, SIGNING_KEY).public_key())


def log_key_of(project: Project) -> VerifierKey:
    """The same key as witnesses and tools for transparency logs know it."""
    return project_key(project, load_or_create_ed25519(project, SIGNING_KEY).public_key())


def prove(project: Project, seq: int) -> dict[str, Any]:
    """An inclusion proof of entry `seq` (from 1) under the newest checkpoint, as a JSON object.

    InputError when there is no such entry; IntegrityError when the entries are not those of the checkpoint.
    """
    with reading(project) as connection:
        found, tree, note = _tree(project, connection)
        if not 1 <= seq <= tree.size:
            raise InputError(f"the ledger has no entry {seq}; it has {tree.size}.")
        entry = found[seq - 1].entry()
    return {
        "format": INCLUSION,
        "entry": vars(entry),
        "path": [_text(one) for one in tree.inclusion(seq - 1)],
        "checkpoint": note,
    }


def check_proof(proof: Mapping[str, Any], ledger_public_key_pem: str) -> Entry:
    """The entry that an inclusion proof proves to stand in the ledger with this key; IntegrityError for any other."""
    key = read_pem(ledger_public_key_pem)
    _require(proof, INCLUSION, {"entry", "path", "checkpoint"})
    checkpoint = _opened(proof["checkpoint"], ledger_public_key_pem)
    entry = _entry(proof["entry"])
    if not entry_signed(key, entry.hash, entry.signature):
        raise IntegrityError(f"entry {entry.seq} ({entry.kind}) is not signed with the ledger's key.")
    leaf = leaf_hash(row_of(entry).leaf())
    if root_from_inclusion(leaf, entry.seq - 1, checkpoint.size, _path(proof["path"])) != checkpoint.root:
        raise IntegrityError(f"entry {entry.seq} ({entry.kind}) is not in the ledger that the checkpoint names.")
    return entry


def prove_consistency(project: Project, old: str) -> dict[str, Any]:
    """A proof that the ledger goes on from an older checkpoint of its own, a signed note.

    IntegrityError when it does not: the ledger was forked, rewritten or cut off since.
    """
    before = open_checkpoint(old, log_key_of(project))
    with reading(project) as connection:
        _, tree, note = _tree(project, connection)
    if before.size > tree.size:
        raise IntegrityError(f"the ledger ends at entry {tree.size}, but the checkpoint names {before.size}.")
    if tree.root(before.size) != before.root:
        raise IntegrityError(f"the checkpoint names {before.size} other entries than the ledger's: it was forked.")
    return {
        "format": CONSISTENCY,
        "old": old,
        "new": note,
        "path": [_text(one) for one in tree.consistency(before.size)],
    }


def check_consistency(proof: Mapping[str, Any], ledger_public_key_pem: str) -> tuple[Checkpoint, Checkpoint]:
    """Both checkpoints of a consistency proof, proven to be of one growing ledger; IntegrityError otherwise."""
    _require(proof, CONSISTENCY, {"old", "new", "path"})
    old, new = (_opened(proof[which], ledger_public_key_pem) for which in ("old", "new"))
    if old.origin != new.origin:
        raise IntegrityError(f"the checkpoints are of two ledgers, {old.origin} and {new.origin}.")
    require_consistent(old, new, _path(proof["path"]))
    return old, new


def require_consistent(old: Checkpoint, new: Checkpoint, path: list[bytes]) -> None:
    """IntegrityError unless the path proves that the tree of `new` begins with that of `old`."""
    if old.size > new.size:
        raise IntegrityError(f"the new checkpoint names {new.size} entries, fewer than the {old.size} seen before.")
    if old.size in (0, new.size):
        if path or (old.size == new.size and old.root != new.root):
            raise IntegrityError(f"two checkpoints name {old.size} entries that are not the same: a fork.")
        return
    if roots_from_consistency(old.size, new.size, old.root, path) != (old.root, new.root):
        raise IntegrityError(
            f"the ledger of {new.size} entries does not begin with the {old.size} seen before: a fork."
        )


def _tree(project: Project, connection: Connection) -> tuple[list[Row], Tree, str]:
    head = read_head(connection, log_key_of(project))
    if head is None:
        raise InputError("the ledger has no signed checkpoint yet; `countenance ledger verify` says why.")
    found = list(rows(connection))
    tree = Tree(leaf_hash(row.leaf()) for row in found)
    if (tree.size, tree.root()) != (head.checkpoint.size, head.checkpoint.root):
        raise IntegrityError(
            "the entries are not those of the checkpoint; `countenance ledger verify` names the place."
        )
    return found, tree, head.note


def _require(proof: Mapping[str, Any], wanted: str, keys: set[str]) -> None:
    if not isinstance(proof, Mapping) or proof.get("format") != wanted or set(proof) != {"format", *keys}:
        raise IntegrityError(f"this is no proof of the kind '{wanted}'; ask for another.")


def _opened(note: object, pem: str) -> Checkpoint:
    if not isinstance(note, str):
        raise IntegrityError("the proof has no signed checkpoint; ask for another.")
    return open_checkpoint(note, log_key(parse_checkpoint(note).origin, read_pem(pem)))


def _entry(values: object) -> Entry:
    try:
        if not isinstance(values, Mapping) or isinstance(values["seq"], bool) or not isinstance(values["data"], dict):
            raise TypeError
        entry = Entry(**values)
        texts = (entry.prev_hash, entry.ts, entry.actor, entry.kind, entry.hash, entry.signature)
        if not isinstance(entry.seq, int) or not all(isinstance(one, str) for one in texts):
            raise TypeError
        digest = row_of(entry).digest()
    except (TypeError, KeyError, ValueError, InputError) as exc:
        raise IntegrityError("the proof holds no entry of a ledger; ask for another.") from exc
    if digest != entry.hash:
        raise IntegrityError(f"entry {entry.seq} ({entry.kind}) was changed: its hash does not fit.")
    return entry


def _path(values: object) -> list[bytes]:
    try:
        if not isinstance(values, list):
            raise TypeError
        found = [base64.b64decode(one, validate=True) for one in values]
    except (TypeError, ValueError) as exc:
        raise IntegrityError("the path in the proof is no list of hashes; ask for another proof.") from exc
    if [_text(one) for one in found] != values:
        raise IntegrityError("the path in the proof is no list of hashes; ask for another proof.")
    return found


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
