"""The project's keys: files that only their owner may read, made when first asked for; and sealing data with one.

A passphrase may protect them (`store.passphrase`).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countenance.errors import InputError, IntegrityError
from countenance.store.passphrase import seal, unseal
from countenance.store.project import Project
from countenance.store.shred import destroy_key, overwrite_with

SYMMETRIC_BYTES = 32
LONGEST_TEXT = 4096
_NONCE_BYTES = 12  # NIST SP 800-38D; random nonces serve for 2^32 messages of one key


def load_or_create_ed25519(project: Project, name: str) -> Ed25519PrivateKey:
    """The Ed25519 signing key `name` of the project."""
    key = _load_pem(project, _path(project, name, ".pem"), lambda: _pem(Ed25519PrivateKey.generate()))
    if not isinstance(key, Ed25519PrivateKey):
        raise _wrong(project, name, "an Ed25519 key")
    return key


def load_or_create_p256(project: Project, name: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 signing key `name` of the project."""
    key = _load_pem(project, _path(project, name, ".pem"), lambda: _pem(ec.generate_private_key(ec.SECP256R1())))
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _wrong(project, name, "a P-256 key")
    return key


def load_or_create_symmetric(project: Project, name: str) -> bytes:
    """The secret `name` of the project: 32 random bytes."""
    content = _load_or_create(project, _path(project, name, ".key"), lambda: secrets.token_bytes(SYMMETRIC_BYTES))
    if len(content) != SYMMETRIC_BYTES:
        raise _wrong(project, name, f"a key of {SYMMETRIC_BYTES} bytes")
    return content


def find_symmetric(project: Project, name: str) -> bytes | None:
    """The secret `name` of the project if it has been made and not destroyed."""
    if not _path(project, name, ".key").exists():
        return None
    return load_or_create_symmetric(project, name)


def destroy_symmetric(project: Project, name: str) -> None:
    """Overwrite and remove the secret `name`: what was encrypted with it can never be read again.

    A disk may keep old blocks; that is why the data itself is to be removed as well.
    """
    destroy_key(_path(project, name, ".key"))


def rename_symmetric(project: Project, name: str, now: str) -> None:
    """Give a secret another name, if it is there. Cut off anywhere, it may be repeated."""
    content = find_symmetric(project, name)
    if content is not None:
        _load_or_create(project, _path(project, now, ".key"), lambda: content)
        destroy_symmetric(project, name)


def save_text_secret(project: Project, name: str, text: str) -> None:
    """Keep a secret that somebody else made, such as the key of a service; one of the same name is replaced.

    InputError for a name that is none, or a text that no service gives out: empty, with blanks, or very long.
    """
    clean = text.strip()
    if not clean or len(clean) > LONGEST_TEXT or not all("!" <= one <= "~" for one in clean):
        raise InputError(f"what is to be the secret {name!r} is no key of a service; paste it as it was given to you.")
    path = _path(project, name, ".secret")
    if path.exists():
        overwrite_with(path, seal(project, path.name, clean.encode()))
    else:
        _load_or_create(project, path, clean.encode)


def find_text_secret(project: Project, name: str) -> str | None:
    """The secret that was kept under a name; None when there is none."""
    path = _path(project, name, ".secret")
    return _load_or_create(project, path, bytes).decode() if path.exists() else None


def destroy_text_secret(project: Project, name: str) -> None:
    """Overwrite and remove the secret `name`."""
    destroy_key(_path(project, name, ".secret"))


def encrypt(key: bytes, content: bytes, bound_to: bytes) -> bytes:
    """AES-256-GCM of the content, nonce first; to be opened only with the same key and the same `bound_to`."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to)


def decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """What `encrypt` sealed; IntegrityError when key, content or `bound_to` is another."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as exc:
        raise IntegrityError("encrypted data does not open with its key: it was changed or belongs elsewhere.") from exc


def _path(project: Project, name: str, suffix: str) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise InputError(f"{name!r} is no key name; use lower-case letters, digits and hyphens.")
    return project.keys / f"{name}{suffix}"


def _wrong(project: Project, name: str, wanted: str) -> IntegrityError:
    return IntegrityError(f"the file of key {name!r} in {project.keys} is not {wanted}; restore it from a backup.")


def _pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_pem(project: Project, path: Path, make: Callable[[], bytes]) -> object:
    content = _load_or_create(project, path, make)
    try:
        return serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise IntegrityError(f"{path} is not a readable key; restore it from a backup.") from exc


def _load_or_create(project: Project, path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content; when several processes make it at once, all get the first one's."""
    try:
        with contextlib.suppress(FileNotFoundError):
            return unseal(project, path.name, path.read_bytes())
        content = seal(project, path.name, make())
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_first(path, content)
        return unseal(project, path.name, path.read_bytes())
    except OSError as exc:
        raise InputError(f"the key {path} cannot be read or written ({exc.strerror}); nothing was changed.") from exc


def _write_first(path: Path, content: bytes) -> None:
    """Write a file unless another process was first; whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        # Unlike a rename, a link fails when another process was first.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
