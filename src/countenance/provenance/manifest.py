"""What the C2PA manifest of a release asserts, derived from its one record, and the check of what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from countenance.provenance.disclosure import (
    ALGORITHMIC,
    COMPOSITE_TRAINED,
    TRAINED,
    EngineUse,
    ReleaseRecord,
    badge_text,
    digital_source_type,
)
from countenance.provenance.wording import wording

MARK_ALGORITHM = "org.countenance.tile.1"
RELEASE_LABEL = "org.countenance.release"
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
NOT_ALLOWED = ("cawg.ai_generative_training", "cawg.ai_training", "cawg.data_mining")


def c2pa_actions(record: ReleaseRecord) -> list[dict[str, Any]]:
    """What was done, in order, as C2PA actions (version 2)."""
    actions: list[dict[str, Any]] = []
    if record.master_source_type is None:
        actions.append({"action": "c2pa.created", "digitalSourceType": IPTC + digital_source_type(record)})
    else:
        actions.append({"action": "c2pa.opened", "parameters": {"ingredientIds": ["master"]}})
    actions += [_edited(engine) for engine in record.engines]
    if record.dubbed:
        languages = {"sourceLanguage": record.master_language, "targetLanguage": record.language}
        actions.append({"action": "c2pa.translated", "parameters": languages})
    if badge_text(record):
        actions.append({"action": "c2pa.addedText", "parameters": {"description": badge_text(record)}})
    actions.append({"action": "c2pa.watermarked.bound"})
    return [{**action, "when": record.released_at} for action in actions]


def c2pa_assertions(record: ReleaseRecord) -> list[dict[str, Any]]:
    """Everything that the manifest of this release asserts."""
    release = {
        "release": record.release_id,
        "variant": record.variant_id,
        "receipt_sha256": record.receipt_sha256,
        "grants": list(record.grants),
        "digital_source_type": IPTC + digital_source_type(record),
    }
    mining = {"entries": {name: {"use": "notAllowed"} for name in NOT_ALLOWED}}
    binding = {"alg": MARK_ALGORITHM, "blocks": [{"scope": {}, "value": record.mark_id}]}
    return [
        {"label": "c2pa.actions.v2", "data": {"actions": c2pa_actions(record)}},
        {"label": "c2pa.soft-binding", "data": binding},
        {"label": "cawg.training-mining", "data": mining},
        {"label": RELEASE_LABEL, "data": release},
    ]


def manifest_contradictions(record: ReleaseRecord, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a manifest, as a C2PA reader gives it, says something else than the record, in words."""
    return tuple(_contradictions(record, manifest))


def _edited(engine: EngineUse) -> dict[str, Any]:
    voice = TRAINED if engine.trained else ALGORITHMIC
    return {
        "action": "c2pa.edited",
        "digitalSourceType": IPTC + (voice if engine.part == "voice" else COMPOSITE_TRAINED),
        "softwareAgent": {"name": engine.name, "version": engine.version},
        "parameters": {"description": getattr(wording("en"), engine.part)},
    }


def _contradictions(record: ReleaseRecord, manifest: Mapping[str, Any]) -> Iterator[str]:
    written = {one["label"]: one["data"] for one in manifest.get("assertions", ())}
    for assertion in c2pa_assertions(record):
        label = assertion["label"]
        if _comparable(written.get(label, {})) != _comparable(assertion["data"]):
            yield f"the manifest's {label} is not what the release record says"


def _comparable(data: Mapping[str, Any]) -> Any:
    return [_told(action) for action in data["actions"]] if "actions" in data else data


def _told(action: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an action tells, without the references that a signer fills in."""
    parameters = action.get("parameters", {})
    names = ("sourceLanguage", "targetLanguage", "description")
    agent = action.get("softwareAgent") or {}
    return (
        action["action"],
        action.get("digitalSourceType"),
        (agent.get("name"), agent.get("version")),
        tuple(parameters.get(name) for name in names),
    )
