"""A released variant as it is handed on: its package, whether it may be shown now, and the very file released."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import select

from countenance.campaign.serving import Serving, serving_of
from countenance.errors import InputError, IntegrityError, RightsError
from countenance.provenance.disclosure import ReleaseRecord, record_from_json
from countenance.store import tables
from countenance.store.database import reading
from countenance.store.files import read_json, sha256_file
from countenance.store.project import Project


@dataclass(frozen=True)
class Packaged:
    """A package by what its receipt says that it is."""

    folder: Path
    variant: str
    release: str
    language: str


def package_of(project: Project, variant: str | Path) -> Packaged:
    """The package of a variant: the folder that is named, or the one on record of its newest release.

    InputError when there is no such package or release.
    """
    folder = Path(variant)
    if (folder / "receipt.json").is_file():
        return _read(folder)
    newest = tables.release.c.released_at.desc()
    query = select(tables.release.c.package).where(tables.release.c.variant_id == str(variant).upper()).order_by(newest)
    with reading(project) as connection:
        found = connection.execute(query).scalars().first()
    if found is None:
        raise InputError(
            f"{variant} is neither a package nor the id of a variant that was released; `countenance serving` lists "
            "the ids."
        )
    return _read(Path(found))


def _read(folder: Path) -> Packaged:
    try:
        record = read_json(folder / "receipt.json")["record"]
        return Packaged(folder, record["variant_id"], record["release_id"], record["language"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(f"{folder} is no whole package ({problem!r}); run `countenance produce` again.") from problem


def require_served(project: Project, package: Packaged, channel: str) -> Serving:
    """What holds for the variant now.

    RightsError when it may not be shown on the channel, IntegrityError when the package is not of its newest release.
    """
    served = serving_of(project, package.variant, channel=channel)
    if not served.serve:
        raise RightsError(f"variant {package.variant} is not exported for the channel {channel}.", (served.why,))
    if served.release != package.release:
        raise IntegrityError(
            f"{package.folder} holds release {package.release}, but {served.release} took its place; "
            "export the newer package."
        )
    return served


def sealed_video(project: Project, package: Packaged, served: Serving) -> Path:
    """The released file, as it is on record: the project's own, else that of the package.

    IntegrityError when it is another one by its SHA-256.
    """
    kept = project.releases / served.release / "video.mp4"
    video = kept if kept.is_file() else package.folder / "video.mp4"
    if sha256_file(video) != _record(project, served.release)["sha256"]:
        raise IntegrityError(f"{video} is not the file that was released; run `countenance verify` on it.")
    return video


def _record(project: Project, release_id: str) -> dict[str, Any]:
    with reading(project) as connection:
        query = select(tables.release.c.record).where(tables.release.c.id == release_id)
        record: dict[str, Any] = connection.execute(query).scalar_one()
    return record


def release_record(project: Project, release_id: str) -> ReleaseRecord:
    """What was released, without the hashes that were put beside it."""
    told = _record(project, release_id)
    return record_from_json({one.name: told[one.name] for one in fields(ReleaseRecord) if one.name in told})
