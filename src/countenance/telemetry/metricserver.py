"""Metrics over HTTP, on a port of their own: what operators read is nobody else's business."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from countenance.errors import InputError

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus-client looks when it is imported
_HERE = "127.0.0.1"


def parse_address(text: str) -> tuple[str, int]:
    """`[HOST:]PORT` as host and port; without a host, this machine alone can ask. InputError for anything else."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise InputError(f"{text!r} is no address for metrics; write PORT or HOST:PORT, such as 9464.")
    return host.strip("[]") or _HERE, int(port)


def serve_metrics(
    address: tuple[str, int], registry: CollectorRegistry, collectors: Iterable[Collector] = ()
) -> tuple[int, Callable[[], None]]:
    """Answer with a registry and further collectors in a thread; returns the port, and what ends it.

    InputError when the address cannot be listened on.
    """
    asked = CollectorRegistry()
    for one in (registry, *collectors):
        asked.register(one)
    try:
        server, thread = start_http_server(address[1], address[0], asked)
    except OSError as exc:
        raise InputError(
            f"{address[0]}:{address[1]} cannot be listened on ({exc.strerror}); choose another --metrics."
        ) from exc

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return int(server.server_port), end


@contextmanager
def shared_metrics() -> Iterator[CollectorRegistry]:
    """A registry that adds up what the processes count that are started within the block.

    They find each other by a folder in the environment. What one counted that has ended stays in the sum.
    """
    with tempfile.TemporaryDirectory(prefix="countenance-metrics-") as folder:
        before = os.environ.get(SHARED)
        os.environ[SHARED] = folder
        try:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # registers itself
            yield registry
        finally:
            if before is None:
                del os.environ[SHARED]
            else:
                os.environ[SHARED] = before
