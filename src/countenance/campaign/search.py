"""Looking for what is left of a person: the last step before an erasure may be certified.

This is the erasure's own control, by names, ids and hashes; it reads every file and every value of every table.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.campaign.person import Person, tokens
from countenance.campaign.remains import known_holdings, remains_in
from countenance.campaign.rows import replica_database, values_in
from countenance.store.database import reading
from countenance.store.files import sha256_file
from countenance.store.project import Project
from countenance.store.replicas import Place
from countenance.store.shred import sqlite, tables_of

_WORDS = {".json", ".jsonld", ".toml", ".yaml", ".yml", ".txt", ".html", ".vtt", ".srt", ".log"}
# Who decided something must stay answerable for it, also when the same name is erased as a talent's; the certificate
# says how often.
_ACTING = {("ledger_entry", "actor"), ("policy_finding", "decided_by"), ("grant_record", "withdrawn_by")}
_BY = "by"


@dataclass(frozen=True)
class Searched:
    """What was read, and where something is left."""

    files: int
    values: int
    remainders: tuple[str, ...]


def search(project: Project, places: list[Place], person: Person, journal: Path) -> Searched:
    """Read all places. `journal` is the erasure's own, which names the person until the end."""
    found: list[str] = []
    files = values = 0
    known = known_holdings(project)
    for place in places:
        found += [str(one.path) for one in remains_in(place, person, known)]
        for path in _files(place):
            files += 1
            if path != journal and _tells(path, person):
                found.append(str(path))
        for table, column, value in _values(project, place):
            values += 1
            if (table, column) not in _ACTING and person.name in _said(value):
                found.append(f"{place.folder}: column {column} of table {table}")
    return Searched(files, values, tuple(dict.fromkeys(found)))


def copies_in(place: Place, person: Person) -> list[Path]:
    """Files of a replica with the content of a reference, an evidence file or a release, whatever they are called."""
    wanted = {*person.mine, *person.published}
    return [path for path in _files(place) if wanted and sha256_file(path) in wanted]


def _files(place: Place) -> Iterator[Path]:
    for path in sorted((place.searched or place.folder).rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def _tells(path: Path, person: Person) -> bool:
    if any(part in (person.name, f"{person.name}.json") for part in path.parts[-2:]):
        return True
    if sha256_file(path) in {*person.mine, *person.published}:
        return True
    if path.suffix not in _WORDS:
        return False
    name = json.dumps(person.name, ensure_ascii=False).encode()
    return name in path.read_bytes().replace(b'"by": ' + name, b"")


def _values(project: Project, place: Place) -> Iterator[tuple[str, str, object]]:
    if place.folder == project.folder:
        with reading(project) as connection:
            yield from values_in(connection)
    elif place.database.is_file():
        with replica_database(place.database) as connection:
            yield from values_in(connection)
    if place.jobs.is_file():
        with sqlite(place.jobs) as connection:
            for table, columns in tables_of(connection).items():
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    for column, value in zip(columns, row, strict=True):
                        yield f"{table} (jobs)", column, value


def _said(value: object) -> set[str]:
    """The texts within a value, those of a cast's key one by one."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = json.loads(value) if value[:1] in '{["' else value
    return {word for text in _texts(value) for word in (text, *tokens(text))}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner) if key != _BY else ()
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
