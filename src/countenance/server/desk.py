"""What the routes share: the project, its limits, and one place where files are looked at and that is logged."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Lock

from countenance.errors import CountenanceError
from countenance.ledger.log import LedgerReport, append, commitment
from countenance.ledger.log import verify as verify_ledger
from countenance.provenance.verify import Verification, verify_file
from countenance.store.project import Project

ACTOR = "server"
_PROOF_LASTS_S = 60.0


@dataclass(frozen=True)
class Options:
    """What the server takes: bytes of one file, requests a minute of one client, files looked at at a time."""

    most_bytes: int = 512 << 20
    looks_per_minute: float = 10
    requests_per_minute: float = 120
    at_once: int = 2
    queue_s: float = 20.0


class BusyError(CountenanceError):
    """Too many files are being looked at; the client is to come back."""


@dataclass
class Desk:
    """Looks at files for the outside, one project's."""

    project: Project
    options: Options = field(default_factory=Options)
    _proof: tuple[float, LedgerReport] | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._places = BoundedSemaphore(self.options.at_once)

    def look(self, path: Path, *, asked: str, name: str, language: str = "en") -> Verification:
        """Verify an uploaded file and enter the query into the ledger: which release, never who asked or what else.

        The file itself is there by a keyed commitment of its hash, so that repeated tries to wash out a mark
        can be told, and nothing about a stranger's file can. BusyError when no place gets free in time.
        """
        if not self._places.acquire(timeout=self.options.queue_s):
            raise BusyError("All places are taken; try again in a minute.")
        try:
            seen = verify_file(self.project, path, language, name=name, ledger=self._ledger())
        finally:
            self._places.release()
        self.note(asked, seen.release_id, seen.release_state, content=commitment(self.project, seen.sha256))
        return seen

    def note(self, asked: str, release_id: str | None, answer: str, **facts: str) -> None:
        """Enter a detector query into the ledger."""
        append(
            self.project, "detector.query", ACTOR, {"asked": asked, "release": release_id, "answer": answer, **facts}
        )

    def _ledger(self) -> LedgerReport:
        """The ledger's proof, made anew each minute: a long ledger takes seconds."""
        with self._lock:
            now = time.monotonic()
            if self._proof is None or now - self._proof[0] > _PROOF_LASTS_S:
                self._proof = (now, verify_ledger(self.project))
            return self._proof[1]
