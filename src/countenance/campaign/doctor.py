"""A look at everything that a project rests on, each part by itself, with the way out of what is wrong.

Nothing is changed. A part that cannot be looked at because another is broken says so; the others are looked at all
the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from countenance.campaign.backup import backup_places
from countenance.errors import CountenanceError
from countenance.jobs.state import dead_letters, unserved
from countenance.ledger.audit import verify
from countenance.ledger.log import entries
from countenance.models.catalogue import CATALOGUE
from countenance.models.pull import state_of
from countenance.rights.pulls import pull_list
from countenance.store import tables
from countenance.store.buried import waiting_for_removal
from countenance.store.database import engine, is_behind, reading
from countenance.store.files import read_json, sha256_file
from countenance.store.keycheck import check_keys
from countenance.store.places import is_shared
from countenance.store.project import Project
from countenance.store.quota import in_words, usage
from countenance.store.replicas import replicas
from countenance.store.survey import check, clock_ahead_s, kept

State = Literal["good", "warning", "bad"]
GB = 10**9
LEAST_FREE, SCARCE_FREE = 1 * GB, 10 * GB  # a minute of 1080p needs about a tenth of the former
CLOCK_BEHIND_S = 120
BLOB_SAMPLE = 20
STORE_CLOCK_S = 60  # S3 itself refuses requests from a quarter of an hour on
NEARLY = 0.9


@dataclass(frozen=True)
class Finding:
    """One part of the project: `said` is one sentence, with the way out where the state is not good."""

    part: str
    state: State
    said: str


def examine(project: Project, report: Callable[[str], None] = lambda _part: None) -> tuple[Finding, ...]:
    """Everything that there is to look at, in the order in which one rests on the other. `report` is told each part."""
    found: list[Finding] = []
    for part, look in _LOOKS.items():
        report(part)
        try:
            said = [Finding(part, state, text) for state, text in look(project)]
        except (CountenanceError, DatabaseError, OSError) as problem:
            said = [Finding(part, "bad", f"could not be looked at: {str(problem).splitlines()[0]}")]
        found += said
    return tuple(found)


def _settings(project: Project) -> Iterator[tuple[State, str]]:
    settings = project.settings
    yield "good", f"project {settings.project_id} of {settings.tenant}, in {project.folder}"


def _database(project: Project) -> Iterator[tuple[State, str]]:
    if is_behind(project):
        yield "bad", "the tables are of an older version; run `countenance init`"
        return
    made = engine(project)
    if made.dialect.name == "sqlite":
        with made.connect() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if said != "ok":
            yield "bad", f"SQLite finds it damaged ({said}); restore it from a backup"
            return
    with reading(project) as connection:
        variants, releases = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.variant, tables.release)
        )
    yield "good", f"{made.dialect.name}, sound, with {variants} variants and {releases} releases"


def _keys(project: Project) -> Iterator[tuple[State, str]]:
    found = check_keys(project)
    for key in found:
        if key.problem:
            yield "bad", f"{key.name}: {key.problem}"
    sealed = sum(key.sealed for key in found)
    if not sealed:
        yield "warning", f"{len(found)} keys lie open on the disk; `countenance keys protect` seals them"
    elif not any(key.problem for key in found):
        yield "good", f"{len(found)} keys, {sealed} of them sealed with a passphrase"


def _ledger(project: Project) -> Iterator[tuple[State, str]]:
    result = verify(project)
    if result.ok:
        yield "good", f"all {result.count} entries prove true"
    else:
        yield "bad", f"{result.problem}; `countenance ledger verify` tells more"


def _clock(project: Project) -> Iterator[tuple[State, str]]:
    last = entries(project, last=1)
    if not last:
        yield "good", "nothing was recorded yet that it could contradict"
        return
    ahead_s = (datetime.fromisoformat(last[0].ts.replace("Z", "+00:00")) - datetime.now(UTC)).total_seconds()
    if ahead_s > CLOCK_BEHIND_S:
        yield (
            "bad",
            (
                f"the system's clock is {ahead_s / 60:.0f} minutes behind the ledger's last entry; set the clock, or "
                "`countenance ledger correct-clock` if it was wrong then"
            ),
        )
    else:
        yield "good", "in line with the ledger"


def _models(_project: Project) -> Iterator[tuple[State, str]]:
    wrong = {model.name: state for model in CATALOGUE if (state := state_of(model)) != "ready"}
    for name, state in wrong.items():
        yield "bad", f"the model '{name}' is {state}; run `countenance models pull`"
    if not wrong:
        yield "good", f"{len(CATALOGUE)} models, as listed"


def _jobs(project: Project) -> Iterator[tuple[State, str]]:
    dead, waiting = dead_letters(project), unserved(project)
    if dead:
        yield "warning", f"{len(dead)} tasks were given up; `countenance jobs dead` tells why, `jobs retry` tries again"
    for one in waiting:
        yield "warning", f"{one.tasks} tasks '{one.skill}' on the queue '{one.queue}' wait for a worker that knows them"
    if not dead and not waiting:
        yield "good", "no task was given up, and none waits for a worker that is not there"


def _releases(project: Project) -> Iterator[tuple[State, str]]:
    with reading(project) as connection:
        rows = connection.execute(select(tables.release).where(tables.release.c.state == "released")).all()
    whole = 0
    for row in rows:
        video, facts = project.releases / row.id / "video.mp4", project.releases / row.id / "release.json"
        if not video.is_file() or not facts.is_file():
            yield "bad", f"release {row.id} lacks its files in {video.parent}; restore them from a backup"
        elif sha256_file(video) != read_json(facts)["seal"]["sha256"]:
            yield "bad", f"release {row.id}: {video} was changed; restore it from a backup"
        else:
            whole += 1
    yield "good", f"{whole} of {len(rows)} released files are there and unchanged"


def _pulls(project: Project) -> Iterator[tuple[State, str]]:
    open_pulls = [pull.release_id for pull in pull_list(project) if not pull.taken_down]
    if open_pulls:
        yield "warning", f"{len(open_pulls)} withdrawn releases are not taken down yet; see `countenance consent pulls`"
    else:
        yield "good", "nothing waits to be taken down"


def _replicas(project: Project) -> Iterator[tuple[State, str]]:
    there, absent = replicas(project)
    for folder in absent:
        yield "warning", f"the replica {folder} is not there; mount it, or take it out of settings.toml"
    if not absent:
        yield "good", f"{len(there)} replicas" if there else "none named in settings.toml"


def _space(project: Project) -> Iterator[tuple[State, str]]:
    free = shutil.disk_usage(project.folder).free
    used = sum(path.stat().st_size for path in project.work.rglob("*") if path.is_file())
    told = f"{free / GB:.1f} GB free, {used / GB:.1f} GB of work kept"
    if free < LEAST_FREE:
        yield "bad", f"{told}; make room before anything is produced (`countenance retention show` tells what could go)"
    else:
        yield ("warning", f"{told}: scarce for long masters") if free < SCARCE_FREE else ("good", told)


def _blobs(project: Project) -> Iterator[tuple[State, str]]:
    found = kept(project)
    checked = check(project, sample=BLOB_SAMPLE)
    for sha256 in (*checked.missing, *checked.damaged):
        state = "missing from" if sha256 in checked.missing else "damaged in"
        yield "bad", f"blob {sha256} is needed and {state} {found.place}; restore it from a backup, or make it again"
    ahead_s = clock_ahead_s(project)
    if abs(ahead_s) > STORE_CLOCK_S:
        which = "ahead of" if ahead_s > 0 else "behind"
        yield "warning", f"the clock of {found.place} is {abs(ahead_s):.0f} s {which} this machine's; set the clocks"
    if not (checked.missing or checked.damaged):
        yield "good", f"{found.blobs} in {found.place} ({in_words(found.size)}), {checked.read} of them read and true"


def _results(project: Project) -> Iterator[tuple[State, str]]:
    count = kept(project).results
    if not is_shared(project):
        yield "good", "machines share work by the project's folder"
        return
    erased = waiting_for_removal(project)
    if erased:
        yield "bad", f"{erased} blobs of erased people wait to be removed; run `countenance storage gc --really`"
    yield "good", f"{count} shared by blobs"


def _quota(project: Project) -> Iterator[tuple[State, str]]:
    limited = [one for one in usage(project) if one.limit is not None]
    for one in limited:
        if one.limit is not None and one.size > NEARLY * one.limit:
            state: State = "bad" if one.size > one.limit else "warning"
            told = f"{one.sort} {one.name} keeps {in_words(one.size)} of {in_words(one.limit)}"
            yield state, f"{told}; raise [quota], or make room with `countenance storage gc`"
    if not limited:
        yield "good", "none set"
    elif all(one.size <= NEARLY * (one.limit or 0) for one in limited):
        yield "good", f"{len(limited)}, none nearly reached"


def _backups(project: Project) -> Iterator[tuple[State, str]]:
    found = backup_places(project)
    if not found:
        yield "warning", "none was made yet; `countenance backup DIR` makes one"
    for one in found:
        if one.erased_since:
            yield (
                "bad",
                f"the one in {one.folder} knows {one.erased_since} people who were erased since; run "
                f"`countenance backup {one.folder}`",
            )
        else:
            yield "good", f"{one.folder}, as of {one.at[:16]}"


_LOOKS: dict[str, Callable[[Project], Iterator[tuple[State, str]]]] = {
    "settings": _settings,
    "database": _database,
    "keys": _keys,
    "ledger": _ledger,
    "clock": _clock,
    "models": _models,
    "jobs": _jobs,
    "releases": _releases,
    "pull list": _pulls,
    "replicas": _replicas,
    "blobs": _blobs,
    "results": _results,
    "quotas": _quota,
    "backups": _backups,
    "free space": _space,
}
