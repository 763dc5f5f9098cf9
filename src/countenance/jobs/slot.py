"""A worker's dealings with the database: it hands in how its attempt ended and takes the next task, in one turn."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from types import TracebackType

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from countenance.errors import CountenanceError, InputError
from countenance.jobs import finish
from countenance.jobs.claim import Able, Claim, claim
from countenance.jobs.events import Event, tell
from countenance.jobs.graph import settled_events
from countenance.jobs.heart import note_worker
from countenance.jobs.leases import reap, take_back, wake
from countenance.jobs.limits import Limits, limits_of
from countenance.jobs.sql import Link, clock, run
from countenance.store.project import Project

RECORD_S = 300.0  # how long a worker keeps trying to reach a database that is away
CARE_S = 1.0  # between two looks after lost workers
FORGET_WORKERS_S = 86_400.0
_log = logging.getLogger(__name__)

End = Callable[[Connection, Limits, float], list[Event]]  # puts on record how an attempt ended


class Slot:
    """One worker's place; its block begins and ends the worker's own record."""

    def __init__(self, project: Project, able: Able) -> None:
        self.project = project
        self._able = able
        self._link = Link(project)
        self._limits = limits_of(project)
        self._cared_at = -CARE_S

    def __enter__(self) -> Slot:
        with self._link.turn() as connection:
            now = clock(connection)
            note_worker(connection, self._able, now)
            run(connection, "DELETE FROM worker WHERE seen_at < :then", then=now - FORGET_WORKERS_S)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        try:
            with self._link.turn() as connection:
                run(connection, "DELETE FROM worker WHERE name = :name", name=self._able.worker)
        except (OperationalError, InterfaceError):
            _log.warning("%s could not sign off; its record ends by itself", self._able.worker)
        self._link.close()

    def is_settled(self, job: str) -> bool:
        """Whether a job is settled; InputError when there is no such job."""
        try:
            with self._link.look() as connection:
                state = run(connection, "SELECT state FROM job WHERE id = :job", job=job).scalar_one_or_none()
        except (OperationalError, InterfaceError):
            return False  # asked again after the next turn, which waits for the database
        if state is None:
            raise InputError(f"there is no job {job!r}; look at `countenance jobs list`.")
        return state not in ("active", "paused")

    def exchange(self, held: Claim | None, end: End | None, *, more: bool) -> Claim | None:
        """Put on record how an attempt ended, and lease the next task if there is one and `more` is wanted.

        A database that is away is tried again for minutes; then CountenanceError. The lease ends by itself.
        """
        since, pause_s, lost = time.monotonic(), 0.1, False
        while True:
            try:
                events, claimed = self._turn(held, end, more, lost)
                break
            except (OperationalError, InterfaceError) as exc:
                if time.monotonic() - since > RECORD_S:
                    why = str(exc.orig).strip().splitlines()[0]
                    raise CountenanceError(
                        f"the database was away for {RECORD_S / 60:.0f} minutes ({why}); start again when it is back."
                    ) from exc
                lost = True  # what was committed without an answer is found and taken back
                time.sleep(pause_s)
                pause_s = min(5.0, pause_s * 2)
            except CountenanceError as exc:  # what the task's function handed back cannot be used
                if held is None:
                    raise
                end = _failed(self.project, held, exc)
        tell(events)
        return claimed

    def _turn(self, held: Claim | None, end: End | None, more: bool, lost: bool) -> tuple[list[Event], Claim | None]:
        limits = self._current_limits()
        with self._link.turn() as connection:
            now = clock(connection)
            if lost:
                take_back(connection, self._able.worker, held, now)
            events = [] if end is None else end(connection, limits, now)
            if not more:
                return events, None
            if time.monotonic() - self._cared_at >= CARE_S:
                events += self._care(connection, limits, now)
            claimed = claim(connection, self._able, limits, now)
            if claimed is None and wake(connection, now):
                claimed = claim(connection, self._able, limits, now)
        if claimed is not None:
            events.append(finish.started_event(self.project, claimed))
        return events, claimed

    def _care(self, connection: Connection, limits: Limits, now: float) -> list[Event]:
        self._cared_at = time.monotonic()
        wake(connection, now)
        dead, settled = reap(connection, limits, now)
        reason = "its workers were lost, one after the other"
        return [finish.dead_event(self.project, row, "", reason) for row in dead] + settled_events(
            self.project, settled
        )

    def _current_limits(self) -> Limits:
        try:
            self._limits = limits_of(self.project)
        except InputError as exc:  # somebody is editing the file: what it said before holds
            _log.warning("%s", exc)
        return self._limits


def _failed(project: Project, held: Claim, failure: CountenanceError) -> End:
    return lambda connection, limits, now: finish.failed(connection, project, held, failure, limits, now)
