"""Jobs that are taken off the record: those in which somebody is named, and those that ended long ago.

A record serves to go on with a job, and to tell what it cost. Whatever its tasks have made is found by its content as
well, so nothing but the record is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from countenance.jobs.sql import chunks, run

_TEXTS = {
    "job": ("id", "campaign", "owner", "request", "reason"),
    "task": ("key", "about", "variant", "spec", "result", "error"),
}


def jobs_about(connection: Connection, words: Iterable[str]) -> list[str]:
    """The jobs in which one of the words occurs anywhere, or in whose tasks it does."""
    wanted = [word for word in words if word]
    tasks = _mentioning(connection, "task", wanted)
    found = set(_mentioning(connection, "job", wanted))
    for some in chunks(tasks):
        found.update(run(connection, "SELECT DISTINCT job FROM job_task WHERE task IN :keys", keys=some).scalars())
    return sorted(found)


def forget_jobs(connection: Connection, jobs: Sequence[str], words: Iterable[str] = ()) -> int:
    """Delete jobs, the tasks that no other job wants, and every task in which one of the words occurs.

    Returns how many jobs there were.
    """
    wanted_words = [word for word in words if word]
    theirs: set[str] = set(_mentioning(connection, "task", wanted_words))
    for some in chunks(list(jobs)):
        wanted = run(connection, "SELECT DISTINCT task FROM job_task WHERE job IN :jobs", jobs=some).scalars().all()
        run(connection, "DELETE FROM job_task WHERE job IN :jobs", jobs=some)
        run(connection, "DELETE FROM task_ready WHERE job IN :jobs", jobs=some)
        run(connection, "DELETE FROM job WHERE id IN :jobs", jobs=some)
        for keys in chunks(wanted):
            kept = run(connection, "SELECT DISTINCT task FROM job_task WHERE task IN :keys", keys=keys).scalars().all()
            theirs.update(set(keys) - set(kept))
    for keys in chunks(sorted(theirs)):
        for table, column in (
            ("job_task", "task"), ("task_ready", "task"), ("task_need", "task"), ("task_need", "needs"),
            ("task_brought", "task"), ("task_brought", "brought"), ("task", "key"),
        ):  # fmt: skip
            run(connection, f"DELETE FROM {table} WHERE {column} IN :keys", keys=keys)
    for table, column in (("queue_share", "campaign"), ("job_owner", "owner")):
        for name in run(connection, f"SELECT DISTINCT {column} FROM {table}").scalars().all():
            if any(word in name for word in wanted_words):
                run(connection, f"DELETE FROM {table} WHERE {column} = :name", name=name)
    return len(jobs)


def ended_before(connection: Connection, moment_s: float) -> list[str]:
    """The jobs that were settled before a moment (Unix time) and have no part that runs."""
    sql = "SELECT id FROM job WHERE settled_at IS NOT NULL AND settled_at < :moment"
    return list(run(connection, sql, moment=moment_s).scalars())


def runs_now(connection: Connection, jobs: Sequence[str], now: float) -> bool:
    """Whether a living worker has a task of one of these jobs in hand."""
    sql = """SELECT 1 FROM task t JOIN job_task w ON w.task = t.key
        WHERE w.job IN :jobs AND t.state = 'running' AND t.due > :now LIMIT 1"""
    return any(run(connection, sql, jobs=some, now=now).first() is not None for some in chunks(list(jobs)))


def _mentioning(connection: Connection, table: str, words: Sequence[str]) -> list[str]:
    key = _TEXTS[table][0]
    found = run(connection, f"SELECT {', '.join(_TEXTS[table])} FROM {table}").all()
    return [getattr(row, key) for row in found if any(word in str(cell) for cell in row if cell for word in words)]
