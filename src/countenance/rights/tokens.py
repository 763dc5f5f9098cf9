"""The one-time token with which a person withdraws without knowing any command but one.

A token names its grant and holds 192 random bits. The project keeps only its SHA-256, so who reads the database cannot
withdraw in the person's name.
"""

from __future__ import annotations

import hashlib
import re
import secrets

_TOKEN = re.compile(r"cw1-([0-9A-HJKMNP-TV-Z]{26})-([0-9a-f]{48})")


def new_token(grant_id: str) -> str:
    return f"cw1-{grant_id}-{secrets.token_hex(24)}"


def grant_of_token(token: str) -> str | None:
    """The id of the grant that a token is for; None for a text that is no token."""
    match = _TOKEN.fullmatch(token.strip())
    return match[1] if match else None


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()
