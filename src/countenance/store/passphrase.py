"""An optional passphrase over the folder of keys: without it the files tell nothing.

A random master key seals every key file (AES-256-GCM, bound to the file's name). The master key itself lies in
`keys/passphrase.json`, sealed with what scrypt (RFC 7914) makes of the passphrase, so that another passphrase means
another seal on one file. Files that are sealed and files that are not may lie side by side: protecting and unprotecting
can be cut off and repeated.

The passphrase comes from the environment (COUNTENANCE_PASSPHRASE), or is asked for where there is a terminal.
"""

from __future__ import annotations

import getpass
import os
import secrets
import sys
import unicodedata
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from countenance.errors import InputError, IntegrityError
from countenance.store.files import locked, read_json, write_json
from countenance.store.project import Project
from countenance.store.shred import overwrite_with

VARIABLE = "COUNTENANCE_PASSPHRASE"
FEWEST_LETTERS = 10
SUFFIXES = (".key", ".pem", ".secret")
_FILE = "passphrase.json"
_MAGIC = b"CNTK1\n"
_MASTER = b"countenance master key v1"
_NONCE_BYTES, _KEY_BYTES, _TAG_BYTES = 12, 32, 16
_COST = {"n": 1 << 16, "r": 8, "p": 1}  # 64 MiB, a fifth of a second
_COST_AT_MOST = 1 << 20  # a file that was tampered with must not exhaust the memory

_opened: dict[tuple[Path, str], bytes] = {}  # master keys, by folder and by the sealed master key


def is_protected(project: Project) -> bool:
    """Whether new key files are sealed."""
    return (project.keys / _FILE).exists()


def is_sealed(content: bytes) -> bool:
    """Whether a key file's content is sealed."""
    return content.startswith(_MAGIC)


def seal(project: Project, file_name: str, content: bytes) -> bytes:
    """What is to be written as a key file: sealed where the folder is protected, else as it is."""
    if not is_protected(project):
        return content
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _MAGIC + nonce + AESGCM(_master(project)).encrypt(nonce, content, file_name.encode())


def unseal(project: Project, file_name: str, content: bytes) -> bytes:
    """A key file's content; InputError without the right passphrase, IntegrityError for a file that was changed."""
    if not is_sealed(content):
        return content
    sealed = content[len(_MAGIC) :]
    try:
        return AESGCM(_master(project)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], file_name.encode())
    except (InvalidTag, ValueError) as exc:
        raise IntegrityError(f"{project.keys / file_name} was changed or damaged; restore it from a backup.") from exc


def protect(project: Project, passphrase: str) -> int:
    """Seal every key file; returns how many were not. Safe to repeat, which ends what was cut off.

    InputError for a passphrase that is too short, or another one than the folder is protected with.
    """
    with locked(project.keys / "passphrase.lock"):
        if is_protected(project):
            _open(project, passphrase)
        else:
            _write(project, secrets.token_bytes(_KEY_BYTES), passphrase)
        bare = [path for path in _files(project) if not is_sealed(path.read_bytes())]
        for path in bare:
            overwrite_with(path, seal(project, path.name, path.read_bytes()))
        return len(bare)


def change(project: Project, passphrase: str, new: str) -> None:
    """Protect with another passphrase. InputError when the old one is wrong, or the new one too short."""
    with locked(project.keys / "passphrase.lock"):
        if not is_protected(project):
            raise InputError(f"the keys in {project.keys} have no passphrase; give one by `countenance keys protect`.")
        _write(project, _open(project, passphrase), new)


def unprotect(project: Project, passphrase: str) -> int:
    """Take the passphrase away; returns how many files were sealed. Safe to repeat. InputError when it is wrong."""
    with locked(project.keys / "passphrase.lock"):
        if not is_protected(project):
            return 0
        _open(project, passphrase)
        sealed = [path for path in _files(project) if is_sealed(path.read_bytes())]
        for path in sealed:
            overwrite_with(path, unseal(project, path.name, path.read_bytes()))
        (project.keys / _FILE).unlink()
        return len(sealed)


def ask(prompt: str) -> str:
    """The passphrase of the environment, or what is typed; InputError where nobody can be asked."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    if not (sys.stdin and sys.stdin.isatty()):
        raise InputError(f"the keys are protected by a passphrase; set {VARIABLE}, since nobody can be asked here.")
    return getpass.getpass(f"{prompt}: ")


def _files(project: Project) -> list[Path]:
    return sorted(path for path in project.keys.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))


def _master(project: Project) -> bytes:
    """The master key; asked for once per process."""
    known = (project.keys, _sealed(project)["master"])
    return _opened[known] if known in _opened else _open(project, ask(f"Passphrase of the keys in {project.keys}"))


def _open(project: Project, passphrase: str) -> bytes:
    values = _sealed(project)
    sealed = bytes.fromhex(values["master"])
    try:
        key = _stretched(passphrase, bytes.fromhex(values["salt"]), values["n"], values["r"], values["p"])
        master = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _MASTER)
    except InvalidTag as exc:
        raise InputError(f"the passphrase does not open the keys in {project.keys}; check it.") from exc
    _opened[project.keys, values["master"]] = master
    return master


def _write(project: Project, master: bytes, passphrase: str) -> None:
    if len(passphrase) < FEWEST_LETTERS:
        raise InputError(f"a passphrase has at least {FEWEST_LETTERS} letters; choose a longer one.")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(_stretched(passphrase, salt, **_COST)).encrypt(nonce, master, _MASTER)
    values = {"kdf": "scrypt", **_COST, "salt": salt.hex(), "master": sealed.hex()}
    write_json(project.keys / _FILE, values)
    _opened[project.keys, sealed.hex()] = master


def _sealed(project: Project) -> dict[str, Any]:
    path = project.keys / _FILE
    refusal = IntegrityError(f"{path} was changed or damaged; restore it from a backup.")
    try:
        values = read_json(path)
        bytes.fromhex(values["salt"])
        if len(bytes.fromhex(values["master"])) != _NONCE_BYTES + _KEY_BYTES + _TAG_BYTES:
            raise refusal
        cost = [values[name] for name in _COST]
    except (InputError, KeyError, TypeError, ValueError) as exc:
        raise refusal from exc
    if (
        not all(type(one) is int and one > 0 for one in cost)
        or cost[0] & (cost[0] - 1)
        or cost[0] * cost[1] * cost[2] > 8 * _COST_AT_MOST
    ):
        raise refusal
    return dict(values)


def _stretched(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    plain = unicodedata.normalize("NFC", passphrase).encode()
    return Scrypt(salt=salt, length=_KEY_BYTES, n=n, r=r, p=p).derive(plain)
