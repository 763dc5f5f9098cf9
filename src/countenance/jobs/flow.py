"""How tasks move from state to state. Every function runs inside one of the scheduler's turns.

waiting ─▶ ready ─▶ running ─▶ done            resting: failed, tried again at `due`
                       │ └───▶ resting ─▶ ready   dead: failed for good; blocked: needs something dead
                       └─────▶ dead ─▶ (what needs it) blocked

Two counts are kept right with every move, so that nothing has to be counted when it matters: `task.lacks`, the needs
that are not done, and of each job that is not settled `open`, `stuck` and `left_s`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from countenance.jobs.counts import LIVE, recount, wanting
from countenance.jobs.sql import chunks, rows, run


def make_ready(connection: Connection, keys: Sequence[str], now: float) -> None:
    """Offer tasks that lack nothing to the workers, on behalf of every job that wants them and is not settled."""
    for some in chunks(keys):
        run(
            connection,
            "UPDATE task SET state = 'ready', ready_at = :now, due = NULL, worker = NULL WHERE key IN :keys",
            now=now,
            keys=some,
        )
        run(connection, f"{_OFFER} WHERE t.key IN :keys AND j.state IN {LIVE} ON CONFLICT DO NOTHING", keys=some)


def offer(connection: Connection, job: str, keys: Sequence[str] | None = None) -> None:
    """Offer those of the tasks (default: of all that it wants) that are ready on behalf of one more job."""
    if keys is None:
        run(connection, f"{_OFFER} WHERE w.job = :job AND t.state = 'ready' ON CONFLICT DO NOTHING", job=job)
    for some in chunks(keys or ()):
        run(
            connection,
            f"{_OFFER} WHERE w.job = :job AND t.key IN :keys AND t.state = 'ready' ON CONFLICT DO NOTHING",
            job=job,
            keys=some,
        )


_OFFER = """INSERT INTO task_ready (job, queue, rank, task, skill)
    SELECT w.job, t.queue, w.rank, t.key, t.skill FROM task t
    JOIN job_task w ON w.task = t.key JOIN job j ON j.id = w.job"""


def withdraw_offer(connection: Connection, key: str) -> None:
    """Take a task back that was offered."""
    run(connection, "DELETE FROM task_ready WHERE task = :key", key=key)


def complete(connection: Connection, key: str, result: dict[str, Any], now: float) -> tuple[list[str], bool]:
    """A task is done: what needs it lacks one thing less, and what lacks nothing any more is ready.

    Returns the jobs in which nothing else is left to do, and whether something waits for tasks that do not exist.
    """
    run(
        connection,
        "UPDATE task SET state = 'done', result = :result, error = NULL, due = NULL, worker = NULL, ended_at = :now, "
        "failures = 0, kills = 0, failing_since = NULL WHERE key = :key",
        key=key,
        result=json.dumps(result, ensure_ascii=False, allow_nan=False),
        now=now,
    )
    jobs = run(
        connection,
        f"""UPDATE job SET open = open - 1, left_s = left_s - (SELECT cost_s FROM task WHERE key = :key)
        WHERE id IN (SELECT job FROM job_task WHERE task = :key) AND state IN {LIVE} RETURNING id, open, stuck""",
        key=key,
    ).all()
    waiting = run(
        connection,
        f"UPDATE task SET lacks = lacks - 1 WHERE key IN {_DEPENDANTS} RETURNING key, state, lacks, promised",
        key=key,
    ).all()
    make_ready(connection, [row.key for row in waiting if row.state == "waiting" and row.lacks == 0], now)
    unkept = any(row.state == "waiting" and row.lacks == row.promised > 0 for row in waiting)
    return [row.id for row in jobs if row.open <= row.stuck], unkept


_DEPENDANTS = "(SELECT task FROM task_need WHERE needs = :key)"


def undo(connection: Connection, key: str, now: float) -> None:
    """A done task's result is gone: it is to be done again, and what needs it and is not done waits for it."""
    if run(connection, "UPDATE task SET state = 'waiting' WHERE key = :key AND state = 'done'", key=key).rowcount == 0:
        return
    run(
        connection,
        f"""UPDATE job SET open = open + 1, left_s = left_s + (SELECT cost_s FROM task WHERE key = :key)
        WHERE id IN (SELECT job FROM job_task WHERE task = :key) AND state IN {LIVE}""",
        key=key,
    )
    run(connection, f"UPDATE task SET lacks = lacks + 1 WHERE key IN {_DEPENDANTS}", key=key)
    run(connection, f"DELETE FROM task_ready WHERE task IN {_DEPENDANTS}", key=key)
    run(
        connection,
        f"UPDATE task SET state = 'waiting', due = NULL WHERE key IN {_DEPENDANTS} AND state IN ('ready', 'resting')",
        key=key,
    )
    if run(connection, "SELECT lacks FROM task WHERE key = :key", key=key).scalar_one() == 0:
        make_ready(connection, [key], now)
    else:
        _block_and_count(connection, [key])


