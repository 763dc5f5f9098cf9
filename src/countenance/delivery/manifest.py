"""What of a package goes out, under which names, and the index that tells others where it lies.

Everything lies in a folder that is named after its content, so it may be cached for good; what names other files
(playlists, structured data) goes after them, and the one file that changes, `VARIANT.json`, goes last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.delivery.tagging import file_name
from countenance.errors import InputError
from countenance.store.files import read_json, sha256_file

INDEX_FORMAT = "countenance index 1"
JSONLD = "video.jsonld"
MEDIA_TYPES = {
    ".avif": "image/avif", ".html": "text/html; charset=utf-8", ".jpg": "image/jpeg", ".json": "application/json",
    ".jsonld": "application/ld+json", ".m3u8": "application/vnd.apple.mpegurl", ".m4a": "audio/mp4",
    ".m4s": "video/iso.segment", ".m4v": "video/mp4", ".mp4": "video/mp4", ".mpd": "application/dash+xml",
    ".png": "image/png", ".srt": "application/x-subrip; charset=utf-8", ".ts": "video/mp2t",
    ".txt": "text/plain; charset=utf-8", ".vtt": "text/vtt; charset=utf-8", ".webp": "image/webp",
    ".xml": "application/xml",
}  # fmt: skip
_OTHER = "application/octet-stream"
# Tell about people: who looked, whose grant it is. They stay in the house unless a sink says `files = "all"`.
_INTERNAL = ("qc.json", "qc.html", "receipt.json")
_INTERNAL_FOLDERS = ("patches",)
_OPEN_JSON = ("chapters.json", "thumbnails.json")
_POINTING = (".m3u8", ".mpd", ".jsonld")  # name other files, so these must lie there first


@dataclass(frozen=True)
class Part:
    """A file of a package by its `name` there and at the sink; `pointing` when it names others."""

    name: str
    place: str
    sha256: str
    bytes: int
    media_type: str
    pointing: bool


@dataclass(frozen=True)
class Manifest:
    """All that goes out of one package, in the order of its names; `digest` names that content."""

    variant: str
    digest: str
    parts: tuple[Part, ...]

    @property
    def index(self) -> str:
        return f"{self.variant}.json"


def manifest_of(folder: Path, variant: str, language: str, files: str, seen_at: str) -> Manifest:
    """What of a package goes to a sink that takes these `files` ("media" or "all").

    `seen_at` is where the sink's files are seen: structured data holds whole addresses, so it is part of the content.
    InputError when there is no package.
    """
    if not (folder / "receipt.json").is_file():
        raise InputError(f"{folder} is no package any more; run `countenance produce` again, which writes it.")
    names = _names(folder, files)
    hashes = {name: sha256_file(folder / name) for name in names}
    told = json.dumps([seen_at, files, sorted(hashes.items())], ensure_ascii=False)
    digest = hashlib.sha256(told.encode()).hexdigest()
    parts = tuple(
        Part(
            name, place_of(name, variant, language, digest), hashes[name], (folder / name).stat().st_size,
            media_type(name), points(name),
        )
        for name in names
    )  # fmt: skip
    return Manifest(variant, digest, parts)


def places_of(folder: Path, variant: str, language: str, files: str, digest: str) -> dict[str, str]:
    """Where each file of a package lies at a sink, by its name in the package."""
    return {name: place_of(name, variant, language, digest) for name in _names(folder, files)}


def points(name: str) -> bool:
    """Whether a file of a package names others, so that those must lie there before it."""
    return Path(name).suffix in _POINTING


def place_of(name: str, variant: str, language: str, digest: str) -> str:
    """Where a package's file lies at a sink. Files in folders keep their names, since they name each other."""
    return f"{variant}/{digest[:12]}/{name if '/' in name else file_name(variant, language, name)}"


def media_type(name: str) -> str:
    """The media type of a file, by its suffix."""
    return MEDIA_TYPES.get(Path(name).suffix.lower(), _OTHER)


def placed_jsonld(folder: Path, addresses: Mapping[str, str]) -> bytes:
    """A package's structured data with the addresses that its files have at a sink instead of their names."""
    return _json(_addressed(read_json(folder / JSONLD), addresses))


def index_of(facts: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> bytes:
    """The index of a variant at a sink: what it is, and every file with its address, hash, length and type."""
    return _json({"format": INDEX_FORMAT, **facts, "files": list(files)})


def _names(folder: Path, files: str) -> list[str]:
    every = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(one.as_posix() for one in every if _goes_out(one, files))


def _goes_out(path: Path, files: str) -> bool:
    if any(part.startswith(".") for part in path.parts):
        return False
    if files == "all":
        return True
    if path.name in _INTERNAL or path.parts[0] in _INTERNAL_FOLDERS:
        return False
    suffix = path.suffix.lower()
    return path.name in _OPEN_JSON if suffix == ".json" else suffix in MEDIA_TYPES and suffix != ".html"


def _addressed(value: Any, addresses: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _addressed(one, addresses) for key, one in value.items()}
    if isinstance(value, list):
        return [_addressed(one, addresses) for one in value]
    return addresses.get(value, value) if isinstance(value, str) else value


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
