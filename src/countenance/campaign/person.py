"""What the project knows of one person: the facts by which everything of theirs is found, and found again later."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.casting import JOIN, PAIR
from countenance.errors import InputError
from countenance.ledger.log import commitment, entries_in
from countenance.rights.blocklist import block_list
from countenance.store.database import reading
from countenance.store.files import read_json
from countenance.store.holdings import JOB, VARIANT, WORK, held_of, known_names
from countenance.store.project import Project
from countenance.store.subjects import has_subject, subject_tag
from countenance.store.tables import grant_record, release, variant


@dataclass(frozen=True)
class Person:
    """`mine` are hashes of files that are this person's alone, `work` paths below `work`, `packages` folders."""

    name: str
    tag: str
    commitment: str
    grants: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    published: tuple[str, ...] = ()  # hashes of released files
    jobs: tuple[str, ...] = ()
    work: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()  # of `work`: where they were seen, but no brief names them
    packages: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    briefs: tuple[str, ...] = ()
    entries: int = 0  # of the ledger, that hold commitments of theirs
    acted: int = 0  # decisions that name them as the one who took them: entries of the ledger, reviews of others
    blocked: int = 0  # entries of the block list that protect them

    def joined(self, other: Person) -> Person:
        """What is known by either: an erasure that goes on knows more than it still finds."""
        both: dict[str, Any] = {}
        for field in fields(self):
            one, two = getattr(self, field.name), getattr(other, field.name)
            if isinstance(one, tuple):
                both[field.name] = tuple(dict.fromkeys([*one, *two]))
            elif isinstance(one, int):
                both[field.name] = max(one, two)
            else:
                both[field.name] = one or two
        return replace(self, **both)


def person_of(project: Project, name: str) -> Person | None:
    """All that is known of a person now; None when there is nothing on record under this name."""
    tag = subject_tag(project, name)
    with reading(project) as connection:
        grants = connection.execute(select(grant_record).where(grant_record.c.talent == name)).all()
        held = held_of(connection, tag)
        rows = connection.execute(select(variant)).all()
        noted = known_names(connection, VARIANT)
        mine = {one.name for one in held if one.kind == VARIANT}
        # Older versions noted no holdings: then the cast, the receipt or the brief tell.
        variants = [row for row in rows if row.id in mine or (row.id not in noted and _shows(project, row, name))]
        ids = {row.id for row in variants}
        jobs = {one.name for one in held if one.kind == JOB} | {row.job for row in variants}
        released = connection.execute(select(release).where(release.c.variant_id.in_(ids))).all()
        files = _files_of(project, name)
        if not (grants or held or files or variants or has_subject(project, name)):
            return None
        # An erasure that goes on must not make the key again that it has destroyed.
        stands_for = commitment(project, name, name) if grants or files or has_subject(project, name) else ""
        entries, acted = _in_ledger(connection, name, stands_for)
        acted += sum((row.review or {}).get("by") == name for row in rows if row.id not in ids)
        others = _files_of_others(project, connection, name)
    outs = {str(_request(row)["out"]) for row in rows if row.job in jobs and _request(row)}
    evidence = [one["sha256"] for row in grants for one in row.document.get("evidence", ())]
    return Person(
        name, tag, stands_for,
        grants=tuple(row.id for row in grants),
        mine=tuple(sorted({*evidence, *files} - others)),
        variants=tuple(sorted(ids)),
        releases=tuple(sorted({row.id for row in released} | {row.review["release_id"] for row in variants
                                                              if "release_id" in (row.review or {})})),
        published=tuple(sorted({row.record["sha256"] for row in released if "sha256" in row.record})),
        jobs=tuple(sorted(jobs)),
        work=tuple(sorted(one.name for one in held if one.kind == WORK)),
        packages=tuple(sorted({row.package for row in released if row.package}
                              | {str(Path(_request(row)["out"]) / row.id) for row in variants if _request(row)})),
        pages=tuple(sorted(str(Path(out) / "campaign.html") for out in outs)),
        briefs=tuple(sorted({_request(row)["brief"] for row in rows if row.job in jobs and _request(row)})),
        entries=entries, acted=acted, blocked=sum(one.label == name for one in block_list(project)),
    )  # fmt: skip


