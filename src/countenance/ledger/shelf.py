"""Where an exported ledger lies: a folder, or (to read from) a web server. Names are paths with slashes.

`ledger/worm.py` has the shelf for S3 with Object Lock.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from countenance.errors import InputError, IntegrityError
from countenance.store.files import write_bytes

_LONGEST = 64 << 20  # bytes of one file that are read
_TIMEOUT_S = 30


class Source(Protocol):
    """What an exported ledger is read from."""

    def get(self, name: str) -> bytes | None:
        """The content of a file, None when there is none."""


class Shelf(Source, Protocol):
    """What a ledger is exported to."""

    def names(self) -> set[str]:
        """All files that are there."""

    def put(self, name: str, content: bytes) -> None:
        """Write a whole file; what was there under this name may be replaced, or kept as an older version."""


@dataclass(frozen=True)
class Folder:
    """An exported ledger in a folder."""

    path: Path

    def get(self, name: str) -> bytes | None:
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise InputError(f"{self.path / name} cannot be read ({exc.strerror}); check the path.") from exc

    def names(self) -> set[str]:
        return {str(path.relative_to(self.path).as_posix()) for path in self.path.rglob("*") if path.is_file()}

    def put(self, name: str, content: bytes) -> None:
        try:
            write_bytes(self.path / name, content)
        except OSError as exc:
            raise InputError(f"{self.path / name} cannot be written ({exc.strerror}); check the path.") from exc


@dataclass(frozen=True)
class Web:
    """An exported ledger that a web server serves."""

    url: str

    def get(self, name: str) -> bytes | None:
        address = f"{self.url.rstrip('/')}/{name}"
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
                content: bytes = answer.read(_LONGEST + 1)
        except urllib.error.HTTPError as exc:
            with exc:
                if exc.code == 404:
                    return None
                raise InputError(f"{address} answers {exc.code}; check the address.") from exc
        except OSError as exc:
            raise InputError(f"{address} cannot be fetched ({exc}); check the address.") from exc
        if len(content) > _LONGEST:
            raise IntegrityError(f"{address} is longer than any file of a ledger; check the address.")
        return content


def source_at(place: str) -> Source:
    """The source at an address or in a folder; InputError when there is none."""
    if place.startswith(("http://", "https://")):
        return Web(place)
    if not Path(place).is_dir():
        raise InputError(f"{place} is no folder; give the folder or the address of an exported ledger.")
    return Folder(Path(place))
