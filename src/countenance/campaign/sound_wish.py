"""What a brief says about the sound of a dub, under `sound:`: music and effects, a bed, ducking, how loud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.media.mix import Ducking, profiles
from countenance.store.documents import Section
from countenance.store.files import sha256_file

AUTO, NONE = "auto", "none"
USUAL_PROFILE = "web"
USUAL_LEVEL_LU = -18.0
_EFFECTS_DUCKING, _BED_DUCKING = Ducking(depth_db=3.0), Ducking(depth_db=9.0)
_DEEPEST_DB, _LONGEST_S = 60.0, 10.0


@dataclass(frozen=True)
class SoundWish:
    """The sound as asked for.

    `effects` says where music and effects come from: "auto" (a track of the master that says so, or 5.1 around its
    centre), "none", the number of a track of the master, channels of its first track, or a file. `level_lu` is how
    far a bed lies above the voice (so mostly below). `ducking` None: as is usual for what lies under the voice.
    """

    effects: str | int | tuple[str, ...] | Path = AUTO
    bed: Path | None = None
    level_lu: float = USUAL_LEVEL_LU
    ducking: Ducking | None = None
    profile: str = USUAL_PROFILE

    @property
    def usual_ducking(self) -> Ducking:
        return self.ducking or (_BED_DUCKING if self.bed else _EFFECTS_DUCKING)

    def to_json(self) -> dict[str, Any]:
        """By content: files by their SHA-256."""
        effects = self.effects
        told = sha256_file(effects) if isinstance(effects, Path) else effects
        ducking = self.ducking
        return {
            "effects": list(told) if isinstance(told, tuple) else told,
            "bed": sha256_file(self.bed) if self.bed else None,
            "level_lu": self.level_lu,
            "ducking": [ducking.depth_db, ducking.attack_s, ducking.release_s, ducking.hold_s] if ducking else None,
            "profile": self.profile,
        }


USUAL_SOUND = SoundWish()


def read_sound_wish(whole: Section) -> SoundWish:
    """`sound` of a brief; BriefError names the line, the key and the way out."""
    if "sound" not in whole.values:
        return USUAL_SOUND
    section = whole.section("sound")
    section.only((), ("music_and_effects", "bed", "level", "ducking", "profile"))
    bed = _file(section, "bed") if "bed" in section.values else None
    if "level" in section.values and bed is None:
        raise section.problem("'sound.level' is about a bed, and there is none: add bed: FILE", "level")
    effects = _effects(section)
    if bed and effects not in (AUTO, NONE):
        message = "'sound' names both a bed and music_and_effects: a dub stands on one of the two, remove the other"
        raise section.problem(message, "bed")
    return SoundWish(
        NONE if bed else effects,
        bed,
        _number(section, "level", USUAL_LEVEL_LU, -60.0, 6.0),
        _ducking(section),
        section.choice("profile", profiles(), USUAL_PROFILE),
    )


def _effects(section: Section) -> str | int | tuple[str, ...] | Path:
    if "music_and_effects" not in section.values:
        return AUTO
    entry = section.entry("music_and_effects")
    if isinstance(entry, str):
        return section.known("music_and_effects", entry, (AUTO, NONE))
    entry.only((), ("track", "channels", "file"))
    if len(entry.values) != 1:
        message = f"'{entry.name}' takes one of track, channels and file: keep the one that is meant"
        raise section.problem(message, "music_and_effects")
    if "file" in entry.values:
        return _file(entry, "file")
    if "channels" in entry.values:
        return _channels(entry)
    track = entry.whole("track")
    assert track is not None
    if track < 0:
        raise entry.problem(f"'{entry.path_of('track')}' counts from 0, so it cannot be {track}", "track")
    return track


def _channels(entry: Section) -> tuple[str, ...]:
    """Names or numbers, as they are written."""
    given = entry.values["channels"]
    if isinstance(given, list) and given and all(isinstance(one, int) and not isinstance(one, bool) for one in given):
        return tuple(str(one) for one in given)
    return entry.texts("channels")


def _ducking(section: Section) -> Ducking | None:
    if "ducking" not in section.values:
        return None
    if section.values["ducking"] is False:
        return Ducking(depth_db=0.0)
    entry = section.section("ducking")
    entry.only((), ("depth", "attack", "release", "hold"))
    usual = _BED_DUCKING if "bed" in section.values else _EFFECTS_DUCKING
    return Ducking(
        _number(entry, "depth", usual.depth_db, 0.0, _DEEPEST_DB),
        _number(entry, "attack", usual.attack_s, 0.0, _LONGEST_S),
        _number(entry, "release", usual.release_s, 0.0, _LONGEST_S),
        _number(entry, "hold", usual.hold_s, 0.0, _LONGEST_S),
    )


def _number(section: Section, key: str, usual: float, least: float, most: float) -> float:
    value = section.values.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise section.problem(f"'{section.path_of(key)}' is {value!r}: write a number from {least:g} to {most:g}", key)
    return float(value)


def _file(section: Section, key: str) -> Path:
    path = section.file.parent / section.text(key)
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "does not exist"
        raise section.problem(f"'{section.path_of(key)}' is {path}, which {reason}: correct the path", key)
    return path.resolve()
