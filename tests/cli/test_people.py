from __future__ import annotations

import json
from pathlib import Path

import pytest
from clips import EXAMPLES
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.ledger.log import entries, verify
from countenance.store.project import Project, init_project

RUNNER = CliRunner()
ADA = EXAMPLES / "ada" / "refs"
BEN = EXAMPLES / "ben" / "refs"

GRANT = """
talent: zoe
kind: synthetic
controller: ops@example.org
purposes: [swap_source, swap_target]
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
    return init_project(tmp_path)


@pytest.fixture
def grant(tmp_path: Path) -> Path:
    path = tmp_path / "grant.yaml"
    path.write_text(GRANT, encoding="utf-8")
    return path


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)])
    return done.exit_code, done.stdout, done.stderr


def test_a_talent_is_put_on_record_without_telling_the_ledger_who(project: Project) -> None:
    status, stdout, _ = run(
        project, "talent", "add", "ada", "--refs", f"{ADA}/[12]*.jpg", "--synthetic", "--as", "ops", "--json"
    )
    told = json.loads(stdout)
    assert (status, told["name"], told["kind"], len(told["references"])) == (0, "ada", "synthetic", 2)
    assert 0 < told["widest_gap"] < 0.6
    assert told["references"][1]["yaw"] == pytest.approx(25, abs=4)
    assert (project.folder / "talents" / "ada.json").is_file()
    (entry,) = entries(project)
    assert (entry.kind, entry.actor) == ("talent.added", "ops")
    written = json.dumps(entry.data)
    assert "ada" not in written.replace("added", "")
    assert not any(one["sha256"] in written for one in told["references"])


def test_a_face_model_is_built_shown_and_built_again(project: Project) -> None:
    front = str(ADA / "1_front_neutral.jpg")
    assert run(project, "talent", "add", "zoe", "--refs", front)[0] == 0
    (model,) = (project.folder / "talents").glob("*.model")
    first = model.read_bytes()
    assert run(project, "talent", "build", "zoe")[0] == 0
    assert model.read_bytes() != first  # encrypted anew
    sheet = project.root / "sheet.png"
    assert run(project, "talent", "show", "zoe", "--out", str(sheet))[0] == 0
    assert sheet.read_bytes().startswith(b"\x89PNG")
    told = json.loads(run(project, "talent", "build", "zoe", "--refs", f"{ADA}/[14]*.jpg", "--json")[1])
    assert (told["kind"], len(told["references"])) == ("real", 2)
    assert [entry.kind for entry in entries(project)] == ["talent.added", "talent.added"]


def test_a_model_of_nobody_or_of_changed_references_is_refused(project: Project) -> None:
    still = project.root / "still.jpg"
    still.write_bytes((ADA / "1_front_neutral.jpg").read_bytes())
    for command in (("build", "zoe"), ("show", "zoe", "--out", "sheet.png"), ("build", "../zoe")):
        status, _, stderr = run(project, "talent", *command)
        assert (status, "no talent on record" in stderr) == (2, True)
    assert run(project, "talent", "add", "zoe", "--refs", str(still))[0] == 0
    still.write_bytes((ADA / "4_left12_talking.jpg").read_bytes())
    status, _, stderr = run(project, "talent", "build", "zoe")
    assert (status, "is gone or was changed" in stderr) == (2, True)


def test_the_face_model_goes_with_the_last_grant(project: Project, grant: Path) -> None:
    run(project, "consent", "grant", str(grant))
    assert run(project, "talent", "add", "zoe", "--refs", str(ADA / "1_front_neutral.jpg"))[0] == 0
    assert list((project.folder / "talents").glob("*.model"))
    withdrawn = run(project, "consent", "withdraw", "zoe", "--reason", "x", "--as", "kim")
    assert "the face model of zoe was erased" in withdrawn[1]
    assert not list((project.folder / "talents").glob("*.model"))
    assert not list(project.keys.glob("face-*"))
    status, _, stderr = run(project, "talent", "build", "zoe")
    assert (status, "zoe has no face model" in stderr) == (3, True)


def test_the_shell_may_expand_the_references_and_adding_again_changes_nothing(project: Project) -> None:
    paths = [str(path) for path in sorted(BEN.glob("[14]*.jpg"))]
    for _ in range(2):
        assert run(project, "talent", "add", "ben", "--refs", *paths)[0] == 0
    assert [entry.kind for entry in entries(project)] == ["talent.added"]
    assert run(project, "talent", "add", "ben", "--refs", *paths, "--synthetic")[0] == 0
    assert len(entries(project)) == 2
    assert verify(project).ok


def test_references_of_two_people_are_refused_by_naming_the_odd_one(project: Project) -> None:
    refs = [str(path) for path in (*sorted(ADA.glob("[46]*.jpg")), BEN / "1_front_neutral.jpg")]
    status, stdout, stderr = run(project, "talent", "add", "ada", "--refs", *refs)
    assert (status, stdout) == (2, "")
    assert stderr.startswith(f"error: {BEN / '1_front_neutral.jpg'}: this does not look like the person")
    assert len(stderr.splitlines()) == 1
    assert entries(project) == []
    assert not (project.folder / "talents").exists()


@pytest.mark.parametrize(
    ("name", "refs", "said"),
    [
        ("ada", [], "--refs"),
        ("ada", ["nowhere/*.jpg"], "nowhere/*.jpg"),
        ("../ada", ["one.jpg"], "cannot name a talent"),
        ("ada", ["text.jpg"], "not a picture"),
        ("ada", ["grey.png"], "no face"),
    ],
)
def test_what_cannot_be_a_talent_is_refused(
    project: Project, name: str, refs: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    monkeypatch.chdir(project.root)
    Path("one.jpg").write_bytes((ADA / "1_front_neutral.jpg").read_bytes())
    Path("text.jpg").write_text("no picture")
    Image.new("RGB", (320, 240), (90, 90, 90)).save("grey.png")
    options = [part for ref in refs for part in ("--refs", ref)]
    status, _, stderr = run(project, "talent", "add", name, *options)
    assert status == 2
    assert said in stderr
    assert len(stderr.splitlines()) == 1


def test_a_grant_is_recorded_shown_and_withdrawn(project: Project, grant: Path) -> None:
    status, stdout, _ = run(project, "consent", "grant", str(grant), "--as", "kim", "--json")
    granted = json.loads(stdout)
    assert (status, granted["grant"]["talent"], granted["withdrawn_at"]) == (0, "zoe", None)
    assert "on record" in run(project, "consent", "show", "zoe")[1]
    assert run(project, "consent", "withdraw", "zoe", "--reason", "changed her mind", "--as", "kim")[0] == 0
    (shown,) = json.loads(run(project, "consent", "show", "--json")[1])
    assert (shown["withdrawn_by"], shown["reason"]) == ("kim", "changed her mind")
    assert [(one.kind, one.actor) for one in entries(project)] == [
        ("consent.granted", "kim"),
        ("consent.withdrawn", "kim"),
    ]


def test_withdrawing_needs_a_reason_and_a_name(project: Project, grant: Path) -> None:
    run(project, "consent", "grant", str(grant))
    assert run(project, "consent", "withdraw", "zoe", "--as", "kim")[0] == 2
    assert run(project, "consent", "withdraw", "zoe", "--reason", "x")[0] == 2
    status, _, stderr = run(project, "consent", "withdraw", "nobody", "--reason", "x", "--as", "kim")
    assert status == 2
    assert "nobody" in stderr
    assert json.loads(run(project, "consent", "show", "--json")[1])[0]["withdrawn_at"] is None


def test_a_grant_with_a_typing_error_is_refused_with_the_right_word(project: Project, grant: Path) -> None:
    grant.write_text(GRANT.replace("markets", "market"), encoding="utf-8")
    status, _, stderr = run(project, "consent", "grant", str(grant))
    assert status == 2
    assert "markets" in stderr
    assert entries(project) == []


def test_an_empty_register_says_so(project: Project) -> None:
    assert run(project, "consent", "show") == (0, "no grants are on record\n", "")
