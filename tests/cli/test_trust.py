from __future__ import annotations

import json
from pathlib import Path

import pytest
from releases import RELEASE
from sqlalchemy import text
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.ledger.log import append
from countenance.store.database import engine
from countenance.store.project import Project, init_project

RUNNER = CliRunner()


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)])
    return done.exit_code, done.stdout, done.stderr


def test_verify_passes_the_released_file_and_fails_a_strange_one(
    released: tuple[Project, Path], ada_clip: Path
) -> None:
    project, sealed = released
    status, stdout, stderr = run(project, "verify", str(sealed))
    assert (status, stderr) == (0, "")
    assert stdout.splitlines()[0] == f"video.mp4 is release {RELEASE}: ours, released and intact."
    assert run(project, "verify", str(sealed), "--quiet") == (0, "", "")
    assert run(project, "verify", str(ada_clip), "--quiet") == (1, "", "")


def test_verify_tells_machines_the_same(released: tuple[Project, Path]) -> None:
    status, stdout, _ = run(released[0], "verify", str(released[1]), "--json")
    told = json.loads(stdout)
    assert status == told["exit_status"] == 0
    assert (told["ours"], told["released"], told["intact"]) == (True, True, True)


@pytest.mark.parametrize("content", [None, b"", b"plain text"])
def test_verify_refuses_what_it_cannot_read(
    released: tuple[Project, Path], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "what.mp4"
    if content is not None:
        path.write_bytes(content)
    status, stdout, stderr = run(released[0], "verify", str(path))
    assert (status, stdout) == (2, "")
    assert len(stderr.splitlines()) == 1
    assert "what.mp4" in stderr


def test_verify_works_where_there_is_no_project(
    released: tuple[Project, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = RUNNER.invoke(app, ["verify", str(released[1])])
    assert done.exit_code == 1
    assert "without a project only the embedded history can be judged" in done.stdout


def test_a_project_that_is_named_must_be_there(released: tuple[Project, Path], tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["verify", str(released[1]), "--project", str(tmp_path)])
    assert done.exit_code == 2


def test_the_ledger_is_shown_in_part_and_in_whole(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    for number in range(3):
        append(project, "render.started", "kim", {"variant": f"v{number}", "engines": ["swap"]})
    append(project, "render.refused", "kim", {"hash": "ab" * 32})
    assert [one["seq"] for one in json.loads(run(project, "ledger", "show", "--json")[1])] == [1, 2, 3, 4]
    kept = json.loads(run(project, "ledger", "show", "--kind", "render.started", "--last", "1", "--json")[1])
    assert [one["data"]["variant"] for one in kept] == ["v2"]
    shown = run(project, "ledger", "show")[1]
    assert "engines: 1 of them; variant: v0" in shown
    assert "hash: abababababab…" in shown


def test_the_ledger_is_proven_or_the_first_bad_place_named(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    append(project, "render.started", "kim", {"variant": "v"})
    assert run(project, "ledger", "verify") == (0, "the ledger checks out (entries: 1)\n", "")
    with engine(project).begin() as connection:
        for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {row.name}"))
        connection.execute(text("UPDATE ledger_entry SET actor = 'mallory'"))
    status, stdout, _ = run(project, "ledger", "verify", "--json")
    assert status == 1
    assert json.loads(stdout)["ok"] is False
    assert "entry 1" in json.loads(stdout)["problem"]
