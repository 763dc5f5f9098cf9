"""The project database: SQLite that many processes may open at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

if TYPE_CHECKING:
    from countenance.store.project import Project

BUSY_TIMEOUT_S = 30
_MIGRATIONS = Path(__file__).parent / "migrations"


def engine(project: Project) -> Engine:
    """The engine of a project's database, one per database file and process.

    It keeps no connection open between uses, so it needs no disposal and survives a fork.
    """
    return _engine(project.database_path)


@contextmanager
def reading(project: Project) -> Iterator[Connection]:
    """One consistent view of the database; nothing that others write meanwhile shows."""
    with engine(project).connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(project: Project) -> Iterator[Connection]:
    """One write transaction (BEGIN IMMEDIATE): committed when the block succeeds, else undone.

    Taking the write lock at the start means that a transaction waits its turn once and can then
    not fail half-way because another writer came between its reads and its writes.
    """
    with engine(project).connect() as connection:
        connection = connection.execution_options(begin="IMMEDIATE")
        with connection.begin():
            yield connection


def migrate(project: Project) -> None:
    """Bring the database to the newest table layout; makes the file when it is absent."""
    # Alembic takes a fifth of a second to import, which commands that only read should not pay.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with writing(project) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@cache
def _engine(path: Path) -> Engine:
    made = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None},
    )
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", _begin)
    return made


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_S * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # The driver's own transaction handling (switched off by isolation_level None) starts a
    # transaction only at the first write, which is too late for a lock that must not be upgraded.
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")
