from __future__ import annotations

import time

from graphs import Notes, check_counts, job, states, task

from countenance.jobs.forget import forget_ended_jobs, forget_jobs
from countenance.jobs.graph import submit
from countenance.jobs.state import jobs_of
from countenance.jobs.worker import run_due
from countenance.store.project import Project


def test_whatever_names_a_person_goes_and_what_others_want_stays(project: Project) -> None:
    submit(project, job("one", campaign="ada's spring"), [task("shared"), task("a", "shared")])
    submit(project, job("two"), [task("shared"), task("b", "shared", spec={"face": "ada"})])
    submit(project, job("three", campaign="autumn", owner="ben"), [task("shared"), task("c", "shared")])
    run_due(project, {"note": Notes()}, queues=("cpu",))
    assert forget_jobs(project, ["", "ada"]) == 2
    assert [one.id for one in jobs_of(project)] == ["three"]
    assert set(states(project)) == {"shared", "c"}
    assert forget_jobs(project, ["ada"]) == forget_jobs(project, []) == 0
    check_counts(project)


def test_jobs_that_ended_long_ago_are_forgotten_and_running_ones_never(project: Project) -> None:
    submit(project, job("old"), [task("a")])
    run_due(project, {"note": Notes()}, queues=("cpu",))
    submit(project, job("under way"), [task("b")])
    later = time.time() + 3600
    assert forget_ended_jobs(project, later - 7200) == 0
    assert forget_ended_jobs(project, later, delete=False) == 1
    assert forget_ended_jobs(project, later) == 1
    assert [one.id for one in jobs_of(project)] == ["under way"]
    assert states(project) == {"b": "ready"}
