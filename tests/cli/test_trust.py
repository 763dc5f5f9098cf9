from __future__ import annotations

import json
from pathlib import Path

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
