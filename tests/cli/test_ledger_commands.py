from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.ledger.checkpoint import checkpoint_path
from countenance.ledger.log import append, entries, utc_now
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
    with closing(sqlite3.connect(project.database_path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER ledger_entry_no_update")
        connection.execute("UPDATE ledger_entry SET actor = 'mallory'")
    status, stdout, _ = run(project, "ledger", "verify", "--json")
    assert status == 1
    assert json.loads(stdout)["ok"] is False
    assert "entry 1" in json.loads(stdout)["problem"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path / "studio")
    for number in range(4):
        append(made, "render.started", "kim", {"variant": f"v{number}"})
    return made


def anywhere(*arguments: str) -> tuple[int, str]:
    done = RUNNER.invoke(app, [*arguments])
    return done.exit_code, done.stdout + done.stderr


def test_a_proof_of_an_entry_checks_out_where_there_is_no_project(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof, key = tmp_path / "proof.json", tmp_path / "ledger.pem"
    assert run(project, "ledger", "prove", "2", "--out", str(proof), "--key-out", str(key))[0] == 0
    assert json.loads(run(project, "ledger", "prove", "2")[1]) == json.loads(proof.read_text())
    monkeypatch.chdir(tmp_path)
    status, words = anywhere("ledger", "verify", str(proof), "--key", str(key))
    assert (status, words.split(",")[0]) == (0, "proven: entry 2 (render.started")
    assert anywhere("ledger", "verify", str(proof))[0] == 2  # without a project somebody must name the key
    proof.write_text(proof.read_text().replace('"v1"', '"v2"'))
    status, words = anywhere("ledger", "verify", str(proof), "--key", str(key))
    assert (status, words) == (1, "error: entry 2 (render.started) was changed: its hash does not fit.\n")


def test_a_proof_since_a_checkpoint_checks_out(project: Project, tmp_path: Path) -> None:
    old, proof = tmp_path / "old", tmp_path / "proof.json"
    old.write_bytes(checkpoint_path(project).read_bytes())
    append(project, "render.started", "kim", {})
    assert run(project, "ledger", "prove", "--since", str(old), "--out", str(proof))[0] == 0
    words = "proven: the ledger of 5 entries begins with the 4 of the older checkpoint\n"
    assert run(project, "ledger", "verify", str(proof)) == (0, words, "")


@pytest.mark.parametrize("arguments", [[], ["2", "--since", "x"], ["9"], ["--since", "none"]])
def test_what_cannot_be_proven_is_refused(project: Project, arguments: list[str]) -> None:
    status, stdout, stderr = run(project, "ledger", "prove", *arguments)
    assert (status, stdout, len(stderr.splitlines())) == (2, "", 1)


def test_an_export_is_watched_and_the_studio_learns_what_was_seen(project: Project, tmp_path: Path) -> None:
    exported, state, note = tmp_path / "exported", tmp_path / "witness", tmp_path / "note"
    assert run(project, "ledger", "export", str(exported))[:2] == (0, f"{exported} has 4 entries (new files: 5)\n")
    assert anywhere("ledger", "verify", str(exported), "--key", str(exported / "ledger.pem")) == (
        0, "the export checks out (entries: 4)\n",
    )  # fmt: skip
    watch = ["ledger", "witness", str(exported), "--state", str(state)]
    assert anywhere(*watch)[0] == 2  # whose ledger is it?
    first = [*watch, "--log-key", str(exported / "ledger.vkey"), "--name", "auditor", "--out", str(note)]
    assert anywhere(*first)[1].startswith("signed: 4 entries of countenance/")
    assert note.read_text() in anywhere(*watch)[1]
    told = ["ledger", "verify", "--witnessed", str(note)]
    assert run(project, *told)[0] == 2  # by whom was it signed?
    assert run(project, *told, "--witness-key", str(state / "witness.vkey"))[0] == 0
    (exported / "checkpoint").write_text(checkpoint_path(project).read_text().replace("\n4\n", "\n3\n"))
    assert anywhere(*watch)[0] == 1
    assert run(project, "ledger", "verify", str(exported))[0] == 1


def test_a_clock_that_was_ahead_is_put_on_record(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("countenance.ledger.log.utc_now", lambda: f"2099{utc_now()[4:]}")
        append(project, "render.started", "kim", {})
    status, stdout, _ = run(project, "ledger", "verify")
    assert (status, "entry 5 is dated 2099" in stdout) == (1, True)
    assert run(project, "ledger", "correct-clock", "--reason", "wrong year", "--as", "kim")[0] == 0
    append(project, "render.finished", "kim", {})
    assert run(project, "ledger", "verify")[0] == 0
    assert [one.kind for one in entries(project)][4:] == ["render.started", "clock.corrected", "render.finished"]


def test_a_project_on_postgresql_is_made_and_used_by_commands(tmp_path: Path, postgresql: str) -> None:
    folder = tmp_path / "shared"
    status, words = anywhere("init", str(folder), "--database", postgresql)
    assert (status, words.split(":")[0]) == (0, "made")
    append(Project(folder), "render.started", "kim", {})
    assert run(Project(folder), "ledger", "verify")[:2] == (0, "the ledger checks out (entries: 1)\n")
    assert not (folder / ".countenance" / "countenance.db").exists()
    status, words = anywhere("init", str(tmp_path / "other"), "--database", "sqlite:///x")
    assert (status, "no PostgreSQL database" in words) == (2, True)
