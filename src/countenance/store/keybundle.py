"""All keys of a project as one file, sealed with a passphrase of its own (scrypt, RFC 7914; AES-256-GCM)."""

from __future__ import annotations

import base64
import json
import secrets
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from countenance.errors import InputError, IntegrityError
from countenance.store.passphrase import FEWEST_LETTERS
from countenance.store.project import Project

_MAGIC = b"CNTKB1\n"
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_COST = 1 << 16  # 64 MiB, a fifth of a second


def sealed_keys(project: Project, passphrase: str) -> tuple[bytes, int]:
    """The keys under the passphrase, and how many files they are. InputError for one that is too short."""
    if len(passphrase) < FEWEST_LETTERS:
        raise InputError(f"a passphrase has at least {FEWEST_LETTERS} letters; choose a longer one.")
    files = {
        path.name: base64.b64encode(path.read_bytes()).decode()
        for path in sorted(project.keys.iterdir())
        if path.is_file() and path.suffix != ".lock" and not path.name.startswith(".")
    }
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(passphrase, salt).encrypt(nonce, json.dumps(files).encode(), _MAGIC)
    return _MAGIC + salt + nonce + sealed, len(files)


def opened_keys(content: bytes, passphrase: str) -> dict[str, bytes]:
    """The files by their names; InputError for another passphrase, IntegrityError for what is no such bundle."""
    head = len(_MAGIC) + _SALT_BYTES + _NONCE_BYTES
    if not content.startswith(_MAGIC) or len(content) < head:
        raise IntegrityError("the backup's keys are damaged; use another snapshot.")
    salt, nonce = content[len(_MAGIC) : head - _NONCE_BYTES], content[head - _NONCE_BYTES : head]
    try:
        files = json.loads(_cipher(passphrase, salt).decrypt(nonce, content[head:], _MAGIC))
    except InvalidTag as exc:
        raise InputError("the passphrase does not open the backup's keys; check it.") from exc
    return {name: base64.b64decode(text) for name, text in files.items()}


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    plain = unicodedata.normalize("NFC", passphrase).encode()
    return AESGCM(Scrypt(salt=salt, length=_KEY_BYTES, n=_COST, r=8, p=1).derive(plain))
