"""What a package may hold beyond what every package holds: chapters, thumbnails, streams, described pictures.

Each is there or not; what is there but cannot be read is an error, since a page that leaves it out quietly would look
whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from countenance.delivery.bidi import unmarked
from countenance.delivery.chapters import Chapter
from countenance.delivery.renditions import MAIN
from countenance.errors import InputError

CHAPTERS, DESCRIPTIONS, TRANSCRIPT = "chapters.vtt", "descriptions.vtt", "transcript.html"
THUMBNAILS = "thumbnails/thumbnails.json"
WIDEST_FIRST = (16 / 9, 1.0, 9 / 16)  # shapes in the order in which search engines and cards want them

_TIMING = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)\.(\d{3})[ \t]+-->[ \t]+(?:(\d+):)?(\d\d):(\d\d)\.(\d{3})")
_TAG = re.compile(r"</?[^>]*>")
# The elements of a transcript as `transcript.transcript_html` writes it, and nothing else.
_PLAIN = re.compile(r'</?(?:div|p|b|bdi|span)(?: (?:class|lang|dir|data-start)="[^"<>&]*")*>')


@dataclass(frozen=True)
class Thumbnail:
    """A picture to be chosen by; `path` is within the package, the size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class Extras:
    """`stream` is the path of the HLS multivariant playlist, `transcript` a checked fragment of HTML, or empty."""

    chapters: tuple[Chapter, ...] = ()
    thumbnails: tuple[Thumbnail, ...] = ()
    stream: str = ""
    descriptions: str = ""
    transcript: str = ""

    @property
    def thumbnail(self) -> Thumbnail | None:
        """The one for search engines and cards: the best of the widest shape there is."""
        for shape in WIDEST_FIRST:
            for one in self.thumbnails:
                if abs(one.width / one.height / shape - 1) < 0.05:
                    return one
        return self.thumbnails[0] if self.thumbnails else None


def read_extras(folder: Path, language: str) -> Extras:
    """What lies in a package's folder. `language` chooses among thumbnails with text in them."""
    chapters = folder / CHAPTERS
    transcript = folder / TRANSCRIPT
    return Extras(
        chapters=read_chapters(chapters.read_text(encoding="utf-8")) if chapters.is_file() else (),
        thumbnails=_thumbnails(folder, language),
        stream=_stream(folder),
        descriptions=DESCRIPTIONS if (folder / DESCRIPTIONS).is_file() else "",
        transcript=_checked(transcript) if transcript.is_file() else "",
    )


def _stream(folder: Path) -> str:
    """The playlist of an export of the package that streams, whatever its profile is called."""
    found = sorted(folder.glob(f"*/{MAIN}"))
    return found[0].relative_to(folder).as_posix() if found else ""


def read_chapters(vtt: str) -> tuple[Chapter, ...]:
    """The chapters of a WebVTT file: one cue each, its text the title."""
    found = []
    for block in re.split(r"\n{2,}", vtt.replace("\r\n", "\n")):
        lines = block.strip().split("\n")
        at = next((number for number, line in enumerate(lines) if _TIMING.match(line)), None)
        if at is None or lines[0].startswith(("WEBVTT", "NOTE")):
            continue
        timing = _TIMING.match(lines[at])
        assert timing is not None
        title = unmarked(unescape(_TAG.sub("", " ".join(lines[at + 1 :])))).strip()
        found.append(Chapter(_ms(timing.groups()[:4]), _ms(timing.groups()[4:]), title))
    return tuple(found)


def _ms(parts: Iterable[str | None]) -> int:
    hours, minutes, seconds, ms = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


def _thumbnails(folder: Path, language: str) -> tuple[Thumbnail, ...]:
    listing = folder / THUMBNAILS
    if not listing.is_file():
        return ()
    try:
        rows: list[dict[str, Any]] = json.loads(listing.read_text(encoding="utf-8"))["thumbnails"]
        found = tuple(
            Thumbnail(f"thumbnails/{row['file']}", int(row["width"]), int(row["height"]))
            for row in rows
            if row.get("language", language) == language
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(f"{listing} is no list of thumbnails ({problem!r}); make them again.") from problem
    for one in found:
        if not (folder / one.path).is_file():
            raise InputError(f"{listing} names {one.path}, which is not there; make the thumbnails again.")
    return found


def _checked(path: Path) -> str:
    """The fragment, if it holds nothing but what a transcript needs: it goes into a page as it is."""
    text = path.read_text(encoding="utf-8")
    if "<" in _PLAIN.sub("", text):
        raise InputError(f"{path} holds other elements than a transcript has; run `countenance produce` again.")
    return text
