from __future__ import annotations

import json
from pathlib import Path

import pytest
from clips import EXAMPLES
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.speech.textgrid import alignment_from_json, read_textgrid

RUNNER = CliRunner()
ADA = EXAMPLES / "ada"
CALL = ["align", str(ADA / "master.mp4"), "--language", "en"]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text(
        "This coffee machine makes a fresh cup in thirty seconds, and it fits on almost any kitchen shelf.", "utf-8"
    )
    return path


def test_it_is_written_as_praat_json_and_subtitles(script: Path, tmp_path: Path) -> None:
    for name in ("a.TextGrid", "a.json", "a.srt"):
        done = RUNNER.invoke(app, [*CALL, "--text", str(script), "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert "18 of 18 are said" in done.output
        assert "text and recording agree" in done.output
    tiers = {tier.name: tier for tier in read_textgrid(tmp_path / "a.TextGrid")}
    assert len([text for _, _, text in tiers["words"].intervals if text]) == 18
    read = alignment_from_json((tmp_path / "a.json").read_text("utf-8"))
    assert abs(read.words[0].start_s - 0.335) < 0.025
    assert (tmp_path / "a.srt").read_text("utf-8").startswith("1\n00:00:00,")


def test_what_is_not_said_is_told(script: Path) -> None:
    script.write_text(script.read_text("utf-8") + " Every order comes with a free bag of beans.", "utf-8")
    done = RUNNER.invoke(app, [*CALL, "--text", str(script), "--json"])
    told = json.loads(done.stdout)
    assert [(one["kind"], one["text"]) for one in told["problems"]] == [
        ("missing", "Every order comes with a free bag of beans.")
    ]
    assert told["words"] - told["said"] == 9


def test_a_lexicon_says_how_names_are_said(script: Path, tmp_path: Path) -> None:
    lexicon = tmp_path / "names.yaml"
    lexicon.write_text("en: {coffee: ˈkɑːfi}\n", "utf-8")
    out = tmp_path / "a.json"
    done = RUNNER.invoke(app, [*CALL, "--text", str(script), "--lexicon", str(lexicon), "--out", str(out)])
    assert done.exit_code == 0, done.output
    phones = [phone.symbol for phone in alignment_from_json(out.read_text("utf-8")).phones]
    assert any(phones[at : at + 4] == ["k", "ɑː", "f", "i"] for at in range(len(phones)))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--out", "words.docx"], "name the file so"),
        (["--out", "/no/such/folder/x.json"], "there is no folder"),
        (["--language", "tlh"], "does not speak the language 'tlh'"),
        (["--text", "/no/such/text.txt"], "cannot be read as UTF-8 text"),
    ],
)
def test_mistakes_in_the_call_are_answered_in_one_sentence(arguments: list[str], problem: str, script: Path) -> None:
    done = RUNNER.invoke(app, [*CALL, "--text", str(script), *arguments])
    assert done.exit_code == 2
    assert problem in done.output
    assert "Traceback" not in done.output
