"""The project's keys: files that only their owner may read, made when first asked for."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.errors import InputError, IntegrityError
from countenance.store.project import Project

SYMMETRIC_BYTES = 32


def load_or_create_ed25519(project: Project, name: str) -> Ed25519PrivateKey:
    """The Ed25519 signing key `name` of the project."""
    key = _load_pem(_path(project, name, ".pem"), lambda: _pem(Ed25519PrivateKey.generate()))
    if not isinstance(key, Ed25519PrivateKey):
        raise _wrong(project, name, "an Ed25519 key")
    return key


def load_or_create_p256(project: Project, name: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 signing key `name` of the project."""
    key = _load_pem(_path(project, name, ".pem"), lambda: _pem(ec.generate_private_key(ec.SECP256R1())))
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _wrong(project, name, "a P-256 key")
    return key


def load_or_create_symmetric(project: Project, name: str) -> bytes:
    """The secret `name` of the project: 32 random bytes."""
    content = _load_or_create(_path(project, name, ".key"), lambda: secrets.token_bytes(SYMMETRIC_BYTES))
    if len(content) != SYMMETRIC_BYTES:
        raise _wrong(project, name, f"a key of {SYMMETRIC_BYTES} bytes")
    return content


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


def _load_pem(path: Path, make: Callable[[], bytes]) -> object:
    content = _load_or_create(path, make)
    try:
        return serialization.load_pem_private_key(content, password=None)
    except ValueError as exc:
        raise IntegrityError(f"{path} is not a readable key; restore it from a backup.") from exc


def _load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content; when several processes make it at once, all get the first one's."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(make())
            stream.flush()
            os.fsync(stream.fileno())
        # Unlike a rename, a link fails when another process was first.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path.read_bytes()
