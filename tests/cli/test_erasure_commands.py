"""The commands forget, retention and keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.ledger.log import entries
from countenance.store import passphrase
from countenance.store.passphrase import VARIABLE
from countenance.store.project import Project, init_project
from countenance.store.secrets import load_or_create_symmetric

RUNNER = CliRunner()
GRANT = """
talent: zoe
kind: synthetic
controller: ops@example.org
purposes: [swap_source]
campaigns: [launch]
markets: [DE]
channels: [web]
languages: [de]
valid: {from: 2026-01-01, until: 2027-12-31}
licence: CC0-1.0
origin: made for this test
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path)
    (tmp_path / "grant.yaml").write_text(GRANT, encoding="utf-8")
    run(made, "consent", "grant", str(tmp_path / "grant.yaml"))
    return made


def run(project: Project, *arguments: str, said: str = "") -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)], input=said)
    return done.exit_code, done.stdout, done.stderr


def kinds(project: Project) -> list[str]:
    return [entry.kind for entry in entries(project)]


def test_a_dry_run_tells_and_changes_nothing(project: Project) -> None:
    status, stdout, _ = run(project, "forget", "zoe", "--dry-run")
    assert status == 0 and "grants to be deleted" in stdout and "keys" in stdout
    told = json.loads(run(project, "forget", "zoe", "--dry-run", "--json")[1])
    assert (told["grants"], told["files"]["keys"]["files"], told["under_way"]) == (1, 1, False)
    assert kinds(project) == ["consent.granted"]


def test_it_asks_before_it_erases(project: Project) -> None:
    status, stdout, stderr = run(project, "forget", "zoe", said="n\n")
    assert status == 1 and "grants to be deleted" in stdout and "Erase zoe for good?" in stderr
    assert kinds(project) == ["consent.granted"]
    status, stdout, _ = run(project, "forget", "zoe", "--as", "Dana", said="y\n")
    assert status == 0 and "zoe was erased; the certificate is" in stdout
    assert kinds(project) == ["consent.granted", "consent.withdrawn", "person.erased"]


def test_the_certificate_and_its_number_come_as_json(project: Project) -> None:
    told = json.loads(run(project, "forget", "zoe", "--yes", "--json")[1])
    assert Path(told["certificate"]).is_file() and len(told["opening"]) == 32
    assert told["content"]["searched"]["remainders"] == 0
    status, _, stderr = run(project, "forget", "zoe", "--yes")
    assert status == 2 and "nothing is on record under 'zoe'" in stderr


def test_an_erased_grant_is_not_recorded_again(project: Project) -> None:
    run(project, "forget", "zoe", "--yes")
    status, _, stderr = run(project, "consent", "grant", str(project.root / "grant.yaml"))
    assert status == 3 and "cannot be recorded again" in stderr


def test_periods_are_shown_and_enforced(project: Project) -> None:
    shown = json.loads(run(project, "retention", "show", "--json")[1])
    assert {"face_models", "people", "jobs"} <= {one["kind"] for one in shown}
    assert all(one["reason"] and one["basis"] and one["due"] == 0 for one in shown)
    assert run(project, "retention", "run")[:2] == (0, "nothing is due\n")
    (project.folder / "retention.toml").write_text(
        '[[period]]\nkind = "people"\ndays = 0\nreason = "our promise"\nbasis = "Art. 17(1)(b)"\n', encoding="utf-8"
    )
    run(project, "consent", "withdraw", "zoe", "--reason", "x", "--as", "zoe")
    status, stdout, _ = run(project, "retention", "run", "--dry-run")
    assert status == 0 and "people" in stdout and "person.erased" not in kinds(project)
    (ended,) = json.loads(run(project, "retention", "run", "--json")[1])
    assert (ended["kind"], ended["name"]) == ("people", "zoe")
    assert kinds(project)[-2:] == ["person.erased", "retention.enforced"]


def test_keys_are_checked_protected_and_opened(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "_COST", {"n": 1 << 10, "r": 8, "p": 1})
    monkeypatch.setattr(passphrase, "_opened", {})
    key = load_or_create_symmetric(project, "mark")
    status, _, stderr = run(project, "keys", "protect")
    assert status == 2 and VARIABLE in stderr
    monkeypatch.setenv(VARIABLE, "correct horse battery")
    assert run(project, "keys", "protect")[0] == 0
    checked = json.loads(run(project, "keys", "check", "--json")[1])
    assert all(one["sealed"] and not one["problem"] for one in checked)
    assert {one["sort"] for one in checked} == {"secret", "Ed25519"}
    monkeypatch.setenv("COUNTENANCE_NEW_PASSPHRASE", "staple battery horse")
    assert run(project, "keys", "protect", "--change")[0] == 0
    passphrase._opened.clear()
    status, _, stderr = run(project, "keys", "check")
    assert status == 2 and "does not open the keys" in stderr
    monkeypatch.setenv(VARIABLE, "staple battery horse")
    assert run(project, "keys", "unprotect")[0] == 0
    assert (project.keys / "mark.key").read_bytes() == key


def test_a_damaged_key_and_one_that_others_may_read_are_told(project: Project) -> None:
    (project.keys / "mark.key").write_bytes(b"short")
    (project.keys / "ledger.pem").chmod(0o644)
    status, stdout, _ = run(project, "keys", "check", "--json")
    problems = {one["name"]: one["problem"] for one in json.loads(stdout)}
    assert status == 1
    assert problems["mark.key"].startswith("damaged") and "chmod 600" in problems["ledger.pem"]
