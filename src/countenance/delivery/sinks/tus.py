"""A store that takes files by tus 1.0, the protocol for uploads that go on where they were cut off (tus.io).

The store says where a file lies; that address is what others get, and what is asked to take it away again.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from countenance.delivery.sinks import Item, Memory, Sent, SinkDown
from countenance.delivery.sinks.client import Client, FileBody, require
from countenance.delivery.sinks.http import ABSENT, check
from countenance.errors import InputError

VERSION = {"Tus-Resumable": "1.0.0"}


def speaks_tus(client: Client, base: str) -> bool:
    """Whether a store says that it takes tus uploads."""
    answer = client.ask("OPTIONS", base)
    return 200 <= answer.status < 300 and "1.0.0" in answer.headers.get("tus-version", "").replace(" ", "").split(",")


@dataclass(frozen=True)
class TusSink:
    """Uploads below an address that takes POST."""

    client: Client
    base: str
    verify: str = "read"

    def put(self, item: Item, sent: Sent, memory: Memory) -> str:
        url = memory.recall()
        start = self._offset(url) if url else None
        if start is None:
            url, start = self._begin(item), 0
            memory.keep(url)
        if start < item.bytes:
            headers = {**VERSION, "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
            answer = self.client.ask("PATCH", url, headers, FileBody(item.path, start, item.bytes, sent))
            if answer.status in (*ABSENT, 409):  # another offset, or forgotten: asked anew at the next try
                raise SinkDown(f"{url} is at another place of the upload ({answer.status}); it is tried again.")
            require(answer, url, doing="an upload")
            if answer.headers.get("upload-offset") != str(item.bytes):
                raise SinkDown(f"{url} took {answer.headers.get('upload-offset')} of {item.bytes} bytes.")
        check(self.client, url, item, self.verify)
        return url

    def remove(self, _name: str, url: str) -> None:
        if not url:
            return
        answer = self.client.ask("DELETE", url, VERSION)
        if answer.status not in ABSENT:
            require(answer, url, doing="a removal")

    def holds(self, _name: str, url: str) -> bool:
        return bool(url) and self._offset(url) is not None

    def address(self, name: str) -> str:
        return f"{self.base}{name}"

    def _begin(self, item: Item) -> str:
        told = {"filename": item.name, "filetype": item.media_type, "sha256": item.sha256}
        coded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
        headers = {**VERSION, "Upload-Length": str(item.bytes), "Upload-Metadata": coded}
        answer = require(self.client.ask("POST", self.base, headers), self.base, doing="a new upload")
        url = urljoin(self.base, answer.headers.get("location", ""))
        if urlsplit(url).netloc != urlsplit(self.base).netloc or url == self.base:
            raise InputError(f"{self.base} does not say where on it the upload goes; it is no tus store.")
        return url

    def _offset(self, url: str) -> int | None:
        """How much of an upload is there; None when the store does not know it any more."""
        answer = self.client.ask("HEAD", url, VERSION)
        if answer.status in (*ABSENT, 403):
            return None
        require(answer, url, doing="a question")
        offset = answer.headers.get("upload-offset", "")
        return int(offset) if offset.isdigit() else None
