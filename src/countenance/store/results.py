"""Finished work that machines share: every file of a folder below `work`, kept as blobs under the folder's name.

Where all machines have the project's folder in common there is nothing to do. With blobs in a bucket, what one machine
has made another brings: whole or not at all, and checked. Results that show people are encrypted with their keys.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from countenance.errors import InputError, IntegrityError, RightsError
from countenance.store.buried import WORK as BURIED_WORK
from countenance.store.buried import heed
from countenance.store.database import reading, writing
from countenance.store.files import locked, sha256_file
from countenance.store.folders import bring_files, files_of, is_whole, keep_files
from countenance.store.holdings import WORK, hold_in
from countenance.store.places import AbsentError, blob_place, is_shared
from countenance.store.project import Project
from countenance.store.quota import quota, require_room
from countenance.store.references import RESULT, SUBJECT, let_go_in, moment_now, refer_in
from countenance.store.sealedblobs import subject_keys
from countenance.store.subjects import subject_tag
from countenance.store.tables import grant_record, holding, kept_result, tombstone

_INPUTS = "inputs"
_NAME = re.compile(r"[a-z0-9-]+/[A-Za-z0-9._-]+")
_STALE = timedelta(hours=1)  # how exactly it is known when a result was last used


def share(
    project: Project, name: str, folder: Path, subjects: Iterable[str] = (), *, campaign: str = "", owner: str = ""
) -> None:
    """Keep every file of a finished folder under its name, such as `perception/KEY`. Saying it twice changes nothing.

    `subjects` are the people whom it shows; whoever is on record as held by it counts as well. Campaign and owner are
    those whose quota it counts for. Raises QuotaError, RightsError for somebody who was erased, StorageError when the
    place does not answer or has no room.
    """
    _require_name(name)
    limits = quota(project)
    if not is_shared(project):
        if limits.limits:
            size = sum(path.stat().st_size for path in files_of(folder).values())
            _count(project, name, size, campaign, owner)
        return
    heed(project)
    if not has_result(project, name):
        _keep(project, name, files_of(folder), sorted(set(subjects)), campaign, owner)


def bring(project: Project, name: str) -> bool:
    """Whether a result lies in this machine's work folder now; it is brought there when another machine has made it.

    False when nobody has, or when a blob of it was lost or damaged: then it is to be made again. Raises StorageError
    when the place does not answer, RightsError when somebody whom it shows was erased.
    """
    _require_name(name)
    folder = project.work / name
    if not is_shared(project):
        return folder.is_dir()
    heed(project)
    manifest = _manifest(project, name)
    if manifest is None:
        return False
    if is_whole(folder, manifest["files"]):
        return True
    with locked(project.work / "jobs" / f"bring-{hashlib.sha256(name.encode()).hexdigest()[:1]}.lock"):
        if is_whole(folder, manifest["files"]):
            return True
        keys = subject_keys(project, manifest["subjects"]) if manifest["subjects"] else []
        try:
            bring_files(project, name, manifest["files"], keys, folder)
        except (AbsentError, IntegrityError):
            # It can be made again, which also mends the blobs that are damaged.
            drop_result(project, name)
            return False
    return True


def has_result(project: Project, name: str) -> bool:
    """Whether some machine has shared a result of this name."""
    return _manifest(project, name) is not None


def drop_result(project: Project, name: str) -> None:
    """Forget a shared result; its blobs are collected when nothing else needs them."""
    with writing(project) as connection:
        connection.execute(delete(kept_result).where(kept_result.c.name == name))
        let_go_in(connection, RESULT, name)


def share_inputs(
    project: Project,
    brief_files: Mapping[str, Path],
    subjects: Iterable[str] = (),
    *,
    campaign: str = "",
    owner: str = "",
) -> dict[str, Any]:
    """Keep a brief's files, by names such as `ada/master.mp4`, so that any machine can have them by their hashes.

    Returns what `bring_inputs` needs, as JSON. `subjects` are the people whom the files show.
    """
    files: dict[str, dict[str, Any]] = {}
    for name, path in sorted(brief_files.items()):
        if not path.is_file():
            raise InputError(f"{path} is not a file; check the path.")
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\\" in name:
            raise InputError(f"{name!r} is no name for a file of a brief; give a path below the brief's folder.")
        files[name] = {"sha256": sha256_file(path), "size": path.stat().st_size, "path": str(path.resolve())}
    said = json.dumps({name: one["sha256"] for name, one in files.items()}, sort_keys=True)
    name = f"{_INPUTS}/{hashlib.sha256(said.encode()).hexdigest()[:24]}"
    if is_shared(project) and not has_result(project, name):
        _keep(project, name, brief_files, sorted(set(subjects)), campaign, owner)
    return {"name": name, "files": files}


def bring_inputs(project: Project, manifest: Mapping[str, Any]) -> dict[str, Path]:
    """The files of `share_inputs` on this machine, by name, checked by their hashes.

    A file that still lies where it lay is used there. InputError when one is not to be had, IntegrityError when it was
    changed.
    """
    files: Mapping[str, Mapping[str, Any]] = manifest["files"]
    own = {name: Path(one["path"]) for name, one in files.items()}
    changed = [name for name, path in own.items() if not _is_file(path, files[name])]
    if not changed:
        return own
    if not is_shared(project):
        raise InputError(f"{own[changed[0]]} is not there or was changed since the job began; put it back.")
    folder = project.work / str(manifest["name"])
    brought = {name: folder / name for name in files}
    if not bring(project, str(manifest["name"])):
        raise InputError(f"{changed[0]} is not kept in {blob_place(project).name} any more; start the job again.")
    wrong = [name for name, path in brought.items() if not _is_file(path, files[name])]
    if wrong:
        shutil.rmtree(folder)
        raise IntegrityError(f"{folder / wrong[0]} was changed; it is brought anew when the job goes on.")
    return brought


def _keep(
    project: Project,
    name: str,
    files: Mapping[str, Path],
    people: list[str],
    campaign: str,
    owner: str,
) -> None:
    limits, expected = quota(project), sum(path.stat().st_size for path in files.values())
    tags = sorted({subject_tag(project, one) for one in people} | _holders(project, name))
    with writing(project) as connection:
        _require_not_erased(connection, people, tags)
        require_room(connection, limits, expected, campaign, owner)
        hold_in(connection, WORK, name, tags)  # before the data, so that nothing is ever there without its people
    kept = keep_files(project, name, files, subject_keys(project, tags, make=True) if tags else [])
    size = sum(one["stored"] for one in kept)
    with writing(project) as connection:
        _require_not_erased(connection, people, tags)
        if _row(connection, name) is not None:
            return  # another machine was first
        require_room(connection, limits, size, campaign, owner, counted=size)
        connection.execute(delete(tombstone).where(tombstone.c.kind == BURIED_WORK, tombstone.c.name == name))
        _insert(connection, name, {"files": kept, "subjects": tags}, size, campaign, owner)
        refer_in(connection, RESULT, name, (one["blob"] for one in kept))


def _count(project: Project, name: str, size: int, campaign: str, owner: str) -> None:
    """Note what a folder that all machines have in common takes of the quotas."""
    if has_result(project, name):
        return
    with writing(project) as connection:
        require_room(connection, quota(project), size, campaign, owner)
        connection.execute(delete(kept_result).where(kept_result.c.name == name))
        _insert(connection, name, {}, size, campaign, owner)


def _insert(connection: Connection, name: str, manifest: dict[str, Any], size: int, campaign: str, owner: str) -> None:
    now = moment_now()
    values = {"campaign": campaign, "owner": owner, "made_at": now, "used_at": now}
    connection.execute(insert(kept_result).values(name=name, manifest=manifest, size=size, **values))


def _is_file(path: Path, wanted: Mapping[str, Any]) -> bool:
    return path.is_file() and path.stat().st_size == wanted["size"] and sha256_file(path) == wanted["sha256"]


def _manifest(project: Project, name: str) -> Mapping[str, Any] | None:
    """What is kept under a name; that it was asked for is noted, roughly to the hour."""
    with reading(project) as connection:
        row = _row(connection, name)
    if row is None:
        return None
    if datetime.fromisoformat(moment_now()) - datetime.fromisoformat(row.used_at) > _STALE:
        with writing(project) as connection:
            connection.execute(update(kept_result).where(kept_result.c.name == name).values(used_at=moment_now()))
    manifest: Mapping[str, Any] = row.manifest
    return manifest


def _row(connection: Connection, name: str) -> Any:
    return connection.execute(select(kept_result).where(kept_result.c.name == name)).one_or_none()


def _require_not_erased(connection: Connection, people: list[str], tags: list[str]) -> None:
    """A machine that has not heard of an erasure yet must not bring back whom it was about."""
    erased = select(tombstone.c.name).where(tombstone.c.kind == SUBJECT, tombstone.c.name.in_(tags))
    if not connection.execute(erased).first():
        return
    allowed = set(connection.execute(select(grant_record.c.talent).where(grant_record.c.talent.in_(people))).scalars())
    if not people or set(people) - allowed:
        raise RightsError("somebody whom this work shows was erased; nothing of it is kept.")


def _holders(project: Project, name: str) -> set[str]:
    query = select(holding.c.subject).where(holding.c.kind == WORK, holding.c.name == name)
    with reading(project) as connection:
        return set(connection.execute(query).scalars())


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name of a work folder; give one such as perception/KEY.")
