"""What is going on: jobs, tasks, dead letters and workers, and the handles by which people steer them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from countenance.errors import CountenanceError, InputError
from countenance.jobs.claim import LEASE_S, task_of
from countenance.jobs.failures import raised_again, sentence
from countenance.jobs.flow import LIVE, recount, revive
from countenance.jobs.machine import is_alive
from countenance.jobs.sql import chunks, clock, rows, run, turn
from countenance.jobs.task import Task
from countenance.store.database import reading
from countenance.store.project import Project

PAUSED = "somebody paused it"


@dataclass(frozen=True)
class JobState:
    """A job as it is now."""

    id: str
    campaign: str
    owner: str
    state: str  # active, paused, cancelled, done or failed
    reason: str  # why it stands still
    request: Mapping[str, Any]
    priority: int
    deadline: datetime | None
    budget_s: float | None
    size: int  # tasks that it wants
    done: int
    stuck: int  # dead, or blocked by what is dead
    left_s: float  # estimated processor seconds
    spent_s: float
    submitted_at: datetime
    settled_at: datetime | None

    @property
    def settled(self) -> bool:
        return self.state not in ("active", "paused")


@dataclass(frozen=True)
class TaskState:
    """A task as it is now."""

    task: Task
    state: str  # waiting, ready, running, resting, done, dead or blocked
    attempt: int
    failures: int
    kills: int
    worker: str
    done: int
    of: int
    due: datetime | None  # resting: when it is tried again; running: until when the worker is believed
    started_at: datetime | None
    ended_at: datetime | None
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None

    @property
    def reason(self) -> str:
        """What went wrong last, in a sentence; empty when nothing did."""
        return "" if self.error is None else sentence(self.error)

    def failure(self) -> CountenanceError:
        """What went wrong last, as the error to raise."""
        assert self.error is not None, "only a task that failed has a failure"
        return raised_again(self.task.about, self.error)


@dataclass(frozen=True)
class WorkerState:
    """A worker as it was last seen."""

    name: str
    machine: str
    queues: tuple[str, ...]
    skills: tuple[str, ...]
    started_at: datetime
    seen_at: datetime
    alive: bool
    task: str  # the key of what it has in hand; "" for nothing


@dataclass(frozen=True)
class Unserved:
    """Tasks that could run if a worker were there that takes their queue and knows their kind."""

    queue: str
    skill: str
    tasks: int
    waiting_s: float  # the one that waits longest


def job_state(project: Project, job: str) -> JobState:
    """A job by its id; InputError when there is none."""
    with reading(project) as connection:
        found = rows(connection, "SELECT * FROM job WHERE id = :job", job=job)
    if not found:
        raise InputError(f"there is no job {job!r}; look at `countenance jobs list`.")
    return _job(found[0])


def jobs_of(project: Project, campaign: str | None = None) -> list[JobState]:
    """All jobs, or those of one campaign; the latest first."""
    only = "WHERE campaign = :campaign " if campaign is not None else ""
    values = {"campaign": campaign} if campaign is not None else {}
    with reading(project) as connection:
        return [
            _job(row) for row in rows(connection, f"SELECT * FROM job {only}ORDER BY submitted_at DESC, id", **values)
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
        return _tasks(connection, found)


def running_of(project: Project, job: str) -> list[TaskState]:
    """Those of a job's tasks that run now."""
    with reading(project) as connection:
        found = rows(
            connection,
            "SELECT t.* FROM task t WHERE t.state = 'running' "
            "AND EXISTS (SELECT 1 FROM job_task w WHERE w.task = t.key AND w.job = :job) ORDER BY t.started_at, t.key",
            job=job,
        )
        return _tasks(connection, found)


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
        found = _tasks(connection, rows(connection, "SELECT * FROM task WHERE key = :key", key=key))
    if not found:
        raise InputError(f"there is no task {key!r}; look at `countenance jobs show JOB`.")
    return found[0]


