"""How webhooks are signed, and how a receiver checks that: as Standard Webhooks has it, so its libraries do it too.

Needs nothing but Python's own library: a receiver may copy this file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
WINDOW_S = 300  # how far from now a delivery may be dated; an older one may be somebody's replay
_PREFIX = "whsec_"


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the signature header: HMAC-SHA256 over id, moment (seconds since 1970) and body, in base64."""
    digest = hmac.new(_key(secret), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def verify(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None, window_s: int = WINDOW_S
) -> str:
    """The id of a delivery that is genuine and fresh; ValueError for any other.

    The same id may come again, when the sender did not hear that it had arrived: do nothing the second time.
    """
    found = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not found.get(name)]
    if missing:
        raise ValueError(f"the delivery has no {missing[0]} header")
    if not found[TIMESTAMP].isascii() or not found[TIMESTAMP].isdigit() or len(found[TIMESTAMP]) > 12:
        raise ValueError("the delivery's moment is no number of seconds")
    moment = int(found[TIMESTAMP])
    if abs((time.time() if now is None else now) - moment) > window_s:
        raise ValueError("the delivery is not of now: it may be a replay, or a clock is wrong")
    wanted = sign(secret, found[ID], moment, body).encode()
    # Compared whole and each, so that the time it takes tells nothing; there are several while a secret is changed.
    if not any([hmac.compare_digest(wanted, one.encode()) for one in found[SIGNATURE].split()]):
        raise ValueError("the delivery is not signed with this secret, or was changed on its way")
    return found[ID]


def _key(secret: str) -> bytes:
    """The bytes of a secret: those that `whsec_` is followed by in base64, else the text itself."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error as exc:
            raise ValueError("what follows whsec_ in the secret is no base64") from exc
    return secret.encode()
