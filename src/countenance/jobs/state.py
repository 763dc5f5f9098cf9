"""What is going on: jobs, tasks, dead letters and workers. People steer them by what is here as well."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from countenance.errors import InputError
from countenance.jobs.sql import chunks, clock, rows
from countenance.jobs.steer import cancel, pause, resume, retry
from countenance.jobs.views import JobState, TaskState, Unserved, WorkerState, job_view, task_views, worker_view
from countenance.store.database import reading
from countenance.store.project import Project

__all__ = [
    "JobState", "TaskState", "Unserved", "WorkerState", "cancel", "counts_of", "dead_letters", "first_failure",
    "job_state", "jobs_of", "pause", "result_of", "results_of", "resume", "retry", "running_of", "task_state",
    "tasks_of", "unserved", "workers",
]  # fmt: skip


def job_state(project: Project, job: str) -> JobState:
    """A job by its id; InputError when there is none."""
    with reading(project) as connection:
        found = rows(connection, "SELECT * FROM job WHERE id = :job", job=job)
    if not found:
        raise InputError(f"there is no job {job!r}; look at `countenance jobs list`.")
    return job_view(found[0])


def jobs_of(project: Project, campaign: str | None = None) -> list[JobState]:
    """All jobs, or those of one campaign; the latest first."""
    only = "WHERE campaign = :campaign " if campaign is not None else ""
    values = {"campaign": campaign} if campaign is not None else {}
    with reading(project) as connection:
        return [
            job_view(row)
            for row in rows(connection, f"SELECT * FROM job {only}ORDER BY submitted_at DESC, id", **values)
        ]


def tasks_of(project: Project, job: str, state: str | None = None) -> list[TaskState]:
    """The tasks that a job wants, in their order; only those in one state if it is named."""
    only = "AND t.state = :state " if state is not None else ""
    values = {"state": state} if state is not None else {}
    with reading(project) as connection:
        found = rows(
            connection,
            f"SELECT t.* FROM job_task w JOIN task t ON t.key = w.task WHERE w.job = :job {only}ORDER BY w.rank, t.key",
            job=job,
            **values,
        )
        return task_views(connection, found)


def running_of(project: Project, job: str) -> list[TaskState]:
    """Those of a job's tasks that run now."""
    with reading(project) as connection:
        found = rows(
            connection,
            "SELECT t.* FROM task t WHERE t.state = 'running' "
            "AND EXISTS (SELECT 1 FROM job_task w WHERE w.task = t.key AND w.job = :job) ORDER BY t.started_at, t.key",
            job=job,
        )
        return task_views(connection, found)


def counts_of(project: Project, job: str) -> dict[str, int]:
    """How many of a job's tasks are in which state."""
    sql = (
        "SELECT t.state, count(*) AS count FROM job_task w JOIN task t ON t.key = w.task WHERE w.job = :job "
        "GROUP BY t.state ORDER BY t.state"
    )
    with reading(project) as connection:
        return {row.state: row.count for row in rows(connection, sql, job=job)}


def task_state(project: Project, key: str) -> TaskState:
    """A task by its key; InputError when there is none."""
    with reading(project) as connection:
        found = task_views(connection, rows(connection, "SELECT * FROM task WHERE key = :key", key=key))
    if not found:
        raise InputError(f"there is no task {key!r}; look at `countenance jobs show JOB`.")
    return found[0]


def dead_letters(project: Project) -> list[TaskState]:
    """The tasks that failed for good, the first first."""
    with reading(project) as connection:
        found = rows(connection, "SELECT * FROM task WHERE state = 'dead' ORDER BY ended_at, key")
        return task_views(connection, found)


def first_failure(project: Project, job: str) -> TaskState | None:
    """The task whose death made a job fail first; None when none is dead."""
    with reading(project) as connection:
        found = rows(
            connection,
            "SELECT t.* FROM job_task w JOIN task t ON t.key = w.task WHERE w.job = :job AND t.state = 'dead' "
            "ORDER BY t.ended_at, t.key LIMIT 1",
            job=job,
        )
        return next(iter(task_views(connection, found)), None)


def result_of(project: Project, key: str) -> dict[str, Any] | None:
    """What a task handed back; None while it is not done."""
    return results_of(project, [key]).get(key)


def results_of(project: Project, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the tasks handed back, by key; those that are not done are left out."""
    with reading(project) as connection:
        return {
            row.key: json.loads(row.result)
            for some in chunks(list(keys))
            for row in rows(connection, "SELECT key, result FROM task WHERE key IN :keys AND state = 'done'", keys=some)
        }


def workers(project: Project) -> list[WorkerState]:
    """The workers that were there within a day; those that said goodbye are left out."""
    with reading(project) as connection:
        now = clock(connection)
        found = rows(
            connection,
            "SELECT w.*, (SELECT min(t.key) FROM task t WHERE t.state = 'running' AND t.worker = w.name) AS task "
            "FROM worker w ORDER BY w.name",
        )
    return [worker_view(row, now) for row in found]


def unserved(project: Project) -> list[Unserved]:
    """What is ready while no living worker takes its queue and knows its kind and version."""
    there = [one for one in workers(project) if one.alive]
    sql = """SELECT t.queue, t.skill, count(*) AS tasks, min(t.ready_at) AS since FROM task t
        WHERE t.state = 'ready' AND EXISTS (
            SELECT 1 FROM task_ready r JOIN job j ON j.id = r.job WHERE r.task = t.key AND j.state = 'active')
        GROUP BY t.queue, t.skill ORDER BY t.queue, t.skill"""
    with reading(project) as connection:
        now = clock(connection)
        found = rows(connection, sql)
    return [
        Unserved(row.queue, row.skill, row.tasks, now - row.since)
        for row in found
        if not any(row.skill in one.skills and (not one.queues or row.queue in one.queues) for one in there)
    ]
