"""A folder of backups: objects by their hashes, and snapshots that name them.

countenance-backup.json   whose backups these are
objects/ab/cdef...        every content once, however many snapshots have it
snapshots/ULID.json       one moment of the project: every file and table by its hash; with a hash of its own
tombstones.json           people who were erased, and when: restoring an older snapshot erases them again
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.errors import InputError, IntegrityError
from countenance.store.files import atomic_path, read_json, sha256_file, sweep, write_json
from countenance.store.places import key_of_blob, room_trouble

MARK, TOMBSTONES = "countenance-backup.json", "tombstones.json"
FORMAT = "countenance backup 1"


@dataclass(frozen=True)
class Vault:
    """A folder of backups of one project."""

    folder: Path

    def object_path(self, sha256: str) -> Path:
        return self.folder / "objects" / key_of_blob(sha256)

    def has(self, sha256: str, size: int | None = None) -> bool:
        path = self.object_path(sha256)
        return path.is_file() and (size is None or path.stat().st_size == size)

    def keep(self, source: Path) -> tuple[str, int, bool]:
        """Keep a file's content; returns its hash, its length, and whether it was new."""
        sha256, size = sha256_file(source), source.stat().st_size
        if self.has(sha256, size):
            return sha256, size, False
        self.receive(sha256, lambda part: shutil.copyfile(source, part))
        return sha256, size, True

    def receive(self, sha256: str, write: Callable[[Path], Any]) -> None:
        """Keep what `write` puts into a file; InputError when it is not the content of that hash."""
        final = self.object_path(sha256)
        with room_trouble(f"{self.folder} could not be written"), atomic_path(final) as part:
            write(part)
            if sha256_file(part) != sha256:
                raise InputError(f"what was to be kept as {final} changed while it was copied; repeat the command.")

    def check(self, sha256: str) -> Path:
        """The path of an object, read and found true; IntegrityError when it is gone or was changed."""
        path = self.object_path(sha256)
        if not path.is_file() or sha256_file(path) != sha256:
            raise IntegrityError(f"{path} is missing or was changed; use another snapshot or another copy.")
        return path

    def snapshots(self) -> list[str]:
        """The ids of all snapshots, oldest first."""
        return sorted(path.stem for path in (self.folder / "snapshots").glob("[!.]*.json"))

    def snapshot(self, name: str) -> dict[str, Any]:
        """What a snapshot says; IntegrityError when it was changed, InputError when there is none."""
        path = self.folder / "snapshots" / f"{name}.json"
        if name not in self.snapshots():
            raise InputError(f"there is no snapshot {name!r} in {self.folder}; it has {', '.join(self.snapshots())}.")
        damaged = IntegrityError(f"{path} was changed or damaged; use another snapshot.")
        try:
            content = read_json(path)
        except InputError as exc:
            raise damaged from exc
        if not isinstance(content, dict) or content.get("sha256") != digest_of(content.get("snapshot")):
            raise damaged
        return dict(content["snapshot"])

    def add_snapshot(self, name: str, content: Mapping[str, Any]) -> str:
        """Write a snapshot down, after all that it names; returns its hash."""
        sha256 = digest_of(content)
        write_json(self.folder / "snapshots" / f"{name}.json", {"snapshot": content, "sha256": sha256})
        return sha256

    def drop(self, names: list[str]) -> None:
        """Remove snapshots, and the objects that no other one names."""
        for name in names:
            (self.folder / "snapshots" / f"{name}.json").unlink()
        wanted = {sha256 for name in self.snapshots() for sha256 in named_in(self.snapshot(name))}
        for folder in (self.folder / "objects").glob("*"):
            sweep(folder)
            for path in folder.iterdir():
                if folder.name + path.name not in wanted:
                    path.unlink()

    def tombstones(self) -> dict[str, str]:
        """Tags of erased people, each with the moment of the erasure."""
        path = self.folder / TOMBSTONES
        return dict(read_json(path)) if path.is_file() else {}

    def add_tombstones(self, found: Mapping[str, str]) -> None:
        if set(found.items()) - set(self.tombstones().items()):
            write_json(self.folder / TOMBSTONES, {**self.tombstones(), **found})


def open_vault(folder: Path, project_id: str | None = None) -> Vault:
    """The vault in a folder; with a project's id an empty folder becomes one. InputError when it is another's."""
    mark = folder / MARK
    if mark.is_file():
        found = read_json(mark)
        if project_id is not None and found.get("project") != project_id:
            raise InputError(f"{folder} holds backups of another project; choose another folder.")
        if found.get("format") != FORMAT:
            raise InputError(f"{folder} was written by a newer version of countenance; update this one.")
        return Vault(folder)
    if project_id is None:
        raise InputError(f"{folder} holds no backup; make one with `countenance backup {folder}`.")
    with room_trouble(f"{folder} could not be made"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.listdir(folder):
            raise InputError(f"{folder} is not empty and holds no backup; choose another folder.")
        (folder / "snapshots").mkdir()
        (folder / "objects").mkdir()
        write_json(mark, {"format": FORMAT, "project": project_id})
    return Vault(folder)


def named_in(snapshot: Mapping[str, Any]) -> set[str]:
    """The hashes of all objects that a snapshot needs."""
    return {
        *(one["sha256"] for one in (*snapshot["files"], *snapshot["tables"])),
        *snapshot["blobs"],
        *([snapshot["keys"]] if snapshot["keys"] else []),
    }


def digest_of(content: Any) -> str:
    """The SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
