"""What the C2PA manifest of a release asserts, derived from its one record, and the check of what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.provenance.disclosure import (
    ALGORITHMIC,
    COMPOSITE_TRAINED,
    DIGITAL_CAPTURE,
    IPTC_TERMS,
    SOUNDS,
    TRAINED,
    EngineUse,
    ReleaseRecord,
    badge_text,
    digital_source_type,
)
from countenance.provenance.wording import wording

MARK_ALGORITHM = "org.countenance.tile.1"
SOUND_MARK_ALGORITHM = "org.countenance.sound.1"
RELEASE_LABEL = "org.countenance.release"
FILE_LABEL = "org.countenance.file"
NOT_ALLOWED = ("cawg.ai_generative_training", "cawg.ai_training", "cawg.data_mining")

MASTER, VOICE = "master", "voice"  # what actions call these ingredients
_MARKED = {MARK_ALGORITHM: "picture", SOUND_MARK_ALGORITHM: "sound"}
_ACTIONS, _BINDING, _MINING = "c2pa.actions.v2", "c2pa.soft-binding", "cawg.training-mining"


@dataclass(frozen=True)
class Sources:
    """What a release was made from, and which of its marks lie in the file.

    `master` is the file that was changed, None for what is wholly synthetic; `voice` the track that was spoken
    anew, a sealed file of its own. `references` are the SHA-256 (hex) of the stills after which faces were
    painted: they are named by hash alone, since they show people who allowed just that. `marks` are the
    algorithms whose mark with the release's id is in the picture or in the sound.
    """

    master: Path | None = None
    voice: Path | None = None
    references: tuple[str, ...] = ()
    marks: tuple[str, ...] = (MARK_ALGORITHM,)


def c2pa_actions(record: ReleaseRecord, sources: Sources = Sources()) -> list[dict[str, Any]]:
    """What was done, in order, as C2PA actions (version 2)."""
    actions: list[dict[str, Any]] = []
    if record.master_source_type is None:
        actions.append({"action": "c2pa.created", "digitalSourceType": IPTC_TERMS + digital_source_type(record)})
    else:
        actions.append({"action": "c2pa.opened", "parameters": {"ingredientIds": [MASTER]}})
    actions += [_edited(record, engine, sources) for engine in record.engines]
    if sources.voice is not None:
        actions.append({"action": "c2pa.placed", "parameters": {"ingredientIds": [VOICE]}})
    if record.sound:
        actions.append({"action": "c2pa.edited", "parameters": {"description": SOUNDS[record.sound]}})
    if record.dubbed:
        languages = {"sourceLanguage": record.master_language, "targetLanguage": record.language}
        actions.append({"action": "c2pa.translated", "parameters": languages})
    if badge_text(record):
        actions.append({"action": "c2pa.addedText", "parameters": {"description": badge_text(record)}})
    actions += watermark_actions(sources.marks)
    return [{**action, "when": record.released_at} for action in actions]


def c2pa_assertions(record: ReleaseRecord, sources: Sources = Sources()) -> list[dict[str, Any]]:
    """Everything that the manifest of this release asserts."""
    release = {
        "release": record.release_id,
        "variant": record.variant_id,
        "receipt_sha256": record.receipt_sha256,
        "grants": list(record.grants),
        "digital_source_type": IPTC_TERMS + digital_source_type(record),
    }
    return [
        {"label": _ACTIONS, "data": {"actions": c2pa_actions(record, sources)}},
        *soft_bindings(record.mark_id, sources.marks),
        training_mining(),
        {"label": RELEASE_LABEL, "data": release},
    ]


def voice_assertions(record: ReleaseRecord) -> list[dict[str, Any]]:
    """What the manifest of the voice track of a release asserts: an engine made it of nothing, or somebody spoke it."""
    recorded = {
        "action": "c2pa.created",
        "when": record.released_at,
        "digitalSourceType": IPTC_TERMS + DIGITAL_CAPTURE,
        "parameters": {"description": f"a recording of a person's speech in the language {record.language}"},
    }
    made: list[dict[str, Any]] = [recorded] if record.recorded_voice else []
    made += [
        {
            "action": "c2pa.created",
            "when": record.released_at,
            "digitalSourceType": IPTC_TERMS + _source_type(engine),
            "softwareAgent": {"name": engine.name, "version": engine.version},
            "parameters": {"description": f"speech in the language {record.language}"},
        }
        for engine in record.engines
        if engine.part == "voice"
    ]
    return [{"label": _ACTIONS, "data": {"actions": made[:1]}}, training_mining()]


def derived_assertions(
    parent: Mapping[str, Any], actions: Sequence[Mapping[str, Any]], kind: str, when: str
) -> list[dict[str, Any]]:
    """What the manifest of a file asserts that was made by `actions` from a release with the manifest `parent`.

    `kind` is the new file's media type: a picture keeps the picture's mark, a sound that of the sound.
    """
    medium = kind.partition("/")[0]
    ids = bound_marks(parent)
    fitting = {"image": ("picture",), "audio": ("sound",)}.get(medium, ("picture", "sound"))
    kept = [mark for mark in ids if _MARKED.get(mark) in fitting]
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [MASTER]}}
    done = [{**action, "when": when} for action in (opened, *actions, *watermark_actions(kept))]
    return [
        {"label": _ACTIONS, "data": {"actions": done}},
        *(binding for mark in kept for binding in soft_bindings(ids[mark], [mark])),
        training_mining(),
        {"label": RELEASE_LABEL, "data": dict(release_facts(parent))},
    ]


def watermark_actions(marks: Sequence[str]) -> list[dict[str, Any]]:
    """One action for each mark that a soft binding speaks of."""
    return [
        {"action": "c2pa.watermarked.bound", "parameters": {"description": f"{_MARKED[mark]}: {mark}"}}
        for mark in marks
    ]


def soft_bindings(mark_id: str, marks: Sequence[str]) -> list[dict[str, Any]]:
    """The assertions by which a file whose history was stripped is found again."""
    return [{"label": _BINDING, "data": {"alg": mark, "blocks": [{"scope": {}, "value": mark_id}]}} for mark in marks]


def training_mining() -> dict[str, Any]:
    """The assertion that nobody may train on a file or mine it."""
    return {"label": _MINING, "data": {"entries": {name: {"use": "notAllowed"} for name in NOT_ALLOWED}}}


def bound_marks(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The marks that a manifest's soft bindings speak of: the id by algorithm."""
    found: dict[str, str] = {}
    for binding in _written(manifest).get(_BINDING, []):
        blocks = binding.get("blocks")
        value = blocks[0].get("value") if isinstance(blocks, list) and blocks and isinstance(blocks[0], dict) else None
        if isinstance(value, str):
            found[str(binding.get("alg"))] = value
    return found


