"""Thumbnails of a released variant: through the same door as the release itself, sealed one by one like its poster.

Whether the variant may be shown is asked before they are made and again in the transaction that enters them in the
ledger. They lie in the package's folder `thumbnails/`, there whole or not at all, with a listing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from countenance.campaign.labelling import require_badge
from countenance.campaign.looking import Stretches, burnt_in, look_at
from countenance.campaign.serving import Serving, serving_of
from countenance.campaign.variants import find_variant
from countenance.delivery.thumbnail_file import require_badge_on, write_still
from countenance.delivery.thumbnail_looks import pictures_at
from countenance.delivery.thumbnail_title import Title, require_title
from countenance.delivery.thumbnails import SIZES, Candidate, candidates, still
from countenance.delivery.viewing import View
from countenance.errors import InputError, IntegrityError, RightsError
from countenance.ledger.log import transaction
from countenance.provenance.badge import Badge, badge_of
from countenance.provenance.disclosure import ReleaseRecord, record_from_json
from countenance.provenance.looks import mark_key
from countenance.provenance.still import mark_still
from countenance.store import tables
from countenance.store.database import reading
from countenance.store.files import read_json, sha256_file, write_json
from countenance.store.project import Project

FOLDER, LISTING = "thumbnails", "thumbnails.json"
KIND = "release.thumbnails"  # of the ledger's entry
_CARD_FADE_S = 0.5  # around an end card, in which no still is taken

Progress = Callable[[str, int, int], None]  # stage, done, of


@dataclass(frozen=True)
class Thumbnails:
    """Where they lie, and what the listing says of each, best first."""

    folder: Path
    rows: tuple[dict[str, Any], ...]


def release_thumbnails(
    project: Project,
    name: str,
    count: int,
    actor: str,
    *,
    titles: Sequence[str] = (),
    progress: Progress = lambda _stage, _done, _of: None,
) -> Thumbnails:
    """Write `count` thumbnails of a released variant in every size into its package, plain and with each title.

    `name` is the variant's id or the start of it. What earlier calls wrote is replaced as a whole. Raises RightsError
    when the variant may not be shown now, TextError for a title that cannot be set, IntegrityError when the video is
    not the one that was released, InputError when there is none or its package is gone.
    """
    row = find_variant(project, name)
    served = _require(project, row.id)
    record, facts, package = _on_record(project, served.release)
    burnt = burnt_in(project, served.release)
    video = project.releases / served.release / "video.mp4"
    if not package.is_dir() or not video.is_file():
        raise InputError(f"the package of variant {row.id} is not at {package}; run `countenance produce` again.")
    if sha256_file(video) != facts["sha256"]:
        raise IntegrityError(f"{video} is not the file that was released; run `countenance verify` on it.")
    _require_known_label(video, record)
    wanted = [None, *(Title(text, record.language) for text in titles)]
    for title in wanted:
        if title is not None:
            require_title(title)
    looked = look_at(project, row.id, video, facts["sha256"], lambda done, of: progress("look", done, of))
    kept = project.releases / served.release / FOLDER  # from where later packages get them too
    part = kept.with_name(f".{FOLDER}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        rows = []
        total = count * len(SIZES) * len(wanted)
        for told in _written(project, looked, video, record, served, count, wanted, burnt, part):
            rows.append(told)
            progress("thumbnails", len(rows), total)
        listing = {"variant": row.id, "release": served.release, "language": record.language, "thumbnails": rows}
        write_json(part / LISTING, listing)
        with transaction(project) as ledger:
            _require(project, row.id)
            entry = {
                "release": served.release,
                "variant": row.id,
                "files": {one["file"]: one["sha256"] for one in rows},
            }
            ledger.append(KIND, actor, entry)
            _take_place(part, kept)
            shutil.copytree(kept, package / part.name, dirs_exist_ok=True)
            _take_place(package / part.name, package / FOLDER)
    finally:
        for folder in (kept.parent, package):
            shutil.rmtree(folder / part.name, ignore_errors=True)
    return Thumbnails(package / FOLDER, tuple(rows))


def _require(project: Project, variant: str) -> Serving:
    served = serving_of(project, variant)
    if not served.serve:
        raise RightsError(f"no thumbnails are made of variant {variant}.", (served.why,))
    return served


def _require_known_label(video: Path, record: ReleaseRecord) -> None:
    """IntegrityError when the label in the pictures is not as it is drawn today: it could not be lifted off cleanly."""
    try:
        require_badge(video, record)
    except IntegrityError as problem:
        raise IntegrityError(
            f"no thumbnails are made of release {record.release_id}: the label in its pictures is not drawn so any "
            "more; produce the variant again."
        ) from problem


def _on_record(project: Project, release_id: str) -> tuple[ReleaseRecord, dict[str, Any], Path]:
    """The record of a release, what the database has of it, and where its package is."""
    with reading(project) as connection:
        query = select(tables.release.c.record, tables.release.c.package).where(tables.release.c.id == release_id)
        facts, package = connection.execute(query).one()
    record = read_json(project.releases / release_id / "release.json")["record"]
    return record_from_json(record), facts, Path(package)


def _written(
    project: Project,
    looked: View,
    video: Path,
    record: ReleaseRecord,
    served: Serving,
    count: int,
    titles: Sequence[Title | None],
    burnt: Stretches,
    folder: Path,
) -> Iterator[dict[str, Any]]:
    """Write, seal and check all files of all candidates, the best one's first; yields the listing's rows."""
    worn = badge_of(record)
    found = _chosen(looked, worn, burnt, count)
    numbers = sorted(one.number for one in found)
    frames = dict(zip(numbers, pictures_at(looked.master, numbers), strict=True))
    channels = [] if "*" in served.channels else served.channels
    for rank, one in enumerate(found, start=1):
        for title_number, title in enumerate(titles):
            for size in SIZES:
                made = still(
                    looked,
                    one,
                    frames[one.number].copy(),
                    size,
                    worn=worn,
                    badge=worn,
                    channels=channels,
                    title=title,
                    burnt=burnt,
                )
                if title is not None and made.title_box is None:
                    continue  # there is no room in this shape without covering lips
                name = f"{rank:02d}-{size[0]}x{size[1]}{f'-title-{title_number}' if title else ''}.jpg"
                marked = mark_still(made.rgb, mark_key(project), int(record.mark_id, 16))
                write_still(
                    project,
                    video,
                    record,
                    looked.master.pts[one.number] * looked.master.time_base,
                    marked,
                    title,
                    folder / name,
                )
                require_badge_on(folder / name, made)
                yield _row(name, rank, one, size, title, folder / name)


def _chosen(looked: View, worn: Badge, burnt: Stretches, count: int) -> tuple[Candidate, ...]:
    """Moments without an end card, and without burnt-in captions as far as there are any."""
    duration_s = float(looked.master.duration)

    def free(time_s: float) -> bool:
        return _free_of_card(worn, time_s, duration_s)

    def clean(time_s: float) -> bool:
        return free(time_s) and not any(start <= time_s < end for start, end in burnt)

    return candidates(looked, count, clean if any(clean(at) for at in looked.seen.times_s.tolist()) else free)


def _free_of_card(worn: Badge, time_s: float, duration_s: float) -> bool:
    due = worn.kind == "endcard" or (worn.kind == "corner" and worn.label.end_card)
    return not due or time_s < duration_s - float(worn.card_s) - _CARD_FADE_S


def _row(
    name: str, rank: int, one: Candidate, size: tuple[int, int], title: Title | None, path: Path
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "file": name, "rank": rank, "width": size[0], "height": size[1], "time_s": round(one.time_s, 3),
        "score": one.score, "marks": one.marks, "sha256": sha256_file(path), "bytes": path.stat().st_size,
    }  # fmt: skip
    return {**told, "language": title.language, "title": title.text} if title else told


def _take_place(part: Path, final: Path) -> None:
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        os.rename(final, old)
    os.rename(part, final)
    shutil.rmtree(old, ignore_errors=True)
