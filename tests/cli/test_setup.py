from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.models.catalogue import BUNDLED, CATALOGUE
from countenance.store.project import open_project

RUNNER = CliRunner()


def test_init_makes_a_project_with_its_authority_and_may_be_repeated(tmp_path: Path) -> None:
    first = json.loads(RUNNER.invoke(app, ["init", str(tmp_path), "--tenant", "Studio Ä", "--json"]).stdout)
    second = json.loads(RUNNER.invoke(app, ["--project", str(tmp_path), "init", "--json"]).stdout)
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    assert second["tenant"] == "Studio Ä"
    project = open_project(tmp_path)
    assert (project.keys / "authority.crt").is_file()
    assert project.database_path.is_file()


def test_init_works_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "made" in RUNNER.invoke(app, ["init"]).stdout
    assert (tmp_path / ".countenance" / "settings.toml").is_file()


def test_a_command_that_needs_a_project_names_the_way_out(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["ledger", "show", "--project", str(tmp_path)])
    assert done.exit_code == 2
    assert "countenance init" in done.stderr


def test_models_list_tells_source_licence_and_purpose_of_each() -> None:
    told = json.loads(RUNNER.invoke(app, ["models", "list", "--json"]).stdout)
    assert [one["model"] for one in told] == [model.name for model in (*CATALOGUE, *BUNDLED)]
    assert all(one["source"] and one["licence"] and one["purpose"] for one in told)
    assert all(len(one["sha256"]) == 64 for one in told[: len(CATALOGUE)])  # what a library brings is pinned by it
    shown = RUNNER.invoke(app, ["models", "list"]).stdout
    assert "mediapipe==0.10.21" in shown
    assert "CC0-1.0" in shown


def test_models_check_passes_here_and_fails_where_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RUNNER.invoke(app, ["models", "check"]).exit_code == 0
    monkeypatch.setenv("COUNTENANCE_CACHE", str(tmp_path))
    done = RUNNER.invoke(app, ["models", "check"])
    assert done.exit_code == 1
    assert done.stdout.count("missing") == len(CATALOGUE)
    assert "countenance models pull" in done.stderr


def test_models_pull_does_nothing_when_all_are_here() -> None:
    assert json.loads(RUNNER.invoke(app, ["models", "pull", "--json"]).stdout)["fetched"] == []
