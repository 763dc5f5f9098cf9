"""How long the HTTP service takes to answer, by its routes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Histogram

from countenance.telemetry.logs import log_event

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Message, Receive, Send], Awaitable[None]]
_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60)
# By the first word of a path: what clients write after it is theirs, and would make a metric of its own for each.
ROUTES = frozenset(
    (
        "verify", "withdraw", "releases", "serving", "serving.json", "anchor.pem", "matches", "services", "manifests",
        "v1", "health",
    )
)  # fmt: skip


class Timed:
    """An application, timed. With `logged` every answer is a log line too, without who asked or for what."""

    def __init__(self, app: Asgi, registry: CollectorRegistry, *, logged: bool = False) -> None:
        self._app = app
        self._logged = logged
        self._seconds = Histogram(
            "countenance_http_request_seconds", "How long answers took.", ("method", "route", "status"),
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.monotonic(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            took, route = time.monotonic() - begun, _route(scope["path"])
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
            self._seconds.labels(method, route, str(status)).observe(took)
            if self._logged:
                log_event("http.answered", method=method, route=route, status=status, seconds=round(took, 3))


def _route(path: str) -> str:
    first = path.strip("/").partition("/")[0]
    return f"/{first}" if not first or first in ROUTES else "other"
