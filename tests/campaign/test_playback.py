"""A released package in a real browser: Debian's Chromium plays the picture, the sound and the captions."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from campaigns import Told

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PAGE = """<!doctype html><video id=v src="video.mp4" muted autoplay>
<track default kind=captions srclang=de src="captions.vtt"></video><script>
const v = document.getElementById('v'), tell = text => fetch('/told?' + encodeURIComponent(text));
v.onerror = () => tell('error ' + v.error.code + ' ' + v.error.message);
v.ontimeupdate = () => {
  if (v.currentTime < 0.3) return;
  v.ontimeupdate = null;
  const heard = v.webkitAudioDecodedByteCount > 0;
  tell(['playing', v.videoWidth, v.videoHeight, heard, v.textTracks[0].cues.length].join(' '));
};
</script>"""


class Site(http.server.SimpleHTTPRequestHandler):
    """Serves a package with a page that plays it, and keeps what the page tells."""

    told: list[str]
    heard: threading.Event

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/told":
            self.told.append(urllib.parse.unquote(query))
            self.heard.set()
        elif path == "/play":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.encode())
            return
        super().do_GET()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def played(folder: Path, profile: Path) -> Iterator[list[str]]:
    told: list[str] = []
    heard = threading.Event()
    handler = type("PackageSite", (Site,), {"told": told, "heard": heard})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = subprocess.Popen(
            [
                str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}",
                f"http://127.0.0.1:{server.server_address[1]}/play",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            heard.wait(timeout=60)
            yield told
        finally:
            browser.kill()
            browser.wait()
            server.shutdown()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here; `apt-get install chromium` brings it.")
def test_a_browser_plays_picture_sound_and_captions(told: Told, tmp_path: Path) -> None:
    package = told.out / told.after.rows["ben-de"].id
    with played(package, tmp_path) as heard:
        assert [line.split()[:4] for line in heard] == [["playing", "720", "720", "true"]]
        assert int(heard[0].split()[4]) >= 1
