"""WebDAV: a file is sent under a hidden name beside its own, checked, and then moved to its place."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from countenance.delivery.sinks import Item, Memory, Sent
from countenance.delivery.sinks.client import Client, FileBody, require
from countenance.delivery.sinks.http import check, delete, described, lies, size_at

_MISSING_PARENT = 409  # RFC 4918, 9.7.1
_IS_THERE = 405  # of MKCOL, 9.3.1


@dataclass(frozen=True)
class WebdavSink:
    """Files below a collection."""

    client: Client
    base: str
    public: str = ""
    verify: str = "read"
    resume: str = "none"

    def put(self, item: Item, sent: Sent, _memory: Memory) -> str:
        url, part = self.url(item.name), self.url(_part(item.name))
        if not lies(self.client, url, item, self.verify):
            if not self._go_on(part, item, sent):
                self._send(part, item, sent)
            check(self.client, part, item, self.verify)
            answer = self.client.ask("MOVE", part, {"Destination": url, "Overwrite": "T"})
            require(answer, part, doing="a file's move to its place")
        sent(item.bytes, item.bytes)
        return self.address(item.name)

    def remove(self, name: str, _url: str) -> None:
        for one in (name, _part(name)):
            delete(self.client, self.url(one))

    def holds(self, name: str, _url: str) -> bool:
        return size_at(self.client, self.url(name)) is not None

    def address(self, name: str) -> str:
        return f"{self.public}{quote(name)}" if self.public else self.url(name)

    def url(self, name: str) -> str:
        """Where a file is sent to."""
        return f"{self.base}{quote(name)}"

    def _send(self, part: str, item: Item, sent: Sent) -> None:
        body = FileBody(item.path, 0, item.bytes, sent)
        answer = self.client.ask("PUT", part, described(item), body)
        if answer.status in (_MISSING_PARENT, 404):
            self._make_parents(item.name)
            answer = self.client.ask("PUT", part, described(item), body)
        require(answer, part, doing="an upload")

    def _go_on(self, part: str, item: Item, sent: Sent) -> bool:
        """Send the rest of a file of which the beginning is there; False when it must be sent whole."""
        there = size_at(self.client, part) if self.resume == "content-range" else None
        if there is None or not 0 < there <= item.bytes:
            return False
        if there < item.bytes:
            headers = {**described(item), "Content-Range": f"bytes {there}-{item.bytes - 1}/{item.bytes}"}
            answer = self.client.ask("PUT", part, headers, FileBody(item.path, there, item.bytes, sent))
            require(answer, part, doing="the rest of an upload")
        if lies(self.client, part, item, self.verify):
            return True
        delete(self.client, part)  # the beginning was of something else
        return False

    def _make_parents(self, name: str) -> None:
        steps = name.split("/")[:-1]
        for depth in range(len(steps) + 1):
            url = self.url("".join(f"{step}/" for step in steps[:depth]))
            answer = self.client.ask("MKCOL", url)
            if answer.status != _IS_THERE:
                require(answer, url, doing="a new folder")


def _part(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}.{last}.part"
