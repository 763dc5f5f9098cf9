"""Removing data so that the file system and the database no longer give it out.

A key is overwritten before its file is removed. Databases are rebuilt, so that no free page and no write-ahead log
keeps what rows said. Old blocks of a disk that the system has let go of are out of reach: that is what an encrypted
disk is for.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from countenance.errors import CountenanceError
from countenance.store.database import engine
from countenance.store.files import atomic_path
from countenance.store.project import Project
from countenance.store.replicas import Place

_PATIENCE_S = 60.0


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        # Moved aside in one step, so that nobody finds half of a folder under its name.
        aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.gone")
        path.rename(aside)
        shutil.rmtree(aside)
        return
    path.unlink(missing_ok=True)


def sweep_removed(folder: Path) -> None:
    """Remove what a killed `remove` had only moved aside."""
    for path in folder.glob(".*.gone"):
        shutil.rmtree(path)


def destroy_key(path: Path) -> None:
    """Overwrite a key's file with noise and remove it, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        with path.open("r+b") as stream:
            stream.write(secrets.token_bytes(path.stat().st_size))
            stream.flush()
            os.fsync(stream.fileno())
        path.unlink()


def overwrite_with(path: Path, content: bytes) -> None:
    """Put other content in a file's place, whole or not at all, and fill what it was with noise."""
    with path.open("r+b") as before:
        mode, size = stat.S_IMODE(path.stat().st_mode), path.stat().st_size
        with atomic_path(path) as part:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
        before.write(secrets.token_bytes(size))
        before.flush()
        os.fsync(before.fileno())


@contextmanager
def sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on a SQLite file, whatever program it belongs to; what is deleted is overwritten with zeros."""
    connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()


def tables_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The names of all tables of a SQLite file, each with its columns."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')] for name in names}


def rebuild(project: Project, place: Place) -> None:
    """Rebuild the databases of a place, so that nothing deleted is left in free pages or logs."""
    if place.folder == project.folder and project.database_url.startswith("postgresql"):
        with engine(project).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM FULL")
    for path in (place.database, place.jobs):
        if path.is_file():
            _rebuild_sqlite(path)


def _rebuild_sqlite(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        _empty_log(connection, path)
        connection.execute("VACUUM")
        _empty_log(connection, path)
    except sqlite3.OperationalError as exc:
        raise CountenanceError(
            f"{path} cannot be rebuilt now ({exc}); end what uses it and repeat the command."
        ) from exc
    finally:
        connection.close()


def _empty_log(connection: sqlite3.Connection, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > deadline:
            raise CountenanceError(f"another program keeps {path} open; end it and repeat the command.")
        time.sleep(0.1)
