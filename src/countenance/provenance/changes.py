"""What was changed in a release, in words: from its record, or from the actions of a signed history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from countenance.provenance.verify_words import say, spoken
from countenance.provenance.wording import wording

PARTS = ("face", "mouth", "voice")


def changes_of_record(record: Mapping[str, Any], language: str) -> tuple[str, ...]:
    """What the release record says was made anew, in words of `language`, each part once."""
    parts = [engine.get("part") for engine in record.get("engines", ())]
    languages = (record.get("master_language"), record.get("language"))
    dubbed = ("voice" in parts or bool(record.get("recorded_voice"))) and languages[0] != languages[1]
    return (*_parts(parts, language), *([_translated(*languages, language)] if dubbed else []))


def changes_of_manifest(manifest: Mapping[str, Any], language: str) -> tuple[str, ...]:
    """The same from the actions of a C2PA manifest as its reader gives it.

    Only what this product writes is put into words; edits of others keep the words that they came with.
    """
    own = {getattr(wording("en"), part): part for part in PARTS}
    parts, others, translated = [], [], []
    for action in _actions(manifest):
        parameters = action.get("parameters") or {}
        told = parameters.get("description") or action.get("description")
        if action.get("action") == "c2pa.edited":
            if told in own:
                parts.append(own[told])
            elif told:
                others.append(str(told))
        elif action.get("action") == "c2pa.translated":
            translated.append(_translated(parameters.get("sourceLanguage"), parameters.get("targetLanguage"), language))
    return (*_parts(parts, language), *dict.fromkeys(others), *translated)


def _parts(parts: Iterable[str | None], language: str) -> Iterator[str]:
    words, seen = wording(spoken(language)), list(parts)
    for part in PARTS:
        if part in seen:
            yield getattr(words, "faces" if part == "face" and seen.count("face") > 1 else part)


def _translated(origin: object, target: object, language: str) -> str:
    return say(language, "changes.translated", origin=origin, target=target)


def _actions(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for assertion in manifest.get("assertions", ()):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            yield from (assertion.get("data") or {}).get("actions", ())
