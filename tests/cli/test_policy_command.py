from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaigns import cut_master, write_campaign
from clips import EXAMPLES
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.ledger.log import entries
from countenance.store.project import Project, init_project

RUNNER = CliRunner()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path)


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)])
    return done.exit_code, done.stdout, done.stderr


def test_the_rules_are_shown_with_who_decided_them(project: Project) -> None:
    told = {one["id"]: one for one in json.loads(run(project, "policy", "show", "--json")[1])}
    assert (told["sexual"]["action"], told["minor"]["action"]) == ("block", "block")
    assert all(one["owner"] and one["reason"] and one["date"] for one in told.values())
    assert "words_political" in run(project, "policy", "show")[1]


def test_a_brief_is_checked_decided_about_and_checked_again(project: Project, tmp_path: Path) -> None:
    master = cut_master(tmp_path / "master.mp4", 0.2)
    brief = write_campaign(tmp_path / "brief", master, faces=("keep",))
    assert run(project, "policy", "check", str(brief)) == (0, "policy finds nothing\n", "")
    (tmp_path / "brief" / "script.txt").write_text("Vote for this machine.", encoding="utf-8")
    status, stdout, _ = run(project, "policy", "check", str(brief), "--json")
    (found,) = json.loads(stdout)
    assert (status, found["action"], found["rule"]) == (3, "escalate", "words_political")
    assert entries(project) == []  # a check writes nothing
    assert run(project, "policy", "findings")[1] == "nothing waits for a decision\n"
    decide = ("policy", "decide", found["id"], "--allow", "--reason", "a pun", "--as", "legal")
    assert run(project, *decide)[0] == 2  # nothing has asked for it yet
    out = tmp_path / "out"
    status, _, stderr = run(project, "produce", str(brief), "--out", str(out))
    assert (status, "somebody has to decide" in stderr) == (3, True)
    (waiting,) = json.loads(run(project, "policy", "findings", "--json")[1])
    assert waiting["id"] == found["id"]
    assert run(project, *decide)[0] == 0
    assert run(project, "policy", "check", str(brief))[0] == 0
    assert "a pun" in run(project, "policy", "findings", "--all")[1]


def test_a_person_is_put_on_the_block_list_and_taken_off(project: Project) -> None:
    front = str(EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg")
    added = run(
        project, "policy", "block", "Protected", "--refs", front, "--reason", "asked us", "--as", "legal", "--json"
    )
    entry = json.loads(added[1])
    assert (added[0], entry["pictures"]) == (0, 1)
    assert "Protected" in run(project, "policy", "blocked")[1]
    status, _, stderr = run(project, "talent", "add", "ben", "--refs", front)
    assert (status, "who is on the block list" in stderr) == (3, True)
    assert not (project.folder / "talents").exists()
    assert run(project, "policy", "unblock", entry["id"], "--reason", "asked us again", "--as", "legal")[0] == 0
    assert run(project, "policy", "blocked")[1] == "nobody is on the block list\n"
