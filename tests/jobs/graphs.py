"""Small graphs of tasks, kinds that do little, and looks behind the scenes, for the tests of the engine."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import text

from countenance.jobs.events import Event, listen
from countenance.jobs.graph import Job, Task
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.processes import Crew, work_until_told
from countenance.jobs.sql import turn
from countenance.store.files import write_bytes
from countenance.store.project import Project


def job(id: str = "job", campaign: str = "spring", owner: str = "studio", **more: Any) -> Job:
    return Job(id, campaign, owner, {}, **more)


def task(key: str, *needs: str, kind: str = "note", queue: str = "cpu", **more: Any) -> Task:
    return Task(key, kind, queue, f"task {key}", needs, **more)


class Notes:
    """A kind that notes which tasks it ran, in their order; some fail, as often as they are told to."""

    def __init__(self, failing: Mapping[str, list[BaseException]] | None = None) -> None:
        self.ran: list[str] = []
        self.failing = {key: list(errors) for key, errors in (failing or {}).items()}

    def __call__(self, project: Project, one: Task, report: Report) -> Outcome:
        report(0, 1)
        self.ran.append(one.key)
        if self.failing.get(one.key):
            raise self.failing[one.key].pop(0)
        return Outcome({"ran": one.key})


class Heard:
    """The events of a block."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __enter__(self) -> Heard:
        self._end = listen(self.events.append)
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def names(self) -> list[str]:
        return [f"{event.name} {event.task or event.job}" for event in self.events]


def write_file(project: Project, one: Task, report: Report) -> Outcome:
    """Publish a file named by the task, made of its needs' files; writing takes a while and is not atomic by itself."""
    folder = Path(one.spec["folder"])
    parts = [(folder / need).read_bytes() for need in sorted(one.needs)]
    content = one.key.encode() + b"".join(b"<" + part[:40] + b">" for part in parts)
    for step in range(int(one.spec.get("steps", 5))):
        report(step, 5)
        time.sleep(0.02)
    if not (folder / one.key).exists():
        write_bytes(folder / one.key, content)
    with (folder / "ran.log").open("a") as log:
        log.write(f"{one.key} {os.getpid()}\n")
    return Outcome({"bytes": len(content)})


def be_killed(project: Project, one: Task, report: Report) -> Outcome:
    """Take the worker along."""
    os.kill(os.getpid(), 9)
    raise AssertionError("still here")


def sleep_long(project: Project, one: Task, report: Report) -> Outcome:
    """Work for a minute, unless told to stop."""
    (project.root / "began").touch()
    for second in range(600):
        report(second, 600)
        time.sleep(0.1)
    return Outcome()


def sleep_deaf(project: Project, one: Task, report: Report) -> Outcome:
    """Work for a minute and listen to nobody."""
    (project.root / "began").touch()
    time.sleep(60)
    return Outcome()


KINDS = {"write": write_file, "die": be_killed, "sleep": sleep_long, "deaf": sleep_deaf}


def states(project: Project) -> dict[str, str]:
    with turn(project) as connection:
        return {row.key: row.state for row in connection.execute(text("SELECT key, state FROM task"))}


def alter(project: Project, sql: str, **values: Any) -> None:
    """Change what the engine has on record, as time or trouble would."""
    with turn(project) as connection:
        assert connection.execute(text(sql), values).rowcount > 0


def check_counts(project: Project) -> None:
    """What the engine counts along the way is what there is."""
    with turn(project) as connection:
        wrong = connection.execute(text(
            """SELECT t.key FROM task t WHERE t.lacks <> (SELECT count(*) FROM task_need n
                LEFT JOIN task x ON x.key = n.needs WHERE n.task = t.key AND COALESCE(x.state, '') <> 'done')"""
        )).all()  # fmt: skip
        assert wrong == []
        for row in connection.execute(text(
            """SELECT j.id, j.size, j.open, j.stuck, j.left_s, count(t.key) AS all_,
                COALESCE(SUM(CASE WHEN t.state <> 'done' THEN 1 ELSE 0 END), 0) AS open_,
                COALESCE(SUM(CASE WHEN t.state IN ('dead', 'blocked') THEN 1 ELSE 0 END), 0) AS stuck_,
                COALESCE(SUM(CASE WHEN t.state <> 'done' THEN t.cost_s ELSE 0 END), 0) AS left_
            FROM job j LEFT JOIN job_task w ON w.job = j.id LEFT JOIN task t ON t.key = w.task
            WHERE j.state IN ('active', 'paused') GROUP BY j.id, j.size, j.open, j.stuck, j.left_s"""
        )):  # fmt: skip
            assert (row.size, row.open, row.stuck) == (row.all_, row.open_, row.stuck_), row.id
            assert abs(row.left_s - row.left_) < 1e-6
        offered = {tuple(row) for row in connection.execute(text("SELECT job, task FROM task_ready"))}
        wanted = {tuple(row) for row in connection.execute(text(
            """SELECT w.job, w.task FROM job_task w JOIN task t ON t.key = w.task JOIN job j ON j.id = w.job
            WHERE t.state = 'ready' AND j.state IN ('active', 'paused')"""
        ))}  # fmt: skip
        assert offered == wanted


if __name__ == "__main__":
    work_until_told(Crew(Path(sys.argv[1]), KINDS, ()))
