"""Places outside that released files are sent to: a folder, S3, a plain HTTP store, WebDAV.

A sink tries once and says what happened; trying again later is the business of the tasks that call it
(`campaign.errand_kinds`). What may pass (no answer, a server's failure, a full disk) is an OSError, `SinkDown` where
there is no better one; what will not get better by waiting is an InputError. Every effect may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Sent = Callable[[int, int], None]  # bytes that lie there now, of how many; may raise to stop the upload


class SinkDown(OSError):
    """A sink does not answer, or not as it should at the moment."""


@dataclass(frozen=True)
class Item:
    """One file to be placed under a `name` below the sink's address, with slashes."""

    name: str
    path: Path
    sha256: str
    bytes: int
    media_type: str
    cache: str  # the Cache-Control header that it is to be served with


class Memory(Protocol):
    """Where a sink keeps what it needs to go on with an upload after the process was killed."""

    def recall(self) -> str:
        """What was kept last; "" for nothing."""

    def keep(self, text: str) -> None:
        """Keep a text instead of what was kept before."""


class Sink(Protocol):
    """A place outside."""

    def put(self, item: Item, sent: Sent, memory: Memory) -> str:
        """Place a file whole or not at all, check that it arrived unchanged, and return the address it got.

        An upload that was cut off goes on where it was if the sink can do so. IntegrityError when what lies there is
        not what was sent.
        """

    def remove(self, name: str, url: str) -> None:
        """Take a file away, also half an upload of it; `url` is what `put` returned ("" when it never did).

        Nothing happens when it is not there.
        """

    def holds(self, name: str, url: str) -> bool:
        """Whether there is a file of this name."""

    def address(self, name: str) -> str:
        """Where others get a file."""
