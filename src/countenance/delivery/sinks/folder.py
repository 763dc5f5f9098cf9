"""A folder as a sink: a mounted share, or what a web server of the house shows."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from countenance.delivery.sinks import Item, Memory, Sent, SinkDown
from countenance.errors import IntegrityError
from countenance.store.files import sha256_file

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class FolderSink:
    """Files below `root`, which must be there: an empty mount point is a share that is down, not an empty share."""

    root: Path
    public: str = ""

    def put(self, item: Item, sent: Sent, _memory: Memory) -> str:
        self._require()
        final, part = self.root / item.name, self._part(item.name)
        if not (final.is_file() and final.stat().st_size == item.bytes and sha256_file(final) == item.sha256):
            final.parent.mkdir(parents=True, exist_ok=True)
            _copy(item, part, sent)
            if sha256_file(part) != item.sha256:
                part.unlink()
                raise IntegrityError(f"{item.path} changed, or {self.root} does not keep what is written; try again.")
            os.replace(part, final)
            _flush(final.parent)
        return self.address(item.name)

    def remove(self, name: str, _url: str) -> None:
        self._require()
        final = self.root / name
        for path in (final, self._part(name)):
            path.unlink(missing_ok=True)
        for folder in final.parents:  # those that are empty now
            if folder == self.root:
                break
            with contextlib.suppress(OSError):
                folder.rmdir()

    def holds(self, name: str, _url: str) -> bool:
        self._require()
        return (self.root / name).is_file()

    def address(self, name: str) -> str:
        return f"{self.public}{name}" if self.public else str(self.root / name)

    def _part(self, name: str) -> Path:
        final = self.root / name
        return final.with_name(f".{final.name}.part")

    def _require(self) -> None:
        if not self.root.is_dir():
            raise SinkDown(f"the folder {self.root} is not there; mount it, or correct the sink's address.")


def _copy(item: Item, part: Path, sent: Sent) -> None:
    """Copy the file. A copy that was cut off goes on where it was; the caller compares the whole."""
    with item.path.open("rb") as source, part.open("ab") as target:
        done = target.tell() if target.tell() <= item.bytes else 0
        target.truncate(done)
        source.seek(done)
        while chunk := source.read(_CHUNK_BYTES):
            target.write(chunk)
            done += len(chunk)
            sent(done, item.bytes)
        target.flush()
        os.fsync(target.fileno())


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
