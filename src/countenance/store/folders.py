"""A folder's files as blobs, and back: sealed with people's keys where it shows any, and there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from countenance.errors import InputError
from countenance.store.blobs import fetch_blob, keep_blob
from countenance.store.files import is_temporary, sha256_file
from countenance.store.places import blob_place, room_trouble
from countenance.store.project import Project
from countenance.store.sealedblobs import open_file, seal_file

SCRATCH = "seal-"  # folders below `work/cache` in which files are sealed


def files_of(folder: Path) -> dict[str, Path]:
    """The finished files of a folder by their paths in it; what is being written just now is left out."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder of finished work; make it first.")
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and not is_temporary(path.name)
    }


def keep_files(project: Project, name: str, files: Mapping[str, Path], keys: Sequence[bytes]) -> list[dict[str, Any]]:
    """Keep files as blobs, encrypted where there are keys; returns what `bring_files` needs, as JSON.

    Each is bound to its name in the folder and to the folder's, so that none can stand in for another.
    """
    place = blob_place(project)
    kept: list[dict[str, Any]] = []
    with _scratch(project) as scratch:
        for number, (path, source) in enumerate(sorted(files.items())):
            one = source
            if keys:
                one = scratch / str(number)
                with room_trouble(f"{path} of {name} could not be sealed"):
                    seal_file(keys, source, one, f"{name}/{path}")
            sha256, stored = sha256_file(one), one.stat().st_size
            keep_blob(project, place, sha256, one)
            kept.append({"path": path, "size": source.stat().st_size, "stored": stored, "blob": sha256})
            if keys:
                one.unlink()
    return kept


def bring_files(
    project: Project, name: str, kept: Sequence[Mapping[str, Any]], keys: Sequence[bytes], folder: Path
) -> None:
    """Put the files of `keep_files` into a folder, which gets its name when all are there and checked.

    AbsentError or IntegrityError when one is lost or damaged, StorageError when a place does not answer.
    """
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.part")
    try:
        with room_trouble(f"{name} could not be brought to this machine"):
            part.mkdir(parents=True)
            for one in kept:
                _bring_file(project, name, one, keys, part / one["path"])
            _put_in_place(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def is_whole(folder: Path, kept: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a folder has all the files, each of its length."""
    return all((path := folder / one["path"]).is_file() and path.stat().st_size == one["size"] for one in kept)


def _bring_file(project: Project, name: str, one: Mapping[str, Any], keys: Sequence[bytes], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sealed = path.with_name(f".{path.name}.sealed") if keys else path
    fetch_blob(project, blob_place(project), one["blob"], sealed)
    if keys:
        open_file(keys, sealed, path, f"{name}/{one['path']}")
        sealed.unlink()


def _put_in_place(part: Path, folder: Path) -> None:
    """Give a whole folder its name. What a killed run had begun there is moved out of the way first."""
    if folder.exists():
        aside = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.gone")
        folder.rename(aside)
        shutil.rmtree(aside)
    os.replace(part, folder)


@contextmanager
def _scratch(project: Project) -> Iterator[Path]:
    folder = project.work / "cache" / f"{SCRATCH}{secrets.token_hex(6)}"
    with room_trouble(f"{folder} could not be made"):
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
