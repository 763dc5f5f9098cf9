"""Taking jobs off the record: those about a person, and those that have been over for long.

What a job has made is found by its content as well, so a record that is gone costs at most work done again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from countenance.jobs.counts import LIVE
from countenance.jobs.sql import chunks, rows, run, turn
from countenance.store.project import Project


def forget_jobs(project: Project, words: Iterable[str]) -> int:
    """Delete every job in which one of the words occurs, or in one of its tasks; returns how many.

    A word may be a name or the digest of a brief. Tasks that no other job wants go as well; workers that have one of
    them in hand stop. A job too many that is deleted does no harm.
    """
    wanted = [word for word in words if word]
    if not wanted:
        return 0
    with turn(project) as connection:
        jobs = {
            row.id
            for row in rows(connection, "SELECT id, campaign, owner, request FROM job")
            if _occurs(wanted, row.id, row.campaign, row.owner, row.request)
        }
        sql = """SELECT DISTINCT w.job, t.key, t.about, t.variant, t.spec, t.result, t.error
            FROM task t JOIN job_task w ON w.task = t.key"""
        for row in rows(connection, sql):
            if row.job not in jobs and _occurs(
                wanted, row.key, row.about, row.variant, row.spec, row.result, row.error
            ):
                jobs.add(row.job)
        _delete(connection, sorted(jobs))
        for table, column in (("queue_share", "campaign"), ("job_owner", "owner")):
            for name in run(connection, f"SELECT DISTINCT {column} FROM {table}").scalars().all():
                if _occurs(wanted, name):
                    run(connection, f"DELETE FROM {table} WHERE {column} = :name", name=name)
    return len(jobs)


def forget_ended_jobs(project: Project, before: float, *, delete: bool = True) -> int:
    """Delete the jobs that were settled before a moment (seconds of Unix time); returns how many there are."""
    with turn(project) as connection:
        sql = f"SELECT id FROM job WHERE state NOT IN {LIVE} AND settled_at < :before ORDER BY id"
        jobs = list(run(connection, sql, before=before).scalars())
        if delete:
            _delete(connection, jobs)
    return len(jobs)


def _occurs(words: list[str], *texts: str | None) -> bool:
    return any(word in text for text in texts if text for word in words)


def _delete(connection: Connection, jobs: list[str]) -> None:
    for some in chunks(jobs):
        for table in ("task_ready", "job_task"):
            run(connection, f"DELETE FROM {table} WHERE job IN :jobs", jobs=some)
        run(connection, "DELETE FROM job WHERE id IN :jobs", jobs=some)
    orphans = "SELECT key FROM task WHERE NOT EXISTS (SELECT 1 FROM job_task w WHERE w.task = task.key)"
    for table in ("task_need", "task_brought"):
        run(connection, f"DELETE FROM {table} WHERE task IN ({orphans})")
    run(connection, f"DELETE FROM task WHERE key IN ({orphans})")
