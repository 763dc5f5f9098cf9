"""Who may do what in the database: the program itself has no right to change or delete what the ledger holds.

The triggers of the tables refuse it to everybody who does not take them away first. These rights are the second
lock, so that neither a mistake in the program nor a statement smuggled into it can take the triggers away.

PostgreSQL: the role `countenance_writer` owns nothing and lacks UPDATE, DELETE and TRUNCATE on the ledger. Every write
transaction runs under it. Better still, give the program a login of its own that is a member of this role and owns no
table, and keep the owner's login for `countenance init` alone.

SQLite knows no roles; its authorizer refuses the same statements on every connection of the program.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

WRITER = "countenance_writer"
_ENTRIES, _HEAD = "ledger_entry", "ledger_head"
_LEDGER = (_ENTRIES, _HEAD)
_DROPS = (sqlite3.SQLITE_DROP_TRIGGER, sqlite3.SQLITE_DROP_TEMP_TRIGGER)


def guard(connection: sqlite3.Connection) -> None:
    """Refuse statements that change, delete or unlock the ledger, on this connection to SQLite."""
    connection.set_authorizer(_authorize)


@contextmanager
def unguarded(connection: Connection) -> Iterator[None]:
    """Lift `guard` for a migration."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.set_authorizer(None)
    try:
        yield
    finally:
        guard(driver)


def grant_writer(connection: Connection) -> None:
    """Make PostgreSQL's role for the program, with its rights on all tables; safe to repeat.

    Without the right to make roles nothing happens, and the triggers stand alone; an owner who has it may come later.
    """
    if connection.dialect.name != "postgresql":
        return
    tables = f"ALL TABLES IN SCHEMA {_schema(connection)}"
    connection.exec_driver_sql(
        f"""DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{WRITER}') THEN
                CREATE ROLE {WRITER} NOLOGIN;
            END IF;
            GRANT {WRITER} TO CURRENT_USER;
            GRANT USAGE ON SCHEMA {_schema(connection)} TO {WRITER};
            GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {WRITER};
            REVOKE UPDATE, DELETE, TRUNCATE ON {_ENTRIES} FROM {WRITER};
            REVOKE DELETE, TRUNCATE ON {_HEAD} FROM {WRITER};
            REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {WRITER};
        EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation THEN
            RAISE NOTICE 'the role {WRITER} was left as it is';
        END $$"""
    )


def assume_writer(connection: Connection) -> None:
    """Run the rest of this transaction under the program's role, where there is one that we may take."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"SELECT set_config('role', '{WRITER}', true) FROM pg_roles "
            f"WHERE rolname = '{WRITER}' AND pg_has_role(current_user, oid, 'MEMBER') "
            f"AND has_table_privilege(oid, to_regclass('{_ENTRIES}'), 'INSERT')"
        )


def _authorize(action: int, first: str | None, _second: str | None, _database: str | None, _by: str | None) -> int:
    """The answer to one step of a statement that is being prepared; for drops of triggers `_second` is the table."""
    if action == sqlite3.SQLITE_DELETE and first in _LEDGER:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_UPDATE and first == _ENTRIES:
        return sqlite3.SQLITE_DENY
    if action in (sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_ALTER_TABLE) and {first, _second} & set(_LEDGER):
        return sqlite3.SQLITE_DENY
    if action in _DROPS and _second in _LEDGER:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _schema(connection: Connection) -> str:
    name = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    return str(name)
