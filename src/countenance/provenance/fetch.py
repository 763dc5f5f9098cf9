"""Fetching a file that a user names by its URL: bounded in size and time, and never from inside the house.

The address is looked up once and the connection goes to exactly that address, so that a name cannot answer
with a public address when it is checked and with a private one when it is called (DNS rebinding). A redirect is
checked like the first URL.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from countenance.errors import InputError

_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 1 << 16
# Containers are told by their name alone, so a URL's ending is kept when it looks like one, else its media type's.
_ENDING = re.compile(r"\.[A-Za-z0-9]{2,5}")
_ENDINGS = {
    "video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm", "image/jpeg": ".jpg", "image/png": ".png",
    "image/webp": ".webp", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/wav": ".wav", "audio/x-wav": ".wav",
    "audio/flac": ".flac",
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How much is fetched, for how long, and whether addresses inside the house may be asked."""

    most_bytes: int = 2 << 30
    longest_s: float = 120.0
    silence_s: float = 15.0
    redirects: int = 5
    private: bool = False


def is_url(text: str) -> bool:
    """Whether a user means a URL and not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


@contextmanager
def fetched(url: str, limits: Limits | None = None) -> Iterator[Path]:
    """A temporary file with what the URL answers; it is gone after the block.

    InputError for anything but http and https, for addresses that are not public (unless `limits.private`),
    for answers that are no success, and where a limit is passed. No cookies, no credentials, no proxies.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="countenance-") as folder:
        yield _fetch(url, limits, Path(folder))


def _fetch(url: str, limits: Limits, folder: Path) -> Path:
    ends = time.monotonic() + limits.longest_s
    for _ in range(limits.redirects + 1):
        parts = _checked(url)
        with contextlib.closing(_connect(parts, limits)) as connection:
            try:
                with _ask(connection, parts) as answer:
                    elsewhere = answer.getheader("Location")
                    if answer.status in _REDIRECTS and elsewhere:
                        url = urljoin(url, elsewhere)
                        continue
                    if answer.status != 200:
                        raise InputError(f"{url} answers {answer.status} {answer.reason}; check the address.")
                    return _save(answer, url, folder, limits, ends)
            except (OSError, http.client.HTTPException) as exc:
                raise InputError(f"{url} cannot be fetched ({exc or type(exc).__name__}); try again later.") from exc
    raise InputError(f"{url} redirects more than {limits.redirects} times; name the file itself.")


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise InputError(f"{url!r} is no URL ({exc}); check the address.") from exc
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InputError(f"{url!r} is no http or https address; name one, or a file.")
    if parts.username or parts.password:
        raise InputError("a URL with a name or password in it is not fetched; download the file and verify that.")
    return parts


def _connect(parts: SplitResult, limits: Limits) -> http.client.HTTPConnection:
    host = str(parts.hostname)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise InputError(f"{host} is not known ({exc}); check the address.") from exc
    addresses = [str(one[4][0]) for one in found]
    inside = [one for one in addresses if not public(one)]
    if inside and not limits.private:
        raise InputError(
            f"{host} leads to {inside[0]}, which is no public address; allow it with --private if you mean it."
        )
    try:
        made = socket.create_connection((addresses[0], port), timeout=limits.silence_s)
    except OSError as exc:
        raise InputError(f"{host} cannot be reached ({exc}); try again later.") from exc
    connection = http.client.HTTPConnection(host, port, timeout=limits.silence_s)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(made, server_hostname=host) if secure else made
    except OSError as exc:
        made.close()
        raise InputError(f"{host} cannot be reached safely ({exc}); check the address.") from exc
    return connection


def public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not private, local, reserved, or one of those in disguise."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return found.is_global and not found.is_multicast


def _ask(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # As browsers do: what is no ASCII is sent by its UTF-8 bytes.
    target = "".join(c if "!" <= c <= "~" else "".join(f"%{b:02X}" for b in c.encode()) for c in target)
    connection.request("GET", target, headers={"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"})
    return connection.getresponse()


def _save(answer: http.client.HTTPResponse, url: str, folder: Path, limits: Limits, ends: float) -> Path:
    too_large = InputError(f"{url} is larger than {limits.most_bytes} bytes; download it and verify the file.")
    announced = answer.getheader("Content-Length")
    if announced and announced.isdigit() and int(announced) > limits.most_bytes:
        raise too_large
    target = folder / f"fetched{_ending(url, answer.getheader('Content-Type') or '')}"
    size = 0
    with target.open("wb") as stream:
        while chunk := answer.read1(_CHUNK_BYTES):
            size += len(chunk)
            if size > limits.most_bytes:
                raise too_large
            if time.monotonic() > ends:
                raise InputError(f"{url} takes longer than {limits.longest_s:g} s; download it and verify the file.")
            stream.write(chunk)
    if announced and announced.isdigit() and size < int(announced):
        raise InputError(f"{url} broke off after {size} of {announced} bytes; try again.")
    return target


def _ending(url: str, media_type: str) -> str:
    ending = Path(urlsplit(url).path).suffix
    if _ENDING.fullmatch(ending):
        return ending.lower()
    return _ENDINGS.get(media_type.partition(";")[0].strip().lower(), ".bin")
