from __future__ import annotations

import json
from pathlib import Path

import pytest
from clips import EXAMPLES
from typer.testing import CliRunner

from countenance.cli.app import app

RUNNER = CliRunner()
ADA = EXAMPLES / "ada"


def test_a_text_becomes_the_format_that_is_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "mouth.tsv"
    done = RUNNER.invoke(
        app, ["visemes", "Mama", "--language", "de", "--format", "rhubarb-tsv", "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["format"] == "rhubarb-tsv"
    assert [line.split("\t")[1] for line in out.read_text().splitlines()].count("A") == 2


def test_without_a_file_it_goes_to_standard_output(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Bonjour", encoding="utf-8")
    done = RUNNER.invoke(app, ["visemes", str(tmp_path / "words.txt"), "--language", "fr", "--fps", "24000/1001"])
    assert json.loads(done.stdout)["frameRate"] == "24000/1001"


def test_a_recording_is_aligned_with_its_text(tmp_path: Path) -> None:
    script = next(iter(sorted(ADA.glob("script*.txt"))))
    done = RUNNER.invoke(
        app,
        ["visemes", str(ADA / "master.mp4"), "--language", "en", "--text", str(script), "--format", "azure"],
    )
    assert done.exit_code == 0, done.output
    events = json.loads(done.stdout)["events"]
    assert sum(event["VisemeId"] == 21 for event in events) >= 4  # the closures of m and p
    assert events[-1]["AudioOffset"] < 65_300_000


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["no-such.wav", "--language", "en"], "there is no such file"),
        (["Hello", "--language", "en", "--format", "maya"], "There is no format 'maya': choose arkit-json"),
        (["Hello", "--language", "en", "--fps", "fast"], "is not a frame rate"),
        (["Hello", "--language", "en", "--fps", "0"], "cannot be written"),
        (["Hello", "--language", "en", "--style", "shy"], "There is no speaking style 'shy'"),
        (["Hello", "--language", "tlh"], "does not speak the language 'tlh'"),
        (["", "--language", "en"], "nothing to speak"),
        ([str(ADA / "master.mp4"), "--language", "en"], "say with --text FILE what the recording says"),
        (["Hello", "--language", "en", "--text", str(ADA / "master.mp4")], "leave it out"),
        (["Hello", "--language", "en", "--out", "/no/such/folder/x.json"], "there is no folder"),
    ],
)
def test_mistakes_are_answered_in_one_sentence(arguments: list[str], problem: str) -> None:
    done = RUNNER.invoke(app, ["visemes", *arguments])
    assert done.exit_code == 2
    assert problem in " ".join(done.output.split())
