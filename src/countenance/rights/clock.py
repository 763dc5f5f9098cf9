"""What day it is for a permission: never earlier than the newest thing that the ledger knows of."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection, select

from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.tables import ledger_entry


def today(project: Project) -> date:
    """The UTC day, or that of the newest ledger entry if the system's clock is behind it.

    A clock that is set back would otherwise make an ended grant live again. One that is wrongly ahead ends grants
    early, which harms nobody in the picture.
    """
    with reading(project) as connection:
        return today_in(connection)


def today_in(connection: Connection) -> date:
    """The same within a transaction."""
    newest = connection.execute(select(ledger_entry.c.ts).order_by(ledger_entry.c.ts.desc()).limit(1)).scalar()
    now = datetime.now(UTC).date()
    return max(now, date.fromisoformat(newest[:10])) if newest else now
