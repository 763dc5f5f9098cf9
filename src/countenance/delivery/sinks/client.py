"""One HTTP request at a time to a sink, with files as bodies and answers that are bounded."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from countenance.delivery.sinks import SinkDown
from countenance.errors import InputError

LATER = (408, 423, 425, 429, 500, 502, 503, 504, 507)  # answers after which another try makes sense
_SILENCE_S = 60.0
_MOST_BYTES = 1 << 20  # of an answer that is not a file
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class Answer:
    """`headers` by their lower-case names."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class FileBody:
    """The bytes of a file from `start` on; `sent` hears how much is sent."""

    path: Path
    start: int
    size: int
    sent: Callable[[int, int], None]

    @property
    def length(self) -> int:
        return self.size - self.start

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as source:
            source.seek(self.start)
            done, left = self.start, self.length
            while left and (chunk := source.read(min(_CHUNK_BYTES, left))):
                yield chunk
                done, left = done + len(chunk), left - len(chunk)
                self.sent(done, self.size)


@dataclass(frozen=True)
class Client:
    """Asks with the same headers each time; these may hold secrets, which no message repeats."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | FileBody | None = None
    ) -> Answer:
        """The answer to one request; SinkDown when there is none. Redirects are not followed."""
        with self._asked(method, url, headers or {}, body) as found:
            content = found.read(_MOST_BYTES)
            return Answer(found.status, found.reason, _lower(found), content)

    def digest(self, url: str) -> tuple[int, str, int]:
        """Fetch a file, past all caches: the status, the SHA-256 of what came, and how many bytes that were."""
        with self._asked("GET", url, {"Cache-Control": "no-cache", "Accept-Encoding": "identity"}, None) as found:
            digest, count = hashlib.sha256(), 0
            while chunk := found.read(_CHUNK_BYTES):
                digest.update(chunk)
                count += len(chunk)
            return found.status, digest.hexdigest(), count

    @contextlib.contextmanager
    def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | FileBody | None
    ) -> Iterator[http.client.HTTPResponse]:
        parts = urlsplit(url)
        made: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            made = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=_SILENCE_S, context=context)
        else:
            made = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_SILENCE_S)
        length = body.length if isinstance(body, FileBody) else len(body or b"")
        needed = {"Content-Length": str(length)} if body is not None or method in ("POST", "PUT", "PATCH") else {}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with contextlib.closing(made) as connection:
            try:
                content = body.chunks() if isinstance(body, FileBody) else body
                # Who refuses a large file may say so and hang up before all of it is sent: the answer is what counts.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, target, content, {**self.headers, **needed, **headers})
                with connection.getresponse() as found:
                    yield found
            except http.client.HTTPException as exc:
                raise SinkDown(f"{parts.hostname} does not answer as a web server ({type(exc).__name__}).") from exc
            except SinkDown:
                raise
            except OSError as exc:
                why = exc.strerror or str(exc) or type(exc).__name__
                raise SinkDown(f"{parts.hostname} cannot be reached ({why}); it is tried again.") from exc


def require(answer: Answer, url: str, *, doing: str) -> Answer:
    """The answer if it is a success. SinkDown for one that may pass, InputError for one that will not."""
    host = urlsplit(url).hostname
    if 200 <= answer.status < 300:
        return answer
    if answer.status in LATER:
        raise SinkDown(f"{host} answers {answer.status} ({answer.reason}) to {doing}; it is tried again.")
    if answer.status in (401, 403):
        raise InputError(f"{host} refuses {doing} ({answer.status}); check the sink's headers and rights.")
    if 300 <= answer.status < 400:
        raise InputError(f"{host} sends {doing} elsewhere ({answer.status}); write the address that it names.")
    raise InputError(f"{host} does not take {doing} ({answer.status} {answer.reason}); check the sink's settings.")


def _lower(found: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in found.getheaders()}
