"""Names and addresses that tell a variant apart in ad servers and analytics: its id in file names and in links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from countenance.errors import InputError

UTM = ("source", "medium", "campaign", "content", "term", "id")
_ID = re.compile(r"[0-9A-Z]{26}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MAIN = "video"


def file_name(variant: str, language: str, name: str) -> str:
    """The name under which a package's file goes out: `ID-LANGUAGE.mp4` for the video, else `ID-LANGUAGE-NAME`.

    InputError for what is no variant id or language code.
    """
    if not _ID.fullmatch(variant) or not _LANGUAGE.fullmatch(language):
        raise InputError(f"{variant!r} in {language!r} is no variant's id and language; no file is named after it.")
    stem, dot, suffix = name.partition(".")
    return f"{variant}-{language}{dot}{suffix}" if stem == _MAIN else f"{variant}-{language}-{name}"


def variant_in(name: str) -> str | None:
    """The variant id at the beginning of a file's name or the last part of its address; None when there is none."""
    found = _ID.match(urlsplit(name).path.rpartition("/")[2].upper())
    return found[0] if found else None


def with_utm(url: str, variant: str, campaign: str, *, source: str, medium: str, more: Mapping[str, str] = {}) -> str:
    """A link with UTM parameters: `utm_content` is the variant, so that analytics tell creatives apart.

    Parameters that the link has already stay, but for older utm ones; the fragment stays at the end. `more` may set
    `term` or `id`. InputError for what is no web address, an empty value, or an unknown name.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(f"{url!r} is no web address, so it cannot be tagged; write https://…")
    told = {"source": source, "medium": medium, "campaign": campaign, "content": variant, **more}
    for name, value in told.items():
        if name not in UTM:
            raise InputError(f"there is no parameter utm_{name}; there are {', '.join(UTM)}.")
        if not value.strip() or not value.isprintable():
            raise InputError(f"utm_{name} is {value!r}; give it a printable value.")
    tags = {f"utm_{name}": told[name] for name in UTM if name in told}
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in {f"utm_{n}" for n in UTM}]
    return urlunsplit(parts._replace(query=urlencode([*kept, *tags.items()])))
