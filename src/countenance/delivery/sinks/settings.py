"""The `[[sink]]` tables of settings.toml: which places there are, and what may be sent to them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countenance.errors import InputError
from countenance.speech.remote import check_address
from countenance.store.project import Project
from countenance.store.secrets import find_text_secret

KINDS = ("folder", "s3", "http", "webdav")
FILES = ("media", "all")  # what of a package goes there: what viewers get, or its receipt and figures as well
VERIFY = ("read", "size")
RESUME = ("auto", "tus", "content-range", "none")
IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=60"
RETRY_S = 300.0
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SECRET = re.compile(r"secret:([a-z0-9][a-z0-9-]*)")


@dataclass(frozen=True)
class Purge:
    """How a content delivery network is told to forget addresses.

    `url` and `body` may hold `{url}` (one request for each address); `{urls}` in `body` is a JSON list of many.
    """

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class SinkSettings:
    """One place. `public` is where others get what lies there; `channels` and `markets` are those it shows things in.

    `immutable` and `short` are Cache-Control headers, of files that never change under their name and of those that
    may; `retry_s` the longest pause between two tries while it is down.
    """

    name: str
    kind: str
    url: str
    public: str = ""
    files: str = "media"
    channels: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    immutable: str = IMMUTABLE
    short: str = SHORT
    retry_s: float = RETRY_S
    verify: str = "read"
    resume: str = "auto"
    endpoint: str = ""
    region: str = ""
    profile: str = ""
    purge: Purge | None = None


def sink_settings(project: Project) -> dict[str, SinkSettings]:
    """All sinks of the project by name; InputError names what cannot be understood."""
    path = project.settings_path
    found: dict[str, SinkSettings] = {}
    for table in tables_of(path, "sink"):
        one = _sink(path, table)
        if one.name in found:
            raise InputError(f"{path} names the sink {one.name!r} twice; give each a name of its own.")
        found[one.name] = one
    return found


def find_sink(project: Project, name: str) -> SinkSettings:
    """The sink of this name; InputError when the settings have none."""
    known = sink_settings(project)
    if name not in known:
        told = f"it names {', '.join(known)}" if known else "it names none"
        raise InputError(f"{project.settings_path} has no [[sink]] {name!r}: {told}; add it there.")
    return known[name]


def with_secrets(project: Project, headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they are sent: `secret:NAME` in a value stands for what the key store has under that name."""
    return {name: _SECRET.sub(lambda match: _secret(project, match[1]), value) for name, value in headers.items()}


def tables_of(path: Path, name: str) -> list[dict[str, Any]]:
    """The tables `[[name]]` of a settings file; InputError when there is something else under that name."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get(name, [])
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} cannot be understood ({exc}); repair it.") from exc
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InputError(f"'{name}' in {path} must be tables, each headed [[{name}]].")
    return found


def read_fields(
    where: str, table: Mapping[str, Any], readers: Mapping[str, Callable[[str, Any], Any]], required: Sequence[str]
) -> dict[str, Any]:
    """The values of a table, each through the reader of its key; InputError for keys unknown or missing."""
    for key in table:
        if key not in readers:
            raise InputError(
                f"{where} has the key {key!r}, which there is not; known are {', '.join(sorted(readers))}."
            )
    for key in required:
        if key not in table:
            raise InputError(f"{where} lacks the key {key!r}; add it.")
    return {key: readers[key](f"{key!r} of {where}", value) for key, value in table.items()}


def text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InputError(f"{where} must be a text, not {value!r}.")
    return value.strip()


def headers(where: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise InputError(f"{where} must be a table of headers, such as {{Authorization = 'Bearer secret:name'}}.")
    for name in value:
        if not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise InputError(f"{name!r} in {where} is no name of a header.")
    return {name: text(f"{name!r} in {where}", one) for name, one in value.items()}


def words(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise InputError(f"{where} must be a list of words, not {value!r}.")
    return tuple(one.strip() for one in value)


def seconds(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86400:
        raise InputError(f"{where} must be a number of seconds up to a day, not {value!r}.")
    return float(value)


def one_of(*known: str) -> Callable[[str, Any], str]:
    def read(where: str, value: Any) -> str:
        if value not in known:
            raise InputError(f"{where} is {value!r}; choose {', '.join(known[:-1])} or {known[-1]}.")
        return str(value)

    return read


def name_of(where: str, value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InputError(f"{where} is {value!r}; use lower-case letters, digits and hyphens.")
    return value


def check_open(where: str, url: str, sent: Mapping[str, str]) -> None:
    """InputError for what is no http address, or one that a secret would be sent to in the open."""
    try:
        check_address(url, secret=any(_SECRET.search(one) for one in sent.values()) or "authorization" in _lower(sent))
    except InputError as exc:
        raise InputError(f"{where}: {exc}") from exc


def _sink(path: Path, table: Mapping[str, Any]) -> SinkSettings:
    where = f"the [[sink]] {table.get('name', '')!r} in {path}"
    cache: dict[str, Any] = {}
    fields: dict[str, Any] = read_fields(
        where,
        table,
        {
            "name": name_of, "kind": one_of(*KINDS), "url": text, "public": text, "files": one_of(*FILES),
            "channels": words, "markets": words, "headers": headers, "retry_s": seconds, "verify": one_of(*VERIFY),
            "resume": one_of(*RESUME), "endpoint": text, "region": text, "profile": text, "purge": _purge,
            "cache": lambda at, value: cache.update(read_fields(at, _table(at, value), _CACHE, ())),
        },
        ("name", "kind", "url"),
    )  # fmt: skip
    fields.pop("cache", None)
    one = SinkSettings(**{**fields, **cache})
    if one.kind in ("http", "webdav"):
        check_open(where, one.url, one.headers)
    elif one.headers:
        raise InputError(f"{where} is a {one.kind}, which takes no headers; leave them out.")
    if one.kind == "s3" and not re.fullmatch(r"s3://[^/\s]+(/\S*)?", one.url):
        raise InputError(f"the address of {where} is {one.url!r}; write s3://bucket/prefix.")
    if one.public:
        check_open(f"'public' of {where}", one.public.replace("http://", "https://", 1), {})
    return one


_CACHE = {"immutable": text, "short": text}


def _purge(where: str, value: Any) -> Purge:
    readers = {"url": text, "method": text, "headers": headers, "body": text}
    found = Purge(**read_fields(where, _table(where, value), readers, ("url",)))
    if not found.url.startswith("{url}"):
        check_open(where, found.url.partition("?")[0].replace("{url}", ""), found.headers)
    if not re.fullmatch(r"[A-Z]{3,16}", found.method):
        raise InputError(f"the method of {where} is {found.method!r}; write one such as POST or PURGE.")
    return found


def _table(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where} must be a table, not {value!r}.")
    return value


def _secret(project: Project, name: str) -> str:
    found = find_text_secret(project, name)
    if found is None:
        raise InputError(f"there is no secret {name!r}; keep it with `countenance keys secret {name}`.")
    return found


def _lower(names: Mapping[str, str]) -> set[str]:
    return {one.lower() for one in names}
