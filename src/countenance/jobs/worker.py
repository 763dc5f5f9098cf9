"""A worker: takes one task after the other, and lets none get lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from countenance.jobs import finish
from countenance.jobs.claim import Able, Claim
from countenance.jobs.errors import Interrupted
from countenance.jobs.heart import Heart
from countenance.jobs.kinds import Kind
from countenance.jobs.machine import worker_name
from countenance.jobs.slot import End, Slot
from countenance.store.project import Project

Progress = Callable[[str, int, int], None]  # what it is about, done, of
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.02, 1.0


def work(
    project: Project,
    kinds: Mapping[str, Kind],
    *,
    queues: Sequence[str] = ("cpu",),
    name: str | None = None,
    until: Callable[[], bool] | None = None,
    job: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Work on tasks, one at a time, until `job` is settled or `until()` is true; with neither, for ever.

    Takes the queues in the order given (none: any) and of them the kinds that it knows. With `job` it takes only this
    job's tasks. `until` is asked by another thread as well, and interrupts the task in hand. Raises CountenanceError
    when the database is away for minutes.
    """
    ending = until or (lambda: False)

    def idle(slot: Slot) -> bool:
        return ending() or (job is not None and slot.is_settled(job))

    _serve(project, kinds, queues, name, ending, job, progress, idle)


def run_due(project: Project, kinds: Mapping[str, Kind], *, queues: Sequence[str] = ("net",)) -> None:
    """Work off what is due now, and return."""
    _serve(project, kinds, queues, None, lambda: False, None, None, lambda _slot: True)


def _serve(
    project: Project,
    kinds: Mapping[str, Kind],
    queues: Sequence[str],
    name: str | None,
    ending: Callable[[], bool],
    job: str | None,
    progress: Progress | None,
    idle: Callable[[Slot], bool],
) -> None:
    """Work until `idle`, asked whenever there is nothing to do and when the worker is to end, says that it is over."""
    able = Able(worker_name(name), tuple(queues), frozenset(kinds), job)
    wait_s = SHORTEST_WAIT_S
    with Slot(project, able) as slot, Heart(project, able, ending) as heart:
        claimed = slot.exchange(None, None, more=not ending())
        while claimed is not None or not idle(slot):
            if claimed is None:
                time.sleep(wait_s)
                wait_s = min(LONGEST_WAIT_S, wait_s * 1.5)
                claimed = slot.exchange(None, None, more=not ending())
                continue
            wait_s = SHORTEST_WAIT_S
            heart.hold(claimed)
            end = _attempt(slot, heart, kinds, claimed, progress)
            claimed = slot.exchange(claimed, end, more=not ending())
            heart.drop()


def _attempt(slot: Slot, heart: Heart, kinds: Mapping[str, Kind], claimed: Claim, progress: Progress | None) -> End:
    """Run a task's function once; how it ended."""
    task, project = claimed.task, slot.project

    def report(done: int, of: int) -> None:
        heart.report(done, of)
        if progress is not None:
            progress(task.about, done, of)

    try:
        outcome = kinds[task.skill](project, task, report)
    except Interrupted:
        return lambda connection, _limits, now: finish.given_back(connection, project, claimed, now)
    except Exception as exc:
        failure = exc
        return lambda connection, limits, now: finish.failed(connection, project, claimed, failure, limits, now)
    except BaseException:  # Ctrl-C, or the interpreter ends: somebody else may go on at once
        slot.exchange(
            claimed, lambda connection, _limits, now: finish.given_back(connection, project, claimed, now), more=False
        )
        raise
    return lambda connection, limits, now: finish.done(connection, project, claimed, outcome, limits, now)
