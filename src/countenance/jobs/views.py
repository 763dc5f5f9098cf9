"""Jobs, tasks and workers as people see them, made of rows of the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from countenance.errors import CountenanceError
from countenance.jobs.claim import LEASE_S, task_of
from countenance.jobs.failures import raised_again, sentence
from countenance.jobs.machine import is_alive
from countenance.jobs.sql import chunks, rows
from countenance.jobs.task import Task


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


def job_view(row: Any) -> JobState:
    """A row of `job`."""
    return JobState(
        row.id, row.campaign, row.owner, row.state, row.reason or "", json.loads(row.request), row.priority,
        _moment(row.deadline), row.budget_s, row.size, row.size - row.open, row.stuck, row.left_s, row.spent_s,
        datetime.fromtimestamp(row.submitted_at, UTC), _moment(row.settled_at),
    )  # fmt: skip


def task_views(connection: Connection, found: list[Any]) -> list[TaskState]:
    """Rows of `task`, with what each needs."""
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


def worker_view(row: Any, now: float) -> WorkerState:
    """A row of `worker` with `task`, the key of what it has in hand."""
    here = is_alive(row.machine, row.process)
    return WorkerState(
        row.name, row.machine.split(" ")[0], tuple(json.loads(row.queues)), tuple(json.loads(row.skills)),
        datetime.fromtimestamp(row.started_at, UTC), datetime.fromtimestamp(row.seen_at, UTC),
        now - row.seen_at < LEASE_S if here is None else here, row.task or "",
    )  # fmt: skip


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
