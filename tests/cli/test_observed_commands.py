from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.jobs.graph import Job, Task, submit
from countenance.store.project import Project, init_project

RUNNER = CliRunner()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path)


def test_metrics_are_printed_for_prometheus_and_as_json(project: Project) -> None:
    submit(project, Job("job", "spring", "studio", {}), [Task("a", "rare", "gpu", "paint fr 1/3")])
    shown = RUNNER.invoke(app, ["metrics", "--project", str(project.root)])
    assert 'countenance_queue_length{queue="gpu"} 1.0' in shown.stdout.splitlines()
    values = json.loads(RUNNER.invoke(app, ["metrics", "--json", "--project", str(project.root)]).stdout)
    assert values["countenance_queue_length"] == [{"labels": {"queue": "gpu"}, "value": 1.0}]


@pytest.mark.parametrize("command", ["worker", "serve"])
@pytest.mark.parametrize(
    ("option", "said"), [(("--log", "xml"), "write json or text"), (("--metrics", "here"), "is no address for metrics")]
)
def test_what_cannot_be_understood_is_refused(
    project: Project, command: str, option: tuple[str, str], said: str
) -> None:
    port = ["--port", "0"] if command == "serve" else []
    done = RUNNER.invoke(app, [command, *option, *port, "--project", str(project.root)])
    assert done.exit_code == 2 and said in done.stderr


def test_a_watched_worker_writes_lines_and_ends_when_it_is_told(project: Project) -> None:
    task = Task("a", "see", "cpu", "see the master", spec={"request": {"brief": "none"}, "job": ""})
    submit(project, Job("job", "spring", "studio", {}), [task])
    command = [sys.executable, "-m", "countenance.cli", "--project", project.root, "worker"]
    worker = subprocess.Popen(
        [*command, "--log", "json", "--metrics", "0"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    )  # fmt: skip
    try:
        assert worker.stderr is not None
        first = json.loads(worker.stderr.readline())
        assert (first["event"], first["kind"], first["campaign"]) == ("task.started", "see", "spring")
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)
    assert worker.returncode == 0
