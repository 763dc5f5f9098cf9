"""What is kept in a project, found kind by kind, each thing with the day since when its period runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from countenance.campaign.certificate import FOLDER as CERTIFICATES
from countenance.campaign.forget import forget
from countenance.campaign.jobsrecord import forget_ended_jobs
from countenance.campaign.periods import Period
from countenance.errors import InputError
from countenance.jobs.forgetting import ended_before, forget_jobs
from countenance.ledger.log import entries_in
from countenance.rights.clock import today
from countenance.rights.pulls import WITHDRAWN
from countenance.rights.register import all_grants
from countenance.store.buried import bury_work
from countenance.store.database import reading, writing
from countenance.store.files import read_json
from countenance.store.holdings import WORK, held_of
from countenance.store.project import Project
from countenance.store.results import has_result
from countenance.store.shred import remove
from countenance.store.subjects import subject_tag
from countenance.store.tables import release, variant
from countenance.synthesis.facemodel import ended_on, forget_face_model, has_face_model
from countenance.synthesis.talents import forget_talent, is_on_record

ACTOR = "retention"
_UNDECIDED = ("in_review", "approved")


@dataclass(frozen=True)
class Kept:
    """Something that is kept: its kind and name, since when its period runs, whose it is, and how it is ended."""

    kind: str
    name: str
    since: date
    end: Callable[[], Any]
    person: str | None = None


def kept_of(project: Project, period: Period) -> list[Kept]:
    """All of one kind whose period has begun to run."""
    return list(_FINDERS[period.kind](project, period))


def people_without_grant(project: Project) -> dict[str, date]:
    """Who has no live grant any more, and since which day."""
    ends: dict[str, date] = {}
    for one in all_grants(project):
        name = one.grant.talent
        ends[name] = max(ends.get(name, date.min), ended_on(one))
    now = today(project)
    return {name: day for name, day in ends.items() if day <= now}


def _face_models(project: Project, period: Period) -> Iterator[Kept]:
    for name, day in people_without_grant(project).items():
        if has_face_model(project, name):
            yield Kept(period.kind, name, day, partial(forget_face_model, project, name), name)


def _talent_records(project: Project, period: Period) -> Iterator[Kept]:
    for name, day in people_without_grant(project).items():
        if is_on_record(project, name):
            yield Kept(period.kind, name, day, partial(forget_talent, project, name), name)


def _work_without_grant(project: Project, period: Period) -> Iterator[Kept]:
    for name, day in people_without_grant(project).items():
        with reading(project) as connection:
            held = [one.name for one in held_of(connection, subject_tag(project, name)) if one.kind == WORK]
        for work in held:
            if (project.work / work).is_dir() or has_result(project, work):
                yield Kept(period.kind, work, day, partial(_end_work, project, work), name)


def _rejected(project: Project, period: Period) -> Iterator[Kept]:
    with reading(project) as connection:
        rows = connection.execute(select(variant).where(variant.c.state == "rejected")).all()
    for row in rows:
        folder, at = Path((row.render or {}).get("folder", "")), (row.review or {}).get("at")
        if at and folder.is_dir() and folder.is_relative_to(project.work):
            work = str(folder.relative_to(project.work))
            yield Kept(period.kind, work, _day(at), partial(_end_work, project, work))


def _unused_work(project: Project, period: Period) -> Iterator[Kept]:
    for stage in sorted(path for path in project.work.iterdir() if path.is_dir() and path.name != "jobs"):
        for folder in sorted(path for path in stage.iterdir() if path.is_dir()):
            made = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            work = str(folder.relative_to(project.work))
            yield Kept(period.kind, work, datetime.fromtimestamp(made, UTC).date(), partial(_end_work, project, work))


def _withdrawn_releases(project: Project, period: Period) -> Iterator[Kept]:
    with reading(project) as connection:
        rows = connection.execute(select(release).where(release.c.state == "withdrawn")).all()
        days = {entry.data["release"]: _day(entry.ts) for entry in entries_in(connection, WITHDRAWN)}
    for row in rows:
        places = [project.releases / row.id, *([Path(row.package)] if row.package else [])]
        if row.id in days and any(place.exists() for place in places):
            yield Kept(period.kind, row.id, days[row.id], partial(_end_places, places))


def _jobs(project: Project, period: Period) -> Iterator[Kept]:
    """All whose time is over as one: they have no names worth telling."""
    day = today(project) - timedelta(days=period.days)
    before_ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    database = project.folder / "jobs.db"
    count = forget_ended_jobs(database, before_ms, delete=False)
    if count:
        yield Kept(period.kind, f"{count} ended jobs", day, partial(forget_ended_jobs, database, before_ms))
    with reading(project) as connection:
        ended = ended_before(connection, before_ms / 1000)
    if ended:
        yield Kept(period.kind, f"{len(ended)} ended jobs", day, partial(_end_jobs, project, ended))


def _end_jobs(project: Project, jobs: Sequence[str]) -> None:
    with writing(project) as connection:
        forget_jobs(connection, jobs)


def _people(project: Project, period: Period) -> Iterator[Kept]:
    for name, day in people_without_grant(project).items():
        yield Kept(period.kind, name, day, partial(forget, project, name, ACTOR), name)


def _certificates(project: Project, period: Period) -> Iterator[Kept]:
    for path in sorted((project.folder / CERTIFICATES).glob("[!.]*.json")):
        try:
            day = _day(read_json(path)["content"]["completed_at"])
        except (InputError, KeyError, TypeError, ValueError):
            continue  # not one of ours
        yield Kept(period.kind, path.stem, day, partial(_end_places, [path, path.with_suffix(".txt")]))


_FINDERS: dict[str, Callable[[Project, Period], Iterator[Kept]]] = {
    "face_models": _face_models,
    "talent_records": _talent_records,
    "work_without_grant": _work_without_grant,
    "rejected": _rejected,
    "unused_work": _unused_work,
    "withdrawn_releases": _withdrawn_releases,
    "jobs": _jobs,
    "people": _people,
    "certificates": _certificates,
}


def _end_work(project: Project, work: str) -> None:
    """Remove a folder of work. A variant that waited for a decision on it is planned again: it can be made anew."""
    folder = project.work / work
    with writing(project) as connection:
        for row in connection.execute(select(variant)).all():
            if (row.render or {}).get("folder") == str(folder):
                state = "planned" if row.state in _UNDECIDED else row.state
                review = {} if state == "planned" else row.review
                request = {"request": row.render["request"]} if "request" in row.render else {}
                gone = {"render": request, "state": state, "review": review}
                connection.execute(update(variant).where(variant.c.id == row.id).values(**gone))
    if folder.exists():
        remove(folder)
    bury_work(project, work)


def _end_places(places: list[Path]) -> None:
    for path in places:
        if path.exists():
            remove(path)


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])
