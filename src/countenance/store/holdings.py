"""Whose data lies where: variants, jobs and work folders, each with the people whom it shows or was made from.

Written before the data itself, so that nothing is ever there without its people. A person is named by a tag, which
tells no name (`store.subjects`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.subjects import subject_tag
from countenance.store.tables import holding

VARIANT, JOB, WORK = "variant", "job", "work"


@dataclass(frozen=True)
class Holding:
    """`name` is a variant's id, a job's digest, or the path of a folder below `work`."""

    kind: str
    name: str


def hold(project: Project, kind: str, name: str, people: Iterable[str]) -> None:
    """Note that something holds data of these people. Saying it twice changes nothing."""
    tags = {subject_tag(project, person) for person in people}
    with reading(project) as connection:
        if tags <= _tags(connection, kind, name):
            return
    with writing(project) as connection:
        hold_in(connection, kind, name, tags)


def hold_in(connection: Connection, kind: str, name: str, tags: Iterable[str]) -> None:
    """The same, by the people's tags, within a transaction that writes other rows too."""
    for tag in sorted(set(tags) - _tags(connection, kind, name)):
        connection.execute(insert(holding).values(kind=kind, name=name, subject=tag))


def held_of(connection: Connection, tag: str) -> list[Holding]:
    """Everything that holds data of one person."""
    query = select(holding.c.kind, holding.c.name).where(holding.c.subject == tag)
    return [Holding(*row) for row in connection.execute(query.order_by(holding.c.kind, holding.c.name))]


def known_names(connection: Connection, kind: str) -> set[str]:
    """The names of all of one kind of which it is noted whose they are."""
    return set(connection.execute(select(holding.c.name).where(holding.c.kind == kind)).scalars())


def _tags(connection: Connection, kind: str, name: str) -> set[str]:
    query = select(holding.c.subject).where(holding.c.kind == kind, holding.c.name == name)
    return set(connection.execute(query).scalars())
