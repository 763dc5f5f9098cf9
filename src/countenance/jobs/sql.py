"""The database as the engine uses it: connections that stay open, one clock, turns, and rows by the thousand."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError

from countenance.errors import CountenanceError
from countenance.store import roles
from countenance.store.database import engine
from countenance.store.project import Project

CHUNK = 2000  # values in one list: below every database's limit on parameters
_JOBS_LOCK = 0x636E746A  # "cntj": the advisory lock by which schedulers take turns on PostgreSQL
_BEGIN_TURN = f"""WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock({_JOBS_LOCK}))
    SELECT extract(epoch FROM clock_timestamp()) FROM locked"""
_TURN_AT = "turn_at"


class Link:
    """A connection that is opened when it is needed and stays open; for one thread alone.

    Opening costs milliseconds on PostgreSQL, which each task would pay several times.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._connection: Connection | None = None

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """One write transaction of the scheduler; its turns never overlap. Raises SQLAlchemy's DBAPIError."""
        with self._begun("IMMEDIATE") as connection:
            if connection.dialect.name == "postgresql":
                # One question instead of three: each costs a turn's length on a busy server.
                connection.info[_TURN_AT] = float(connection.exec_driver_sql(_BEGIN_TURN).scalar_one())
            yield connection

    @contextmanager
    def note(self) -> Iterator[Connection]:
        """One short write transaction that need not wait for its turn: it changes rows that no turn changes.

        Raises SQLAlchemy's DBAPIError.
        """
        with self._begun("IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """One transaction that reads. Raises SQLAlchemy's DBAPIError."""
        with self._begun("DEFERRED") as connection:
            yield connection

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):  # it may have been lost before
                connection.close()

    @contextmanager
    def _begun(self, how: str) -> Iterator[Connection]:
        try:
            if self._connection is None:
                self._connection = self._open()
            connection = self._connection.execution_options(begin=how)
            connection.info.pop(_TURN_AT, None)
            with connection.begin():
                yield connection
        except BaseException:  # whatever state it was left in, the next use starts clean
            self.close()
            raise

    def _open(self) -> Connection:
        connection = engine(self._project).connect()
        with connection.begin():
            roles.assume_writer(connection)
            if connection.dialect.name == "postgresql":  # this transaction's role for as long as we are connected
                connection.exec_driver_sql("SELECT set_config('role', current_setting('role'), false)")
                # A connection that stays open asks the same few questions again and again: they are planned once.
                driver: Any = connection.connection.driver_connection
                driver.prepare_threshold = 5
        return connection


@contextmanager
def turn(project: Project) -> Iterator[Connection]:
    """One write transaction of the scheduler, on a connection of its own; CountenanceError when it cannot be had."""
    link = Link(project)
    try:
        with link.turn() as connection:
            yield connection
    except DBAPIError as exc:
        why = str(exc.orig).strip().splitlines()[0]
        raise CountenanceError(f"the database could not be written ({why}); nothing of this step was kept.") from exc
    finally:
        link.close()


def clock(connection: Connection) -> float:
    """Seconds of Unix time by the clock that all workers share: the database server's, or this machine's for SQLite.

    In a turn it is the moment when the turn began.
    """
    if _TURN_AT in connection.info:
        return float(connection.info[_TURN_AT])
    if connection.dialect.name == "postgresql":
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())
    return time.time()


def run(connection: Connection, sql: str, **values: Any) -> CursorResult[Any]:
    """Execute SQL with `:name` parameters; a list goes where the SQL says `IN :name`."""
    lists = tuple(name for name, value in values.items() if isinstance(value, list))
    return connection.execute(_statement(sql, lists), values)


def rows(connection: Connection, sql: str, **values: Any) -> list[Any]:
    """Execute SQL as `run` does; returns all rows, which know their columns by name."""
    return list(run(connection, sql, **values).all())


def chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    """A long sequence in lists short enough for one statement."""
    for start in range(0, len(values), CHUNK):
        yield list(values[start : start + CHUNK])


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows; those whose primary key is there already stay as they are."""
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        connection.exec_driver_sql(sql, [tuple(row) for row in rows])
        return
    # One array a column: a hundred times faster than a statement a row.
    types = [table.c[name].type.compile(connection.dialect) for name in columns]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
    connection.exec_driver_sql(sql, tuple([row[place] for row in rows] for place in range(len(columns))))


def learn_sizes(connection: Connection) -> None:
    """Let PostgreSQL look at how much was added at once: until it does, it plans as if the tables were empty.

    Where the login does not own the tables this is left out, and the server does it by itself in a minute or so.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT set_config('role', 'none', true)")
        connection.exec_driver_sql("ANALYZE task, task_need, job_task, task_ready")


@cache
def _statement(sql: str, lists: tuple[str, ...]) -> TextClause:
    return text(sql).bindparams(*(bindparam(name, expanding=True) for name in lists))
