"""Files kept by what they contain: the name of a blob is the SHA-256 of its bytes.

They lie in the project's folder or in a bucket (`store.places`). Of a bucket's blobs this machine keeps copies below
`work/cache`, as many as `[s3] cache` allows.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

from sqlalchemy import update

from countenance.errors import InputError, IntegrityError
from countenance.store.database import writing
from countenance.store.files import sha256_file
from countenance.store.places import BlobPlace, blob_place, key_of_blob
from countenance.store.project import Project
from countenance.store.quota import quota
from countenance.store.references import announce, moment_now
from countenance.store.tables import blob

_FRESH_S = 600.0  # what was asked for so lately may still be read, and is not taken out of the cache


def put_blob(project: Project, source: Path) -> str:
    """Keep a copy of a file; returns its sha256. The same content is kept once."""
    if not source.is_file():
        raise InputError(f"{source} is not a file; check the path.")
    sha256 = sha256_file(source)
    keep_blob(project, blob_place(project), sha256, source)
    return sha256


def keep_blob(project: Project, place: BlobPlace, sha256: str, source: Path) -> None:
    """Keep a file whose hash is known. InputError when its content is another by now."""
    size = source.stat().st_size
    with writing(project) as connection:
        damaged = announce(connection, sha256, size)
    # A copy that is there is not trusted by its name alone: what was cut off, or grew, has another length.
    if damaged or place.size(sha256) != size:
        place.put(sha256, source)
    if damaged:
        with writing(project) as connection:
            connection.execute(update(blob).where(blob.c.sha256 == sha256).values(damaged_at=None))


def blob_path(project: Project, sha256: str) -> Path:
    """Where the blob can be read on this machine; InputError when there is none of that name."""
    place = blob_place(project)
    path = (place.folder or cache_folder(project)) / key_of_blob(sha256)
    if path.is_file():
        if place.folder is None:
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)
        return path
    if place.folder is not None:
        raise InputError(f"blob {sha256} is not kept in {place.name}; add the file again.")
    fetch_blob(project, place, sha256, path)
    _make_room(project, path)
    return path


def check_blob(project: Project, sha256: str) -> Path:
    """Like `blob_path`, but reads the whole blob; IntegrityError when its content was changed."""
    path = blob_path(project, sha256)
    if sha256_file(path) != sha256:
        if blob_place(project).folder is None:  # only this machine's copy is wrong
            path.unlink(missing_ok=True)
            return blob_path(project, sha256)
        note_damage(project, sha256)
        raise IntegrityError(f"blob {path} no longer has its content; remove it and add the file again.")
    return path


def fetch_blob(project: Project, place: BlobPlace, sha256: str, into: Path) -> None:
    """Write a blob to a file, whole or not at all. A copy that arrives damaged is asked for once more.

    InputError when there is none, IntegrityError when it is damaged, which is noted so that the next put mends it.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    part = into.with_name(f".{into.stem}.{secrets.token_hex(6)}{into.suffix}")
    try:
        try:
            place.fetch(sha256, part)
        except IntegrityError:
            part.unlink(missing_ok=True)
            place.fetch(sha256, part)
        os.replace(part, into)
    except IntegrityError:
        note_damage(project, sha256)
        raise
    finally:
        part.unlink(missing_ok=True)


def note_damage(project: Project, sha256: str) -> None:
    """Remember that a blob has lost its content: whoever puts it next writes it again."""
    with writing(project) as connection:
        connection.execute(update(blob).where(blob.c.sha256 == sha256).values(damaged_at=moment_now()))


def cache_folder(project: Project) -> Path:
    """Where this machine keeps its copies of a bucket's blobs."""
    return project.work / "cache" / "blobs"


def _make_room(project: Project, keep: Path) -> None:
    """Take the copies that were not asked for the longest out of the cache until it is within its limit."""
    found = []
    for path in cache_folder(project).rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                found.append((path.stat().st_mtime, path.stat().st_size, path))
    left = sum(size for _at, size, _path in found) - quota(project).cache
    for at, size, path in sorted(found):
        if left <= 0:
            return
        if path != keep and at < time.time() - _FRESH_S:
            path.unlink(missing_ok=True)
            left -= size
