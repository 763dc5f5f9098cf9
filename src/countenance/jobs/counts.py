"""What a job's tasks come to: how many are open, how many stuck, and whether nothing in it can go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from countenance.jobs.sql import chunks, run

LIVE = "('active', 'paused')"  # the states of a job that is not settled


def recount(connection: Connection, job: str) -> None:
    """Bring a job's counts to what its tasks are."""
    run(
        connection,
        """UPDATE job SET (size, open, stuck, left_s) = (
            SELECT count(*),
                COALESCE(SUM(CASE WHEN t.state <> 'done' THEN 1 ELSE 0 END), 0),
                COALESCE(SUM(CASE WHEN t.state IN ('dead', 'blocked') THEN 1 ELSE 0 END), 0),
                COALESCE(SUM(CASE WHEN t.state <> 'done' THEN t.cost_s ELSE 0 END), 0)
            FROM job_task w JOIN task t ON t.key = w.task WHERE w.job = :job
        ) WHERE id = :job""",
        job=job,
    )


def count_in(connection: Connection, job: str, keys: Sequence[str]) -> None:
    """Count tasks in that a job has come to want."""
    for some in chunks(keys):
        run(
            connection,
            """UPDATE job SET (size, open, stuck, left_s) = (
                SELECT job.size + count(*),
                    job.open + COALESCE(SUM(CASE WHEN state <> 'done' THEN 1 ELSE 0 END), 0),
                    job.stuck + COALESCE(SUM(CASE WHEN state IN ('dead', 'blocked') THEN 1 ELSE 0 END), 0),
                    job.left_s + COALESCE(SUM(CASE WHEN state <> 'done' THEN cost_s ELSE 0 END), 0)
                FROM task WHERE key IN :keys
            ) WHERE id = :job""",
            job=job,
            keys=some,
        )


def settle(connection: Connection, jobs: Sequence[str], now: float) -> list[Any]:
    """Settle those of the jobs in which nothing can go on; returns their rows."""
    settled: list[Any] = []
    for some in chunks(jobs):
        settled += run(
            connection,
            "UPDATE job SET state = CASE WHEN stuck = 0 THEN 'done' ELSE 'failed' END, reason = NULL, "
            f"settled_at = :now WHERE id IN :jobs AND state IN {LIVE} AND open <= stuck RETURNING *",
            jobs=some,
            now=now,
        ).all()
    return settled


def wanting(connection: Connection, key: str) -> list[str]:
    """The jobs that want a task."""
    return list(run(connection, "SELECT job FROM job_task WHERE task = :key ORDER BY job", key=key).scalars())
