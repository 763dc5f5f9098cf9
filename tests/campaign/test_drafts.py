"""Drafts of translations: beside the brief, and of no use until a person has accepted them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from campaigns import write_campaign

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.drafts import accept_draft, make_draft, translation_facts
from countenance.errors import InputError, WaitingError
from countenance.store.project import Project, init_project
from countenance.store.secrets import save_text_secret


@pytest.fixture
def asked() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A translator on this machine that always says the same, and what it was asked."""
    requests: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append({"key": self.headers.get("Authorization"), **body})
            data = json.dumps({"choices": [{"message": {"content": "Diese Maschine."}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", requests
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = init_project(tmp_path / "project")
    save_text_secret(project, "translator", "sk-secret")
    return project


def wanting(folder: Path, master: Path, url: str) -> Path:
    folder.mkdir()
    (folder / "glossary.yaml").write_text("terms: [{translate: {en: coffee, de: Kaffee}}]", encoding="utf-8")
    wish = {"by": "http", "url": url, "model": "tiny", "key": "translator"}
    path = write_campaign(folder, master, translate=wish, translations=None, glossary="glossary.yaml")
    (folder / "script.de.txt").unlink()
    return path


def untranslated(path: Path) -> Brief:
    return load_brief(path, untranslated=True)


def test_a_draft_is_made_read_accepted_and_then_used(
    project: Project, tmp_path: Path, short_master: Path, asked: tuple[str, list[dict[str, Any]]]
) -> None:
    url, requests = asked
    path = wanting(tmp_path / "brief", short_master, url)
    files = make_draft(project, untranslated(path), "de")
    assert files.draft.read_text(encoding="utf-8") == "Diese Maschine.\n"
    (request,) = requests
    assert request["key"] == "Bearer sk-secret"
    assert "Translate 'coffee' as 'Kaffee'." in request["messages"][0]["content"]
    with pytest.raises(WaitingError):
        load_brief(path)
    files.draft.write_text("Diese Kaffeemaschine.\n", encoding="utf-8")  # a person's correction
    accept_draft(untranslated(path), "de", "Petra Prüferin")
    brief = load_brief(path)
    assert brief.text("de") == "Diese Kaffeemaschine."
    assert not files.draft.exists()
    facts = translation_facts(brief, "de")
    assert facts is not None
    assert {name: facts[name] for name in ("by", "host", "model", "accepted_by", "changed")} == {
        "by": "http", "host": "127.0.0.1", "model": "tiny", "accepted_by": "Petra Prüferin", "changed": True,
    }  # fmt: skip
    assert "sk-secret" not in files.record.read_text(encoding="utf-8")
    assert "changed_after_acceptance" not in facts
    files.accepted.write_text("Anders.\n", encoding="utf-8")
    assert (translation_facts(brief, "de") or {})["changed_after_acceptance"] is True


def test_nothing_is_sent_where_the_brief_names_no_translator(
    project: Project, tmp_path: Path, short_master: Path
) -> None:
    path = write_campaign(tmp_path / "brief", short_master)
    with pytest.raises(InputError, match="names no translator"):
        make_draft(project, untranslated(path), "de")


def test_a_text_that_people_brought_has_no_facts_and_is_not_drafted(
    project: Project, tmp_path: Path, short_master: Path, asked: tuple[str, list[dict[str, Any]]]
) -> None:
    wish = {"by": "http", "url": asked[0], "model": "tiny"}
    (tmp_path / "brief").mkdir()
    (tmp_path / "brief" / "mine.txt").write_text("Diese Maschine.", encoding="utf-8")
    path = write_campaign(tmp_path / "brief", short_master, translate=wish, translations={"de": "mine.txt"})
    assert translation_facts(load_brief(path), "de") is None
    assert translation_facts(load_brief(path), "en") is None
    with pytest.raises(InputError, match=r"translations\.de names mine\.txt"):
        make_draft(project, load_brief(path), "de")
    assert asked[1] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_language_that_is_not_wanted_is_refused(
    project: Project, tmp_path: Path, short_master: Path, language: str, asked: tuple[str, list[dict[str, Any]]]
) -> None:
    path = wanting(tmp_path / "brief", short_master, asked[0])
    with pytest.raises(InputError, match=rf"wants no translation into '{language}' \(wanted: de\)"):
        make_draft(project, untranslated(path), language)


def test_what_is_not_there_or_empty_is_not_accepted(
    tmp_path: Path, short_master: Path, asked: tuple[str, list[dict[str, Any]]]
) -> None:
    path = wanting(tmp_path / "brief", short_master, asked[0])
    with pytest.raises(InputError, match="there is no draft"):
        accept_draft(untranslated(path), "de", "me")
    (path.parent / "script.de.draft.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(InputError, match="holds no words"):
        accept_draft(untranslated(path), "de", "me")


def test_an_accepted_text_is_not_drafted_over(
    project: Project, tmp_path: Path, short_master: Path, asked: tuple[str, list[dict[str, Any]]]
) -> None:
    path = wanting(tmp_path / "brief", short_master, asked[0])
    (path.parent / "script.de.txt").write_text("Meins.", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        make_draft(project, untranslated(path), "de")
