"""A store that takes files by HTTP PUT and gives them back by GET.

With `resume = "content-range"` uploads that were cut off go on where they were, as many media stores have it: an empty
PUT with `Content-Range: bytes */SIZE` is answered 308 with how much is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from countenance.delivery.sinks import Item, Memory, Sent, SinkDown
from countenance.delivery.sinks.client import Answer, Client, FileBody, require
from countenance.errors import IntegrityError

ABSENT = (404, 410)
_WORTH_RESUMING = 1 << 20  # bytes; below that a file is sent anew sooner than asked after
_INCOMPLETE = 308


@dataclass(frozen=True)
class HttpSink:
    """Files below an address that takes PUT, GET, HEAD and DELETE."""

    client: Client
    base: str
    public: str = ""
    verify: str = "read"
    resume: str = "none"

    def put(self, item: Item, sent: Sent, _memory: Memory) -> str:
        url = self.url(item.name)
        if not lies(self.client, url, item, self.verify):
            start = self._there(url, item)
            if start < item.bytes or not start:  # an empty file is sent too
                self._send(url, item, start, sent)
            check(self.client, url, item, self.verify)
        sent(item.bytes, item.bytes)
        return self.address(item.name)

    def remove(self, name: str, _url: str) -> None:
        delete(self.client, self.url(name))

    def holds(self, name: str, _url: str) -> bool:
        return size_at(self.client, self.url(name)) is not None

    def address(self, name: str) -> str:
        return f"{self.public}{quote(name)}" if self.public else self.url(name)

    def url(self, name: str) -> str:
        """Where a file is sent to."""
        return f"{self.base}{quote(name)}"

    def _there(self, url: str, item: Item) -> int:
        """How many bytes of the file's beginning the store has already; all of them when it is complete."""
        if self.resume != "content-range" or item.bytes < _WORTH_RESUMING:
            return 0
        answer = self.client.ask("PUT", url, {"Content-Range": f"bytes */{item.bytes}"})
        if answer.status == _INCOMPLETE:
            return _received(answer)
        if answer.status in ABSENT:  # it knows of no upload
            return 0
        require(answer, url, doing="the question how much it has")
        return item.bytes

    def _send(self, url: str, item: Item, start: int, sent: Sent) -> None:
        headers = described(item)
        if self.resume == "content-range" and item.bytes >= _WORTH_RESUMING:
            headers["Content-Range"] = f"bytes {start}-{item.bytes - 1}/{item.bytes}"
        answer = self.client.ask("PUT", url, headers, FileBody(item.path, start, item.bytes, sent))
        if answer.status == _INCOMPLETE:
            raise SinkDown(f"{url} took {_received(answer)} of {item.bytes} bytes; the rest is sent later.")
        require(answer, url, doing="an upload")


def described(item: Item) -> dict[str, str]:
    """The headers that go with a file."""
    return {"Content-Type": item.media_type, "Cache-Control": item.cache}


def size_at(client: Client, url: str) -> int | None:
    """How long the file at an address is, -1 where the server does not tell; None when there is none."""
    answer = client.ask("HEAD", url)
    if answer.status in ABSENT:
        return None
    require(answer, url, doing="a question")
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdigit() else -1


def lies(client: Client, url: str, item: Item, verify: str) -> bool:
    """Whether the whole file is at its address: by its hash, or with `verify` "size" by its length alone."""
    found = size_at(client, url)
    if verify == "size":
        return found == item.bytes
    return found in (-1, item.bytes) and client.digest(url)[:2] == (200, item.sha256)


def check(client: Client, url: str, item: Item, verify: str) -> None:
    """IntegrityError when the file that was sent is not what lies there now."""
    if not lies(client, url, item, verify):
        raise IntegrityError(f"{url} does not give back the file that was sent; look at the store, then repeat.")


def delete(client: Client, url: str) -> None:
    """Take a file away if it is there."""
    answer = client.ask("DELETE", url)
    if answer.status not in ABSENT:
        require(answer, url, doing="a removal")


def _received(answer: Answer) -> int:
    found = re.fullmatch(r"bytes=0-(\d+)", answer.headers.get("range", ""))
    return int(found[1]) + 1 if found else 0
