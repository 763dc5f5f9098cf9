"""Metrics of the whole project, read from its database when they are asked for: queues, jobs, workers, errands.

They are the same from wherever they are asked, so one process exports them. What the database cannot say at the moment
is left out, and `countenance_database_up` is 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from countenance.errors import CountenanceError
from countenance.jobs.sql import clock, rows
from countenance.jobs.state import unserved, workers
from countenance.store.database import reading
from countenance.store.project import Project

NET = "net"  # the queue of errands to places outside
Extra = Callable[[Project], Iterable[Metric]]


class StudioMetrics(Collector):
    """Asks the database when it is asked; `extra` adds what rooms below this one know."""

    def __init__(self, project: Project, extra: Extra = lambda _project: ()) -> None:
        self._project = project
        self._extra = extra

    def collect(self) -> Iterator[Metric]:
        begun = time.monotonic()
        try:
            found = [*_from_database(self._project), *self._extra(self._project)]
        except (CountenanceError, DBAPIError):
            found = []
        up = float(bool(found))
        yield gauge("countenance_database_up", "Whether the project's database could be read.", up)
        yield from found
        yield gauge("countenance_scrape_seconds", "How long reading took.", time.monotonic() - begun)

    def describe(self) -> Iterator[Metric]:
        return iter(())


def gauge(name: str, said: str, value: float) -> Metric:
    """One value without labels."""
    return GaugeMetricFamily(name, said, value=value)


def labelled(name: str, said: str, labels: tuple[str, ...], values: Iterable[tuple[Any, ...]]) -> Metric:
    """Values with their labels before them."""
    family = GaugeMetricFamily(name, said, labels=list(labels))
    for *places, value in values:
        family.add_metric([str(one) for one in places], float(value))
    return family


def _from_database(project: Project) -> Iterator[Metric]:
    with reading(project) as connection:
        now = clock(connection)
        yield from _queues(connection, now)
        yield from _tasks(connection, now)
        yield from _errands(connection, now)
        yield from _records(connection)
    yield from _workers(project)


def _queues(connection: Connection, now: float) -> Iterator[Metric]:
    found = rows(connection, _WAITING)
    known = [row[0] for row in rows(connection, "SELECT DISTINCT queue FROM task ORDER BY queue")]
    waiting = {row.queue: row for row in found}

    def each(value: Callable[[Any], float]) -> Iterator[tuple[str, float]]:
        return ((one, value(waiting[one]) if one in waiting else 0.0) for one in known)

    length, age, work = (
        "Tasks that a worker could take now.",
        "Age of the oldest of them.",
        "Estimated seconds of them.",
    )
    yield labelled("countenance_queue_length", length, ("queue",), each(lambda row: row.tasks))
    yield labelled("countenance_queue_age_seconds", age, ("queue",), each(lambda row: max(0.0, now - row.since)))
    yield labelled("countenance_queue_work_seconds", work, ("queue",), each(lambda row: row.work_s))


_WAITING = """SELECT t.queue, count(*) AS tasks, min(t.ready_at) AS since, sum(t.cost_s) AS work_s FROM task t
    WHERE t.state = 'ready' AND EXISTS (
        SELECT 1 FROM task_ready r JOIN job j ON j.id = r.job WHERE r.task = t.key AND j.state = 'active')
    GROUP BY t.queue"""


def _tasks(connection: Connection, now: float) -> Iterator[Metric]:
    open_tasks = rows(
        connection,
        "SELECT queue, state, count(*) AS tasks FROM task WHERE state <> 'done' GROUP BY queue, state ORDER BY 1, 2",
    )
    dead = rows(connection, "SELECT kind, count(*) AS tasks FROM task WHERE state = 'dead' GROUP BY kind ORDER BY 1")
    jobs = rows(connection, "SELECT state, count(*) AS jobs FROM job GROUP BY state ORDER BY 1")
    lost = rows(connection, "SELECT COALESCE(sum(kills), 0) AS kills FROM task")[0].kills
    over = "SELECT count(*) AS tasks FROM task WHERE state = 'running' AND due <= :now"
    overdue = rows(connection, over, now=now)[0].tasks
    open_said = "Tasks that are not done."
    yield labelled(
        "countenance_open_tasks", open_said, ("queue", "state"), ((r.queue, r.state, r.tasks) for r in open_tasks)
    )
    yield gauge("countenance_dead_letters", "Tasks that were given up.", sum(row.tasks for row in dead))
    yield labelled(
        "countenance_dead_letters_by_kind", "The same by kind.", ("kind",), ((r.kind, r.tasks) for r in dead)
    )
    yield labelled("countenance_jobs", "Jobs on record.", ("state",), ((row.state, row.jobs) for row in jobs))
    yield gauge("countenance_leases_lost", "Workers that were lost over tasks on record.", float(lost))
    yield gauge("countenance_leases_overdue", "Running tasks whose lease has ended.", overdue)


def _errands(connection: Connection, now: float) -> Iterator[Metric]:
    found = rows(
        connection,
        "SELECT t.kind, count(DISTINCT t.key) AS tasks, min(j.submitted_at) AS since FROM task t "
        "JOIN job_task w ON w.task = t.key JOIN job j ON j.id = w.job "
        "WHERE t.queue = :net AND t.state <> 'done' AND j.state IN ('active', 'paused') "
        "GROUP BY t.kind ORDER BY t.kind",
        net=NET,
    )
    age = "Age of the oldest job that waits for an errand."
    yield labelled(
        "countenance_errands_open", "Errands that are not done.", ("kind",), ((r.kind, r.tasks) for r in found)
    )
    yield labelled("countenance_errand_age_seconds", age, ("kind",), ((r.kind, now - r.since) for r in found))


def _records(connection: Connection) -> Iterator[Metric]:
    for table in ("variant", "release"):
        found = rows(connection, f"SELECT state, count(*) AS count FROM {table} GROUP BY state ORDER BY 1")
        said = f"{table.capitalize()}s on record."
        yield labelled(f"countenance_{table}s", said, ("state",), ((row.state, row.count) for row in found))
    left = rows(
        connection,
        "SELECT p.sink, count(*) AS files FROM placement p JOIN release r ON r.id = p.release_id "
        "WHERE r.state = 'withdrawn' AND p.state <> 'gone' GROUP BY p.sink ORDER BY p.sink",
    )
    said = "Files of withdrawn releases that still lie at a sink."
    yield labelled("countenance_withdrawn_files", said, ("sink",), ((row.sink, row.files) for row in left))
    entries = rows(connection, "SELECT count(*) AS entries FROM ledger_entry")[0].entries
    yield gauge("countenance_ledger_entries", "Entries of the ledger.", entries)


def _workers(project: Project) -> Iterator[Metric]:
    seen = workers(project)
    living = [one for one in seen if one.alive]
    queues = sorted({queue for one in living for queue in one.queues or ("any",)})
    by_queue = [(queue, sum(queue in (one.queues or ("any",)) for one in living)) for queue in queues]
    silent = "Workers that did not sign off and are not heard of."
    yield gauge("countenance_workers", "Workers that are there.", len(living))
    yield labelled("countenance_workers_of_queue", "Workers that take a queue.", ("queue",), by_queue)
    yield gauge("countenance_workers_busy", "Workers with a task in hand.", sum(bool(one.task) for one in living))
    yield gauge("countenance_workers_silent", silent, len(seen) - len(living))
    nobody = "Tasks that could run, but no worker knows their kind or takes their queue."
    waits = unserved(project)
    yield labelled(
        "countenance_unserved_tasks", nobody, ("queue", "skill"), ((o.queue, o.skill, o.tasks) for o in waits)
    )
