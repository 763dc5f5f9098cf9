"""From a mark to the signed history that belongs to it: what the soft binding resolution answers from."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Row, select

from countenance.errors import InputError
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM
from countenance.store.database import reading
from countenance.store.files import read_json
from countenance.store.project import Project
from countenance.store.tables import release

WATERMARKS = (MARK_ALGORITHM, SOUND_MARK_ALGORITHM)  # both carry the same id
_MARK = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Resolved:
    """A release whose history can be handed out, unless it was withdrawn."""

    release_id: str
    manifest_id: str
    file: Path
    withdrawn: bool


def mark_of(value: str) -> str:
    """The mark id (16 hex digits) that a query's `value` means.

    The manifest writes the id as 16 hex digits; a query may send these as they are, or base64 of them, or
    base64 of the 8 bytes. InputError for anything else.
    """
    refusal = InputError(f"{value[:64]!r} is no value of a mark; send its 8 bytes or 16 hex digits in base64.")
    if _MARK.fullmatch(value.lower()):
        return value.lower()
    padded = value.replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        found = content.hex() if len(content) == 8 else content.decode("ascii").lower()
    except (binascii.Error, ValueError) as exc:
        raise refusal from exc
    if not _MARK.fullmatch(found):
        raise refusal
    return found


def by_mark(project: Project, mark_id: str) -> Resolved | None:
    """The release that carries a mark."""
    return _resolved(project, _row(project, release.c.mark_id == mark_id))


def by_release(project: Project, release_id: str) -> Resolved | None:
    """The history of a release."""
    return _resolved(project, _row(project, release.c.id == release_id))


def by_manifest(project: Project, manifest_id: str) -> Resolved | None:
    """The release that a manifest's id belongs to."""
    row = _row(project, release.c.record["manifest_id"].as_string() == manifest_id)
    if row is not None:
        return _resolved(project, row)
    unlisted = release.c.record["manifest_id"].as_string().is_(None)  # released before the table knew it
    with reading(project) as connection:
        rows = connection.execute(select(release).where(unlisted)).all()
    candidates = (_resolved(project, row) for row in rows)
    return next((one for one in candidates if one and one.manifest_id == manifest_id), None)


def _row(project: Project, where: ColumnElement[bool]) -> Row[tuple[object, ...]] | None:
    with reading(project) as connection:
        return connection.execute(select(release).where(where)).first()


def _resolved(project: Project, row: Row[tuple[object, ...]] | None) -> Resolved | None:
    if row is None:
        return None
    folder = project.releases / row.id
    manifest_id = row.record.get("manifest_id")
    if manifest_id is None and (folder / "release.json").is_file():
        manifest_id = read_json(folder / "release.json")["seal"]["manifest_id"]
    video = folder / "video.mp4"
    if manifest_id is None or not video.is_file():
        return None  # its files were erased: there is no history to hand out
    return Resolved(row.id, manifest_id, video, row.state == "withdrawn")
