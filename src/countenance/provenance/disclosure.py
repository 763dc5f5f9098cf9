"""One release record, and every disclosure derived from it.

What the C2PA manifest (`manifest`), the page's structured data, the captions and the badge say about a
release comes from this record and nowhere else, so that they cannot contradict each other;
`contradictions` checks what was really written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from countenance.errors import InputError
from countenance.provenance.label import USUAL, Label, label_from_json
from countenance.provenance.wording import wording

IPTC_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"

DIGITAL_CAPTURE = "digitalCapture"
COMPOSITE_SYNTHETIC = "compositeSynthetic"
COMPOSITE_TRAINED = "compositeWithTrainedAlgorithmicMedia"
TRAINED = "trainedAlgorithmicMedia"
ALGORITHMIC = "algorithmicMedia"
MASTER_SOURCE_TYPES = (
    DIGITAL_CAPTURE, "computationalCapture", "humanEdits", "compositeCapture", "algorithmicallyEnhanced",
    "digitalCreation", "composite", COMPOSITE_SYNTHETIC, COMPOSITE_TRAINED, TRAINED, ALGORITHMIC,
    "screenCapture", "virtualRecording",
)  # fmt: skip

PARTS = ("face", "mouth", "voice")
BADGES = ("off", "corner", "endcard")
SOUNDS = {  # what lies under a new voice, in words for machines and their readers
    "": "",
    "effects": "music and effects of the master under the new voice",
    "bed": "a music bed under the new voice",
}


@dataclass(frozen=True)
class EngineUse:
    """One engine at work on one person of a release. `trained`: its output comes out of a trained generator."""

    part: str
    name: str
    version: str
    trained: bool = False


@dataclass(frozen=True)
class ReleaseRecord:
    """The facts of one release that are told to the outside; no personal data.

    `mark_id` is the 64-bit watermark id in hex; `master_source_type` the IPTC term for the master,
    None when there was no master; `grants` are keyed commitments; `released_at` ISO 8601 in UTC. `label` is
    how the visible badge looks and when it is shown, if there is one. `sound` is a key of `SOUNDS`.
    `recorded_voice`: a person's recording replaces the master's voice, which no engine made.
    """

    release_id: str
    variant_id: str
    mark_id: str
    released_at: str
    receipt_sha256: str
    language: str
    master_language: str
    master_source_type: str | None
    engines: tuple[EngineUse, ...]
    badge: str
    grants: tuple[str, ...]
    label: Label = USUAL
    sound: str = ""
    recorded_voice: bool = False

    def __post_init__(self) -> None:
        checks = {
            "mark_id": re.fullmatch(r"[0-9a-f]{16}", self.mark_id),
            "receipt_sha256": re.fullmatch(r"[0-9a-f]{64}", self.receipt_sha256),
            "master_source_type": self.master_source_type in (None, *MASTER_SOURCE_TYPES),
            "engines": all(engine.part in PARTS for engine in self.engines),
            "badge": self.badge in BADGES,
            "sound": self.sound in SOUNDS,
            "grants": all(re.fullmatch(r"[0-9a-f]{64}", grant) for grant in self.grants),
        }
        for name, sound in checks.items():
            if not sound:
                raise InputError(f"the release record's {name} cannot be {getattr(self, name)!r}.")

    @property
    def modified(self) -> bool:
        return bool(self.engines)

    @property
    def made(self) -> bool:
        """Wholly made by engines, not changed from a master."""
        return self.modified and self.master_source_type is None

    @property
    def parts(self) -> tuple[str, ...]:
        """What was made anew, in a fixed order."""
        return tuple(part for part in PARTS if any(engine.part == part for engine in self.engines))

    @property
    def dubbed(self) -> bool:
        return ("voice" in self.parts or self.recorded_voice) and self.language != self.master_language

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "engines": [asdict(one) for one in self.engines], "grants": list(self.grants)}


def record_from_json(values: Mapping[str, Any]) -> ReleaseRecord:
    """The record that `to_json` was made from."""
    engines = tuple(EngineUse(**one) for one in values["engines"])
    label = label_from_json(values.get("label", {}))  # records before labels could be set have none
    return ReleaseRecord(**{**values, "engines": engines, "grants": tuple(values["grants"]), "label": label})


def master_source_type(talent_kinds: Iterable[str]) -> str:
    """The IPTC term for a master by the kinds ("real", "synthetic") of the talents who appear in it."""
    return COMPOSITE_SYNTHETIC if "synthetic" in talent_kinds else DIGITAL_CAPTURE


def digital_source_type(record: ReleaseRecord) -> str:
    """The IPTC term for the release as a whole."""
    # Taken literally, a painter that warps the talent's own pixels makes a compositeSynthetic picture
    # ("a mix of several elements, at least one of which is synthetic"). But trained networks find the
    # face, its mesh and its matte and so decide each painted pixel, the result shows a person doing what
    # they did not do, and the law, the platforms and their tools look for the "trained" terms alone.
    # A swapped or re-mouthed face is therefore declared as compositeWithTrainedAlgorithmicMedia: of two
    # readings the one that tells the audience more. A voice by formant synthesis under an unchanged
    # picture is no trained output in any reading, and untouched footage stays what the master was.
    if record.master_source_type is None:
        return TRAINED if any(engine.trained for engine in record.engines) else ALGORITHMIC
    if not record.modified:
        return record.master_source_type
    if record.parts == ("voice",) and not any(engine.trained for engine in record.engines):
        return COMPOSITE_SYNTHETIC
    return COMPOSITE_TRAINED


def sentence(record: ReleaseRecord) -> str:
    """What was done, in one sentence of the release's language; empty when nothing was."""
    if not record.modified:
        return ""
    words = wording(record.language)
    if record.made:
        return words.whole
    several = sum(engine.part == "face" for engine in record.engines) > 1
    told = ("faces" if part == "face" and several else part for part in record.parts)
    return words.sentence.format(words.joint.join(getattr(words, part) for part in told))


