"""The project database, open to many processes at once: SQLite in the project's folder, or PostgreSQL.

`reading` and `writing` mean the same on both: a reader has one consistent view; writers take turns, each from its
first statement, so what a writer has read still holds when it writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, ProgrammingError

from countenance.errors import CountenanceError, InputError
from countenance.store import roles

if TYPE_CHECKING:
    from countenance.store.project import Project

BUSY_TIMEOUT_S = 30
_MIGRATIONS = Path(__file__).parent / "migrations"
_WRITERS_LOCK = 0x636E746E  # "cntn": of PostgreSQL's advisory locks, the one that writers take turns by


def engine(project: Project) -> Engine:
    """The engine of a project's database, one per database and process.

    It keeps no connection open between uses, so it needs no disposal and survives a fork.
    """
    return _engine(project.database_url)


@contextmanager
def reading(project: Project) -> Iterator[Connection]:
    """One consistent view of the database; nothing that others write meanwhile shows."""
    with _connected(engine(project)) as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def writing(project: Project) -> Iterator[Connection]:
    """One write transaction: committed when the block succeeds, else undone.

    Taking the write lock at the start means that a transaction waits its turn once and can then
    not fail half-way because another writer came between its reads and its writes.
    """
    try:
        with _writing(engine(project)) as connection:
            roles.assume_writer(connection)
            yield connection
    except OperationalError as exc:  # a full disk, a lock that is never freed, a server that went away
        why = str(exc.orig).strip().splitlines()[0]
        raise CountenanceError(f"the database could not be written ({why}); nothing of this step was kept.") from exc


def migrate(project: Project, url: str | None = None, revision: str = "head") -> None:
    """Bring the database to the newest table layout, and its rights in order; makes the file when it is absent.

    `url` names the database of a project that has no settings yet, `revision` an older layout, to fill in a backup.
    """
    # Alembic takes a fifth of a second to import, which commands that only read should not pay.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with _writing(_engine(url) if url else engine(project)) as connection:
        config.attributes["connection"] = connection
        try:
            with roles.unguarded(connection):
                command.upgrade(config, revision)
        except ProgrammingError as exc:
            raise InputError(
                f"the tables of {project.folder} are of another version, and this login may not change them "
                f"({str(exc.orig).splitlines()[0]}); run `countenance init` as their owner."
            ) from exc
        roles.grant_writer(connection)


def is_behind(project: Project) -> bool:
    """Whether the tables are of an older version; InputError when they are of a newer one."""
    with _connected(engine(project)) as connection, connection.begin():
        known = inspect(connection).has_table("alembic_version")
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if known else None
    newest = max(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9]*.py"))
    if found is not None and found > newest:
        raise InputError(f"the database of {project.folder} is of a newer version of countenance; update this one.")
    return found != newest


def check_url(text: str) -> str:
    """A `database` setting as it is to be kept; InputError unless it names a PostgreSQL database."""
    try:
        url = make_url(text)
    except ArgumentError as exc:
        raise InputError("the 'database' setting is no URL; write postgresql://user@host/name.") from exc
    if url.drivername not in ("postgresql", "postgresql+psycopg") or not url.database:
        raise InputError(
            f"the 'database' setting {url.render_as_string(hide_password=True)!r} is no PostgreSQL database; "
            "write postgresql://user@host/name, or leave it out for SQLite."
        )
    return text


@contextmanager
def _writing(made: Engine) -> Iterator[Connection]:
    with _connected(made) as connection:
        connection = connection.execution_options(begin="IMMEDIATE")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                # READ COMMITTED, so that the first look after the lock sees what the one before us wrote.
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
            yield connection


@contextmanager
def _connected(made: Engine) -> Iterator[Connection]:
    try:
        connection = made.connect()
    except (DatabaseError, UnicodeDecodeError) as exc:  # SQLite's words about a damaged file need not be text
        name = made.url.render_as_string(hide_password=True)
        why = str(exc.orig).strip().splitlines()[0] if isinstance(exc, DatabaseError) else "it is damaged"
        way_out = "check the disk and its rights" if made.dialect.name == "sqlite" else "check the 'database' setting"
        raise InputError(f"the database {name} cannot be opened ({why}); {way_out}.") from exc
    with connection:
        yield connection


@cache
def _engine(text: str) -> Engine:
    url = make_url(text)
    if url.get_backend_name() == "postgresql":
        return _postgresql(url)
    made = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None},
    )
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", _begin)
    return made


def _postgresql(url: URL) -> Engine:
    try:
        # A database of ours has one layout, so plans need not be prepared anew for each short connection.
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": BUSY_TIMEOUT_S, "prepare_threshold": None},
        )
    except ModuleNotFoundError as exc:
        raise InputError("PostgreSQL needs a driver; run `pip install 'countenance[postgres]'`.") from exc


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_S * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    roles.guard(connection)


def _begin(connection: Connection) -> None:
    # The driver's own transaction handling (switched off by isolation_level None) starts a
    # transaction only at the first write, which is too late for a lock that must not be upgraded.
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")
