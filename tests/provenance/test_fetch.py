"""Fetching from a real server on this machine, and refusing what must not be fetched."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from countenance.errors import InputError
from countenance.provenance import fetch
from countenance.provenance.fetch import Limits, fetched, is_url, public

HERE = Limits(private=True, silence_s=5)
CONTENT = b"0123456789" * 1000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        paths = {
            "/round": "/round",
            "/to-file": "/file.MP4",
            "/out": "ftp://example.org/x",
            "/inside": "http://[::1]/x",
        }
        if self.path in paths:
            self.send_response(302)
            self.send_header("Location", paths[self.path])
            self.end_headers()
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4; codecs=avc1")
        if self.path == "/short":
            self.send_header("Content-Length", str(2 * len(CONTENT)))
        elif self.path != "/endless":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who refuses hangs up
            self.wfile.write(CONTENT * (101 if self.path == "/endless" else 1))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.mark.parametrize("path", ["/file.mp4", "/to-file", "/no-ending?name=x", "/grüße.mp4"])
def test_a_file_is_fetched_whole_and_gone_afterwards(server: str, path: str) -> None:
    with fetched(server + path, HERE) as file:
        assert file.read_bytes() == CONTENT
        assert file.suffix == ".mp4"
    assert not file.exists()


@pytest.mark.parametrize(
    ("path", "limits", "words"),
    [
        ("/file.mp4", Limits(private=True, most_bytes=9999), "larger than 9999 bytes"),
        ("/endless", Limits(private=True, most_bytes=50_000), "larger than 50000 bytes"),
        ("/endless", Limits(private=True, longest_s=0), "longer than 0 s"),
        ("/short", HERE, "broke off after 10000 of 20000 bytes"),
        ("/missing", HERE, "answers 404"),
        ("/round", HERE, "redirects more than 5 times"),
        ("/out", HERE, "no http or https address"),
        ("/file.mp4", Limits(), "no public address"),
    ],
)
def test_what_passes_a_limit_is_refused_in_one_sentence(server: str, path: str, limits: Limits, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused, fetched(server + path, limits):
        pass
    assert "\n" not in str(refused.value)


def test_a_redirect_to_the_inside_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first host counts as public here, as a host of the internet would; the one that it redirects to does not."""
    monkeypatch.setattr(fetch, "public", lambda address: address == "127.0.0.1")
    with pytest.raises(InputError, match="leads to ::1, which is no public address"), fetched(server + "/inside"):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@example.org/x",
        "http://example.org:99999/",
    ],
)
def test_strange_addresses_are_refused_before_anybody_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object, **__: object) -> None:
        raise AssertionError("nobody is to be asked")

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    with pytest.raises(InputError) as refused, fetched(url):
        pass
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "255.255.255.255",
    ],
)  # fmt: skip
def test_addresses_inside_the_house_are_known_also_in_disguise(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert public(address)


def test_a_url_is_told_from_a_path(tmp_path: Path) -> None:
    assert is_url("https://example.org/a.mp4") and is_url("ftp://x")
    assert not is_url(str(tmp_path)) and not is_url("video.mp4") and not is_url("C:\\video.mp4")
