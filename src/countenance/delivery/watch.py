"""A released package as others get to see it, read back from its folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countenance.delivery.extras import Extras, read_extras
from countenance.errors import InputError
from countenance.quality.page import readable

MEDIA = ("video.mp4", "poster.jpg", "captions.vtt")


@dataclass(frozen=True)
class Watch:
    """One variant to be watched. `face` is the key of its cast, `text` what is said, `parts` what was made anew.

    `manifest` names the signed history in the video file, `sha256` is of that file.
    """

    folder: Path
    variant: str
    release: str
    campaign: str
    face: str
    language: str
    text: str
    sentence: str
    note: str
    parts: tuple[str, ...]
    released_at: str
    looked_at: bool  # a person looked at it before it was approved
    markets: tuple[str, ...]
    size: tuple[int, int]
    jsonld: dict[str, Any]
    manifest: str = ""
    sha256: str = ""
    extras: Extras = field(default_factory=Extras)

    @property
    def title(self) -> str:
        return readable(self.campaign)

    @property
    def duration_s(self) -> float:
        """As the package's own description says."""
        return seconds_of(self.jsonld["duration"])

    @property
    def files(self) -> tuple[str, ...]:
        """What of the package a site shows, as paths in its folder; the listing of a stream's folder is not in it."""
        extras = self.extras
        more = (
            extras.thumbnail.path if extras.thumbnail else "",
            extras.descriptions,
            "chapters.vtt" if extras.chapters else "",
        )
        return (*MEDIA, *(path for path in more if path))


def read_package(folder: Path) -> Watch:
    """What a package says about itself; InputError when it is no whole package."""
    try:
        receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
        jsonld = json.loads((folder / "video.jsonld").read_text(encoding="utf-8"))
        made, record, disclosed = receipt["receipt"], receipt["record"], receipt["disclosure"]
        seal = receipt.get("seal", {})
        found = Watch(
            folder=folder,
            variant=record["variant_id"],
            release=record["release_id"],
            campaign=made["campaign"],
            face=made["variant"]["face"],
            language=record["language"],
            text=jsonld.get("transcript", ""),
            sentence=disclosed["sentence"],
            note=disclosed["player_note"],
            parts=tuple(disclosed["parts"]),
            released_at=record["released_at"],
            looked_at=not made["review"]["in_one_go"],
            markets=tuple(jsonld.get("regionsAllowed", ())),
            size=(jsonld["width"]["value"], jsonld["height"]["value"]),
            jsonld=jsonld,
            manifest=seal.get("manifest_id", ""),
            sha256=seal.get("sha256", ""),
            extras=read_extras(folder, record["language"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(f"{folder} is no whole package ({problem!r}); run `countenance produce` again.") from problem
    for name in MEDIA:
        if not (folder / name).is_file():
            raise InputError(f"{folder} has no {name}; run `countenance produce` again.")
    return found


def packages_in(folder: Path, variants: Iterable[str]) -> tuple[Watch, ...]:
    """The packages below a folder whose variants are among these, in their order."""
    return tuple(
        read_package(folder / variant) for variant in variants if (folder / variant / "receipt.json").is_file()
    )


def seconds_of(duration: str) -> float:
    """An ISO 8601 duration of hours, minutes and seconds, as `jsonld.iso_duration` writes it, in seconds."""
    total, digits = 0.0, ""
    for letter in duration.removeprefix("PT"):
        if letter in "HMS":
            total += float(digits) * {"H": 3600, "M": 60, "S": 1}[letter]
            digits = ""
        else:
            digits += letter
    return total
