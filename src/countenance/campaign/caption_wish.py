"""What a brief says about captions, under `captions:`: who speaks, what is heard, and where they are burnt in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from countenance.store.documents import Section


@dataclass(frozen=True, slots=True)
class SoundNote:
    """A sound that captions tell of, from `start_s` to `end_s` of the variant, in words of its language."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class CaptionWish:
    """The captions as asked for.

    `speaker` names the presenter in caption files. `burnt` are the languages whose captions are burnt into the
    picture, for places where players show none. `sounds` are notes of sounds by language.
    """

    speaker: str = ""
    burnt: tuple[str, ...] = ()
    sounds: Mapping[str, tuple[SoundNote, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def to_json(self) -> dict[str, Any]:
        sounds = {
            language: [[note.start_s, note.end_s, note.text] for note in notes]
            for language, notes in self.sounds.items()
        }
        return {"speaker": self.speaker, "burnt": list(self.burnt), "sounds": sounds}


USUAL_CAPTIONS = CaptionWish()


def read_caption_wish(whole: Section, languages: Collection[str]) -> CaptionWish:
    """`captions` of a brief; BriefError names the line, the key and the way out."""
    if "captions" not in whole.values:
        return USUAL_CAPTIONS
    section = whole.section("captions")
    section.only((), ("speaker", "burnt", "sounds"))
    burnt = section.texts("burnt") if "burnt" in section.values else ()
    return CaptionWish(
        " ".join(section.text("speaker").split()) if "speaker" in section.values else "",
        tuple(section.known("burnt", language, languages) for language in burnt),
        MappingProxyType(_sounds(section, languages)),
    )


def seconds_of(section: Section, key: str) -> float:
    """A time in the variant: seconds, or minutes and seconds as "1:30" (or "1:02:03.5")."""
    value = section.values.get(key)
    if isinstance(value, str):
        parts = value.split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if 1 < len(numbers) <= 3 and all(0 <= number < 60 for number in numbers[1:]) and numbers[0] >= 0:
            return sum(number * 60.0**power for power, number in enumerate(reversed(numbers)))
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if key not in section.values:
        raise section.problem(f"'{section.path_of(key)}' is missing")
    raise section.problem(f"'{section.path_of(key)}' is {value!r}: write seconds such as 12.5, or \"1:30\"", key)


def _sounds(section: Section, languages: Collection[str]) -> dict[str, tuple[SoundNote, ...]]:
    if "sounds" not in section.values:
        return {}
    by_language = section.section("sounds")
    found: dict[str, tuple[SoundNote, ...]] = {}
    for language in by_language.values:
        by_language.known(language, language, languages)
        found[language] = tuple(sorted(map(_note, by_language.sections(language)), key=lambda note: note.start_s))
    return found


def _note(entry: Section) -> SoundNote:
    entry.only(("from", "until", "text"))
    start_s, end_s = seconds_of(entry, "from"), seconds_of(entry, "until")
    if end_s <= start_s:
        raise entry.problem(f"'{entry.path_of('until')}' is not after 'from': give a later time", "until")
    return SoundNote(start_s, end_s, " ".join(entry.text("text").split()))