def offer_again(connection: Connection, keys: Sequence[str], now: float) -> None:
    """Offer tasks that were running or resting; what a needed task's result went missing meanwhile waits for it."""
    for some in chunks(keys):
        found = rows(connection, "SELECT key, lacks FROM task WHERE key IN :keys", keys=some)
        make_ready(connection, [row.key for row in found if row.lacks == 0], now)
        waiting = [row.key for row in found if row.lacks > 0]
        if waiting:
            run(
                connection,
                "UPDATE task SET state = 'waiting', due = NULL, worker = NULL WHERE key IN :keys",
                keys=waiting,
            )
            _block_and_count(connection, waiting)


def _block_and_count(connection: Connection, keys: Sequence[str]) -> None:
    block_again(connection, keys)
    for job in sorted({job for key in keys for job in wanting(connection, key)}):
        recount(connection, job)


def bury(connection: Connection, key: str, error: dict[str, Any], now: float) -> None:
    """A task has failed for good: it is a dead letter, and whatever needs it is blocked."""
    withdraw_offer(connection, key)
    run(
        connection,
        "UPDATE task SET state = 'dead', due = NULL, worker = NULL, error = :error, ended_at = :now WHERE key = :key",
        key=key,
        error=json.dumps(error, ensure_ascii=False),
        now=now,
    )
    stuck = [key, *block(connection, [key])]
    for some in chunks(stuck):
        sql = "SELECT job, count(*) AS count FROM job_task WHERE task IN :keys GROUP BY job ORDER BY job"
        for row in rows(connection, sql, keys=some):
            run(
                connection,
                f"UPDATE job SET stuck = stuck + :count WHERE id = :job AND state IN {LIVE}",
                job=row.job,
                count=row.count,
            )


def block(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Block all that waits for these tasks, at whatever distance; returns what was blocked."""
    blocked: list[str] = []
    frontier = list(keys)
    while frontier:
        found: list[str] = []
        for some in chunks(frontier):
            found += run(
                connection,
                "UPDATE task SET state = 'blocked' WHERE state = 'waiting' "
                "AND key IN (SELECT task FROM task_need WHERE needs IN :keys) RETURNING key",
                keys=some,
            ).scalars()
        blocked += found
        frontier = found
    return blocked


def revive(connection: Connection, keys: Sequence[str], now: float) -> None:
    """Try dead tasks again, and let what they blocked wait again. Jobs that failed for them are active again."""
    freed: list[str] = []
    frontier = list(keys)
    while frontier:
        found: list[str] = []
        for some in chunks(frontier):
            found += run(
                connection,
                "UPDATE task SET state = 'waiting' WHERE state = 'blocked' "
                "AND key IN (SELECT task FROM task_need WHERE needs IN :keys) RETURNING key",
                keys=some,
            ).scalars()
        freed += found
        frontier = found
    jobs: set[str] = set()
    for some in chunks([*keys, *freed]):
        jobs.update(run(connection, "SELECT DISTINCT job FROM job_task WHERE task IN :keys", keys=some).scalars())
    for some in chunks(sorted(jobs)):
        run(
            connection,
            "UPDATE job SET state = 'active', settled_at = NULL WHERE id IN :jobs AND state = 'failed'",
            jobs=some,
        )
    for some in chunks(keys):
        woken = run(
            connection,
            "UPDATE task SET state = 'waiting', failures = 0, kills = 0, failing_since = NULL, error = NULL "
            "WHERE key IN :keys AND state = 'dead' RETURNING key, lacks",
            keys=some,
        )
        make_ready(connection, [row.key for row in woken.all() if row.lacks == 0], now)
    block_again(connection, [*keys, *freed])
    for job in sorted(jobs):
        recount(connection, job)


def block_again(connection: Connection, keys: Sequence[str]) -> None:
    """Block those of the waiting tasks that need something dead or blocked, and what waits for them."""
    for some in chunks(keys):
        lost = run(
            connection,
            "SELECT DISTINCT n.needs FROM task_need n JOIN task t ON t.key = n.needs "
            "WHERE n.task IN :keys AND t.state IN ('dead', 'blocked')",
            keys=some,
        )
        block(connection, list(lost.scalars()))
