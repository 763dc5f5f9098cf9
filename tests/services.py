"""A real HTTP service on this machine, in a thread: it speaks with espeak-ng, and misbehaves where a test wants it."""

from __future__ import annotations

import io
import json
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from countenance.speech.espeak import NATURAL_WPM, speak


@dataclass
class Service:
    """What was asked, and what is still to be answered before it speaks: (status, headers, body)."""

    url: str = ""
    language: str = "en"
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    first: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    always: tuple[int, dict[str, str], bytes] | None = None


@contextmanager
def service(language: str = "en") -> Iterator[Service]:
    known = Service(language=language)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.asked.append({"path": self.path, **json.loads(body)})
            known.keys.append(self.headers.get("Authorization"))
            answer = known.first.pop(0) if known.first else known.always
            status, headers, content = answer or (200, {"Content-Type": "audio/wav"}, spoken(known))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def spoken(known: Service) -> bytes:
    """The last text that was asked for, as a WAV file."""
    last = known.asked[-1]
    speech = speak(last["input"], known.language, round(NATURAL_WPM * last.get("speed", 1.0)))
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(speech.rate_hz)
        out.writeframes(np.rint(speech.samples * 32767).astype("<i2").tobytes())
    return target.getvalue()
