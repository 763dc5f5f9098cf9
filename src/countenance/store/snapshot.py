"""The whole database as text, table by table, and back into an empty database of either kind.

Every value is written as the database gives it, JSON columns as the text that they hold, so that what is read back is
what was there, down to the hashes that a ledger rests on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, inspect

from countenance.errors import InputError, IntegrityError
from countenance.store.database import reading, writing
from countenance.store.files import atomic_path
from countenance.store.project import Project

_VERSION_TABLE = "alembic_version"
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Dumped:
    """One table as a file of lines: the names of its columns, then one list for each row."""

    table: str
    rows: int
    path: Path


def dump(project: Project, folder: Path) -> tuple[str, list[Dumped]]:
    """Write every table of one consistent view; returns the tables' version, and them in an order to fill them in."""
    with reading(project) as connection:
        revision = str(connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").scalar_one())
        names = [name for name, _keys in inspect(connection).get_sorted_table_and_fkc_names() if name]
        return revision, [_dumped(connection, name, folder) for name in names if name != _VERSION_TABLE]


def is_empty(project: Project) -> bool:
    """Whether the database has no table yet."""
    with reading(project) as connection:
        return not inspect(connection).get_table_names()


def fill(project: Project, table: str, path: Path) -> int:
    """Put the rows of a dumped table into the same empty table; returns how many. IntegrityError for a damaged file."""
    try:
        with path.open(encoding="utf-8") as stream, writing(project) as connection:
            columns = json.loads(next(stream))
            insert = sa.text(_insert(connection, table, columns))
            count = 0
            for rows in _some(json.loads(line) for line in stream):
                connection.execute(insert, [{f"p{number}": one for number, one in enumerate(row)} for row in rows])
                count += len(rows)
            return count
    except (ValueError, StopIteration, TypeError) as exc:
        raise IntegrityError(f"{path} is no table of a backup; use another snapshot.") from exc
    except sa.exc.DBAPIError as exc:
        why = str(exc.orig).strip().splitlines()[0]
        raise InputError(f"the table {table} cannot be filled in ({why}); restore into an empty database.") from exc


def _dumped(connection: Connection, name: str, folder: Path) -> Dumped:
    columns, path, count = _columns(connection, name), folder / f"{name}.jsonl", 0
    wanted = ", ".join(f'CAST("{one}" AS TEXT)' if is_json else f'"{one}"' for one, is_json in columns.items())
    order = ", ".join(f'"{one}"' for one in inspect(connection).get_pk_constraint(name)["constrained_columns"])
    query = f'SELECT {wanted} FROM "{name}"' + (f" ORDER BY {order}" if order else "")
    with atomic_path(path) as part, part.open("x", encoding="utf-8") as stream:
        stream.write(json.dumps(list(columns)) + "\n")
        for row in connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(sa.text(query)):
            stream.write(json.dumps(list(row), ensure_ascii=False) + "\n")
            count += 1
    return Dumped(name, count, path)


def _insert(connection: Connection, table: str, columns: list[str]) -> str:
    known = _columns(connection, table)
    if set(columns) - set(known):
        raise InputError(
            f"the backup's table {table} has columns that this version does not know; use a newer version."
        )
    cast = connection.dialect.name == "postgresql"
    values = [f"CAST(:p{at} AS json)" if cast and known[one] else f":p{at}" for at, one in enumerate(columns)]
    names = ", ".join(f'"{one}"' for one in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(values)})'


def _columns(connection: Connection, table: str) -> dict[str, bool]:
    """The columns of a table, each with whether it holds JSON."""
    return {one["name"]: isinstance(one["type"], sa.JSON) for one in inspect(connection).get_columns(table)}


def _some(rows: Iterator[Any]) -> Iterator[list[Any]]:
    some: list[Any] = []
    for row in rows:
        some.append(row)
        if len(some) == _ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
