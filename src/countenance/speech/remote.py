"""One request to a service outside of the house: bounded in time and size, repeated where that helps, without its key
in any message."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from countenance.errors import CountenanceError, InputError

AGAIN = (408, 425, 429, 500, 502, 503, 504)  # answers after which a second try makes sense


@dataclass(frozen=True)
class Limits:
    """How often, how long and how much: seconds without a byte, seconds for all of one try, bytes of the answer."""

    tries: int = 3
    silence_s: float = 60.0
    longest_s: float = 300.0
    most_bytes: int = 64 << 20
    longest_wait_s: float = 30.0  # between two tries, also when the service asks for more


@dataclass(frozen=True)
class Answer:
    content: bytes
    media_type: str


def check_address(url: str, *, secret: bool) -> SplitResult:
    """The parts of a service's address. InputError for what is no http address, or would send words or keys openly.

    Plain http is for this machine, and without a key for private addresses (a server in the house).
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise InputError(f"{url!r} is no http or https address; write one such as https://voices.example/v1.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            f"the address of {parts.hostname} holds more than host and path; keys belong in the key store."
        )
    if parts.scheme == "http" and not _inside(str(parts.hostname), secret):
        raise InputError(f"{parts.hostname} would be asked in the open; write https instead of http.")
    return parts


def post_json(
    url: str,
    body: Mapping[str, Any],
    key: str | None = None,
    limits: Limits | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Answer:
    """POST a JSON body, with the key as a bearer token; the answer's content.

    Tried again after a lost connection and after answers that may pass (too many requests, a server's failure), as
    long later as the service asks or twice as long each time. Redirects are not followed: the key and the words are
    for this host alone. Errors: InputError for the address, a refused key, or a request that the service does not
    take; CountenanceError when it cannot be reached or says too much.
    """
    parts = check_address(url, secret=key is not None)
    limits = limits or Limits()
    problem = ""
    for number in range(limits.tries):
        later_s = min(limits.longest_wait_s, 0.5 * 2**number)
        try:
            status, reason, headers, content = _once(parts, body, key, limits)
        except (OSError, http.client.HTTPException) as exc:
            problem = f"cannot be reached ({_clean(str(exc) or type(exc).__name__, key)})"
        else:
            if status == 200:
                return Answer(content, headers.get("content-type", "").partition(";")[0].strip().lower())
            told = _told(content, key) or reason
            if status in (401, 403):
                raise InputError(f"{parts.hostname} refuses the key ({status}: {told}); store the right one.")
            if status not in AGAIN:
                raise InputError(f"{parts.hostname} does not take the request ({status}: {told}); check the brief.")
            problem = f"answers {status} ({told})"
            with contextlib.suppress(ValueError):
                later_s = min(limits.longest_wait_s, max(0.0, float(headers.get("retry-after", later_s))))
        if number + 1 < limits.tries:
            wait(later_s)
    raise CountenanceError(f"{parts.hostname} {problem}, {limits.tries} times; try again later.")


def _inside(host: str, secret: bool) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or (address.is_private and not secret)


def _once(
    parts: SplitResult, body: Mapping[str, Any], key: str | None, limits: Limits
) -> tuple[int, str, dict[str, str], bytes]:
    ends = time.monotonic() + limits.longest_s
    made: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        made = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=limits.silence_s, context=context)
    else:
        made = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=limits.silence_s)
    headers = {"Content-Type": "application/json", "Accept": "*/*", "Accept-Encoding": "identity"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    with contextlib.closing(made) as connection:
        connection.request("POST", parts.path or "/", json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        content = bytearray()
        while chunk := answer.read1(1 << 16):
            content += chunk
            if len(content) > limits.most_bytes:
                raise CountenanceError(f"{parts.hostname} sends more than {limits.most_bytes} bytes; ask for less.")
            if time.monotonic() > ends:
                raise OSError(f"no end after {limits.longest_s:g} s")
        announced = answer.getheader("Content-Length")
        if announced and announced.isdigit() and len(content) < int(announced):
            raise OSError(f"broke off after {len(content)} of {announced} bytes")
        return answer.status, answer.reason, {k.lower(): v for k, v in answer.getheaders()}, bytes(content)


def _told(content: bytes, key: str | None) -> str:
    """What a service says about its refusal, in short."""
    text = content[:2000].decode("utf-8", "replace")
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        error = json.loads(content).get("error")
        text = error if isinstance(error, str) else str(error["message"])
    return _clean(text, key)[:200]


def _clean(text: str, key: str | None) -> str:
    text = text.replace(key, "***") if key else text
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
