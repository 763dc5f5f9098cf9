from __future__ import annotations

import time
from dataclasses import replace

from graphs import Notes, job, states, task

from countenance.jobs.forgetting import ended_before, forget_jobs, jobs_about, runs_now
from countenance.jobs.graph import submit
from countenance.jobs.state import jobs_of
from countenance.jobs.worker import run_due
from countenance.store.database import reading, writing
from countenance.store.project import Project


def forget(project: Project, *words: str) -> int:
    with writing(project) as connection:
        return forget_jobs(connection, jobs_about(connection, words), words)


def test_whatever_names_a_person_goes_and_what_others_want_stays(project: Project) -> None:
    submit(project, job("one", campaign="ada's spring"), [task("shared"), task("a", "shared")])
    submit(project, job("two"), [task("shared"), replace(task("b", "shared"), spec={"face": "ada"})])
    submit(project, job("three", campaign="autumn", owner="ben"), [task("shared"), task("c", "shared")])
    run_due(project, {"note": Notes()}, queues=("cpu",))
    assert forget(project, "", "ada") == 2
    assert [one.id for one in jobs_of(project)] == ["three"]
    assert set(states(project)) == {"shared", "c"}
    assert forget(project, "ada") == forget(project) == 0


def test_jobs_that_ended_long_ago_are_found_and_running_ones_never(project: Project) -> None:
    submit(project, job("old"), [task("a")])
    run_due(project, {"note": Notes()}, queues=("cpu",))
    submit(project, job("under way"), [task("b")])
    later = time.time() + 3600
    with reading(project) as connection:
        assert ended_before(connection, later - 7200) == []
        assert ended_before(connection, later) == ["old"]


def test_a_job_is_worked_on_while_a_living_worker_has_a_task_of_it_in_hand(project: Project) -> None:
    submit(project, job("one"), [task("a")])
    seen: list[bool] = []

    def look(_project: Project, _task: object, _report: object) -> object:
        with reading(project) as connection:
            seen.append(runs_now(connection, ["one"], time.time()))
        return Notes()(_project, _task, _report)  # type: ignore[arg-type]

    run_due(project, {"note": look}, queues=("cpu",))  # type: ignore[dict-item]
    with reading(project) as connection:
        seen.append(runs_now(connection, ["one"], time.time()))
    assert seen == [True, False]
