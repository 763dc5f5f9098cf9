"""A worker's heart: a thread that prolongs its lease, and learns when the work is to stop."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from countenance.jobs.claim import LEASE_S, Able, Claim
from countenance.jobs.errors import Interrupted
from countenance.jobs.leases import extend, is_wanted
from countenance.jobs.machine import machine, process
from countenance.jobs.sql import Link, clock, run
from countenance.store.project import Project

LOOK_S = 0.5  # between two questions whether to stop
PROGRESS_S = 2.0  # between two notes of how far a task is, while it moves
BEAT_S = LEASE_S / 3
_log = logging.getLogger(__name__)


class Heart:
    """Beats while its block runs; `hold` and `drop` say what the worker has in hand."""

    def __init__(self, project: Project, able: Able, ending: Callable[[], bool]) -> None:
        self._link = Link(project)
        self._able = able
        self._ending = ending
        self._over = threading.Event()
        self._lock = threading.Lock()  # a beat is about one task from its beginning to its end
        self._held: Claim | None = None
        self._progress = (0, 0)
        self._noted = (0, 0)
        self._stop = ""
        self._beaten_at = 0.0
        self._thread = threading.Thread(target=self._live, name=f"heart of {able.worker}", daemon=True)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._link.close()

    def hold(self, claimed: Claim) -> None:
        """The worker begins a task, which it has just leased."""
        with self._lock:
            self._held, self._progress, self._noted, self._stop = claimed, (0, 0), (0, 0), ""
            self._beaten_at = time.monotonic()

    def drop(self) -> None:
        """The worker is through with the task."""
        with self._lock:
            self._held = None

    def report(self, done: int, of: int) -> None:
        """Note how far the task is; Interrupted when it is to stop."""
        self._progress = (done, of)
        if self._stop or self._ending():
            raise Interrupted(self._stop or "the worker is to end")

    def _live(self) -> None:
        away = False
        while not self._over.wait(LOOK_S):
            try:
                with self._lock:
                    self._beat()
                away = False
            except (OperationalError, InterfaceError) as exc:
                if not away:
                    _log.warning("%s cannot reach the database (%s); the work goes on", self._able.worker, exc.orig)
                away = True

    def _beat(self) -> None:
        since = time.monotonic() - self._beaten_at
        moved = self._held is not None and self._progress != self._noted
        if since >= BEAT_S or (moved and since >= PROGRESS_S):
            progress = self._progress
            with self._link.note() as connection:
                now = clock(connection)
                note_worker(connection, self._able, now)
                kept = self._held is None or extend(connection, self._held, now, progress)
            self._beaten_at, self._noted = time.monotonic(), progress
            if not kept:
                self._stop = "another worker has the task by now"
        if self._held is not None and not self._stop:
            with self._link.look() as connection:
                wanted = is_wanted(connection, self._held)
            if not wanted:
                self._stop = "nobody wants the task any more for now"


def note_worker(connection: Connection, able: Able, now: float) -> None:
    """Put on record that a worker is there, and what it takes."""
    run(
        connection,
        """INSERT INTO worker (name, machine, process, queues, skills, started_at, seen_at)
        VALUES (:name, :machine, :process, :queues, :skills, :now, :now)
        ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at""",
        name=able.worker,
        machine=machine(),
        process=process(),
        queues=json.dumps(sorted(able.queues)),
        skills=json.dumps(sorted(able.skills)),
        now=now,
    )
