"""The commands storage, backup and restore."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.cli.backup import VARIABLE
from countenance.ledger.log import append, verify
from countenance.store.blobs import blob_path, put_blob
from countenance.store.project import Project, init_project, open_project
from countenance.store.references import refer

RUNNER = CliRunner()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path / "studio")
    (tmp_path / "form.pdf").write_bytes(b"signed" * 99)
    refer(made, "evidence", "a form", [put_blob(made, tmp_path / "form.pdf")])
    append(made, "render.started", "worker", {})
    return made


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)])
    return done.exit_code, done.stdout, done.stderr


def told(project: Project, *arguments: str) -> tuple[int, object]:
    status, stdout, _ = run(project, *arguments, "--json")
    return status, json.loads(stdout)


def test_show_tells_where_blobs_lie_and_what_needs_them(project: Project) -> None:
    status, stdout, _ = run(project, "storage", "show")
    assert status == 0 and str(project.blobs) in stdout and "1 (594 B)" in stdout and "1 for evidence" in stdout
    assert told(project, "storage", "show")[1]["references"] == {"evidence": 1}  # type: ignore[index]


def test_check_names_what_was_changed(project: Project) -> None:
    assert run(project, "storage", "check")[0] == 0
    (path,) = (path for path in project.blobs.rglob("*") if path.is_file())
    path.chmod(0o644)
    path.write_bytes(b"forged" * 99)
    status, stdout, _ = run(project, "storage", "check", "--sample", "1")
    assert status == 1 and "damaged" in stdout and path.name in stdout.replace("\n", "")


def test_gc_changes_nothing_unless_it_is_meant_and_tells_what_is_missing(project: Project) -> None:
    status, stdout, _ = run(project, "storage", "gc")
    assert status == 0 and "--really does it" in stdout
    assert run(project, "storage", "gc", "--really")[0] == 0
    (path,) = (path for path in project.blobs.rglob("*") if path.is_file())
    assert blob_path(project, path.parent.name + path.name) == path
    path.unlink()
    status, value = told(project, "storage", "gc")
    assert status == 1 and value["missing"] == [path.parent.name + path.name]  # type: ignore[index]


def test_over_a_quota_the_exit_status_says_so(project: Project) -> None:
    assert run(project, "storage", "quota")[0] == 0
    with project.settings_path.open("a", encoding="utf-8") as stream:
        stream.write('\n[quota]\nproject = "500 B"\n')
    status, stdout, _ = run(project, "storage", "quota")
    assert status == 1 and "594 B" in stdout and "500 B" in stdout


def test_a_project_goes_into_a_backup_and_comes_back(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, again = str(tmp_path / "vault"), tmp_path / "again"
    status, _, stderr = run(project, "backup", vault)
    assert status == 2 and VARIABLE in stderr
    monkeypatch.setenv(VARIABLE, "nine green bottles")
    status, stdout, _ = run(project, "backup", vault)
    assert status == 0 and "under the passphrase" in stdout
    assert "are there and true" in run(project, "backup", vault, "--check")[1]
    done = RUNNER.invoke(app, ["restore", vault, "--into", str(again)])
    assert done.exit_code == 0 and "all proven" in done.stdout
    assert verify(open_project(again)).ok
    done = RUNNER.invoke(app, ["restore", vault, "--into", str(again)])
    assert done.exit_code == 2 and "a project already" in done.stderr
    status, value = told(project, "backup", vault, "--without-keys")
    assert status == 0 and value["keys"] is False  # type: ignore[index]
