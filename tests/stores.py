"""A real store on this machine: plain PUT, partial PUT, tus and WebDAV over one folder; it can be stopped and started.

Everything it holds lies in the folder, so what was there before it was stopped is there when it is back.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_CHUNK = 1 << 14


@dataclass
class Store:
    """What it was asked, and how it misbehaves: `cut_after` bytes of a body it hangs up, once; `refuse` answers all."""

    folder: Path
    tus: bool = False
    needs_parents: bool = False  # as WebDAV: a file in a folder that is not there is a conflict
    token: str = ""
    cut_after: int | None = None
    refuse: int | None = None
    spoil: bool = False  # keeps another byte than the one that came
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)  # of the last PUT to each path
    bodies: list[bytes] = field(default_factory=list)  # of POST that is no upload
    posted: list[dict[str, str]] = field(default_factory=list)  # the headers of these, by lower-case names
    received: int = 0  # bytes of bodies
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        store = self

        class Handler(_Handler):
            known = store

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def files(self) -> list[str]:
        """All that it holds, half uploads included."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.endswith(".told"))
        return sorted(path.relative_to(self.folder).as_posix() for path in found)


@contextmanager
def store(folder: Path, **how: Any) -> Iterator[Store]:
    made = Store(folder, **how)
    made.start()
    try:
        yield made
    finally:
        made.stop()


class _Handler(BaseHTTPRequestHandler):
    known: Store
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""

    def do_OPTIONS(self) -> None:
        if self._let_in():
            self._answer(204, {"Tus-Version": "1.0.0", "Tus-Resumable": "1.0.0"} if self.known.tus else {})

    def do_GET(self) -> None:
        if self._let_in():
            self._give(body=True)

    def do_HEAD(self) -> None:
        if self._let_in():
            self._give(body=False)

    def do_DELETE(self) -> None:
        if self._let_in():
            found = self._path.is_file()
            self._path.unlink(missing_ok=True)
            self._told.unlink(missing_ok=True)
            self._answer(204 if found else 404)

    def do_MKCOL(self) -> None:
        if self._let_in():
            if self._path.is_dir():
                self._answer(405)
            elif not self._path.parent.is_dir():
                self._answer(409)
            else:
                self._path.mkdir()
                self._answer(201)

    def do_MOVE(self) -> None:
        if self._let_in():
            target = self.known.folder / unquote(urlsplit(self.headers["Destination"]).path).strip("/")
            self._path.replace(target)
            self._answer(201)

    def do_PUT(self) -> None:
        if not self._let_in():
            return
        if self.known.needs_parents and not self._path.parent.is_dir():
            self._drain()
            self._answer(409)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.known.headers[self._name] = {name.lower(): value for name, value in self.headers.items()}
        asked = re.fullmatch(r"bytes (?:\*|(\d+)-(\d+))/(\d+)", self.headers.get("Content-Range", ""))
        half = self._path if self.known.needs_parents else self._path.with_name(f"{self._path.name}.half")
        if asked is None:
            self._keep(self._path, 0)
            self._answer(201)
        elif asked[1] is None:
            self._tell_half(half)
        else:
            self._keep(half, int(asked[1]))
            if half.stat().st_size == int(asked[3]):
                half.replace(self._path)
                self._answer(201)
            else:
                self._tell_half(half)

    def do_POST(self) -> None:
        if not self._let_in():
            return
        if not self.known.tus:
            self.known.posted.append({name.lower(): value for name, value in self.headers.items()})
            self.known.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self._answer(200)
            return
        name = f"{self._name}/u{len(self.known.asked)}".strip("/")
        told = {"length": int(self.headers["Upload-Length"]), "metadata": self.headers["Upload-Metadata"]}
        (self.known.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.known.folder / name).write_bytes(b"")
        (self.known.folder / f"{name}.told").write_text(json.dumps(told))
        self._answer(201, {"Location": f"/{name}", "Tus-Resumable": "1.0.0"})

    def do_PURGE(self) -> None:
        if self._let_in():
            self._answer(200)

    def do_PATCH(self) -> None:
        if not self._let_in():
            return
        if not self._path.is_file():
            self._drain()
            self._answer(404)
        elif int(self.headers["Upload-Offset"]) != self._path.stat().st_size:
            self._drain()
            self._answer(409)
        else:
            self._keep(self._path, self._path.stat().st_size)
            self._answer(204, {"Upload-Offset": str(self._path.stat().st_size), "Tus-Resumable": "1.0.0"})

    @property
    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).strip("/")

    @property
    def _path(self) -> Path:
        return self.known.folder / self._name

    @property
    def _told(self) -> Path:
        return self._path.with_name(f"{self._path.name}.told")

    def _let_in(self) -> bool:
        self.known.asked.append((self.command, self._name))
        status = self.known.refuse
        if self.known.token and self.headers.get("Authorization") != f"Bearer {self.known.token}":
            status = 401
        if status is not None:
            self._drain()
            self._answer(status)
        return status is None

    def _give(self, *, body: bool) -> None:
        if not self._path.is_file():
            self._answer(404)
            return
        size = self._path.stat().st_size
        headers = {"Content-Length": str(size)}
        if self.known.tus and self._told.is_file():
            headers |= {"Upload-Offset": str(size), "Tus-Resumable": "1.0.0"}
        self._answer(200, headers)
        if body:
            with self._path.open("rb") as source:
                shutil.copyfileobj(source, self.wfile)

    def _keep(self, path: Path, start: int) -> None:
        left = int(self.headers["Content-Length"])
        with path.open("r+b" if start else "wb") as target:
            target.seek(start)
            target.truncate()
            while left:
                chunk = self.rfile.read(min(_CHUNK, left))
                if not chunk:
                    break
                left -= len(chunk)
                self.known.received += len(chunk)
                target.write(bytes([chunk[0] ^ 1]) + chunk[1:] if self.known.spoil else chunk)
                if self.known.cut_after is not None and self.known.received >= self.known.cut_after:
                    self.known.cut_after = None
                    target.flush()
                    self.close_connection = True
                    self.connection.shutdown(2)
                    raise ConnectionAbortedError

    def _drain(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _tell_half(self, half: Path) -> None:
        size = half.stat().st_size if half.is_file() else 0
        self._answer(308, {"Range": f"bytes=0-{size - 1}"} if size else {})

    def _answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        given = headers or {}
        for name, value in given.items():
            self.send_header(name, value)
        if "Content-Length" not in given and status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True
