"""Whole files or no files: hashing, atomic writing, and locks between processes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from countenance.errors import InputError

_CHUNK_BYTES = 1 << 20
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}(\.[^.]+)?")


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's bytes as 64 lower-case hex digits; InputError if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check the path.") from exc
    return digest.hexdigest()


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """Yield a fresh path beside `final` (same suffix) that takes its name when the block succeeds.

    The folder is made when absent. The file is flushed to disk before it is renamed, so a reader
    sees the old file or the new one, whole, even after a power cut; on any error it is removed.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.stem}.{secrets.token_hex(6)}{final.suffix}")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, final)
        _flush(final.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def is_temporary(name: str) -> bool:
    """Whether a file's name is one of those that `atomic_path` gives for a while."""
    return _TEMPORARY.fullmatch(name) is not None


def sweep(folder: Path) -> None:
    """Remove what killed runs left behind of `atomic_path` in a folder. Only for who holds a lock on it."""
    for path in folder.glob(".*"):
        if is_temporary(path.name):
            path.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` as the whole file, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, obj: Any) -> None:
    """Write `obj` as UTF-8 JSON with sorted keys and an indent of 2, atomically."""
    text = json.dumps(obj, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """The value in a JSON file; InputError when the file is absent or is not JSON."""
    try:
        return json.loads(path.read_bytes())
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check the path.") from exc
    except ValueError as exc:
        raise InputError(f"{path} is not valid JSON ({exc}); repair or remove it.") from exc


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at `path` alone among all threads and processes; wait until it is free.

    The system releases the lock when the holder dies, so a killed process never blocks the others.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
