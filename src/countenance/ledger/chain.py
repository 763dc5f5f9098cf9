"""Entries of the ledger, how each is bound to the one before it, and how that is signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.errors import InputError

GENESIS = "0" * 64
# What is signed starts with what it is, so that no signature can pass for one of another sort.
_ENTRY_DOMAIN = b"countenance ledger entry v1\0"


@dataclass(frozen=True)
class Entry:
    """One entry: `hash` covers all fields above it (prev_hash included), `signature` covers `hash`."""

    seq: int
    prev_hash: str
    ts: str
    actor: str
    kind: str
    data: dict[str, Any]
    hash: str
    signature: str


def canonical(value: Any) -> bytes:
    """The one RFC 8785 form of a JSON value; InputError if it has none (NaN, whole numbers from 2^53 on)."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as exc:
        raise InputError(f"{value!r} has no canonical JSON form ({exc}); use text for it.") from exc


def entry_hash(seq: int, prev_hash: str, ts: str, actor: str, kind: str, data: dict[str, Any]) -> str:
    """SHA-256, in hex, of the canonical JSON of an entry without its own hash and signature."""
    content = {"seq": seq, "prev_hash": prev_hash, "ts": ts, "actor": actor, "kind": kind, "data": data}
    return hashlib.sha256(canonical(content)).hexdigest()


def sign_hash(key: Ed25519PrivateKey, value: str) -> str:
    """The signature of an entry's hash, in hex."""
    return key.sign(_ENTRY_DOMAIN + bytes.fromhex(value)).hex()


def signature_holds(key: Ed25519PublicKey, signature: str, message: bytes) -> bool:
    """Whether a hex signature is this key's over the message; text that is not hex does not hold."""
    try:
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def problem_of(entry: Entry, previous_hash: str, expected_seq: int, key: Ed25519PublicKey) -> str | None:
    """What is wrong with an entry that should follow `previous_hash` at `expected_seq`, in words."""
    if entry.seq != expected_seq:
        return f"entry {expected_seq} is missing (entry {entry.seq} follows entry {expected_seq - 1})"
    if entry.prev_hash != previous_hash:
        return f"entry {entry.seq} does not follow entry {entry.seq - 1}: entries were removed, put in or moved"
    try:
        found = entry_hash(entry.seq, entry.prev_hash, entry.ts, entry.actor, entry.kind, entry.data)
    except InputError:
        found = ""
    if found != entry.hash:
        return f"entry {entry.seq} ({entry.kind}) was changed after it was written"
    if not signature_holds(key, entry.signature, _ENTRY_DOMAIN + bytes.fromhex(entry.hash)):
        return f"entry {entry.seq} ({entry.kind}) is not signed with the key of this project"
    return None
