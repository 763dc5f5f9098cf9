"""Signed notes and checkpoints: the C2SP formats signed-note, tlog-checkpoint and tlog-cosignature, with Ed25519.

A checkpoint is the text "origin, size, root" with a signature line below. Any tool that knows these
formats can check one; https://c2sp.org has the specifications.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.errors import InputError, IntegrityError
from countenance.ledger.tree import HASH_BYTES

ORIGIN = "countenance/"  # followed by the project's id
_ED25519, _COSIGNATURE = b"\x01", b"\x04"  # the types of signature that C2SP numbers so
_SIGNATURE_BYTES = 64
_LONGEST_NOTE = 20_000  # characters; a checkpoint with a hundred witnesses has less
_SIGNATURE_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True)
class Checkpoint:
    """The log `origin` had `size` entries, whose tree has this root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name that it signs under."""

    name: str
    key: Ed25519PublicKey
    kind: bytes = _ED25519

    def id(self) -> bytes:
        """The four bytes by which signature lines name a key."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.key.public_bytes_raw()).digest()[:4]

    def text(self) -> str:
        """`name+id+key`, as signed-note writes keys."""
        return f"{self.name}+{self.id().hex()}+{base64.b64encode(self.kind + self.key.public_bytes_raw()).decode()}"


def log_key(origin: str, key: Ed25519PublicKey) -> VerifierKey:
    """The key of a log, under which it signs its checkpoints."""
    return VerifierKey(origin, key)


def witness_key(name: str, key: Ed25519PublicKey) -> VerifierKey:
    """The key of a witness, under which it signs those of others."""
    if not re.fullmatch(r"[^\s+]+", name):
        raise InputError(f"{name!r} is no name of a witness; use one word without a plus sign.")
    return VerifierKey(name, key, _COSIGNATURE)


def read_key(text: str) -> VerifierKey:
    """A key from its text, which may end with one line break; InputError when it is none or its id does not fit."""
    line = text.removesuffix("\n")
    name, _, rest = line.partition("+")
    try:
        raw = base64.b64decode(rest.partition("+")[2], validate=True)
        found = VerifierKey(name, Ed25519PublicKey.from_public_bytes(raw[1:]), raw[:1])
    except ValueError as exc:
        raise InputError(f"{line!r} is no key of a log or a witness (name+id+key).") from exc
    if found.kind not in (_ED25519, _COSIGNATURE) or found.text() != line:
        raise InputError(f"the key of {name!r} was changed: its id does not fit; get it again from its owner.")
    return found


def read_pem(pem: str) -> Ed25519PublicKey:
    """An Ed25519 public key in PEM; InputError when it is another thing."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise InputError("this is no public key in PEM; give the ledger's own.") from exc
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("this is no Ed25519 key; give the ledger's own.")
    return key


def pem_of(key: Ed25519PublicKey) -> str:
    """A public key as PEM text."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The checkpoint as a note signed by its own log."""
    text = checkpoint.text()
    return f"{text}\n{_line(log_key(checkpoint.origin, key.public_key()), key.sign(text.encode()))}"


def cosign(note: str, name: str, key: Ed25519PrivateKey, time_s: int) -> str:
    """The note with a witness's signature added: that it saw this checkpoint at `time_s` (seconds since 1970)."""
    text, _ = _split(note)
    signed = key.sign(_cosigned(text, time_s))
    return note + _line(witness_key(name, key.public_key()), time_s.to_bytes(8) + signed)


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note that the log signed; IntegrityError for every other text."""
    text, lines = _split(note)
    checkpoint = _parse(text)
    if checkpoint.origin != key.name:
        raise IntegrityError(f"the checkpoint is of the log {checkpoint.origin!r}, not of {key.name!r}.")
    for signature in _signatures_of(lines, key):
        if len(signature) == _SIGNATURE_BYTES and _holds(key.key, signature, text.encode()):
            return checkpoint
    raise IntegrityError(f"the checkpoint of size {checkpoint.size} is not signed by {key.name}, or was changed.")


def parse_checkpoint(note: str) -> Checkpoint:
    """The checkpoint in a note, whoever signed it."""
    return _parse(_split(note)[0])


def cosigned_at(note: str, witness: VerifierKey) -> int:
    """When the witness signed, in seconds since 1970; IntegrityError when it did not sign this note."""
    text, lines = _split(note)
    for signature in _signatures_of(lines, witness):
        time_s = int.from_bytes(signature[:8])
        if len(signature) == 8 + _SIGNATURE_BYTES and _holds(witness.key, signature[8:], _cosigned(text, time_s)):
            return time_s
    raise IntegrityError(f"the checkpoint is not signed by the witness {witness.name}, or was changed.")


def _cosigned(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def _line(key: VerifierKey, signature: bytes) -> str:
    return f"\u2014 {key.name} {base64.b64encode(key.id() + signature).decode()}\n"


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The signed text, and name and bytes of each signature; every byte of a note is accounted for."""
    refusal = IntegrityError("this is no signed checkpoint; restore it from a backup, or fetch it again.")
    text, gap, below = note.rpartition("\n\n")
    if not gap or not below.endswith("\n") or len(note) > _LONGEST_NOTE:
        raise refusal
    found = []
    for line in below[:-1].split("\n"):
        match = _SIGNATURE_LINE.fullmatch(line)
        try:
            raw = base64.b64decode(match[2], validate=True) if match else b""
        except binascii.Error:
            raise refusal from None
        # One spelling only: base64 lets unused bits vary.
        if match is None or base64.b64encode(raw).decode() != match[2]:
            raise refusal
        found.append((match[1], raw))
    return text + "\n", found


def _parse(text: str) -> Checkpoint:
    refusal = IntegrityError("this is no checkpoint (origin, size, root); restore it from a backup.")
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise refusal
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:
        raise refusal from None
    checkpoint = Checkpoint(lines[0], int(lines[1]), root)
    if len(root) != HASH_BYTES or checkpoint.text() != text:
        raise refusal
    return checkpoint


def _signatures_of(lines: list[tuple[str, bytes]], key: VerifierKey) -> list[bytes]:
    return [raw[4:] for name, raw in lines if name == key.name and raw[:4] == key.id()]


def _holds(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
