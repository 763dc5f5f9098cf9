"""A real HTTP server on this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from countenance.server.app import PATIENCE_S, create_app
from countenance.server.desk import Options
from countenance.store.project import Project


@contextmanager
def serving(project: Project, options: Options | None = None, patience_s: int = PATIENCE_S) -> Iterator[httpx.Client]:
    """A client of a server that runs as long as the block."""
    config = uvicorn.Config(
        create_app(project, options), port=0, log_level="warning", access_log=False, lifespan="off",
        timeout_graceful_shutdown=patience_s,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        ends = time.monotonic() + 60
        while not server.started and time.monotonic() < ends:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
