from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.errors import RightsError
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.state import job_state, workers
from countenance.jobs.worker import run_due
from countenance.store.project import Project, init_project

RUNNER = CliRunner()


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)])
    return done.exit_code, done.stdout, done.stderr


def kind(project: Project, one: Task, report: Report) -> Outcome:
    if one.key == "b":
        raise RightsError("no grant covers it")
    return Outcome()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path)
    tasks = [Task("a", "k", "cpu", "see the master"), Task("b", "k", "cpu", "paint de 1/3", ("a",))]
    submit(made, Job("job-one", "spring", "studio", {}), tasks)
    submit(made, Job("job-two", "autumn", "studio", {}), [Task("c", "rare", "gpu", "paint fr 1/3")])
    return made


def test_jobs_are_listed_until_they_are_over(project: Project) -> None:
    shown = run(project, "jobs", "list")[1]
    assert "spring" in shown and "0/2" in shown and "autumn" in shown
    run_due(project, {"k": kind}, queues=("cpu",))
    assert [one["id"] for one in json.loads(run(project, "jobs", "list", "--json")[1])] == ["job-two"]
    every = json.loads(run(project, "jobs", "list", "--all", "--campaign", "spring", "--json")[1])
    assert [(one["id"], one["state"], one["stuck"]) for one in every] == [("job-one", "failed", 1)]


def test_a_job_is_shown_by_the_beginning_of_its_id(project: Project) -> None:
    run_due(project, {"k": kind}, queues=("cpu",))
    status, shown, _ = run(project, "jobs", "show", "job-o")
    assert status == 0 and "RightsError: no grant covers it" in shown and "see the master" not in shown
    whole = json.loads(run(project, "jobs", "show", "job-one", "--json")[1])
    assert whole["counts"] == {"dead": 1, "done": 1}
    assert [(one["about"], one["state"]) for one in whole["tasks"]] == [
        ("see the master", "done"),
        ("paint de 1/3", "dead"),
    ]
    status, _, said = run(project, "jobs", "show", "job")  # of two jobs
    assert status == 2 and "no job 'job'" in said


def test_campaigns_are_paused_resumed_and_cancelled(project: Project) -> None:
    assert run(project, "jobs", "pause", "spring")[1] == "job-one: paused\n"
    assert run(project, "jobs", "resume", "autumn")[1] == "nothing was resumed\n"
    assert job_state(project, "job-one").state == "paused"
    assert json.loads(run(project, "jobs", "resume", "spring", "--budget", "60", "--json")[1]) == {
        "resumed": ["job-one"]
    }
    assert job_state(project, "job-one").budget_s == 60.0
    assert run(project, "jobs", "cancel", "job-one")[1] == "job-one: cancelled\n"
    assert run(project, "jobs", "cancel", "nobody")[0] == 2


def test_dead_letters_are_listed_with_their_reason_and_tried_again(project: Project) -> None:
    run_due(project, {"k": kind}, queues=("cpu",))
    assert "no grant covers it" in run(project, "jobs", "dead")[1]
    assert run(project, "jobs", "retry", "b")[1] == "b is tried again\n"
    assert json.loads(run(project, "jobs", "dead", "--json")[1]) == []
    assert run(project, "jobs", "retry", "b")[0] == 2


def test_workers_are_listed_and_what_none_of_them_can_do(project: Project) -> None:
    found = json.loads(run(project, "jobs", "workers", "--json")[1])
    assert found["workers"] == []
    assert [(one["queue"], one["skill"]) for one in found["unserved"]] == [("cpu", "k"), ("gpu", "rare")]
    assert "kind that no worker serves" in run(project, "jobs", "workers")[1]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_worker_serves_until_it_is_told_to_end(project: Project, processes: str) -> None:
    command = [
        sys.executable,
        "-m",
        "countenance.cli",
        "--project",
        str(project.root),
        "worker",
        "--processes",
        processes,
    ]
    with subprocess.Popen([*command, "--queues", "cpu, net"], env={**os.environ, "NO_COLOR": "1"}) as process:
        try:
            until = time.monotonic() + 60
            while len([one for one in workers(project) if one.alive]) < int(processes):
                assert time.monotonic() < until
                time.sleep(0.05)
            assert {one.queues for one in workers(project)} == {("cpu", "net")}
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert workers(project) == []


def test_a_worker_without_queues_is_refused(project: Project) -> None:
    status, _, said = run(project, "worker", "--queues", " , ")
    assert status == 2 and "--queues names none" in said
