"""Erasing a person: grants, keys, everything made of them, in the project and its replicas, with a certificate.

The order is what makes it safe to cut off at any moment. First the grants are withdrawn, which stops jobs under way and
pulls releases; then rows go, then files, the person's keys last. A journal knows what was found before; the same
command goes on from it. Nothing is certified before all places were searched again and nothing was found.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from countenance.campaign.backup import tell_backups
from countenance.campaign.certificate import FORMAT, about, digest, write_certificate
from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.jobsrecord import forget_jobs
from countenance.campaign.journal import FOLDER, Journal, journal_path, new_journal, read_journal, write_journal
from countenance.campaign.kept import kept
from countenance.campaign.lookalikes import unnamed_tracks
from countenance.campaign.pages import renew_pages, unname
from countenance.campaign.person import Outside, Person, outside, person_of
from countenance.campaign.remains import KEY, Remain, known_holdings, packages_of, remains_in
from countenance.campaign.remembered import forget_remembered
from countenance.campaign.removing import pull_down, sinks_with
from countenance.campaign.rows import erase_rows, erase_site_placements, replica_database
from countenance.campaign.search import Searched, copies_in, search
from countenance.errors import CountenanceError, InputError
from countenance.jobs.forgetting import jobs_about, runs_now
from countenance.jobs.sql import clock
from countenance.jobs.worker import run_due
from countenance.ledger.log import entries_in, transaction, utc_now
from countenance.rights.erasure import erase_grants
from countenance.rights.pulls import pull_release
from countenance.rights.register import grants_of, withdraw_grant
from countenance.store.buried import remove_buried
from countenance.store.database import reading
from countenance.store.files import locked
from countenance.store.project import Project
from countenance.store.replicas import Place, own_place, replicas
from countenance.store.shred import destroy_key, rebuild, remove, sweep_removed
from countenance.store.subjects import subject_tag
from countenance.store.tables import release
from countenance.synthesis.facemodel import forget_face_model

ERASURE, ENTRY = "erasure", "person.erased"
_LOOK_AGAIN_S = 0.5
THE_PERSON = "the person"  # acts in the ledger without a name
Say = Callable[[str], None]


@dataclass(frozen=True)
class Preview:
    """What an erasure would do: files and bytes by kind, rows, releases to pull, and what stays."""

    person: Person
    files: dict[str, tuple[int, int]]
    outside: tuple[Outside, ...]
    missing: tuple[Path, ...]  # replicas that are not there now
    under_way: bool


@dataclass(frozen=True)
class Erased:
    """A completed erasure. `opening` is the number by which the person can prove whom the certificate is about."""

    certificate: Path
    content: dict[str, Any]
    opening: str
    outside: tuple[Outside, ...]  # the studio's own files that are still there


def preview(project: Project, name: str) -> Preview:
    """What `forget` would destroy and what it would leave. InputError when nothing is on record under this name."""
    journal = read_journal(journal_path(project, subject_tag(project, name)))
    person = _with_unnamed(project, _joined(project, name, journal))
    copies, missing = replicas(project)
    sizes: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for one in _remains(project, person, copies):
        count, size = one.size()
        files[one.kind] += count
        sizes[one.kind] += size
    by_kind = {kind: (files[kind], sizes[kind]) for kind in files}
    return Preview(person, by_kind, tuple(outside(project, person)), tuple(missing), journal is not None)


def forget(project: Project, name: str, actor: str, *, inputs: bool = False, say: Say = lambda _words: None) -> Erased:
    """Erase a person. Cut off anywhere, it goes on when called again, also for a name that nothing else tells any more.

    With `inputs` the studio's own files go as well that are about this person alone: references, grants, and footage in
    which a brief names nobody else. `say` is told what is being done. Raises InputError when nothing is on record under
    this name, CountenanceError when a replica is not there (everything else is erased by then; repeat it with the
    replica), or when something of the person was found afterwards.
    """
    actor = THE_PERSON if actor == name else actor
    with locked(project.folder / FOLDER / "lock"), ExitStack() as held:
        path = journal_path(project, subject_tag(project, name))
        journal = read_journal(path)
        person = _joined(project, name, journal)
        if journal is None:
            journal = new_journal(person, actor, inputs)
        write_journal(path, journal)
        say("withdrawing grants")
        _withdraw(project, name, actor)
        held.enter_context(_jobs_stopped(project, journal.person, say))
        copies, missing = replicas(project)
        places = [own_place(project), *copies]
        # Again, now that no job runs: what was made since is found, too.
        journal.person = _with_unnamed(project, journal.person.joined(person_of(project, name) or journal.person))
        journal.inputs = journal.inputs or inputs
        journal.outside = list(dict.fromkeys([*journal.outside, *outside(project, journal.person)]))
        remains = [*_remains(project, journal.person, copies), *_inputs(journal)]
        journal.note(remains)
        write_journal(path, journal)
        say("erasing records")
        _rows(project, journal, copies)
        unname(project, name, journal.person.jobs, journal.person.variants)
        say("taking down what was sent outside")
        pull_down(project)
        run_due(project, ERRANDS)
        for place in places:
            journal.jobs = max(journal.jobs, forget_jobs(place.jobs, [name, *journal.person.jobs]))
        write_journal(path, journal)
        say("destroying files and keys")
        _destroy(project, name, journal, remains)
        renew_pages(project, journal.person.pages, journal.person.variants)
        tell_backups(project)
        say("rebuilding databases")
        for place in places:
            rebuild(project, place)
        if sinks := sinks_with(project, journal.person.variants):
            raise CountenanceError(
                f"{name} was erased here, but released files still lie at {sinks[0]}, which is down; a worker tries it "
                "again; repeat the command when they are gone, the certificate is written then."
            )
        say("searching for remainders")
        searched = search(project, places, journal.person, path)
        if searched.remainders:
            shown = ", ".join(searched.remainders[:5])
            raise CountenanceError(f"something of {name} is left ({shown}); remove it and repeat the command.")
        if missing:
            raise CountenanceError(
                f"{name} was erased here, but not in the replica {missing[0]}, which is not there now; repeat the "
                "command when it is, the certificate is written then."
            )
        return _certify(project, journal, path, searched, len(copies))


def _joined(project: Project, name: str, journal: Journal | None) -> Person:
    found = person_of(project, name)
    if journal is not None:
        return journal.person.joined(found) if found else journal.person
    if found is None:
        raise InputError(f"nothing is on record under {name!r}; `countenance consent show` lists the people.")
    return found


def _with_unnamed(project: Project, person: Person) -> Person:
    found = unnamed_tracks(project, person)
    return replace(person, work=(*person.work, *found), unnamed=(*person.unnamed, *found))


def _withdraw(project: Project, name: str, actor: str) -> None:
    if any(one.withdrawn_at is None for one in grants_of(project, name)):
        withdraw_grant(project, name, actor, ERASURE)


@contextmanager
def _jobs_stopped(project: Project, person: Person, say: Say) -> Iterator[None]:
    """Hold the locks of all jobs, and wait for tasks of theirs elsewhere: those that run stop by themselves, now that
    the grants are withdrawn.

    A job takes its own lock first and others' later (renderings, releases), so these are not waited for here.
    """
    with ExitStack() as held:
        for path in sorted((project.work / "jobs").glob("job-*.lock")):
            if _taken(path):
                say("waiting for a running job to stop")
            held.enter_context(locked(path))
        while _is_worked_on(project, person):
            say("waiting for a worker to stop")
            time.sleep(_LOOK_AGAIN_S)
        yield


def _is_worked_on(project: Project, person: Person) -> bool:
    with reading(project) as connection:
        jobs = jobs_about(connection, (person.name, *person.jobs))
        return runs_now(connection, jobs, clock(connection))


def _taken(path: Path) -> bool:
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _remains(project: Project, person: Person, copies: list[Place]) -> list[Remain]:
    known = known_holdings(project)
    found = [one for place in (own_place(project), *copies) for one in remains_in(place, person, known)]
    found += packages_of(person, copies)
    gone = {one.path for one in found}
    for place in copies:
        copied = (path for path in copies_in(place, person) if not gone.intersection((path, *path.parents)))
        found += [Remain("copies under other names", path) for path in copied]
    return found


def _inputs(journal: Journal) -> list[Remain]:
    if not journal.inputs:
        return []
    return [
        Remain(f"the studio's own {one.kind}", Path(one.path))
        for one in journal.outside
        if one.alone and Path(one.path).is_file()
    ]


def _rows(project: Project, journal: Journal, copies: list[Place]) -> None:
    person = journal.person
    with transaction(project) as ledger:
        rows = ledger.connection.execute(
            release.select().where(release.c.variant_id.in_(person.variants), release.c.state == "released")
        ).all()
        for row in rows:
            pull_release(ledger, row.id, ERASURE, journal.actor)
        erase_grants(project, ledger.connection, person.name, journal.begun_at)
        journal.jobs = max(journal.jobs, len(jobs_about(ledger.connection, (person.name, *person.jobs))))
        erase_rows(ledger.connection, person)
    for place in copies:
        if place.database.is_file():
            with replica_database(place.database) as connection:
                erase_rows(connection, person)
                erase_site_placements(connection, person)


def _destroy(project: Project, name: str, journal: Journal, remains: list[Remain]) -> None:
    forget_face_model(project, name)  # also what this process holds of it
    forget_remembered()
    keys = [one.path for one in remains if one.kind == KEY]
    noted = [Path(path) for path, (kind, *_sizes) in journal.destroyed.items() if kind != KEY]
    for path in dict.fromkeys([*(one.path for one in remains if one.kind != KEY), *noted]):
        if path.parent.is_dir():
            sweep_removed(path.parent)
            remove(path)
    remove_buried(project)
    for path in keys:
        destroy_key(path)


def _certify(project: Project, journal: Journal, path: Path, searched: Searched, copies: int) -> Erased:
    if journal.certificate is None:
        journal.certificate = _content(project, journal, searched, copies)
        write_journal(path, journal)
    content = journal.certificate
    with transaction(project) as ledger:
        known = [one for one in entries_in(ledger.connection, ENTRY) if one.data["erasure"] == journal.id]
        entry = known[0] if known else ledger.append(ENTRY, journal.actor, _entry(journal, content))
    written = write_certificate(project, content, entry.seq)
    left = tuple(one for one in journal.outside if Path(one.path).is_file())
    destroy_key(path)
    return Erased(written, content, journal.opening, left)


def _content(project: Project, journal: Journal, searched: Searched, copies: int) -> dict[str, Any]:
    person = journal.person
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for kind, count, size in journal.destroyed.values():
        files[kind] += count
        sizes[kind] += size
    with reading(project) as connection:
        rows = connection.execute(release.select().where(release.c.variant_id.in_(person.variants))).all()
    settings = project.settings
    deleted = {
        "grants": len(person.grants), "variants": len(person.variants), "records of jobs": journal.jobs,
    }  # fmt: skip
    return {
        "format": FORMAT,
        "certificate": journal.id,
        "controller": settings.tenant,
        "project": settings.project_id,
        "person": about(person.name, journal.opening),
        "begun_at": journal.begun_at,
        "completed_at": utc_now(),
        "replicas": copies,
        "destroyed": [{"kind": kind, "files": files[kind], "bytes": sizes[kind]} for kind in sorted(files)],
        "deleted": [{"kind": kind, "rows": count} for kind, count in deleted.items()],
        "releases_pulled": [{"release": row.id, "mark_id": row.mark_id} for row in rows],
        "kept": [one.told() for one in kept(journal, len(rows))],
        "searched": {"files": searched.files, "values": searched.values, "remainders": 0},
    }


def _entry(journal: Journal, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "erasure": journal.id,
        "person": journal.person.commitment,
        "certificate": digest(content),
        "files": sum(one["files"] for one in content["destroyed"]),
        "releases": [one["release"] for one in content["releases_pulled"]],
    }