def dead_letters(project: Project) -> list[TaskState]:
    """The tasks that failed for good, the first first."""
    with reading(project) as connection:
        found = rows(connection, "SELECT * FROM task WHERE state = 'dead' ORDER BY ended_at, key")
        return _tasks(connection, found)


def first_failure(project: Project, job: str) -> TaskState | None:
    """The task whose death made a job fail first; None when none is dead."""
    with reading(project) as connection:
        found = rows(
            connection,
            "SELECT t.* FROM job_task w JOIN task t ON t.key = w.task WHERE w.job = :job AND t.state = 'dead' "
            "ORDER BY t.ended_at, t.key LIMIT 1",
            job=job,
        )
        return next(iter(_tasks(connection, found)), None)


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


def pause(project: Project, name: str) -> list[str]:
    """Pause a job, or all of a campaign that are not settled; what runs for them alone is given back in seconds.

    Returns the ids of the jobs; InputError when there is neither a job nor a campaign of the name.
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
    """Give up a job, or all of a campaign that are not settled; what is done stays done."""
    return _steer(
        project,
        name,
        f"UPDATE job SET state = 'cancelled', reason = NULL, settled_at = :now WHERE id IN :jobs AND state IN {LIVE}",
        "DELETE FROM task_ready WHERE job IN (SELECT id FROM job WHERE id IN :jobs AND state = 'cancelled')",
    )


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


def workers(project: Project) -> list[WorkerState]:
    """The workers that were there within a day; those that said goodbye are left out."""
    with reading(project) as connection:
        now = clock(connection)
        found = rows(
            connection,
            "SELECT w.*, (SELECT min(t.key) FROM task t WHERE t.state = 'running' AND t.worker = w.name) AS task "
            "FROM worker w ORDER BY w.name",
        )
    return [_worker(row, now) for row in found]


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


def _steer(project: Project, name: str, *statements: str, **values: Any) -> list[str]:
    with turn(project) as connection:
        jobs = list(
            run(connection, "SELECT id FROM job WHERE id = :name OR campaign = :name ORDER BY id", name=name).scalars()
        )
        if not jobs:
            raise InputError(f"there is no job or campaign {name!r}; look at `countenance jobs list`.")
        now = clock(connection)
        for sql in statements:
            for some in chunks(jobs):
                wanted = values | ({"now": now} if ":now" in sql else {})
                run(connection, sql, jobs=some, **wanted)
        for job in jobs:
            recount(connection, job)
    return jobs


def _job(row: Any) -> JobState:
    return JobState(
        row.id, row.campaign, row.owner, row.state, row.reason or "", json.loads(row.request), row.priority,
        _moment(row.deadline), row.budget_s, row.size, row.size - row.open, row.stuck, row.left_s, row.spent_s,
        datetime.fromtimestamp(row.submitted_at, UTC), _moment(row.settled_at),
    )  # fmt: skip


def _tasks(connection: Connection, found: list[Any]) -> list[TaskState]:
    needs: dict[str, list[str]] = {}
    for some in chunks([row.key for row in found]):
        for one in rows(connection, "SELECT task, needs FROM task_need WHERE task IN :keys ORDER BY needs", keys=some):
            needs.setdefault(one.task, []).append(one.needs)
    return [
        TaskState(
            task_of(row, needs.get(row.key, ())), row.state, row.attempt, row.failures, row.kills, row.worker or "",
            row.parts_done, row.parts, _moment(row.due), _moment(row.started_at), _moment(row.ended_at),
            None if row.result is None else json.loads(row.result),
            None if row.error is None else json.loads(row.error),
        )
        for row in found
    ]  # fmt: skip


def _worker(row: Any, now: float) -> WorkerState:
    here = is_alive(row.machine, row.process)
    return WorkerState(
        row.name, row.machine.split(" ")[0], tuple(json.loads(row.queues)), tuple(json.loads(row.skills)),
        datetime.fromtimestamp(row.started_at, UTC), datetime.fromtimestamp(row.seen_at, UTC),
        now - row.seen_at < LEASE_S if here is None else here, row.task or "",
    )  # fmt: skip


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
