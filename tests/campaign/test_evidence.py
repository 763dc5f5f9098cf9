"""The evidence of a really produced release: every command that it names is run, and tampering is found by them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from campaigns import Told

from countenance.campaign.evidence import open_case, write_evidence
from countenance.campaign.evidence_checks import checks_of
from countenance.campaign.paper import Paper
from countenance.errors import InputError
from countenance.provenance.fetch import is_url
from countenance.store.files import sha256_file

RELEASED = "ben-de"


@pytest.fixture(scope="module")
def evidence(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evidence(told.project, told.all.rows[RELEASED].id, tmp_path_factory.mktemp("court") / "evidence")


@pytest.fixture(scope="module")
def content(evidence: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((evidence / "evidence.json").read_text(encoding="utf-8"))
    return value


@pytest.fixture
def copy(evidence: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(evidence, tmp_path / "copy"))


def answer(command: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_every_command_gives_the_answer_that_it_should(evidence: Path, content: dict[str, Any], told: Told) -> None:
    folders = {"here": evidence, "studio": told.project.root}
    for check in content["checks"]:
        status, text = answer(check["command"], folders[check["where"]])
        assert (status, check["answer"] in text) == (0, True), (check["title"], text)
    assert {check["where"] for check in content["checks"]} == {"here", "studio"}


def test_no_command_needs_this_software_or_a_network(evidence: Path, content: dict[str, Any]) -> None:
    for check in content["checks"]:
        assert check["command"].split()[0] in ("sha256sum", "openssl", "python3")
        assert not any(is_url(word) for word in check["command"].split())
    program = (evidence / "checks" / "check.py").read_text(encoding="utf-8")
    imported = {line.split()[1] for line in program.splitlines() if line.startswith(("import ", "from "))}
    assert imported == {"base64", "hashlib", "json", "sys", "pathlib", "typing"}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("checks/ledger.json", "release.sealed", "release.sealet"),
        ("checks/ledger.json", '"actor": "', '"actor": "M'),
        ("checks/checkpoint.msg", "countenance/", "countenance\\"),
        ("checks/consents/{grant}.record.json", '"ops@example.org"', '"ops@example.com"'),
    ],
)
def test_what_was_changed_is_found_by_the_program(
    copy: Path, content: dict[str, Any], file: str, old: str, new: str
) -> None:
    path = copy / file.format(grant=content["grants"][0]["id"])
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    status, said = answer("python3 -I checks/check.py", copy)
    assert status == 1
    assert "FAILED" in said
    assert answer("sha256sum --check --quiet SHA256SUMS", copy)[0] == 1


def test_a_forged_checkpoint_is_found_by_openssl(copy: Path, content: dict[str, Any]) -> None:
    path = copy / "checks" / "checkpoint.msg"
    path.write_text(path.read_text(encoding="utf-8").replace("\n6\n", "\n7\n") + "x", encoding="utf-8")
    command = next(one["command"] for one in content["checks"] if "checkpoint is signed" in one["title"])
    status, said = answer(command, copy)
    assert status != 0
    assert "Signature Verified Successfully" not in said


def test_the_story_is_told_from_consent_to_release(content: dict[str, Any], told: Told) -> None:
    kinds = [one["kind"] for one in content["timeline"]]
    assert kinds[0] == "consent.granted"
    assert {"qc.judged", "review.approved", "release.sealed"} <= set(kinds)
    assert [one["entry"] for one in content["timeline"]] == sorted(one["entry"] for one in content["timeline"])
    assert all(one["what"] != one["kind"] for one in content["timeline"])  # each kind has words
    assert content["approval"]["by"] == "Rita Reviewer"
    assert {one["document"]["talent"] for one in content["grants"]} == {"ada", "ben"}
    assert content["quality"]["figures"]
    (video, *_rest) = content["files"]
    package = told.out / told.all.rows[RELEASED].id
    assert video["sha256"] == sha256_file(package / "video.mp4")


def test_the_paper_says_what_the_json_says_and_embeds_its_fonts(evidence: Path, content: dict[str, Any]) -> None:
    with pypdfium2.PdfDocument(evidence / "evidence.pdf") as paper:
        pages = []
        for number in range(len(paper)):
            page = paper[number]
            text = page.get_textpage()
            pages.append(text.get_text_bounded())
            text.close()
            page.close()
    assert all("Confidential: names people" in page for page in pages)
    whole = "".join("".join(pages).split())
    for wanted in (
        content["release"]["id"], "RitaReviewer", content["files"][0]["sha256"], content["checks"][0]["command"],
        *(one["commitment"] for one in content["grants"]), *(one["answer"] for one in content["checks"]),
    ):  # fmt: skip
        assert "".join(wanted.split()) in whole
    raw = (evidence / "evidence.pdf").read_bytes()
    assert raw.count(b"/FontFile2") == 3 and b"/BaseFont /Helvetica" not in raw


def test_a_folder_with_something_in_it_is_left_alone(told: Told, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        write_evidence(told.project, told.all.rows[RELEASED].id, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", ["nothing", "", "0"])
def test_a_name_that_does_not_mean_one_release_is_refused(told: Told, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"no release has|several releases have"):
        write_evidence(told.project, name, tmp_path / "evidence")
    assert not (tmp_path / "evidence").exists()


def test_the_files_of_a_release_must_still_be_there(told: Told, tmp_path: Path) -> None:
    project = type(told.project)(Path(shutil.copytree(told.project.root, tmp_path / "studio")))
    release = told.all.rows[RELEASED].review["release_id"]
    (project.releases / release / "video.mp4").unlink()
    with pytest.raises(InputError, match="erased"):
        write_evidence(project, release, tmp_path / "evidence")


def test_evidence_files_of_real_people_are_checked_by_who_holds_them(told: Told, tmp_path: Path) -> None:
    case = open_case(told.project, told.all.rows[RELEASED].id)
    form = tmp_path / "Ada's release form.pdf"
    form.write_bytes(b"signed")
    commitment, known = case.grants[0]
    assert known is not None
    grant = replace(known.grant, kind="real", evidence=((form.name, sha256_file(form)),))
    checks = checks_of(replace(case, grants=((commitment, replace(known, grant=grant)),)))
    (held,) = [check for check in checks if check.where == "holder"]
    assert answer(held.command, tmp_path) == (0, f"{sha256_file(form)}  {form.name}\n")


def test_letters_that_the_paper_lacks_are_shown_as_code_points() -> None:
    paper = Paper("title", "note")
    assert paper.shown("Ελένη Șerban Łukasz Ñandú Юлия") == "Ελένη Șerban Łukasz Ñandú Юлия"
    assert paper.shown("李") == "[U+674E]"
