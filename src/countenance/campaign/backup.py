"""A project's backup: database, blobs, releases, settings, and keys under a passphrase; each content copied once.

What the ledger says of its own end is copied before the database, everything else after it: so no copy is ahead of
what it rests on. Snapshots from before somebody was erased would bring them back, so they go as soon as a newer one is
whole.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from ulid import ULID

from countenance.campaign.vault import MARK, Vault, named_in, open_vault
from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import append, utc_now
from countenance.store.blobs import fetch_blob
from countenance.store.buried import erased_since
from countenance.store.collect import needed_words
from countenance.store.database import reading
from countenance.store.files import locked, read_json, write_bytes, write_json
from countenance.store.keybundle import sealed_keys
from countenance.store.places import AbsentError, blob_place
from countenance.store.project import Project
from countenance.store.snapshot import dump
from countenance.store.tables import blob, blob_ref, variant

ENTRY = "project.backed_up"
KEEP = 7
_PLACES = "backups.json"  # in the project: where its backups lie
_FIRST = ("ledger.checkpoint", "ledger.head.json", "witnesses")  # must not be ahead of the database
_LEFT_OUT = ("work", "keys", "blobs", "erasures", _PLACES)
_UNDECIDED = ("rendered", "in_review", "approved")
Say = Callable[[str], None]


@dataclass
class Backed:
    """A snapshot that was made: numbers and bytes of what was new, and what is needed but could not be had."""

    snapshot: str
    files: int = 0
    blobs: int = 0
    new: int = 0
    new_bytes: int = 0
    keys: bool = False
    dropped: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BackupPlace:
    """Where backups lie, when the last was made, and how many people were erased since."""

    folder: Path
    at: str
    erased_since: int


def backup(
    project: Project,
    folder: Path,
    passphrase: str | None,
    actor: str,
    *,
    keep: int = KEEP,
    say: Say = lambda _words: None,
) -> Backed:
    """Make a snapshot in a folder of backups; `passphrase` seals the keys, None leaves them out.

    The last `keep` snapshots stay. Cut off anywhere, nothing half is taken for a snapshot, and the next one goes on
    from what was copied.
    """
    if folder.resolve().is_relative_to(project.folder.resolve()):
        raise InputError(f"{folder} lies within the project; a backup belongs on another disk.")
    vault = open_vault(folder, project.settings.project_id)
    with locked(folder / "lock"), tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
        made_at = utc_now()
        done = Backed(str(ULID()))
        before = _before(vault)
        say("settings and files")
        files = [_file(project, vault, path, before, done) for path in _paths(project, _FIRST)]
        say("database")
        revision, tables = dump(project, Path(scratch))
        tables_said = [{"name": one.table, "rows": one.rows, "sha256": _kept(vault, one.path, done)} for one in tables]
        say("releases and files")
        rest = [one for one in sorted(os.listdir(project.folder)) if one not in (*_FIRST, *_LEFT_OUT)]
        files += [_file(project, vault, path, before, done) for path in (*_paths(project, rest), *_waiting(project))]
        say("blobs")
        blobs = _blobs(project, vault, done)
        content: dict[str, Any] = {
            "made_at": made_at,
            "root": str(project.folder),
            "revision": revision,
            "tables": tables_said,
            "files": [one for one in files if one],
            "blobs": blobs,
            "keys": _keys(project, vault, passphrase, Path(scratch), done),
        }
        done.files = len(content["files"])
        sha256 = vault.add_snapshot(done.snapshot, content)
        vault.add_tombstones(erased_since(project, ""))
        say("snapshots that are over")
        done.dropped = _over(vault, keep)
        vault.drop(done.dropped)
    _note(project, folder, made_at)
    append(project, ENTRY, actor, {"snapshot": done.snapshot, "sha256": sha256})
    return done


def check_backup(folder: Path, snapshot: str | None = None) -> tuple[str, int]:
    """Read every object that a snapshot (default: the newest) needs; returns its id and how many there are.

    IntegrityError at the first that is gone or was changed.
    """
    vault = open_vault(folder)
    name = snapshot or newest(vault)
    found = named_in(vault.snapshot(name))
    for sha256 in sorted(found):
        vault.check(sha256)
    return name, len(found)


def newest(vault: Vault) -> str:
    """The id of the newest snapshot; InputError when there is none."""
    if not vault.snapshots():
        raise InputError(f"{vault.folder} has no whole snapshot; make one with `countenance backup {vault.folder}`.")
    return vault.snapshots()[-1]


def backup_places(project: Project) -> list[BackupPlace]:
    """Where the project's backups lie, as far as it made them itself."""
    path = project.folder / _PLACES
    known: dict[str, str] = read_json(path) if path.is_file() else {}
    return [BackupPlace(Path(one), at, len(erased_since(project, at))) for one, at in sorted(known.items())]


