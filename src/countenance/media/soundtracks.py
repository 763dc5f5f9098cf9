"""Which audio tracks a file has, which channels they have, and which of them says that it is without dialogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from countenance.errors import InputError

NO_WORDS = "zxx"  # ISO 639-2: no linguistic content
_EFFECTS = re.compile(
    r"\bm\s*(?:&|\+|\band\b|\bn\b|u\.?)\s*e\b|\bmusic\s*(?:&|\+|and)\s*(?:effects|sfx|fx)\b|\bmusik\s*(?:&|\+|und)\s*effekte\b"
    r"|\binternational\s+(?:sound|track|version)\b|\bi\.?t\.?-?band\b|\bclean\s+effects\b",
    re.IGNORECASE,
)
# Short names of channels as people write them, and those of FFmpeg that they may stand for.
_NAMES = {
    "L": ("FL",), "R": ("FR",), "C": ("FC",), "LFE": ("LFE",), "Ls": ("SL", "BL"), "Rs": ("SR", "BR"),
    "Lb": ("BL",), "Rb": ("BR",),
}  # fmt: skip
_USUAL = {1: ("FC",), 2: ("FL", "FR"), 6: ("FL", "FR", "FC", "LFE", "BL", "BR")}


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """One audio track: its number among the file's audio tracks from 0, its channels in FFmpeg's names and order."""

    number: int
    channels: tuple[str, ...]
    title: str
    language: str
    wordless: bool  # it says of itself that it holds music and effects without dialogue


def sound_tracks(path: Path) -> tuple[SoundTrack, ...]:
    """The audio tracks of a file in its order. Errors: InputError for what is no media file."""
    try:
        with av.open(str(path)) as container:
            return tuple(_track(number, stream) for number, stream in enumerate(container.streams.audio))
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"The sound of {path} cannot be read ({reason}): give a playable media file.") from error


def channel_numbers(track: SoundTrack, names: Sequence[str]) -> tuple[int, ...]:
    """The columns of channels that are called L R C LFE Ls Rs, FL FR.. or 1 2 3.. InputError for one that is not
    there."""
    return tuple(_channel(track, name) for name in names)


def _channel(track: SoundTrack, name: str) -> int:
    for candidate in (name, *_NAMES.get(name, ())):
        if candidate in track.channels:
            return track.channels.index(candidate)
    if name.isdigit() and 1 <= int(name) <= len(track.channels):
        return int(name) - 1
    known = ", ".join(f"{number} ({channel})" for number, channel in enumerate(track.channels, start=1))
    raise InputError(f"Audio track {track.number} has no channel {name!r}: it has {known}.")


def _track(number: int, stream: Any) -> SoundTrack:
    told = {str(key).lower(): str(value) for key, value in stream.metadata.items()}
    title = told.get("title") or told.get("handler_name") or told.get("name") or ""
    language = told.get("language", "")
    marked = bool(stream.disposition & Disposition.clean_effects)
    # The first track is the programme, whatever its language tag says.
    wordless = marked or bool(_EFFECTS.search(title)) or (number > 0 and language == NO_WORDS)
    return SoundTrack(number, _channels(stream.codec_context.layout), title, language, wordless)


def _channels(layout: Any) -> tuple[str, ...]:
    """The names of the channels; where the file has none, those that are usual for their number."""
    names = tuple(channel.name for channel in layout.channels)
    if "NONE" not in names and len(set(names)) == len(names):
        return names
    return _USUAL.get(len(names), tuple(str(number) for number in range(1, len(names) + 1)))
