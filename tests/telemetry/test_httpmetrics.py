from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.responses import JSONResponse

from countenance.server.app import create_app
from countenance.store.project import Project
from countenance.telemetry.httpmetrics import ROUTES, Timed
from countenance.telemetry.logs import start_logs


async def _ask(app: Any, *paths: str) -> list[int]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example.org") as client:
        return [(await client.get(path)).status_code for path in paths]


def test_answers_are_timed_by_route_and_what_clients_write_makes_no_series(here: Project) -> None:
    registry, stream = CollectorRegistry(), io.StringIO()
    app = Timed(create_app(here), registry, logged=True)
    end = start_logs("json", None, stream)
    try:
        asked = ("/health", "/serving/01M7ZG7ZXMMZRX107758MH1BVZ?market=DE", "/serving/AB", "/a/b", "/c")
        assert asyncio.run(_ask(app, *asked)) == [200, 404, 404, 404, 404]
    finally:
        end()

    def count(route: str, status: int) -> float | None:
        labels = {"method": "GET", "route": route, "status": str(status)}
        return registry.get_sample_value("countenance_http_request_seconds_count", labels)

    assert (count("/health", 200), count("/serving", 404), count("other", 404)) == (1, 2, 2)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["route"] for line in lines if line["event"] == "http.answered"] == [
        "/health", "/serving", "/serving", "other", "other",
    ]  # fmt: skip
    assert "01M7" not in stream.getvalue() and "DE" not in stream.getvalue()


def test_what_breaks_counts_as_500() -> None:
    inner, registry = FastAPI(), CollectorRegistry()

    @inner.get("/health")
    def broken() -> JSONResponse:
        raise RuntimeError("broken")

    assert asyncio.run(_ask(Timed(inner, registry), "/health")) == [500]
    labels = {"method": "GET", "route": "/health", "status": "500"}
    assert registry.get_sample_value("countenance_http_request_seconds_count", labels) == 1


def test_every_route_of_the_service_has_its_name_here(here: Project) -> None:
    paths = create_app(here).openapi()["paths"]
    assert {path.strip("/").partition("/")[0] for path in paths} <= ROUTES | {""}
