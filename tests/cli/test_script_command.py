"""`countenance script`: whether texts can be said, and drafts of translations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from campaigns import write_campaign
from click.testing import Result
from clips import EXAMPLES
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.store.project import init_project

MASTER = EXAMPLES / "ada" / "master.mp4"
SCRIPT = (EXAMPLES / "ada" / "script.txt").read_text(encoding="utf-8").strip()
GERMAN = (EXAMPLES / "script.de.txt").read_text(encoding="utf-8").strip()
HTTP = {"by": "http", "url": "http://127.0.0.1:9/v1", "model": "tiny"}


def run(folder: Path, *arguments: str) -> Result:
    init_project(folder)
    return CliRunner().invoke(app, ["script", *arguments, "--project", str(folder)])


def brief_of(folder: Path, german: str = GERMAN, **changes: Any) -> Path:
    path = write_campaign(folder, MASTER, faces=("keep",), **changes)
    (folder / "script.txt").write_text(SCRIPT, encoding="utf-8")
    (folder / "script.de.txt").write_text(german, encoding="utf-8")
    return path


def test_texts_that_fit_are_shown_in_a_table(tmp_path: Path) -> None:
    done = run(tmp_path, "check", str(brief_of(tmp_path)))
    assert done.exit_code == 0, done.output
    assert "rate" in done.stdout and "fits" in done.stdout


@pytest.mark.parametrize(
    ("german", "stops", "verdicts"), [(f"{GERMAN} {GERMAN}", 0, ["too long"]), ("🎉", 1, []), (SCRIPT, 1, [])]
)
def test_texts_that_cannot_be_said_end_with_status_1(
    tmp_path: Path, german: str, stops: int, verdicts: list[str]
) -> None:
    done = run(tmp_path, "check", str(brief_of(tmp_path, german)), "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert len(told["stops"]) == stops
    assert [one["verdict"] for one in told["languages"]] == verdicts


def test_a_draft_waits_until_it_is_accepted(tmp_path: Path) -> None:
    brief = brief_of(tmp_path, translate=HTTP, translations=None)
    (tmp_path / "script.de.txt").rename(tmp_path / "script.de.draft.txt")
    waiting = run(tmp_path, "check", str(brief))
    assert waiting.exit_code == 4
    assert "read script.de.draft.txt" in waiting.stderr
    done = run(tmp_path, "accept", str(brief), "--to", "de", "--as", "Petra Prüferin")
    assert done.exit_code == 0, done.output
    assert run(tmp_path, "check", str(brief)).exit_code == 0
    record = json.loads((tmp_path / "script.de.translation.json").read_text(encoding="utf-8"))
    assert record["accepted_by"] == "Petra Prüferin"


def test_a_translator_that_is_not_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("countenance.speech.translate.time.sleep", lambda _s: None)
    brief = brief_of(tmp_path, translate=HTTP, translations=None)
    (tmp_path / "script.de.txt").unlink()
    done = run(tmp_path, "translate", str(brief), "--to", "de")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: The translator at 127.0.0.1 cannot be reached")
    assert done.stderr.count("\n") == 1
