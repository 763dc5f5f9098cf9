from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from campaigns import duet_master
from PIL import Image
from typer.testing import CliRunner

from countenance.cli.app import app

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def duet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return duet_master(tmp_path_factory.mktemp("duet") / "two people.mp4", pictures=6)


def test_the_sheet_lies_in_the_current_folder_and_the_brief_can_take_what_is_told(
    duet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = RUNNER.invoke(app, ["inspect", str(duet), "--faces"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["two people.faces.png"]
    with Image.open(tmp_path / "two people.faces.png") as sheet:
        assert sheet.height > 400
    told = done.stdout[done.stdout.index("faces:") :].split("whoever")[0]
    assert yaml.safe_load(told) == {
        "faces": {
            "presenter": {"in": "master", "track": 0, "talent": "NAME"},
            "guest": {"in": "master", "track": 1, "talent": "NAME"},
        }
    }
    assert "`others: untouched`" in done.stdout


def test_machines_are_told_the_same(duet: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "who.jpg"
    done = RUNNER.invoke(app, ["inspect", str(duet), "--faces", "--out", str(sheet), "--json"])
    told = json.loads(done.stdout)
    assert (told["sheet"], [one["track"] for one in told["people"]]) == (str(sheet), [0, 1])
    with Image.open(sheet) as picture:
        assert picture.format == "JPEG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--faces", "--out", "who.mp4"], "who.mp4: the sheet is a picture; name it .png or .jpg."),
        (["--out", "who.png"], "--out names the sheet of --faces"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    duet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = RUNNER.invoke(app, ["inspect", str(duet), *arguments])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not any(tmp_path.iterdir())
