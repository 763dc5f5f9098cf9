"""Workers and the database are killed while they work: everything is made all the same, and nothing half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import graphs
import pytest
from graphs import KINDS, alter, check_counts, job, states, task
from killing import SERVER, Postmaster, descendants, kill_often
from postgres import new_database

from countenance.errors import CountenanceError
from countenance.jobs.graph import Task, submit
from countenance.jobs.processes import Crew, keep_working
from countenance.jobs.runner import run_job
from countenance.jobs.state import dead_letters, job_state, task_state, workers
from countenance.store.project import Project, init_project

ENV = {"PYTHONPATH": str(Path(graphs.__file__).parent)}
SEED = 20261122


def command(project: Project) -> list[str]:
    return [sys.executable, graphs.__file__, str(project.root)]


@contextmanager
def worker(project: Project) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command(project))
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(question: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not question():
        assert time.monotonic() < until
        time.sleep(0.05)


def file_tasks(folder: Path, wide: int, deep: int) -> list[Task]:
    """Layers of files, each made of two of the layer above, and one made of all of the last."""
    spec = {"folder": str(folder)}
    layers = [[f"{level}-{place}" for place in range(wide)] for level in range(deep)]
    tasks = [
        task(
            key, *({layers[level - 1][place], layers[level - 1][(place + 1) % wide]} if level else ()),
            kind="write", spec=spec,
        )
        for level, layer in enumerate(layers)
        for place, key in enumerate(layer)
    ]  # fmt: skip
    return [*tasks, task("page", *layers[-1], kind="write", spec=spec)]


def contents(tasks: list[Task]) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    for one in tasks:
        made[one.key] = one.key.encode() + b"".join(b"<" + made[need][:40] + b">" for need in sorted(one.needs))
    return made


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_graph_of_files_is_complete_after_fifty_kills(kind: str, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    with Postmaster() as server:
        project = init_project(tmp_path / "studio", database=new_database(server.url) if kind == "postgresql" else None)
        with project.settings_path.open("a") as settings:
            settings.write("[limits]\nkills = 50\ntries = 50\n")
        tasks = file_tasks(files, wide=20, deep=30)
        submit(project, job(), tasks)
        killed = kill_often(
            [command(project)] * 3,
            lambda: job_state(project, "job").settled,
            kills=50,
            seed=SEED,
            between_s=(0.1, 1.0),
            server=server if kind == "postgresql" else None,
            env=ENV,
        )
        assert killed.total() == 50
        assert (killed[SERVER] > 0) == (kind == "postgresql")
        assert job_state(project, "job").state == "done"
        check_counts(project)
        assert {path.name: path.read_bytes() for path in files.iterdir() if path.name[0] != "."} == {
            **contents(tasks), "ran.log": (files / "ran.log").read_bytes(),
        }  # fmt: skip


def test_what_a_killed_worker_had_in_hand_is_taken_up_at_once(project: Project) -> None:
    submit(project, job(), [task("a", kind="sleep"), task("b", kind="sleep")])
    with worker(project):
        wait_for(lambda: (project.root / "began").exists())
    assert states(project)["a"] == "running"
    (project.root / "began").unlink()
    with worker(project):
        wait_for(lambda: (project.root / "began").exists())
        assert task_state(project, "a").attempt == 2  # not after the lease of the first has ended
        assert task_state(project, "a").kills == 1
        assert len([one for one in workers(project) if one.alive]) == 1


@pytest.mark.parametrize("kind", ["sleep", "deaf"])
def test_sigterm_gives_the_task_back(project: Project, kind: str) -> None:
    submit(project, job(), [task("a", kind=kind)])
    with worker(project) as process:
        wait_for(lambda: (project.root / "began").exists())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert states(project) == {"a": "ready"}
    assert (task_state(project, "a").kills, task_state(project, "a").failures) == (0, 0)
    assert workers(project) == []


def test_a_task_that_kills_its_workers_ends_in_the_dead_letter_list(project: Project) -> None:
    submit(
        project,
        job(),
        [task("a", kind="die"), task("b", "a"), task("c", kind="write", spec={"folder": str(project.root)})],
    )
    with pytest.raises(CountenanceError, match="5 workers were lost while they worked on it"):
        run_job(project, "job", KINDS, processes=2)
    assert states(project) == {"a": "dead", "b": "blocked", "c": "done"}
    assert [letter.kills for letter in dead_letters(project)] == [5]
    check_counts(project)


def test_helpers_end_when_whoever_started_them_is_killed(project: Project) -> None:
    submit(project, job(), [task("a", kind="sleep")])
    script = (
        "import sys; from pathlib import Path; from graphs import KINDS; from countenance.jobs.runner import run_job\n"
        "from countenance.store.project import Project\n"
        "if __name__ == '__main__': run_job(Project(Path(sys.argv[1])), 'job', KINDS, processes=2)\n"
    )
    path = project.root / "run.py"
    path.write_text(script)
    process = subprocess.Popen([sys.executable, str(path), str(project.root)], env={**os.environ, **ENV})
    try:
        wait_for(lambda: (project.root / "began").exists())
        helpers = descendants(process.pid)
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not any(Path(f"/proc/{one}").exists() for one in helpers))
    assert states(project) == {"a": "ready"}


def test_workers_that_cannot_start_are_given_up(project: Project, tmp_path: Path) -> None:
    crew = Crew(tmp_path / "no project", KINDS, ())
    assert keep_working(crew, 1, lambda: False) == 1


def test_a_lease_is_prolonged_while_the_work_goes_on(project: Project) -> None:
    submit(project, job(), [task("a", kind="sleep")])
    with worker(project):
        wait_for(lambda: (project.root / "began").exists())
        alter(project, "UPDATE task SET due = 0 WHERE key = 'a'")
        wait_for(lambda: task_state(project, "a").done > 0 and task_state(project, "a").due.year > 2000)  # type: ignore[union-attr]
        assert task_state(project, "a").attempt == 1
