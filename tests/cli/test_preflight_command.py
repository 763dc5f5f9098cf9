from __future__ import annotations

import json
from pathlib import Path

import pytest
from packages import make_package
from typer.testing import CliRunner, Result

from countenance.cli.app import app
from countenance.store.project import init_project


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package inside of its project's folder, as `produce --out` leaves it."""
    project = init_project(tmp_path_factory.mktemp("studio"))
    return make_package(project, project.root / "out", seconds=1)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["preflight", *map(str, arguments)])


def test_what_may_go_ends_with_status_0(package: Path) -> None:
    done = run(package, "--channel", "web")
    assert done.exit_code == 0, done.output
    assert f"{package.name} may go to web" in done.stdout
    assert "label: none expected on web" in done.stdout
    assert "older than 90 days, open their sources again: EU-LBL-1" in done.stdout
    assert "ALL-BADGE" not in done.stdout  # what is kept is told with --all only
    assert "ALL-BADGE" in run(package, "--channel", "web", "--all").stdout


def test_what_a_rule_blocks_ends_with_status_1(package: Path) -> None:
    done = run(package, "--channel", "youtube", "--market", "DE", "--political")
    assert done.exit_code == 1
    assert "GA-EU-2" in done.stdout and "BLOCKS" in done.stdout
    assert f"{package.name} may not go to youtube: 1 rule(s) that block are broken" in done.stdout
    assert run(package, "--channel", "youtube", "--market", "DE", "--political", "--organic").exit_code == 0


def test_json_tells_everything(package: Path) -> None:
    done = run(package, "--channel", "tiktok", "--market", "US", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == told["exit_status"] == 1
    assert told["situation"] == {
        "channel": "tiktok", "markets": ["US"], "format": None, "ad": True, "political": False,
    }  # fmt: skip
    assert told["predicted_label"]["label"] == "AI-generated"
    assert {one["id"]: one["state"] for one in told["findings"]}["ALL-MARK"] == "passed"  # the project was found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--channel", "youtub"], "there is no channel 'youtub': did you mean 'youtube'?"),
        (["--channel", "web", "--market", "Germany"], "'Germany' is not a country code such as DE"),
        (["--channel", "web", "--format", "bumper"], "no rule of web knows the format 'bumper'"),
    ],
)
def test_wrong_use_ends_with_status_2(package: Path, arguments: list[str], message: str) -> None:
    done = run(package, *arguments)
    assert done.exit_code == 2 and message in done.stderr


def test_a_folder_that_is_no_package_ends_with_status_2(tmp_path: Path) -> None:
    done = run(tmp_path, "--channel", "web")
    assert done.exit_code == 2 and "give the folder of a released variant" in done.stderr
