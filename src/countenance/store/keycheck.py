"""Looking at every key file: what it is, whether it opens, and whether only its owner may read it."""

from __future__ import annotations

import stat
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from countenance.errors import IntegrityError
from countenance.store.passphrase import SUFFIXES, is_sealed, unseal
from countenance.store.project import Project
from countenance.store.secrets import SYMMETRIC_BYTES


@dataclass(frozen=True)
class CheckedKey:
    """`problem` is empty for a key in order."""

    name: str
    sort: str
    sealed: bool
    problem: str


def check_keys(project: Project) -> list[CheckedKey]:
    """All keys of a project. InputError when they are sealed and the passphrase is missing or wrong."""
    found = []
    for path in sorted(project.keys.iterdir()):
        if path.suffix not in SUFFIXES or path.name.startswith("."):
            continue
        content = path.read_bytes()
        try:
            sort, problem = _sort(path.suffix, unseal(project, path.name, content)), ""
        except IntegrityError:
            sort, problem = "unknown", "damaged: restore it from a backup"
        if not problem and stat.S_IMODE(path.stat().st_mode) & 0o077:
            problem = f"others may read it: chmod 600 {path}"
        found.append(CheckedKey(path.name, sort, is_sealed(content), problem))
    return found


def _sort(suffix: str, content: bytes) -> str:
    if suffix == ".key":
        if len(content) != SYMMETRIC_BYTES:
            raise IntegrityError("another length")
        return "secret"
    if suffix == ".secret":
        return "text"
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as exc:
        raise IntegrityError("no key") from exc
    if isinstance(key, Ed25519PrivateKey):
        return "Ed25519"
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return "P-256"
    raise IntegrityError("another sort")