def release_facts(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a manifest asserts about the release that its file belongs to; empty when it names none."""
    found = _written(manifest).get(RELEASE_LABEL, [])
    return found[0] if found else {}


def file_facts(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a manifest asserts about bytes of its file that C2PA's own hash leaves out; empty without such."""
    found = _written(manifest).get(FILE_LABEL, [])
    return found[0] if found else {}


def manifest_contradictions(
    record: ReleaseRecord, manifest: Mapping[str, Any], sources: Sources = Sources()
) -> tuple[str, ...]:
    """Where a manifest, as a C2PA reader gives it, says something else than the record, in words."""
    return tuple(_contradictions(record, manifest, sources))


def _edited(record: ReleaseRecord, engine: EngineUse, sources: Sources) -> dict[str, Any]:
    parameters: dict[str, Any] = {"description": getattr(wording("en"), engine.part)}
    if engine.part == "face" and sources.references:
        parameters["ingredientIds"] = [reference_label(number) for number in range(len(sources.references))]
    # A voice, and whatever is not painted into footage, is nothing but the engine's own.
    alone = engine.part == "voice" or record.master_source_type is None
    return {
        "action": "c2pa.edited",
        "digitalSourceType": IPTC_TERMS + (_source_type(engine) if alone else COMPOSITE_TRAINED),
        "softwareAgent": {"name": engine.name, "version": engine.version},
        "parameters": parameters,
    }


def reference_label(number: int) -> str:
    """What actions call a reference still, counted from 0."""
    return f"reference-{number + 1}"


def _source_type(engine: EngineUse) -> str:
    """The IPTC term for what an engine makes of nothing."""
    return TRAINED if engine.trained else ALGORITHMIC


def _written(manifest: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The assertions' data by label, in their order; strangers' manifests may hold anything."""
    found: dict[str, list[Any]] = {}
    for one in manifest.get("assertions", ()):
        if isinstance(data := one.get("data"), dict):
            found.setdefault(str(one.get("label")), []).append(data)
    return found


def _contradictions(record: ReleaseRecord, manifest: Mapping[str, Any], sources: Sources) -> Iterator[str]:
    written = _written(manifest)
    for label, wanted in _written({"assertions": c2pa_assertions(record, sources)}).items():
        if list(map(_comparable, written.get(label, []))) != list(map(_comparable, wanted)):
            yield f"the manifest's {label} is not what the release record says"


def _comparable(data: Mapping[str, Any]) -> Any:
    return [_told(action) for action in data["actions"]] if "actions" in data else data


def _told(action: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an action tells. The ingredients that it names become references, so that only their number is left."""
    parameters = action.get("parameters", {})
    names = ("sourceLanguage", "targetLanguage", "description")
    agent = action.get("softwareAgent") or {}
    return (
        action["action"],
        action.get("digitalSourceType"),
        (agent.get("name"), agent.get("version")),
        tuple(parameters.get(name) for name in names),
        len(parameters.get("ingredients", parameters.get("ingredientIds", ()))),
    )
