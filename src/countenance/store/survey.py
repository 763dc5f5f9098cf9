"""A look at what is kept: how much there is, and whether the blobs that are needed are there and true."""

from __future__ import annotations

import contextlib
import random
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import obstore
from sqlalchemy import func, select

from countenance.errors import IntegrityError
from countenance.store.blobs import note_damage
from countenance.store.database import reading
from countenance.store.places import AbsentError, blob_place
from countenance.store.project import Project
from countenance.store.tables import blob, blob_ref, kept_result

_PROBE = "probe"


@dataclass(frozen=True)
class Kept:
    """What a project's place of blobs holds."""

    place: str
    blobs: int
    size: int
    references: dict[str, int]  # by kind
    results: int
    condemned: int


@dataclass(frozen=True)
class Checked:
    """What a check read, and the names of what is needed and not there, or no longer has its content."""

    read: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]


def kept(project: Project) -> Kept:
    """Counted by the place itself, not by what the database believes."""
    place = blob_place(project)
    sizes = [one.size for one in place.listing()]
    kinds = select(blob_ref.c.kind, func.count()).group_by(blob_ref.c.kind).order_by(blob_ref.c.kind)
    with reading(project) as connection:
        references = {kind: count for kind, count in connection.execute(kinds)}
        results = connection.execute(select(func.count()).select_from(kept_result)).scalar_one()
        condemned = connection.execute(select(func.count()).where(blob.c.condemned_at.is_not(None))).scalar_one()
    return Kept(place.name, len(sizes), sum(sizes), references, results, condemned)


def check(
    project: Project, sample: int | None = None, report: Callable[[int, int], None] = lambda _done, _of: None
) -> Checked:
    """Read the blobs that something refers to, or a random sample of them. A damaged one is noted: the next put of
    the same content mends it. Raises StorageError when the place does not answer."""
    place = blob_place(project)
    with reading(project) as connection:
        names = sorted(set(connection.execute(select(blob_ref.c.sha256)).scalars()))
    if sample is not None and sample < len(names):
        names = random.sample(names, sample)
    missing, damaged = [], []
    with tempfile.TemporaryDirectory(prefix="countenance-check-") as scratch:
        for number, sha256 in enumerate(names):
            into = Path(scratch) / sha256
            try:
                place.fetch(sha256, into)
            except AbsentError:
                missing.append(sha256)
            except IntegrityError:
                damaged.append(sha256)
                note_damage(project, sha256)
            into.unlink(missing_ok=True)
            report(number + 1, len(names))
    return Checked(len(names), tuple(missing), tuple(damaged))


def clock_ahead_s(project: Project) -> float:
    """By how many seconds the place's clock is ahead of this machine's. A file is written there and removed again."""
    place = blob_place(project)
    key = f"{_PROBE}/{secrets.token_hex(8)}"
    with place.trouble(f"{place.name} cannot be written to"):
        before = datetime.now(UTC)
        obstore.put(place.store, key, b"")
        try:
            after = datetime.now(UTC)
            there: datetime = obstore.head(place.store, key)["last_modified"]
        finally:
            obstore.delete(place.store, key)
    if place.folder is not None:
        with contextlib.suppress(OSError):
            (place.folder / _PROBE).rmdir()
    # Places round down to seconds; between the two moments it is in step.
    if there < before.replace(microsecond=0):
        return (there - before).total_seconds()
    return max(0.0, (there - after).total_seconds())
