"""A real browser and the checkers that run on Node.js, for tests and benchmarks.

What they need lies in tests/browser (`npm ci --prefix tests/browser`); the browser is Debian's Chromium. Where one of
them is not there, `needs_browser` and `needs_java` skip a test and say what would bring it.

    with served(folder) as url:
        (visit,) = visits([Job(f"{url}page.html", "return document.querySelector('video').duration")])
    assert visit.problems == [] and visit.value == 2.0
"""

from __future__ import annotations

import functools
import gzip
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pytest

TOOLS = Path(__file__).parent / "browser"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NODE = shutil.which("node")
JAVA = shutil.which("java")

_MISSING = (
    "Chromium is not installed here; `apt-get install chromium` brings it." if CHROMIUM is None
    else "Node.js is not installed here; the checks in the browser need it." if NODE is None
    else "The browser's checkers are not installed here; `npm ci --prefix tests/browser` brings them."
    if not (TOOLS / "node_modules").is_dir() else ""
)  # fmt: skip
needs_browser = pytest.mark.skipif(bool(_MISSING), reason=_MISSING)
needs_java = pytest.mark.skipif(JAVA is None, reason="Java is not installed here; the Nu HTML checker needs it.")

TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml", ".m4s": "video/iso.segment",
    ".mp4": "video/mp4", ".m4a": "audio/mp4", ".vtt": "text/vtt", ".srt": "application/x-subrip",
    ".jsonld": "application/ld+json", ".json": "application/json", ".js": "text/javascript", ".mjs": "text/javascript",
    ".webp": "image/webp", ".c2pa": "application/c2pa",
}  # fmt: skip
TEXT = ("text/", "application/ld+json", "application/json", "application/xml", "application/dash+xml")
MODULES = "/node_modules/"


@dataclass(frozen=True)
class Job:
    """One visit: an address, and what to do there.

    `script` is the body of an async JavaScript function that runs in the page when it has loaded; what it returns is
    the visit's value (JSON). `steps` is one that runs in Node.js before it, with Playwright's `page`, for keys, clicks
    and sizes. `screenshot` is written at the end, of the whole page or of the window only.
    """

    url: str
    script: str = ""
    steps: str = ""
    width: int = 1280
    height: int = 800
    dark: bool = False
    still: bool = False  # the visitor prefers reduced motion
    scripts: bool = True  # the visitor runs JavaScript
    touch: bool = False
    media: str = "screen"  # or "print"
    screenshot: str = ""
    whole: bool = True
    timeout_s: float = 60


@dataclass(frozen=True)
class Visit:
    """What came of a job: its value, and whatever went wrong (exceptions, console errors, failed requests)."""

    value: Any
    problems: list[str]


def visits(jobs: Sequence[Job]) -> list[Visit]:
    """Make each visit in a fresh context of one browser, one after the other."""
    told = run_node("visit.mjs", {"chromium": CHROMIUM, "jobs": [asdict(job) for job in jobs]})
    return [Visit(one["value"], one["problems"]) for one in told]


def run_node(script: str, question: Any, timeout_s: float = 240) -> Any:
    """The JSON answer of a script in tests/browser to a JSON question on its standard input."""
    done = subprocess.run(
        [str(NODE), str(TOOLS / script)],
        input=json.dumps(question).encode(),
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-3000:]}")
    return json.loads(done.stdout)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address, ending in "/", at which a folder is served as a web server would: ranges, types, compressed text.

    tests/browser/node_modules lies there too, below `node_modules/`.
    """
    handler = functools.partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012
    protocol_version = "HTTP/1.1"

    def translate_path(self, path: str) -> str:
        plain = urlsplit(path).path
        if plain.startswith(MODULES) and ".." not in plain:
            return str(TOOLS / plain.lstrip("/"))
        return super().translate_path(path)

    def send_head(self) -> BinaryIO | None:  # type: ignore[override]
        """Add ranges and compression to what the library's handler does with files."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            if path.is_dir() and (path / "index.html").is_file() and urlsplit(self.path).path.endswith("/"):
                path = path / "index.html"
            elif self.path == "/favicon.ico":  # browsers ask for one on their own
                return self._answer(200, "image/x-icon", b"", {})
            else:
                return super().send_head()  # type: ignore[return-value]
        kind = self.guess_type(str(path))
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        size = path.stat().st_size
        if asked and int(asked[1]) < size:
            first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
            with path.open("rb") as file:
                file.seek(first)
                content = file.read(last - first + 1)
            return self._answer(206, kind, content, {"Content-Range": f"bytes {first}-{last}/{size}"})
        content = path.read_bytes()
        if kind.startswith(TEXT) and "gzip" in self.headers.get("Accept-Encoding", ""):
            return self._answer(200, kind, gzip.compress(content, 6), {"Content-Encoding": "gzip"})
        return self._answer(200, kind, content, {})

    def _answer(self, status: int, kind: str, content: bytes, more: dict[str, str]) -> BinaryIO:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith(TEXT) else kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "max-age=3600")
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        return BytesIO(content)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        try:
            super().copyfile(source, outputfile)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the browser has seen enough of a film

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionResetError:
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Tests are quiet."""
