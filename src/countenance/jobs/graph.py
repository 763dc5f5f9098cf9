"""Graphs of tasks: handing in what a job wants. What is wanted already is shared, what is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from countenance.errors import InputError
from countenance.jobs.counts import count_in, recount, settle
from countenance.jobs.enter import enter
from countenance.jobs.events import Event, tell
from countenance.jobs.flow import offer, revive, undo
from countenance.jobs.order import ranks
from countenance.jobs.sql import CHUNK, chunks, clock, insert_rows, learn_sizes, rows, run, turn
from countenance.jobs.task import KEY_LENGTH, Job, Task
from countenance.store import tables
from countenance.store.project import Project

__all__ = ["Job", "Task", "bring", "settled_events", "submit", "want_too"]


def submit(project: Project, job: Job, wanted: Iterable[Task], *, redo: Iterable[str] = ()) -> None:
    """Hand in a job and the tasks that it wants, in one transaction; handing it in again changes nothing.

    Needs come before what needs them, where possible: tasks are then taken up as they are made, without keeping all
    in memory. A task may need one that is not known yet if it also needs the one that will bring it
    (`Outcome.more`). Done tasks stay done, but for `redo`: keys whose results are known to be gone. Dead ones are
    tried again; a paused, cancelled or failed job is active again. InputError when the graph has no order.
    """
    if not 0 < len(job.id) <= KEY_LENGTH:
        raise InputError(f"the job id {job.id!r} is not 1 to {KEY_LENGTH} characters long.")
    if not job.campaign:
        raise InputError(f"the job {job.id!r} belongs to no campaign; name one.")
    with turn(project) as connection:
        now = clock(connection)
        _enter_job(connection, job, now)
        entered = enter(connection, wanted, now)
        _want(connection, job.id, {**dict.fromkeys(entered.outside(), 0.0), **ranks(entered.nodes)}, entered.new)
        for key in redo:
            undo(connection, key, now)
        sql = "SELECT t.key FROM job_task w JOIN task t ON t.key = w.task WHERE w.job = :job AND t.state = 'dead'"
        revive(connection, list(run(connection, sql, job=job.id).scalars()), now)
        offer(connection, job.id)
        recount(connection, job.id)
        if len(entered.new) >= CHUNK:
            learn_sizes(connection)
        settled = settled_events(project, settle(connection, [job.id], now))
    tell([Event("job.submitted", project, job.id, job.campaign), *settled])


def bring(connection: Connection, by: str, more: Sequence[Task], jobs: Sequence[str], now: float) -> None:
    """Add tasks that became known when another was done, to all jobs that want that one."""
    entered = enter(connection, more, now)
    order = {**dict.fromkeys(entered.outside(), 0.0), **ranks(entered.nodes)}
    insert_rows(connection, tables.task_brought, ("task", "brought"), [(by, key) for key in entered.nodes])
    want_too(connection, by, order, jobs, now, entered.new)


def want_too(
    connection: Connection,
    asker: str,
    order: Mapping[str, float],
    jobs: Sequence[str],
    now: float,
    new_tasks: Sequence[str] = (),
) -> None:
    """Have jobs that want a task want further ones as well, right behind it and before what followed it."""
    sql = "SELECT rank FROM job_task WHERE job = :job AND task = :task"
    for job in jobs:
        base = run(connection, sql, job=job, task=asker).scalar_one()
        places = {key: base + (place + 1) / (len(order) + 1) for key, place in order.items()}
        new = _want(connection, job, places, new_tasks)
        count_in(connection, job, new)
        revive(connection, _dead(connection, new), now)
        offer(connection, job, new)


def settled_events(project: Project, settled: Sequence[Any]) -> list[Event]:
    """What is to be told about jobs that were just settled."""
    return [
        Event(
            "job.settled", project, row.id, row.campaign,
            ran_s=row.settled_at - row.submitted_at, spent_s=row.spent_s, state=row.state,
        )
        for row in settled
    ]  # fmt: skip


def _enter_job(connection: Connection, job: Job, now: float) -> None:
    run(
        connection,
        """INSERT INTO job (id, campaign, owner, request, priority, deadline, budget_s, state, submitted_at,
            size, open, stuck, left_s, spent_s)
        VALUES (:id, :campaign, :owner, :request, :priority, :deadline, :budget_s, 'active', :now, 0, 0, 0, 0, 0)
        ON CONFLICT (id) DO UPDATE SET campaign = excluded.campaign, owner = excluded.owner,
            request = excluded.request, priority = excluded.priority, deadline = excluded.deadline,
            budget_s = excluded.budget_s, state = 'active', reason = NULL, settled_at = NULL,
            submitted_at = CASE WHEN job.settled_at IS NULL THEN job.submitted_at ELSE excluded.submitted_at END,
            spent_s = CASE WHEN job.settled_at IS NULL THEN job.spent_s ELSE 0 END""",
        id=job.id,
        campaign=job.campaign,
        owner=job.owner,
        request=json.dumps(job.request, ensure_ascii=False, allow_nan=False),
        priority=job.priority,
        deadline=None if job.deadline is None else job.deadline.timestamp(),
        budget_s=job.budget_s,
        now=now,
    )


def _want(connection: Connection, job: str, places: dict[str, float], new_tasks: Sequence[str]) -> list[str]:
    """Enter what a job wants, and all that this needs or has brought; returns what it did not want before.

    What new tasks need is among `places` already, and they have brought nothing yet: they are not asked.
    """
    asked_not = set(new_tasks)
    wanted: list[str] = []
    while places:
        known: set[str] = set()
        for keys in chunks(list(places)):
            known.update(
                run(connection, "SELECT task FROM job_task WHERE job = :job AND task IN :keys", job=job, keys=keys)
                .scalars()
                .all()
            )
        fresh = {key: rank for key, rank in places.items() if key not in known}
        insert_rows(connection, tables.job_task, ("job", "task", "rank"), [(job, *one) for one in fresh.items()])
        wanted += fresh
        places = {}
        for keys in chunks([key for key in fresh if key not in asked_not]):
            for row in rows(connection, _FOLLOWS, keys=keys):
                if row.needs not in fresh:
                    places[row.needs] = min(fresh[row.task], places.get(row.needs, fresh[row.task]))
    return wanted


_FOLLOWS = """SELECT n.task, n.needs FROM task_need n JOIN task t ON t.key = n.needs WHERE n.task IN :keys
    UNION ALL SELECT task, brought FROM task_brought WHERE task IN :keys"""


def _dead(connection: Connection, keys: Sequence[str]) -> list[str]:
    return [
        key
        for some in chunks(keys)
        for key in run(connection, "SELECT key FROM task WHERE key IN :keys AND state = 'dead'", keys=some).scalars()
    ]
