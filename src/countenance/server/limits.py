"""How much is taken from whom: bytes of a request, and requests of a client, whose address is never kept."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_CLIENTS = 10_000
_SECRET = secrets.token_bytes(16)  # of this process; what is counted cannot be traced back to an address


@dataclass
class Rate:
    """A token bucket for each client: `per_minute` on average, and as many at once."""

    per_minute: float
    _left: OrderedDict[bytes, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait_s(self, client: str, now: float | None = None) -> float:
        """Takes a token of the client: 0, or for how many seconds there is none."""
        moment = time.monotonic() if now is None else now
        name = hashlib.blake2s(client.encode(), key=_SECRET).digest()
        with self._lock:
            left, since = self._left.pop(name, (self.per_minute, moment))
            left = min(self.per_minute, left + (moment - since) * self.per_minute / 60)
            taken = left >= 1
            self._left[name] = (left - 1 if taken else left, moment)
            while len(self._left) > _MOST_CLIENTS:
                self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) * 60 / self.per_minute


class Limited:
    """An ASGI layer that refuses requests that are too large (413) or too many (429).

    `heavy` counts what makes the machine work (method and end of path in `heavy_calls`), `light` the rest.
    """

    def __init__(
        self, app: ASGIApp, most_bytes: int, heavy: Rate, light: Rate, heavy_calls: tuple[tuple[str, str], ...]
    ) -> None:
        self.app, self.most_bytes = app, most_bytes
        self.heavy, self.light, self.heavy_calls = heavy, light, heavy_calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, self._counted(receive), send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        length = headers.get(b"content-length", "0")
        if not length.isdigit() or int(length) > self.most_bytes:
            return JSONResponse({"error": self._too_large()}, 413)
        heavy = any(scope["method"] == one and scope["path"].endswith(end) for one, end in self.heavy_calls)
        client = scope["client"][0] if scope.get("client") else ""
        wait_s = (self.heavy if heavy else self.light).wait_s(client)
        if wait_s:
            again = {"Retry-After": str(int(wait_s) + 1)}
            return JSONResponse({"error": f"Too many requests; try again in {int(wait_s) + 1} s."}, 429, again)
        return None

    def _counted(self, receive: Receive) -> Receive:
        """What is sent without a length announced is counted as it comes."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most_bytes:
                raise HTTPException(413, self._too_large())
            return message

        return counted

    def _too_large(self) -> str:
        return f"The file is larger than {self.most_bytes} bytes; verify it with the command line."
