"""Leases: how long a worker is believed to be at work, and what becomes of its task when it is lost."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from countenance.jobs.claim import LEASE_S, Claim
from countenance.jobs.counts import settle, wanting
from countenance.jobs.flow import bury, offer_again, withdraw_offer
from countenance.jobs.limits import Limits
from countenance.jobs.machine import is_alive, machine, process
from countenance.jobs.sql import clock, rows, run, turn
from countenance.store.project import Project

HUNG_AFTER_LEASES = 10
BUDGET_USED = "its budget is used up"
_AT_ONCE = 200


def extend(connection: Connection, claimed: Claim, now: float, progress: tuple[int, int]) -> bool:
    """Prolong a lease and note how far the task is; False when it is no longer this worker's."""
    done = run(
        connection,
        "UPDATE task SET due = :due, parts_done = :done, parts = :parts "
        "WHERE key = :key AND attempt = :attempt AND worker = :worker AND state = 'running'",
        key=claimed.task.key,
        attempt=claimed.attempt,
        worker=claimed.worker,
        due=now + LEASE_S,
        done=progress[0],
        parts=progress[1],
    )
    return done.rowcount == 1


def is_wanted(connection: Connection, claimed: Claim) -> bool:
    """Whether a running task is still this worker's, and wanted by a job that was not paused or cancelled.

    A job that stands still because its budget is used up lets what runs come to its end.
    """
    found = run(
        connection,
        f"""SELECT 1 FROM task t WHERE t.key = :key AND t.attempt = :attempt AND t.state = 'running' AND EXISTS (
            SELECT 1 FROM job_task w JOIN job j ON j.id = w.job
            WHERE w.task = t.key AND (j.state = 'active' OR (j.state = 'paused' AND j.reason = '{BUDGET_USED}')))""",
        key=claimed.task.key,
        attempt=claimed.attempt,
    )
    return found.first() is not None


def release(connection: Connection, claimed: Claim, now: float) -> bool:
    """End a lease: whether the attempt still counted. Its time goes to the job's account and the campaign's share.

    An attempt counts until another worker has begun the next one, even if its lease ended before.
    """
    row = run(
        connection,
        "SELECT price, state FROM task WHERE key = :key AND attempt = :attempt "
        "AND state IN ('running', 'ready', 'resting')",
        key=claimed.task.key,
        attempt=claimed.attempt,
    ).one_or_none()
    if row is None:
        return False
    if row.state != "running":
        withdraw_offer(connection, claimed.task.key)
    ran_s = max(0.0, now - claimed.started_at)
    run(
        connection,
        "UPDATE queue_share SET used = used + :more WHERE queue = :queue AND campaign = :campaign",
        more=(ran_s - claimed.task.cost_s) * row.price,
        queue=claimed.task.queue,
        campaign=claimed.campaign,
    )
    run(
        connection,
        f"""UPDATE job SET spent_s = spent_s + :ran_s,
        reason = CASE WHEN state = 'active' AND spent_s + :ran_s >= budget_s THEN '{BUDGET_USED}' ELSE reason END,
        state = CASE WHEN state = 'active' AND spent_s + :ran_s >= budget_s THEN 'paused' ELSE state END
        WHERE id = :job""",
        ran_s=ran_s,
        job=claimed.job,
    )
    return True


def wake(connection: Connection, now: float) -> bool:
    """Offer tasks again whose pause between two tries is over; whether there were any."""
    due = run(
        connection,
        "SELECT key FROM task WHERE state = 'resting' AND due <= :now ORDER BY due LIMIT :most",
        now=now,
        most=_AT_ONCE,
    )
    keys = list(due.scalars())
    offer_again(connection, keys, now)
    return bool(keys)


def reap(connection: Connection, limits: Limits, now: float) -> tuple[list[Any], list[Any]]:
    """Take back tasks whose worker is lost.

    On this machine a worker is lost when its process has ended. One elsewhere is lost when its lease has: but for
    leases that nobody could extend because the database itself was away. Returns the rows of the tasks that have taken
    too many workers with them and are dead, and of the jobs that were settled by that.
    """
    suspects = rows(
        connection,
        "SELECT t.*, w.machine, w.process FROM task t LEFT JOIN worker w ON w.name = t.worker "
        "WHERE t.state = 'running' AND (t.due <= :now OR w.machine = :here) ORDER BY t.due LIMIT :most",
        now=now,
        here=machine(),
        most=_AT_ONCE,
    )
    dead: list[Any] = []
    for row in suspects:
        alive = None if row.machine is None else is_alive(row.machine, row.process)
        # Here a process is seen to live. A machine that slept wakes with all leases ended and all workers at work; only
        # who is still silent long after that hangs.
        overdue = now >= row.due + (HUNG_AFTER_LEASES * LEASE_S if alive else 0.0)
        if alive is not False and (not overdue or _database_was_away(connection, now)):
            continue
        if _requeue(connection, row, limits, now):
            dead.append(row)
    settled = settle(connection, sorted({job for row in dead for job in wanting(connection, row.key)}), now)
    return dead, settled


def take_back(connection: Connection, worker: str, but: Claim | None, now: float) -> None:
    """Offer again what a worker was leased without learning of it: the answer to its claim got lost on the way."""
    strays = run(
        connection,
        "SELECT key FROM task WHERE state = 'running' AND worker = :worker AND key <> :held",
        worker=worker,
        held="" if but is None else but.task.key,
    )
    offer_again(connection, list(strays.scalars()), now)


def abandon(project: Project) -> None:
    """Give back at once what workers of this process have in hand, from whatever thread: the process is to end."""
    with turn(project) as connection:
        mine = {"here": machine(), "me": process()}
        held = run(
            connection,
            "SELECT t.key FROM task t JOIN worker w ON w.name = t.worker "
            "WHERE t.state = 'running' AND w.machine = :here AND w.process = :me",
            **mine,
        )
        offer_again(connection, list(held.scalars()), clock(connection))
        run(connection, "DELETE FROM worker WHERE machine = :here AND process = :me", **mine)


def _requeue(connection: Connection, row: Any, limits: Limits, now: float) -> bool:
    """Offer a task again whose worker was lost over it; True when it has taken too many with it and is dead."""
    kills = row.kills + 1
    run(connection, "UPDATE task SET kills = :kills WHERE key = :key", key=row.key, kills=kills)
    if kills < limits.kills:
        offer_again(connection, [row.key], now)
        return False
    message = f"{kills} workers were lost while they worked on it; look at its input, or at the machine's memory."
    bury(connection, row.key, {"classes": ["WorkerLost"], "message": message, "reasons": []}, now)
    return True


def _database_was_away(connection: Connection, now: float) -> bool:
    """Whether the database server has started so lately that leases ended while it was down."""
    if connection.dialect.name != "postgresql":
        return False
    started = connection.exec_driver_sql("SELECT extract(epoch FROM pg_postmaster_start_time())").scalar_one()
    return now < float(started) + LEASE_S
