"""Taking down what was withdrawn: off every sink where it lies, out of the caches before them, out of the sites.

Whatever the reason of a withdrawal, what follows is found from what is on record, so it may be asked for again at any
time: `pull_down` does nothing where nothing is left to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from countenance.campaign.placing import PROGRAM, clear_cache
from countenance.campaign.sites import site_task, sites_with
from countenance.campaign.webhooks import notify
from countenance.delivery.sinks import SinkDown
from countenance.delivery.sinks.opening import open_sink
from countenance.delivery.sinks.settings import RETRY_S, find_sink
from countenance.errors import CountenanceError, InputError
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.state import job_state
from countenance.rights.pulls import WITHDRAWN, Pull, pull_list, take_down
from countenance.store.database import reading, writing
from countenance.store.placements import GONE, PLACED, PLACING, Placement, find_placement, mark_gone, placements_in
from countenance.store.project import Project
from countenance.store.tables import placement, release

REMOVE, TAKE_DOWN, QUEUE = "remove", "take-down", "net"
GROUP = "withdrawals"  # stands for a campaign: those have names, which may be people's
PATIENCE_S = 365 * 86400.0  # consent is gone: this is not given up because a sink is down for long
TOLD_WITHIN = timedelta(days=1)  # webhooks are told of withdrawals this late, not of those from before they were set up
_PAUSE_SHARE = 0.8  # of the sink's pause: what is left of it is for the removals themselves
_PRIORITY = 4  # before everything else


def pull_down(project: Project) -> tuple[str, ...]:
    """Have everything that was withdrawn removed wherever it still lies; returns the jobs that were handed in.

    Idempotent. A worker on the queue `net` does the rest, and goes on trying while a sink is down.
    """
    withdrawn = pull_list(project)
    jobs = tuple(found for pull in withdrawn if (found := _hand_in(project, pull)) is not None)
    since = datetime.now(UTC) - TOLD_WITHIN
    for pull in withdrawn:
        if datetime.fromisoformat(pull.withdrawn_at) >= since:
            told = {"release": pull.release_id, "variant": pull.variant_id, "reason": pull.reason or "withdrawn"}
            notify(project, WITHDRAWN, told, once=pull.release_id)
    return jobs


def withdraw_job(release_id: str) -> str:
    """The id of the job that removes a release."""
    return f"withdraw-{release_id}"


def left_of(project: Project, release_id: str) -> dict[str, int]:
    """How many files of a release still lie at each sink."""
    found: dict[str, int] = {}
    for one in _lying(project, release_id):
        found[one.sink] = found.get(one.sink, 0) + 1
    return found


def sinks_with(project: Project, variants: Iterable[str]) -> list[str]:
    """The sinks where something of these variants still lies."""
    theirs = select(release.c.id).where(release.c.variant_id.in_(tuple(variants)))
    query = select(placement.c.sink).where(placement.c.state != GONE, placement.c.release_id.in_(theirs))
    with reading(project) as connection:
        return sorted(set(connection.execute(query).scalars()))


def remove(project: Project, task: Task, _report: Report) -> Outcome:
    """Take one file off a sink, and see that it is gone. Nothing makes this fail for good: somebody withdrew it."""
    sink_name, name = task.spec["sink"], task.spec["name"]
    found = find_placement(project, sink_name, name)
    if found is None or found.release != task.spec["release"]:  # another release has taken its place
        return Outcome()
    try:
        sink = open_sink(project, find_sink(project, sink_name))
        address = found.resume or found.url
        sink.remove(name, address)
        if sink.holds(name, address):
            raise SinkDown(f"{name} is still at {sink_name} after it was removed; look at the sink.")
    except CountenanceError as exc:  # rights, settings: somebody mends them while this is tried again
        raise SinkDown(str(exc)) from exc
    with writing(project) as connection:
        mark_gone(connection, sink_name, name)
    return Outcome()


def take_off(project: Project, task: Task, _report: Report) -> Outcome:
    """When all files of a release are off a sink: out of the caches before it, and on record as taken down there."""
    release_id, sink_name = task.spec["release"], task.spec["sink"]
    left = [one for one in _lying(project, release_id) if one.sink == sink_name]
    if left:  # sent by somebody who did not know yet, after this job was planned
        return Outcome(more=tuple(_tasks(project, release_id, sink_name, left)))
    with reading(project) as connection:
        gone = placements_in(connection, release=release_id, sink=sink_name, states=(GONE,))
    try:
        settings = find_sink(project, sink_name)
        sink = open_sink(project, settings)
        clear_cache(project, settings, [one.url or sink.address(one.name) for one in gone])
    except CountenanceError as exc:
        raise SinkDown(str(exc)) from exc
    take_down(project, release_id, sink_name, PROGRAM)
    return Outcome({"files": len(gone)})


def _hand_in(project: Project, pull: Pull) -> str | None:
    """The job that removes one release; None when nothing of it is left, or a job is at it."""
    handed = Job(withdraw_job(pull.release_id), GROUP, PROGRAM, {"withdraw": pull.release_id}, priority=_PRIORITY)
    left = _lying(project, pull.release_id)
    unmarked = _sinks_of(project, pull.release_id) - {one.where for one in pull.taken_down}
    sinks = sorted({one.sink for one in left} | unmarked)
    if not sinks or _under_way(project, handed.id):
        return None
    submit(project, handed, [task for sink in sinks for task in _tasks(project, pull.release_id, sink, left)])
    return handed.id


def _tasks(project: Project, release_id: str, sink: str, left: Sequence[Placement]) -> list[Task]:
    """What takes a release off one sink, and then says so."""
    retry_s = _retry_s(project, sink)

    def task(kind: str, content: str, about: str, needs: tuple[str, ...] = (), **spec: str) -> Task:
        return Task(
            key=hashlib.sha256(f"{kind}\n{sink}\n{content}".encode()).hexdigest(), kind=kind, queue=QUEUE, about=about,
            needs=needs, spec={"sink": sink, **spec}, cost_s=0.1, patience_s=PATIENCE_S, retry_s=retry_s,
        )  # fmt: skip

    own = [one for one in left if one.sink == sink and one.site is None]
    own.sort(key=lambda one: one.name.count("/"))  # the index first: it sends nobody to the rest any more
    # Named with the moment of what is on record: what comes there once more is removed once more.
    removals = [
        task(REMOVE, f"{one.name}\n{one.at}", f"take {one.name} off {sink}", name=one.name, release=release_id)
        for one in own
    ]
    # Files of sites are named after faces, so they are no tasks: their names would stay on record.
    turn = "\n".join([release_id, *(one.at for one in left)])
    sites = [site_task(sink, path, turn, retry_s, PATIENCE_S) for path in sites_with(project, sink, release_id)]
    needs = tuple(one.key for one in (*removals, *sites))
    about = f"release {release_id} is off {sink}"
    return [*removals, *sites, task(TAKE_DOWN, "\n".join((release_id, *needs)), about, needs, release=release_id)]


def _under_way(project: Project, job: str) -> bool:
    try:
        return not job_state(project, job).settled
    except InputError:
        return False


def _lying(project: Project, release_id: str) -> list[Placement]:
    with reading(project) as connection:
        return placements_in(connection, release=release_id, states=(PLACING, PLACED))


def _sinks_of(project: Project, release_id: str) -> set[str]:
    with reading(project) as connection:
        return {one.sink for one in placements_in(connection, release=release_id)}


def _retry_s(project: Project, sink: str) -> float:
    try:
        return _PAUSE_SHARE * find_sink(project, sink).retry_s
    except InputError:  # no longer in the settings; the task says so until it is again
        return RETRY_S
