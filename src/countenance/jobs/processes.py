"""Several workers side by side, each a process of its own: what kills one harms no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path

from countenance.jobs.kinds import Kind
from countenance.jobs.leases import abandon
from countenance.jobs.worker import work
from countenance.store.project import Project

GRACE_S = 8.0  # for workers that are told to end; then they are killed, and their leases end by themselves
LEAVE_S = 5.0  # for a task to hear of it
_LOOK_S = 0.2
_FAST_END_S = 5.0
Begin = Callable[[Project], Callable[[], None]]
_beginnings: list[Begin] = []
_MOST_FAST_ENDS = 5  # of a place, one after the other: then something is wrong that starting again does not mend


@dataclass(frozen=True)
class Crew:
    """What the workers of one call have in common. The kinds are functions of modules, known by their names."""

    root: Path
    kinds: Mapping[str, Kind]
    queues: Sequence[str]
    name: str | None = None
    job: str | None = None


def at_start(begin: Begin) -> Callable[[], None]:
    """Have worker processes that are started from now on call something first, and what it returns at their end.

    Returns what takes that back. Logs, metrics and traces begin so; it must be a function or a value of a module.
    """
    _beginnings.append(begin)
    return lambda: _beginnings.remove(begin)


def keep_working(crew: Crew, processes: int, over: Callable[[], bool]) -> int:
    """Keep so many workers at work until they end by themselves or `over()`; returns how many places were given up.

    A worker that is killed is replaced; one whose replacements keep ending at once is not.
    """
    context = multiprocessing.get_context("spawn")
    places: list[SpawnProcess | None] = [None] * processes
    begun, fast_ends, given_up = [0.0] * processes, [0] * processes, 0
    try:
        for place in range(processes):
            places[place], begun[place] = _start(context, crew), time.monotonic()
        while any(places) and not over():
            time.sleep(_LOOK_S)
            for place, process in enumerate(places):
                if process is None or process.is_alive():
                    continue
                if process.exitcode == 0:
                    places[place] = None
                    continue
                fast = time.monotonic() - begun[place] < _FAST_END_S
                fast_ends[place] = fast_ends[place] + 1 if fast else 0
                if fast_ends[place] >= _MOST_FAST_ENDS:
                    places[place] = None
                    given_up += 1
                    continue
                places[place], begun[place] = _start(context, crew), time.monotonic()
    finally:
        _end([process for process in places if process is not None])
    return given_up


def leave_on_signals(then: Callable[[], None] | None = None) -> Callable[[], bool]:
    """Make SIGTERM and SIGINT call `then`, once; the returned function says whether one has come."""
    told = threading.Event()

    def leave(_signal: int, _frame: object) -> None:
        if not told.is_set():
            told.set()
            if then is not None:
                then()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, leave)
    return told.is_set


def _start(context: multiprocessing.context.SpawnContext, crew: Crew) -> SpawnProcess:
    process = context.Process(target=_work, args=(crew, os.getpid(), tuple(_beginnings)), daemon=False)
    process.start()
    return process


def work_until_told(crew: Crew, until: Callable[[], bool] = lambda: False) -> None:
    """Be one worker until SIGTERM or SIGINT comes, or `until()`.

    The task in hand hears of it through its `Report` and is given back. One that does not listen for LEAVE_S is given
    back all the same, and the process ends.
    """
    project = Project(crew.root)

    def leave() -> None:
        try:
            abandon(project)
        finally:
            os._exit(0)

    def leave_soon() -> None:
        timer = threading.Timer(LEAVE_S, leave)
        timer.daemon = True  # not waited for when the work ends by itself
        timer.start()

    told = leave_on_signals(leave_soon)
    work(
        project, crew.kinds, queues=crew.queues, name=crew.name, job=crew.job, until=lambda: told() or until()
    )  # fmt: skip


def _work(crew: Crew, parent: int, beginnings: Sequence[Begin]) -> None:
    # A parent that was killed cannot tell us to end: whoever starts again would find more workers than it knows.
    with ExitStack() as begun:
        for begin in beginnings:
            begun.callback(begin(Project(crew.root)))
        work_until_told(crew, lambda: os.getppid() != parent)


def _end(processes: Sequence[SpawnProcess]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    until = time.monotonic() + GRACE_S
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