def captions_note(record: ReleaseRecord) -> str:
    """The comment at the head of caption files: the disclosure, the sound's parts, and which release this is."""
    sound = f"Sound: {SOUNDS[record.sound]}" if record.sound else ""
    return "\n".join(line for line in (sentence(record), sound, f"Release {record.release_id}") if line)


def badge_text(record: ReleaseRecord) -> str:
    """The words of the visible badge ("AI" where it is the icon alone); empty when none is due."""
    if not record.modified or record.badge == "off":
        return ""
    if record.label.form == "icon":
        return "AI"
    words = wording(record.language)
    return words.made if record.made else words.badge


def spoken_text(record: ReleaseRecord) -> str:
    """What a voice says in audio without a picture; empty when the voice is nobody's imitation."""
    due = "voice" in record.parts and record.label.notice != "none"
    return wording(record.language).spoken if due else ""


def player_note(record: ReleaseRecord) -> str:
    """What a player shows beside the picture and a screen reader reads out; empty when nothing was done."""
    return f"{badge_words(record)}. {sentence(record)}" if record.modified else ""


def badge_words(record: ReleaseRecord) -> str:
    """The short words for what was done, also where the badge is off or shows the icon alone."""
    words = wording(record.language)
    return (words.made if record.made else words.badge) if record.modified else ""


def machine_fields(record: ReleaseRecord) -> dict[str, Any]:
    """All disclosures of a release as plain values, for whoever fills in forms of platforms and players."""
    return {
        "release": record.release_id,
        "language": record.language,
        "ai": "made" if record.made else "modified" if record.modified else "none",
        "parts": list(record.parts),
        "digital_source_type": IPTC_TERMS + digital_source_type(record),
        "sentence": sentence(record),
        "player_note": player_note(record),
        "captions_note": captions_note(record),
        "spoken_notice": spoken_text(record),
        "badge": {"kind": record.badge, "words": badge_text(record), **asdict(record.label)}
        if badge_text(record)
        else None,
    }


def jsonld_fields(record: ReleaseRecord) -> dict[str, Any]:
    """What the structured data of the page must say, under the names that `video_object` takes."""
    return {
        "digital_source_type": digital_source_type(record),
        "disclosure": sentence(record),
        "player_note": player_note(record),
        "release_id": record.release_id,
        "language": record.language,
    }


def contradictions(
    record: ReleaseRecord,
    jsonld: Mapping[str, Any] | None = None,
    captions: str | None = None,
    badge: str | None = None,
) -> tuple[str, ...]:
    """Where what was written says something else than the record, in words; empty when all agree.

    `jsonld` is the VideoObject, `captions` the WebVTT text, `badge` the words that were drawn. What is None
    is not looked at. The manifest has a check of its own, `manifest.manifest_contradictions`.
    """
    found: list[str] = []
    if jsonld is not None:
        found += _jsonld_contradictions(record, jsonld)
    if captions is not None:
        found += [f"the captions lack the line {line!r}" for line in captions_note(record).splitlines()
                  if line not in captions]  # fmt: skip
    if badge is not None and badge != badge_text(record):
        found.append(f"the badge says {badge!r}, not {badge_text(record)!r}")
    return tuple(found)


def _jsonld_contradictions(record: ReleaseRecord, jsonld: Mapping[str, Any]) -> Iterable[str]:
    term = digital_source_type(record)
    wanted = f"https://schema.org/{term[0].upper()}{term[1:]}DigitalSource"
    if jsonld.get("digitalSourceType") != wanted:
        yield f"the page's digitalSourceType is {jsonld.get('digitalSourceType')!r}, not {wanted!r}"
    if jsonld.get("inLanguage") != record.language:
        yield f"the page's language is {jsonld.get('inLanguage')!r}, not {record.language!r}"
    if sentence(record) not in str(jsonld.get("description", "")):
        yield "the page's description lacks the disclosure"
    if jsonld.get("accessibilitySummary", "") != player_note(record):
        yield "the page's note for players and screen readers is not the record's"
    if record.release_id not in str(jsonld.get("identifier", "")):
        yield f"the page does not name release {record.release_id}"
