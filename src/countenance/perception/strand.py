"""Rows of a followed face on their way into a table, with or without a closer look at each picture."""

from __future__ import annotations

import numpy as np

from countenance.media.frame import F32
from countenance.perception.attention import Closeup
from countenance.perception.refine import REFINED, refined
from countenance.perception.spool import Spool, Table
from countenance.perception.topology import IRIS_POINTS, LEFT_EYE, POINTS, RIGHT_EYE

_NUMBERS = (POINTS + IRIS_POINTS) * 3
ROW = _NUMBERS + len(REFINED) + 1  # mesh, slip along the eyes' axis, score


class Strand:
    """One direction in which a face is followed: a table of a row for each picture.

    Where there is no closer look, what the ones before and after change is taken in a line between them; rows wait
    until the next look comes. `known` is a strand that starts beside this one, for rows before its first look.
    """

    def __init__(self, spool: Spool, known: Strand | None = None) -> None:
        self.table = Table(spool, ROW)
        self.first: F32 | None = None  # what the first and the last look changed, and their slips
        self._last: F32 | None = None
        self._known = known
        self._waiting: list[tuple[F32, float]] = []

    def add(self, points: F32, score: float, look: Closeup | None) -> F32 | None:
        """The next picture's 468 points; returns its refined mesh `(478, 3)` where there was a closer look."""
        if look is None:
            self._waiting.append((points, score))
            return None
        mesh, slip = refined(points, look)
        change = np.concatenate([(mesh - _base(points)).ravel(), slip])
        self._release(change)
        self._write(points, score, change)
        self._last = change
        self.first = change if self.first is None else self.first
        return mesh

    def finish(self) -> None:
        """There are no more pictures."""
        self._release(None)
        self.table.close()

    def _release(self, coming: F32 | None) -> None:
        before = self._last if self._last is not None else (self._known.first if self._known else None)
        start, end = (before, coming) if before is not None else (coming, coming)
        for number, (points, score) in enumerate(self._waiting, 1):
            share = number / (len(self._waiting) + 1)
            if start is None:
                change = np.zeros(ROW - 1, np.float32)
            else:
                change = start if end is None else start + (end - start) * np.float32(share)
            self._write(points, score, change)
        self._waiting = []

    def _write(self, points: F32, score: float, change: F32) -> None:
        mesh = _base(points).ravel() + change[:_NUMBERS]
        self.table.append(np.concatenate([mesh, change[_NUMBERS:], np.array([score], np.float32)]))


def _base(points: F32) -> F32:
    """The plain mesh with its irises in the middles of the eyes `(478, 3)`."""
    eyes = [np.repeat(points[list(rim)].mean(axis=0)[None], IRIS_POINTS // 2, axis=0) for rim in (RIGHT_EYE, LEFT_EYE)]
    return np.concatenate([points, *eyes]).astype(np.float32)
