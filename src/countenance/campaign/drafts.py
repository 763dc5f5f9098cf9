"""Translations that a machine drafted: beside the brief, and of no use until a person has accepted them.

script.de.draft.txt         the draft, to be read and changed
script.de.txt               the accepted text, which is what is spoken
script.de.translation.json  who drafted it, who accepted it, and when
"""

from __future__ import annotations

from typing import Any

from countenance.campaign.brief import Brief
from countenance.campaign.text_wish import Draft, draft_of
from countenance.errors import InputError
from countenance.ledger.log import utc_now
from countenance.speech.glossary import hints
from countenance.store.files import read_json, sha256_file, write_bytes, write_json
from countenance.store.project import Project
from countenance.store.secrets import find_text_secret


def make_draft(project: Project, brief: Brief, language: str) -> Draft:
    """Have the brief's translator draft a text; InputError when it names none or the text was accepted already."""
    if brief.texts.translate is None:
        raise InputError(
            f"{brief.path.name} names no translator: add `translate: {{by: http, url:, model:, key:}}`, "
            f"or the file of a translation as translations.{language}."
        )
    files = _files(brief, language)
    if files.accepted.is_file():
        raise InputError(f"{files.accepted} is there already: remove it to have the text translated anew.")
    translator = brief.texts.translate.translator(lambda name: find_text_secret(project, name))
    source = brief.script.language
    text = translator.translate(brief.text(source), source, language, hints(brief.texts.glossary, source, language))
    write_bytes(files.draft, text.encode() + b"\n")
    record = {
        **translator.facts, "language": language, "script_sha256": sha256_file(brief.script.path),
        "draft_sha256": sha256_file(files.draft), "at": utc_now(),
    }  # fmt: skip
    write_json(files.record, record)
    return files


def accept_draft(brief: Brief, language: str, by: str) -> Draft:
    """A person has read the draft, and it is what shall be said; InputError when there is none."""
    files = _files(brief, language)
    if not files.draft.is_file():
        raise InputError(f"there is no draft {files.draft.name}: make one by `countenance script translate`.")
    try:
        text = files.draft.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError as problem:
        raise InputError(f"{files.draft} is not UTF-8 text: save it as UTF-8.") from problem
    if not text:
        raise InputError(f"{files.draft} holds no words: write what is said in it.")
    record: dict[str, Any] = dict(read_json(files.record)) if files.record.is_file() else {"language": language}
    if "draft_sha256" in record:  # else a person wrote it
        record["changed"] = sha256_file(files.draft) != record["draft_sha256"]
    write_bytes(files.accepted, text.encode() + b"\n")
    accepted = {"accepted_by": by, "accepted_at": utc_now(), "text_sha256": sha256_file(files.accepted)}
    write_json(files.record, {**record, **accepted})
    files.draft.unlink()
    return files


def translation_facts(brief: Brief, language: str) -> dict[str, Any] | None:
    """For a receipt: by whom a text was drafted and accepted; None for a text that people brought."""
    if language == brief.script.language:
        return None
    files = draft_of(brief.path, brief.script.path, language)
    if brief.text_path(language) != files.accepted or not files.record.is_file():
        return None
    record = dict(read_json(files.record))
    if record.get("text_sha256") != sha256_file(files.accepted):
        record["changed_after_acceptance"] = True
    return record


def _files(brief: Brief, language: str) -> Draft:
    if language == brief.script.language or language not in brief.languages:
        wanted = ", ".join(one for one in brief.languages if one != brief.script.language) or "none"
        raise InputError(f"{brief.path.name} wants no translation into '{language}' (wanted: {wanted}).")
    files = draft_of(brief.path, brief.script.path, language)
    if brief.text_path(language) != files.accepted:
        raise InputError(
            f"translations.{language} names {brief.text_path(language).name}: remove it to have the text translated."
        )
    return files