def tell_backups(project: Project) -> list[Path]:
    """Set the tombstones of erased people in every folder of backups; returns the folders that are not there now."""
    absent = []
    for one in backup_places(project):
        if (one.folder / MARK).is_file():
            open_vault(one.folder, project.settings.project_id).add_tombstones(erased_since(project, ""))
        else:
            absent.append(one.folder)
    return absent


def _over(vault: Vault, keep: int) -> list[str]:
    """Snapshots that are too many, or from before somebody was erased. The newest is never one."""
    last_erasure = max(vault.tombstones().values(), default="")
    *older, _newest = vault.snapshots()
    return [
        name
        for place, name in enumerate(reversed(older), start=1)
        if place >= keep or vault.snapshot(name)["made_at"] <= last_erasure
    ]


def _before(vault: Vault) -> dict[str, dict[str, Any]]:
    """The files of the newest snapshot by path: what has not changed since need not be read again."""
    names = vault.snapshots()
    return {one["path"]: one for one in vault.snapshot(names[-1])["files"]} if names else {}


def _paths(project: Project, names: tuple[str, ...] | list[str]) -> Iterator[Path]:
    for name in names:
        top = project.folder / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            hidden = path.name.startswith(".") and path.name != ".gitignore"
            database = path.parent == project.folder and path.name.startswith(("countenance.db", "jobs.db"))
            if path.is_file() and not hidden and not database and path.suffix != ".lock" and path.name != "lock":
                yield path


def _waiting(project: Project) -> Iterator[Path]:
    """The pictures of variants that wait for a decision: without them the decision would be about nothing."""
    with reading(project) as connection:
        rows = connection.execute(select(variant.c.render).where(variant.c.state.in_(_UNDECIDED))).scalars()
        folders = sorted({Path(str(one["folder"])) for one in rows if one and "folder" in one})
    for folder in folders:
        if folder.is_dir() and folder.is_relative_to(project.work):
            yield from _paths(project, [str(folder.relative_to(project.folder))])


def _file(
    project: Project, vault: Vault, path: Path, before: dict[str, dict[str, Any]], done: Backed
) -> dict[str, Any] | None:
    """A file's line of the snapshot; None for one that has gone meanwhile."""
    name = str(path.relative_to(project.folder))
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    known = before.get(name)
    if known and (known["size"], known["mtime_ns"]) != (found.st_size, found.st_mtime_ns):
        known = None
    sha256 = known["sha256"] if known and vault.has(known["sha256"], known["size"]) else _kept(vault, path, done)
    return {
        "path": name, "sha256": sha256, "size": found.st_size, "mtime_ns": found.st_mtime_ns,
        "mode": found.st_mode & 0o777,
    }  # fmt: skip


def _kept(vault: Vault, path: Path, done: Backed) -> str:
    sha256, size, is_new = vault.keep(path)
    done.new += is_new
    done.new_bytes += size * is_new
    return sha256


def _blobs(project: Project, vault: Vault, done: Backed) -> list[str]:
    place = blob_place(project)
    with reading(project) as connection:
        referred = set(connection.execute(select(blob_ref.c.sha256)).scalars())
        rows = connection.execute(select(blob.c.sha256, blob.c.condemned_at)).all()
        needed = referred | (needed_words(connection) & {row.sha256 for row in rows})
        condemned = {row.sha256 for row in rows if row.condemned_at} - needed
    there = {one.sha256: one.size for one in place.listing()}
    done.missing = sorted(needed - set(there))
    wanted = sorted(set(there) - condemned)
    for sha256 in wanted:
        if vault.has(sha256, there[sha256]):
            continue
        try:
            vault.receive(sha256, partial(fetch_blob, project, place, sha256))
        except (AbsentError, IntegrityError):
            done.missing.append(sha256)  # the rest is worth keeping all the same
        else:
            done.new += 1
            done.new_bytes += there[sha256]
    done.blobs = len(set(wanted) - set(done.missing))
    return sorted(set(wanted) - set(done.missing))


def _keys(project: Project, vault: Vault, passphrase: str | None, scratch: Path, done: Backed) -> str | None:
    if passphrase is None:
        return None
    content, _count = sealed_keys(project, passphrase)
    write_bytes(scratch / "keys", content)
    done.keys = True
    return _kept(vault, scratch / "keys", done)


def _note(project: Project, folder: Path, at: str) -> None:
    with locked(project.folder / "backups.lock"):
        path = project.folder / _PLACES
        known = json.loads(path.read_bytes()) if path.is_file() else {}
        write_json(path, {**known, str(folder.resolve()): at})
