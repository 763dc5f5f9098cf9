from __future__ import annotations

import json
from pathlib import Path

import pytest
from pipers import write_piper
from services import service
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.media.audio import read_mono
from countenance.store.project import Project

RUNNER = CliRunner()


def test_words_become_a_file_with_their_times(tmp_path: Path) -> None:
    out = tmp_path / "x.wav"
    done = RUNNER.invoke(app, ["say", "Hallo, Welt.", "--language", "de", "--out", str(out), "--json"])
    told = json.loads(done.stdout)
    assert [word[0] for word in told["words"]] == ["Hallo,", "Welt."] and told["voice"] == {"engine": "espeak-ng"}
    sound = read_mono(out, 16000)
    assert sound is not None and len(sound) / 16000 == pytest.approx(told["duration_s"], abs=0.01)


def test_a_file_of_ssml_tells_its_marks_and_the_lexicon_is_used(tmp_path: Path) -> None:
    (tmp_path / "in.ssml").write_text("<speak>It is <mark name='brand'/>Countenance.</speak>", encoding="utf-8")
    (tmp_path / "brand.yaml").write_text("Countenance: ˈkaʊntənəns\n", encoding="utf-8")
    asked = [
        "say",
        str(tmp_path / "in.ssml"),
        "--lexicon",
        str(tmp_path / "brand.yaml"),
        "--out",
        str(tmp_path / "x.wav"),
    ]
    told = json.loads(RUNNER.invoke(app, [*asked, "--json"]).stdout)
    assert told["marks"] == [["brand", told["words"][2][1]]]
    assert [phone[0] for phone in told["phones"]][-4:-1] == ["ə", "n", "s"]
    assert "mark brand: " in RUNNER.invoke(app, asked).stdout


def test_a_piper_voice_and_a_variant_speak(tmp_path: Path) -> None:
    model = write_piper(tmp_path / "tiny.onnx")
    for voice in (str(model), "espeak:f2"):
        done = RUNNER.invoke(app, ["say", "Hello.", "--voice", voice, "--out", str(tmp_path / "x.wav")])
        assert done.exit_code == 0 and "1 words" in done.stdout


def test_a_service_speaks_with_the_stored_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = ["--project", str(tmp_path)]
    RUNNER.invoke(app, ["init", str(tmp_path)])
    monkeypatch.setenv("COUNTENANCE_SECRET", "sk-abc")
    kept = RUNNER.invoke(app, ["keys", "secret", "house", *project])
    assert kept.exit_code == 0 and "sk-abc" not in kept.stdout
    with service() as house:
        asked = ["say", "Hello.", "--voice", house.url, "--model", "m", "--name", "n", "--key", "house", *project]
        assert RUNNER.invoke(app, [*asked, "--out", str(tmp_path / "x.wav")]).exit_code == 0
        assert house.keys == ["Bearer sk-abc"]
        RUNNER.invoke(app, ["keys", "secret", "house", "--forget", *project])
        assert not (Project(tmp_path).keys / "house.secret").exists()
        done = RUNNER.invoke(app, [*asked, "--out", str(tmp_path / "x.wav")])
        assert done.exit_code == 2 and "no secret named 'house'" in done.stderr
        assert len(house.asked) == 1


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (["…"], "nothing to speak"),
        (["Hello.", "--voice", "parrot"], "'parrot' is no voice"),
        (["Hello.", "--voice", "espeak:f99"], "f99"),
        (["Hello.", "--language", "tlh-XX"], "tlh-XX"),
        (["Hello.", "--voice", "https://voices.example/v1"], "--model and --name"),
        (["Hello.", "--voice", "none.onnx"], "does not exist"),
        (["<speak>Hello", "--rate", "1"], "not well-formed"),
        (["Hello.", "--rate", "9"], "80 to 450"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, asked: list[str], what: str) -> None:
    done = RUNNER.invoke(app, ["say", *asked, "--out", str(tmp_path / "x.wav")])
    assert done.exit_code == 2 and what in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "x.wav").exists()


def test_an_unwritable_place_is_told(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["say", "Hello.", "--out", str(tmp_path / "no" / "x.wav")])
    assert done.exit_code == 2 and "cannot be written" in done.stderr


def test_voices_are_listed() -> None:
    told = json.loads(RUNNER.invoke(app, ["voices", "--json"]).stdout)
    assert len(told["espeak"]["languages"]) > 100 and "f2" in told["espeak"]["variants"] and told["piper"]["ready"]
    only = json.loads(RUNNER.invoke(app, ["voices", "--language", "de-AT", "--json"]).stdout)
    assert only["espeak"]["languages"] == ["de"]
    assert "recording" in RUNNER.invoke(app, ["voices"]).stdout
