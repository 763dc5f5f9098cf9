from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from servers import serving

from countenance.ledger.log import entries
from countenance.rights.grants import load_grant
from countenance.rights.receipt import issue_receipt
from countenance.rights.register import find_by_token, find_grant, record_grant
from countenance.store.project import Project, init_project

GRANT = """\
talent: kim
kind: real
controller: Beispiel & Söhne
purposes: [swap_source]
campaigns: ["*"]
markets: [DE]
channels: [web]
languages: [de]
valid: {from: 2026-01-01, until: 2099-12-31}
born: 1990-05-17
evidence: [form.txt]
"""
HTML = {"Accept": "text/html"}


@pytest.fixture
def consent(tmp_path: Path) -> tuple[Project, str, str]:
    """A project, the id of a person's grant, and the path of the link on their receipt."""
    project = init_project(tmp_path)
    (tmp_path / "form.txt").write_text("signed", encoding="utf-8")
    (tmp_path / "kim.yaml").write_text(GRANT, encoding="utf-8")
    grant = record_grant(project, load_grant(tmp_path / "kim.yaml"), "ops@example.org")
    receipt = issue_receipt(project, grant.id, link="https://studio.example/withdraw")
    (link,) = [word for word in receipt.text.split() if word.startswith("https://studio.example/withdraw/")]
    return project, grant.id, link.removeprefix("https://studio.example")


def withdrawn(project: Project, grant_id: str) -> bool:
    return find_grant(project, grant_id).withdrawn_at is not None


def test_looking_at_the_link_changes_nothing(consent: tuple[Project, str, str]) -> None:
    project, grant_id, link = consent
    with serving(project) as client:
        page = client.get(link, headers={**HTML, "Accept-Language": "de"})
    assert page.status_code == 200 and "Möchten Sie sie zurückziehen?" in page.text
    assert "Beispiel &amp; Söhne" in page.text and "kim" not in page.text
    assert not withdrawn(project, grant_id)


def test_one_click_withdraws_and_a_second_one_finds_it_done(consent: tuple[Project, str, str]) -> None:
    project, grant_id, link = consent
    with serving(project) as client:
        done = client.post(link, headers=HTML)
        again = client.get(link, headers=HTML)
        twice = client.post(link)
    assert done.status_code == 200 and "withdrawn" in done.text
    assert withdrawn(project, grant_id)
    assert len(entries(project, "consent.withdrawn")) == 1
    assert "nothing is left to do" in again.text
    assert twice.status_code == 404 and "already" in twice.json()["error"]


def test_machines_get_json(consent: tuple[Project, str, str]) -> None:
    project, grant_id, link = consent
    with serving(project) as client:
        assert client.post(link).json() == {"withdrawn": [grant_id], "releases_pulled": 0}


@pytest.mark.parametrize("change", ["swapped digits", "another grant", "no token"])
def test_a_link_that_was_not_given_out_withdraws_nothing(consent: tuple[Project, str, str], change: str) -> None:
    project, grant_id, link = consent
    false = {
        "swapped digits": link[:-2] + ("00" if link[-2:] != "00" else "11"),
        "another grant": link.replace(grant_id, "0" * 26),
        "no token": "/withdraw/please",
    }[change]
    with serving(project) as client:
        looked, sent = client.get(false, headers=HTML), client.post(false, headers=HTML)
    assert (looked.status_code, sent.status_code) == (404, 404)
    assert "not valid" in looked.text and "not valid" in sent.text
    assert not withdrawn(project, grant_id)


def test_a_newer_receipt_ends_the_older_link(consent: tuple[Project, str, str]) -> None:
    project, grant_id, link = consent
    issue_receipt(project, grant_id)
    assert find_by_token(project, link.rpartition("/")[2]) is None
    with serving(project) as client:
        assert client.post(link, headers=HTML).status_code == 404
    assert not withdrawn(project, grant_id)


def test_the_page_runs_no_script_and_fits_its_policy(consent: tuple[Project, str, str]) -> None:
    with serving(consent[0]) as client:
        page: httpx.Response = client.get(consent[2], headers=HTML)
    assert "<script" not in page.text
    nonce = page.headers["content-security-policy"].split("nonce-")[1].split("'")[0]
    assert f'<style nonce="{nonce}">' in page.text and page.headers["cache-control"] == "no-store"
