from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from releases import RELEASE
from servers import serving

from countenance.ledger.log import entries
from countenance.ledger.log import verify as verify_ledger
from countenance.provenance.verify import verify_file
from countenance.server.desk import Options
from countenance.store.project import Project


def test_health_tells_that_the_project_can_be_read(client: httpx.Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_asks_in_the_language_that_the_browser_prefers(client: httpx.Client) -> None:
    page = client.get("/verify", headers={"Accept-Language": "fr, de-AT;q=0.8"})
    assert '<html lang="de">' in page.text
    assert "Ist diese Datei echt?" in page.text
    assert '<html lang="en">' in client.get("/verify?language=en", headers={"Accept-Language": "de"}).text


def test_a_released_file_is_told_so_as_json_and_as_a_page(client: httpx.Client, released: tuple[Project, Path]) -> None:
    _, sealed = released
    told = client.post("/verify", files={"file": ("my film.mp4", sealed.read_bytes())}).json()
    assert (told["exit_status"], told["release_id"], told["c2pa"]) == (0, RELEASE, "Trusted")
    assert told["sentence"] == f"my film.mp4 is release {RELEASE}: ours, released and intact."
    page = client.post(
        "/verify?language=de", files={"file": ("<b>.mp4", sealed.read_bytes())}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 200
    assert "echt und unverändert" in page.text
    assert "<b>.mp4" not in page.text and "&lt;b&gt;.mp4" in page.text
    nonce = page.headers["content-security-policy"].split("nonce-")[1].split("'")[0]
    assert f'<style nonce="{nonce}">' in page.text


def test_queries_are_logged_without_who_asked_or_what_the_file_was(
    studio: tuple[Project, Path], ada_clip: Path
) -> None:
    project, sealed = studio
    with serving(project) as client:
        client.post("/verify", files={"file": ("secret name.mp4", sealed.read_bytes())})
        strange = client.post("/verify", files={"file": ("secret name.mp4", ada_clip.read_bytes())}).json()
    logged = entries(project, "detector.query")
    assert [(one.data["asked"], one.data["release"], one.data["answer"]) for one in logged] == [
        ("verify", RELEASE, "released"), ("verify", None, "unknown"),
    ]  # fmt: skip
    text = json.dumps([one.data for one in logged])
    assert "secret" not in text and "127.0.0.1" not in text and strange["sha256"] not in text
    assert {one.actor for one in logged} == {"server"}
    assert verify_ledger(project).ok


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"files": {"file": ("a.mp4", b"no video at all")}}, 415, "cannot be read"),
        ({"files": {"file": ("a.mp4", b"")}}, 400, "No file"),
        ({"data": {"other": "x"}}, 400, "No file"),
        ({"content": b"x" * (9 << 20)}, 413, "larger than 8388608 bytes"),
    ],
    ids=["text", "empty", "no file", "too large"],
)
def test_what_cannot_be_looked_at_is_refused_in_one_sentence(
    client: httpx.Client, sent: dict[str, object], status: int, words: str
) -> None:
    answer = client.post("/verify", **sent)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_what_announces_no_length_is_counted_as_it_comes(client: httpx.Client) -> None:
    answer = client.post(
        "/matches/byContent", content=(b"x" * (1 << 20) for _ in range(9)), headers={"Content-Type": "video/mp4"}
    )
    assert answer.status_code == 413


def test_who_asks_too_often_is_told_when_to_come_back(studio: tuple[Project, Path]) -> None:
    with serving(studio[0], Options(looks_per_minute=2, requests_per_minute=100)) as client:
        answers = [client.post("/verify", data={"none": "x"}) for _ in range(3)]
        assert [one.status_code for one in answers] == [400, 400, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 31
        assert client.get("/verify").status_code == 200  # the page itself is light


def test_what_a_stranger_gets_here_is_enough_to_check_elsewhere(
    client: httpx.Client, released: tuple[Project, Path]
) -> None:
    anchor = client.get("/anchor.pem").text
    proof = client.get(f"/releases/{RELEASE}/proof").json()
    seen = verify_file(None, released[1], anchor=anchor, proof=proof)
    assert (seen.exit_status, seen.release_id) == (0, RELEASE)
    assert client.get("/releases/01JD3Z0000000000000000000/proof").status_code == 404


def test_a_path_that_is_not_there_is_a_plain_answer(client: httpx.Client) -> None:
    answer = client.get("/admin")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}
