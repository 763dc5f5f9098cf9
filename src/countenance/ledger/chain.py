"""Entries of the ledger, how each is bound to the one before it, and how that is signed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.errors import InputError, IntegrityError

GENESIS = "0" * 64
CLOCK_CORRECTED = "clock.corrected"  # the one kind of entry that may be dated before the entry it follows
KIND = re.compile(r"[a-z]+\.[a-z_]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]{1,20}Z")
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


@dataclass(frozen=True)
class Row:
    """An entry as it lies in the database: `data` is the canonical text that was hashed."""

    seq: int
    prev_hash: str
    ts: str
    actor: str
    kind: str
    data: str
    hash: str
    signature: str

    def entry(self) -> Entry:
        """The entry, when the row is what was hashed; IntegrityError otherwise. Its place is not looked at."""
        if self.digest() != self.hash or not isinstance(data := json.loads(self.data), dict):
            raise IntegrityError(f"{changed(self.seq, self.kind)}; restore the database from a backup.")
        return Entry(**{**vars(self), "data": data})

    def digest(self) -> str:
        """What `hash` must be; "" for a row that cannot have been written by us."""
        return content_digest(self.seq, self.prev_hash, self.ts, self.actor, self.kind, self.data)

    def leaf(self) -> bytes:
        """The bytes that stand for the entry in the Merkle tree: the canonical JSON of all its fields."""
        return (
            f'{{"actor":{_quoted(self.actor)},"data":{self.data},"hash":"{self.hash}","kind":"{self.kind}",'
            f'"prev_hash":"{self.prev_hash}","seq":{self.seq},"signature":"{self.signature}","ts":"{self.ts}"}}'
        ).encode()


def content_digest(seq: int, prev_hash: str, ts: str, actor: str, kind: str, data: str) -> str:
    """`entry_hash` from the canonical text of the data, without parsing it; "" for what cannot be ours.

    The text is put together around the given one. That is the canonical form of one entry only: kind, number and
    moment can hold no quotation mark (which is checked), and an actor's ends where its text ends, so the same
    bytes cannot be cut into other fields.
    """
    try:
        if not KIND.fullmatch(kind) or not _MOMENT.fullmatch(ts):
            return ""
        text = (
            f'{{"actor":{_quoted(actor)},"data":{data},"kind":"{kind}",'
            f'"prev_hash":"{prev_hash}","seq":{seq},"ts":"{ts}"}}'
        )
        return hashlib.sha256(text.encode()).hexdigest()
    except (TypeError, ValueError):  # no text at all, or none that is UTF-8
        return ""


def row_of(entry: Entry) -> Row:
    """The row of an entry; InputError when its data has no canonical form."""
    return Row(**{**vars(entry), "data": canonical(entry.data).decode()})


def sign_hash(key: Ed25519PrivateKey, value: str) -> str:
    """The signature of an entry's hash, in hex."""
    return key.sign(_ENTRY_DOMAIN + bytes.fromhex(value)).hex()


def entry_signed(key: Ed25519PublicKey, value: str, signature: str) -> bool:
    """Whether a signature is this key's over an entry's hash."""
    return signature_holds(key, signature, _ENTRY_DOMAIN + bytes.fromhex(value))


def signature_holds(key: Ed25519PublicKey, signature: str, message: bytes) -> bool:
    """Whether a hex signature is this key's over the message; text that is not hex does not hold."""
    try:
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return isinstance(signature, str) and signature == signature.lower()


def changed(seq: int, kind: object) -> str:
    """The words for an entry whose content is not what was hashed."""
    return f"entry {seq} ({kind}) was changed after it was written"


@lru_cache(maxsize=256)
def _quoted(text: str) -> str:
    """A text as RFC 8785 writes it; Python's escapes are the same."""
    if not isinstance(text, str):
        raise TypeError
    return json.dumps(text, ensure_ascii=False)
