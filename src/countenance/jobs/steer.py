"""The handles by which people steer jobs: pause, resume, cancel, try again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from countenance.errors import InputError
from countenance.jobs.counts import LIVE
from countenance.jobs.events import tell
from countenance.jobs.flow import revive
from countenance.jobs.graph import settled_events
from countenance.jobs.sql import chunks, clock, run, turn
from countenance.store.project import Project

PAUSED = "somebody paused it"


def pause(project: Project, name: str) -> list[str]:
    """Pause a job, or all of a campaign that are not settled; what runs for them alone is given back in seconds.

    Returns the ids of those that it changed; InputError when there is neither a job nor a campaign of the name.
    """
    return _steer(
        project, name, f"UPDATE job SET state = 'paused', reason = '{PAUSED}' WHERE id IN :jobs AND state IN {LIVE}"
    )


def resume(project: Project, name: str, *, budget_s: float | None = None) -> list[str]:
    """Let a job, or all of a campaign that are paused, go on.

    A budget that is used up no longer holds, unless `budget_s` names a larger one.
    """
    return _steer(
        project,
        name,
        """UPDATE job SET state = 'active', reason = NULL,
            budget_s = COALESCE(CAST(:budget AS DOUBLE PRECISION), CASE WHEN spent_s < budget_s THEN budget_s END)
        WHERE id IN :jobs AND state = 'paused'""",
        budget=budget_s,
    )


def cancel(project: Project, name: str) -> list[str]:
    """Give up a job, or all of a campaign that are not settled; what is done stays done. Returns the ids."""
    with turn(project) as connection:
        now = clock(connection)
        sql = f"""UPDATE job SET state = 'cancelled', reason = NULL, settled_at = :now
            WHERE id IN :jobs AND state IN {LIVE} RETURNING *"""
        cancelled = [
            row for some in chunks(_named(connection, name)) for row in run(connection, sql, jobs=some, now=now).all()
        ]
        for row in cancelled:
            run(connection, "DELETE FROM task_ready WHERE job = :job", job=row.id)
    tell(settled_events(project, cancelled))
    return [row.id for row in cancelled]


def retry(project: Project, key: str) -> None:
    """Try a dead task again, and with it the jobs that failed for it; InputError when it is not dead."""
    with turn(project) as connection:
        state = run(connection, "SELECT state FROM task WHERE key = :key", key=key).scalar_one_or_none()
        if state != "dead":
            raise InputError(
                f"there is no dead task {key!r}; look at `countenance jobs dead`."
                if state is None
                else f"the task {key} is {state}, not dead; there is nothing to try again."
            )
        revive(connection, [key], clock(connection))


def _steer(project: Project, name: str, sql: str, **values: Any) -> list[str]:
    with turn(project) as connection:
        return [
            id
            for some in chunks(_named(connection, name))
            for id in run(connection, f"{sql} RETURNING id", jobs=some, **values).scalars()
        ]


def _named(connection: Connection, name: str) -> list[str]:
    sql = "SELECT id FROM job WHERE id = :name OR campaign = :name ORDER BY id"
    jobs = list(run(connection, sql, name=name).scalars())
    if not jobs:
        raise InputError(f"there is no job or campaign {name!r}; look at `countenance jobs list`.")
    return jobs
