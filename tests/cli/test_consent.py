"""Consent on the command line: the sheet, the grant, the receipt in the person's hands, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.ledger.log import entries
from countenance.store.database import writing
from countenance.store.project import Project, init_project
from countenance.store.tables import variant

RUNNER = CliRunner()
GRANT = """
talent: Zoë Example
kind: real
controller: ops@example.org
purposes: [swap_source, lipsync]
campaigns: [launch]
markets: [DE]
channels: [web]
languages: [de]
valid: {from: 2026-01-01, until: 2027-12-31}
born: 1990-05-01
approval: person
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path)


@pytest.fixture
def grant(tmp_path: Path) -> Path:
    (tmp_path / "zoe.png").write_bytes(b"drawn")
    path = tmp_path / "grant.yaml"
    path.write_text(GRANT, encoding="utf-8")
    return path


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)])
    return done.exit_code, done.stdout, done.stderr


def signed(project: Project, grant: Path) -> None:
    """Have the sheet made and the grant signed for its terms."""
    status, stdout, _ = run(project, "consent", "sheet", str(grant), "--json")
    told = json.loads(stdout)
    assert status == 0 and told["terms_sha256"] in told["sheet"]
    signature = f"signed: {{by: Zoë, on: 2026-01-02, how: drawn, file: zoe.png, terms: {told['terms_sha256']}}}\n"
    grant.write_text(GRANT + signature, encoding="utf-8")


def test_from_the_sheet_to_the_withdrawal_by_the_receipts_own_command(project: Project, grant: Path) -> None:
    signed(project, grant)
    hand = project.root / "hand"
    status, stdout, _ = run(
        project, "consent", "grant", str(grant), "--receipt", str(hand), "--language", "de", "--json"
    )
    told = json.loads(stdout)
    assert (status, told["grant"]["approval"]) == (0, "person")
    document, text = (Path(path) for path in told["receipt"])
    assert "Bestätigung Ihrer Einwilligung" in text.read_text(encoding="utf-8")
    assert run(project, "consent", "check", str(document))[0] == 0
    assert run(project, "consent", "check", str(document), "--own")[0] == 0
    (line,) = (one.strip() for one in text.read_text(encoding="utf-8").splitlines() if "consent withdraw" in one)
    status, stdout, _ = run(project, *line.split()[1:], "--json")
    assert (status, json.loads(stdout)[0]["withdrawn_by"]) == (0, "the person, by the token of the receipt")
    status, _, stderr = run(project, *line.split()[1:])
    assert (status, "already" in stderr) == (2, True)
    assert [entry.kind for entry in entries(project)] == ["consent.granted", "consent.withdrawn"]
    assert run(project, "consent", "receipt", told["id"], "--out", str(hand))[0] == 0
    assert "This consent was withdrawn" in text.read_text(encoding="utf-8")


def test_a_changed_receipt_fails_the_check(project: Project, grant: Path) -> None:
    signed(project, grant)
    hand = project.root / "hand"
    told = json.loads(run(project, "consent", "grant", str(grant), "--receipt", str(hand), "--json")[1])
    document = Path(told["receipt"][0])
    document.write_text(document.read_text(encoding="utf-8").replace("2027-12-31", "2037-12-31"), encoding="utf-8")
    status, _, stderr = run(project, "consent", "check", str(document))
    assert (status, len(stderr.splitlines())) == (1, 1)
    assert run(project, "consent", "check", str(grant))[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("withdraw",),
        ("withdraw", "Zoë Example", "--token", "cw1"),
        ("withdraw", "Zoë Example", "--as", "kim"),
        ("withdraw", "Zoë Example", "--reason", "x"),
        ("withdraw", "--token", "cw1-nonsense"),
        ("receipt", "01X", "--out", "."),
        ("sheet", "missing.yaml"),
        ("takedown", "01X", "--where", "web"),
        ("approve", "01X", "Zoë Example", "--as", "Zoë"),
    ],
)
def test_wrong_use_is_one_sentence(project: Project, grant: Path, arguments: tuple[str, ...]) -> None:
    status, stdout, stderr = run(project, "consent", *arguments)
    assert (status, stdout) == (2, "")
    assert stderr.startswith("error: ") and len(stderr.splitlines()) == 1


def test_an_empty_pull_list_says_so(project: Project) -> None:
    assert run(project, "consent", "pulls") == (0, "nothing is to be taken down\n", "")
    assert json.loads(run(project, "consent", "pulls", "--json")[1]) == []


def test_a_person_agrees_to_a_variant_that_has_pictures(project: Project, grant: Path) -> None:
    signed(project, grant)
    assert run(project, "consent", "grant", str(grant))[0] == 0
    row = {"job": "j", "campaign": "launch", "face": "keep", "language": "de", "state": "in_review", "review": {}}
    with writing(project) as connection:
        connection.execute(insert(variant).values(id="01PLANNED", render={}, **row))
        connection.execute(insert(variant).values(id="01RENDERED", render={"pictures_sha256": "a" * 64}, **row))
    agree = ("consent", "approve", "01RENDERED", "Zoë Example", "--as", "Zoë Example")
    assert [run(project, *agree)[0] for _ in range(2)] == [0, 0]
    (entry,) = entries(project, "consent.approved")
    assert entry.data["pictures_sha256"] == "a" * 64
    for arguments in (("01PLANNED", "Zoë Example"), ("01RENDERED", "Nobody")):
        assert run(project, "consent", "approve", *arguments, "--as", "Zoë Example")[0] == 2
