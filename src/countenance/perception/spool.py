"""Rows of numbers that pile up in a file instead of in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from countenance.media.frame import F32

_BLOCK = 32  # rows that a table collects before it writes


class Spool:
    """A temporary file without a name, in which growing tables keep their rows; it goes when it is closed.

    For one thread at a time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by `close`)
        self._end = 0

    def write(self, block: F32) -> int:
        """Append numbers; returns where they start."""
        start, content = self._end, block.tobytes()
        self._file.seek(start)
        self._file.write(content)
        self._end = start + len(content)
        return start

    def read(self, start: int, count: int) -> F32:
        """`count` numbers from a start on."""
        self._file.seek(start)
        return np.frombuffer(self._file.read(count * np.dtype(np.float32).itemsize), np.float32)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class Table:
    """A table of float32 rows of one width that grows at its end until it is closed.

    One thread may append; reading comes after.
    """

    def __init__(self, spool: Spool, width: int) -> None:
        self._spool = spool
        self._width = width
        self._starts: list[int] = []
        self._fresh: list[F32] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: F32) -> None:
        self._fresh.append(np.asarray(row, np.float32))
        self._count += 1
        if len(self._fresh) == _BLOCK:
            self.close()

    def close(self) -> None:
        """Write what is still in memory; whole blocks may be followed by more."""
        if self._fresh:
            self._starts.append(self._spool.write(np.stack(self._fresh)))
            self._fresh = []

    def read(self, start: int, stop: int) -> F32:
        """Rows `start` to `stop` (exclusive) as `(n, width)`."""
        rows = np.empty((stop - start, self._width), np.float32)
        at = start
        while at < stop:
            block, within = divmod(at, _BLOCK)
            count = min(_BLOCK - within, stop - at)
            into = rows[at - start : at - start + count]
            if block < len(self._starts):
                skipped = within * self._width * rows.itemsize
                found = self._spool.read(self._starts[block] + skipped, count * self._width)
                into[:] = found.reshape(count, self._width)
            else:
                into[:] = self._fresh[within : within + count]
            at += count
        return rows
