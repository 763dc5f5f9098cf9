"""How an attempt ends: done, failed, or given back. Every function runs inside one of the scheduler's turns.

Each returns what is to be told about it; nothing when the attempt no longer counted, because another worker has
begun the next one: the late result is left alone, and since results are named by content it did no harm.
"""

from __future__ import annotations

import json
import random
from typing import Any

from sqlalchemy import Connection

from countenance.errors import InputError
from countenance.jobs.claim import Claim
from countenance.jobs.counts import settle, wanting
from countenance.jobs.events import Event, EventName
from countenance.jobs.failures import is_final, pause_s, record, sentence
from countenance.jobs.flow import bury, complete, offer_again, undo
from countenance.jobs.graph import bring, settled_events, want_too
from countenance.jobs.kinds import Outcome
from countenance.jobs.leases import release
from countenance.jobs.limits import Limits
from countenance.jobs.sql import insert_rows, rows, run
from countenance.store import tables
from countenance.store.project import Project


def done(
    connection: Connection, project: Project, claimed: Claim, outcome: Outcome, limits: Limits, now: float
) -> list[Event]:
    """A task's function came back with an outcome."""
    if not release(connection, claimed, now):
        return []
    if outcome.redo:
        return _ask_again(connection, project, claimed, outcome.redo, limits, now)
    key = claimed.task.key
    jobs, unkept = complete(connection, key, _json(claimed, outcome), now)
    if outcome.more:
        bring(connection, key, outcome.more, wanting(connection, key), now)
    events = [_event("task.done", project, claimed, now)]
    for row in rows(connection, _BROKEN_PROMISES, key=key) if unkept else ():
        error = {
            "classes": ["InputError"],
            "message": f"the task {row.about!r} needs {row.missing}, which {claimed.task.about!r} did not bring.",
            "reasons": [],
        }
        bury(connection, row.key, error, now)
        jobs = sorted({*jobs, *wanting(connection, row.key)})
        events.append(dead_event(project, row, claimed.campaign, sentence(error)))
    return events + settled_events(project, settle(connection, jobs, now))


_BROKEN_PROMISES = """SELECT t.*, (SELECT min(n.needs) FROM task_need n WHERE n.task = t.key
        AND NOT EXISTS (SELECT 1 FROM task x WHERE x.key = n.needs)) AS missing
    FROM task t WHERE t.key IN (SELECT task FROM task_need WHERE needs = :key)
        AND t.state = 'waiting' AND t.promised > 0 AND t.lacks = t.promised"""


def failed(
    connection: Connection, project: Project, claimed: Claim, failure: BaseException, limits: Limits, now: float
) -> list[Event]:
    """A task's function raised: it is tried again after a pause, or it is dead."""
    if not release(connection, claimed, now):
        return []
    error = record(failure)
    due = None if is_final(failure) else _next_try(connection, claimed, limits, now)
    if due is None:
        return _bury(connection, project, claimed, error, now)
    run(
        connection,
        "UPDATE task SET state = 'resting', due = :due, worker = NULL, error = :error WHERE key = :key",
        key=claimed.task.key,
        due=due,
        error=json.dumps(error, ensure_ascii=False),
    )
    return [_event("task.failed", project, claimed, now, sentence(error))]


def given_back(connection: Connection, project: Project, claimed: Claim, now: float) -> list[Event]:
    """The work was interrupted: somebody else may go on with it at once, and no failure is counted."""
    if not release(connection, claimed, now):
        return []
    offer_again(connection, [claimed.task.key], now)
    return [_event("task.returned", project, claimed, now)]


def _next_try(connection: Connection, claimed: Claim, limits: Limits, now: float) -> float | None:
    """Count a failure; when to try again, None when it was the last."""
    task = claimed.task
    row = run(
        connection,
        "UPDATE task SET failures = failures + 1, failing_since = COALESCE(failing_since, :now) WHERE key = :key "
        "RETURNING failures, failing_since",
        key=task.key,
        now=now,
    ).one()
    until = row.failing_since + task.patience_s
    if row.failures >= limits.tries and now >= until:
        return None
    due = now + pause_s(row.failures, task.retry_s, random.random())
    return min(due, until) if row.failures >= limits.tries else due  # the last try is not lost to a long pause


def _ask_again(
    connection: Connection, project: Project, claimed: Claim, redo: tuple[str, ...], limits: Limits, now: float
) -> list[Event]:
    """Results that a task needs are gone: it waits until they are made once more."""
    key = claimed.task.key
    if _next_try(connection, claimed, limits, now) is None:
        error = record(InputError("what it needs was missing again and again; look at the disk that results lie on."))
        return _bury(connection, project, claimed, error, now)
    states = {
        row.key: row.state
        for row in rows(connection, "SELECT key, state FROM task WHERE key IN :keys", keys=list(redo))
    }
    if unknown := [one for one in redo if one not in states]:
        raise InputError(f"the task {claimed.task.about!r} wants {unknown[0]} done again, which is no task.")
    insert_rows(connection, tables.task_need, ("task", "needs"), [(key, one) for one in redo])
    want_too(connection, key, dict.fromkeys(redo, 0.0), wanting(connection, key), now)
    for one in redo:
        undo(connection, one, now)
    sql = """UPDATE task SET lacks = (SELECT count(*) FROM task_need n JOIN task x ON x.key = n.needs
        WHERE n.task = task.key AND x.state <> 'done') WHERE key = :key"""
    run(connection, sql, key=key)
    offer_again(connection, [key], now)
    return [_event("task.failed", project, claimed, now, "what it needs is gone and is made once more")]


def _bury(connection: Connection, project: Project, claimed: Claim, error: dict[str, Any], now: float) -> list[Event]:
    key = claimed.task.key
    bury(connection, key, error, now)
    return [
        _event("task.dead", project, claimed, now, sentence(error)),
        *settled_events(project, settle(connection, wanting(connection, key), now)),
    ]


def _json(claimed: Claim, outcome: Outcome) -> dict[str, Any]:
    try:
        json.dumps(outcome.result, allow_nan=False)
    except (TypeError, ValueError) as exc:
        raise InputError(f"the result of the task {claimed.task.about!r} is not plain JSON ({exc}).") from exc
    return dict(outcome.result)


def started_event(project: Project, claimed: Claim) -> Event:
    """What is to be told when a task was leased."""
    return _event("task.started", project, claimed, claimed.started_at)


def dead_event(project: Project, row: Any, campaign: str, reason: str) -> Event:
    """What is to be told of a task that died without having come to an end."""
    return Event(
        "task.dead", project, row.job or "", campaign, task=row.key, kind=row.kind, queue=row.queue, about=row.about,
        variant=row.variant, attempt=row.attempt, reason=reason,
    )  # fmt: skip


def _event(name: EventName, project: Project, claimed: Claim, now: float, reason: str = "") -> Event:
    task = claimed.task
    return Event(
        name, project, claimed.job, claimed.campaign, task=task.key, kind=task.kind, queue=task.queue,
        about=task.about, variant=task.variant, attempt=claimed.attempt, waited_s=claimed.waited_s,
        ran_s=max(0.0, now - claimed.started_at), reason=reason,
    )  # fmt: skip