def tokens(cast: str) -> set[str]:
    """The names in the key of a cast or of a variant."""
    return {word for part in cast.split(JOIN) for word in part.split(PAIR)}


def _shows(project: Project, row: Any, name: str) -> bool:
    if name in tokens(row.face):
        return True
    kept = project.releases / str((row.review or {}).get("release_id", "")) / "release.json"
    if kept.is_file():
        return any(name in (one["seen"], one["shown"]) for one in read_json(kept)["receipt"]["people"])
    brief = brief_at(_request(row).get("brief"))
    return brief is not None and any(face.talent == name for face in brief.seen)


def _request(row: Any) -> dict[str, Any]:
    return dict((row.render or {}).get("request", {}))


def brief_at(path: str | None) -> Brief | None:
    """The brief at a path, None where it is gone or cannot be understood any more."""
    try:
        return load_brief(Path(path)) if path else None
    except InputError:
        return None


def _in_ledger(connection: Connection, name: str, stands_for: str) -> tuple[int, int]:
    """How many entries hold what stands for the person, also shortened as in refusals, and how many name them."""
    all_of_them = entries_in(connection)
    held = sum(bool(stands_for) and stands_for[:16] in json.dumps(entry.data) for entry in all_of_them)
    return held, sum(name == entry.actor for entry in all_of_them)


def _files_of(project: Project, name: str) -> set[str]:
    """Hashes of the references of a talent on record."""
    return {sha256 for known, sha256 in _references(project) if known == name}


def _files_of_others(project: Project, connection: Connection, name: str) -> set[str]:
    """Hashes of files that somebody else's record rests on too."""
    rows = connection.execute(select(grant_record.c.document).where(grant_record.c.talent != name)).scalars()
    evidence = {one["sha256"] for document in rows for one in document.get("evidence", ())}
    return evidence | {sha256 for known, sha256 in _references(project) if known != name}


def _references(project: Project) -> Iterator[tuple[str, str]]:
    for path in sorted((project.folder / "talents").glob("*.json")):
        try:
            values = read_json(path)
            yield from ((str(values["name"]), str(one["sha256"])) for one in values["references"])
        except (InputError, KeyError, TypeError):
            continue  # no record of a talent


@dataclass(frozen=True)
class Outside:
    """A file of the studio's own, outside of the project's folder, that shows the person or is about them.

    `others` are the people whom a brief names in the same footage. A file of a hash that is known is `alone` when it is
    nobody else's.
    """

    path: str
    kind: str  # "reference", "grant", "voice" (recorded or cloned), "footage" or "brief"
    others: int = 0

    @property
    def alone(self) -> bool:
        return self.kind in ("reference", "grant", "voice") or (self.kind == "footage" and not self.others)


def outside(project: Project, person: Person) -> list[Outside]:
    """The studio's own files that hold something of the person, as far as the briefs can still be read."""
    found = dict.fromkeys(_outside_of_record(project, person.name))
    for path in person.briefs:
        found[Outside(path, "brief")] = None
        brief = brief_at(path)
        if brief is not None and person.name in brief.talents:
            found |= dict.fromkeys(_outside_of(brief, person.name))
    return [one for one in found if Path(one.path).is_file()]


def _outside_of(brief: Brief, name: str) -> Iterable[Outside]:
    talent = brief.talents[name]
    others = (other for other in brief.talents.values() if other.name != name)
    shared = {path for other in others for path in (*other.references, *other.clips)}
    own = (path for path in (*talent.references, *talent.clips) if path not in shared)
    yield from (Outside(str(path), "reference") for path in own)
    if talent.grant is not None:
        yield Outside(str(talent.grant), "grant")
    lent = [wish for wish in brief.voices.values() if wish.of == name]
    yield from (Outside(str(path), "voice") for wish in lent for path in (wish.recording, wish.model) if path)
    seen = {face.talent for face in brief.seen}
    if name in seen:
        yield Outside(str(brief.master), "footage", len(seen - {name}) + brief.others_untouched)


def _outside_of_record(project: Project, name: str) -> Iterable[Outside]:
    path = project.folder / "talents" / f"{name}.json"
    if Path(name).name == name and path.is_file():
        yield from (Outside(str(one["file"]), "reference") for one in read_json(path)["references"])
