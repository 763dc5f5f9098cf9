from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from outside import CAMPAIGN, add_settings, release_id, released, sink_text, variant_id
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.store.project import Project, init_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path / "studio")
    (tmp_path / "share").mkdir()
    add_settings(made, sink_text("share", "folder", str(tmp_path / "share")))
    released(made, tmp_path / "out", film_bytes=5000)
    return made


def run(project: Project, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--project", str(project.root), *arguments])
    return result.exit_code, result.output


def test_publish_feed_and_withdraw_from_the_command_line(project: Project, tmp_path: Path) -> None:
    assert run(project, "publish", CAMPAIGN, "--to", "share") == (0, f"variant {variant_id()} at share\n")
    status, output = run(project, "feed", "share")
    assert (status, json.loads(output)["creatives"][0]["variant"]) == (0, variant_id())
    assert run(project, "feed", "share", "--out", str(tmp_path / "feed.csv"))[0] == 0
    with (tmp_path / "feed.csv").open(newline="", encoding="utf-8") as file:
        assert [row["variant"] for row in csv.DictReader(file)] == [variant_id()]
    status, output = run(project, "withdraw", release_id(), "--by", "Ina Weber", "--reason", "wrong", "--json")
    assert (status, json.loads(output)["left"]) == (0, {})
    assert [path for path in (tmp_path / "share").rglob("*") if path.is_file()] == []
    assert run(project, "publish", CAMPAIGN, "--to", "share")[0] == 3


def test_a_withdrawal_that_is_not_everywhere_yet_says_so(project: Project, tmp_path: Path) -> None:
    run(project, "publish", variant_id(), "--to", "share")
    (tmp_path / "share").rename(tmp_path / "unmounted")
    status, output = run(project, "withdraw", release_id(), "--by", "Ina Weber", "--reason", "wrong")
    assert status == 4
    assert "share: 12 of its files are still there" in output
    (tmp_path / "unmounted").rename(tmp_path / "share")
    assert run(project, "withdraw", release_id(), "--by", "Ina Weber", "--reason", "wrong", "--wait")[0] == 0


def test_publishing_can_be_left_to_a_worker(project: Project, tmp_path: Path) -> None:
    status, output = run(project, "publish", variant_id(), "--to", "share", "--later")
    assert status == 0 and "a worker on the queue net sends it" in output
    assert not any(path.is_file() for path in (tmp_path / "share").rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("publish", "--to", "share"), 2),
        (("publish", "x", "--site", "y", "--to", "share"), 2),
        (("publish", "--site", "y", "--to", "share"), 2),
        (("publish", "01JD", "--to", "nowhere"), 2),
        (("feed", "share", "--out", "feed.xml"), 2),
        (("withdraw", "01NOBODY", "--reason", "wrong"), 2),
        (("withdraw", release_id(), "--reason", " "), 2),
    ],
)
def test_wrong_use_is_told(project: Project, arguments: tuple[str, ...], status: int) -> None:
    assert run(project, *arguments)[0] == status
