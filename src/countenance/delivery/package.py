"""The package of one variant: a folder that is there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countenance.errors import InputError
from countenance.store.files import sha256_file

FILES = (
    "video.mp4", "poster.jpg", "captions.vtt", "captions.srt", "transcript.txt", "transcript.html",
    "transcript.times.txt", "video.jsonld", "qc.json", "qc.html", "receipt.json",
)  # fmt: skip


@dataclass(frozen=True)
class Package:
    """What goes into the folder of one variant."""

    video: Path  # the sealed file; copied byte for byte
    poster_jpeg: bytes
    captions_vtt: str
    captions_srt: str
    transcript: str
    jsonld: Mapping[str, Any]
    qc: Mapping[str, Any]
    qc_html: str
    receipt: Mapping[str, Any]
    beside: Mapping[str, str] = field(default_factory=dict)  # other texts, by the names of their files
    audio: Path | None = None  # the sealed sound alone; copied byte for byte as `audio.m4a`
    description: Path | None = None  # the sealed sound with its description; copied as `description.m4a`
    patches: Path | None = None  # a folder of what was painted, copied as `patches`
    thumbnails: Path | None = None  # a folder of stills to choose by, copied as `thumbnails`


def write_package(out: Path, variant_id: str, package: Package) -> Path:
    """Write `out/variant_id` and return it; an older package of that name is replaced.

    The folder is put together under a hidden sibling name, flushed to disk, then renamed: nobody sees half a
    package, and what a killed run left behind is cleared away by the next one. Raises InputError when the
    name is not that of a plain folder, the video is absent, or its copy is not the same file.
    """
    if not variant_id or variant_id != Path(variant_id).name or variant_id.startswith("."):
        raise InputError(f"'{variant_id}' cannot be the name of a package folder")
    final = out / variant_id
    building, replaced = out / f".{variant_id}.part", out / f".{variant_id}.old"
    if replaced.exists() and not final.exists():
        os.rename(replaced, final)  # a run was killed between the two renames below
    for leftover in (building, replaced):
        shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        _fill(building, package)
        if final.exists():
            os.rename(final, replaced)
        os.rename(building, final)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        if replaced.exists() and not final.exists():
            os.rename(replaced, final)
        raise
    _flush(out)
    shutil.rmtree(replaced, ignore_errors=True)
    return final


def _fill(folder: Path, package: Package) -> None:
    if not package.video.is_file():
        raise InputError(f"{package.video} is not there, so it cannot be packaged: render it again")
    video = folder / "video.mp4"
    shutil.copyfile(package.video, video)
    if sha256_file(video) != sha256_file(package.video):
        raise InputError(f"the copy of {package.video} differs from it: check the disk at {folder.parent}")
    (folder / "poster.jpg").write_bytes(package.poster_jpeg)
    texts = {
        "captions.vtt": package.captions_vtt,
        "captions.srt": package.captions_srt,
        "transcript.txt": package.transcript,
        "video.jsonld": _json(package.jsonld),
        "qc.json": _json(package.qc),
        "qc.html": package.qc_html,
        "receipt.json": _json(package.receipt),
        **package.beside,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    if package.audio is not None:
        shutil.copyfile(package.audio, folder / "audio.m4a")
    if package.description is not None:
        shutil.copyfile(package.description, folder / "description.m4a")
    if package.patches is not None:
        shutil.copytree(package.patches, folder / "patches")
    if package.thumbnails is not None:
        shutil.copytree(package.thumbnails, folder / "thumbnails")
    for path in (*folder.rglob("*"), folder):
        _flush(path)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
