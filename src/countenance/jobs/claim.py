"""Who works on what next: one task at a time is leased to a worker, fairly between campaigns.

Stride scheduling (Waldspurger and Weihl 1995): each campaign's use of a queue is counted in seconds divided by its
pressure, and the campaign that has used least goes first. One that had nothing to do meanwhile starts where the queue
stands, so that it neither saves up turns nor has to catch up.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from countenance.jobs.crowd import Crowd, count_start, may_start
from countenance.jobs.flow import withdraw_offer
from countenance.jobs.limits import Limits
from countenance.jobs.pressure import pressure
from countenance.jobs.sql import rows, run
from countenance.jobs.task import Task

LEASE_S = 30.0


@dataclass(frozen=True)
class Claim:
    """A task leased to a worker. `attempt` is its fence: what an older attempt has to say is not heard."""

    task: Task
    attempt: int
    worker: str
    job: str
    campaign: str
    waited_s: float
    started_at: float


@dataclass(frozen=True)
class Able:
    """What a worker takes: queues in the order of its preference, and the kinds it knows."""

    worker: str
    queues: Sequence[str]  # empty: any
    skills: Collection[str]
    job: str | None = None  # this job's tasks alone


def claim(connection: Connection, able: Able, limits: Limits, now: float, lease_s: float = LEASE_S) -> Claim | None:
    """Lease the next task to a worker; None when there is none for it now."""
    crowd = Crowd.of(connection, limits)
    for queue in able.queues or _queues(connection):
        if crowd.in_queue(queue) >= limits.queues.get(queue, 1 << 30):
            continue
        for row in _contenders(connection, able, queue, now):
            if not may_start(connection, row.owner, limits, crowd, now):
                continue
            price = 1.0 / _pressure(row, now)
            claimed = _lease(connection, able, queue, row, price, now, lease_s)
            _charge(connection, queue, row.campaign, max(row.stand, row.used), claimed.task.cost_s * price)
            count_start(connection, row.owner, limits, now)
            return claimed
    return None


def task_of(row: Any, needs: Sequence[str] = ()) -> Task:
    """A row of the table as the task that was handed in."""
    return Task(
        key=row.key, kind=row.kind, queue=row.queue, about=row.about, needs=tuple(needs), spec=json.loads(row.spec),
        variant=row.variant, cost_s=row.cost_s, patience_s=row.patience_s, retry_s=row.retry_s, version=row.version,
    )  # fmt: skip


def _contenders(connection: Connection, able: Able, queue: str, now: float) -> list[Any]:
    """The jobs with something for this worker, in the order of their turn; with each where the queue stands."""
    only = "AND j.id = :job " if able.job is not None else ""
    offered = rows(
        connection,
        f"""SELECT j.*, COALESCE(s.used, 0) AS used,
            COALESCE((SELECT used FROM queue_share WHERE queue = :queue AND campaign = ''), 0) AS stand
        FROM job j LEFT JOIN queue_share s ON s.campaign = j.campaign AND s.queue = :queue
        WHERE j.state = 'active' {only}AND EXISTS (
            SELECT 1 FROM task_ready r WHERE r.job = j.id AND r.queue = :queue AND r.skill IN :skills)""",
        queue=queue,
        skills=sorted(able.skills),
        **({"job": able.job} if able.job is not None else {}),
    )
    return sorted(
        offered,
        key=lambda row: (max(row.stand, row.used), row.campaign, -_pressure(row, now), row.submitted_at, row.id),
    )


def _queues(connection: Connection) -> list[str]:
    """All queues that have something to offer, from the index alone, one step for each."""
    sql = """WITH RECURSIVE one(name) AS (
        SELECT min(queue) FROM task_ready
        UNION ALL SELECT (SELECT min(queue) FROM task_ready WHERE queue > one.name) FROM one WHERE one.name IS NOT NULL
    ) SELECT name FROM one WHERE name IS NOT NULL"""
    return list(run(connection, sql).scalars())


def _lease(connection: Connection, able: Able, queue: str, job: Any, price: float, now: float, lease_s: float) -> Claim:
    row = run(
        connection,
        """UPDATE task SET state = 'running', attempt = attempt + 1, worker = :worker, job = :job, price = :price,
            started_at = :now, due = :due, parts_done = 0, parts = 0
        WHERE state = 'ready' AND key = (
            SELECT task FROM task_ready WHERE job = :job AND queue = :queue AND skill IN :skills
            ORDER BY rank, task LIMIT 1)
        RETURNING *""",
        worker=able.worker,
        job=job.id,
        queue=queue,
        skills=sorted(able.skills),
        price=price,
        now=now,
        due=now + lease_s,
    ).one()
    withdraw_offer(connection, row.key)
    needs = run(connection, "SELECT needs FROM task_need WHERE task = :key ORDER BY needs", key=row.key).scalars().all()
    waited = max(0.0, now - (row.ready_at or now))
    return Claim(task_of(row, needs), row.attempt, able.worker, job.id, job.campaign, waited, now)


def _charge(connection: Connection, queue: str, campaign: str, stand: float, price: float) -> None:
    """The queue stands where its latest claim stood; the campaign has used more by the price of it."""
    run(
        connection,
        "INSERT INTO queue_share (queue, campaign, used) VALUES (:queue, '', :stand), (:queue, :campaign, :used) "
        "ON CONFLICT (queue, campaign) DO UPDATE SET used = excluded.used",
        queue=queue,
        campaign=campaign,
        stand=stand,
        used=stand + price,
    )


def _pressure(row: Any, now: float) -> float:
    return pressure(
        priority=row.priority, deadline=row.deadline, budget_s=row.budget_s, spent_s=row.spent_s, left_s=row.left_s,
        now=now,
    )  # fmt: skip
