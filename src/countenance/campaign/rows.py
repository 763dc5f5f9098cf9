"""A person's rows in a database of the project or of a replica."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import URL, Connection, NullPool, Table, create_engine, delete, event, inspect, select, update

from countenance.campaign.person import Person
from countenance.jobs.forgetting import forget_jobs, jobs_about
from countenance.store.buried import bury_person
from countenance.store.holdings import VARIANT, WORK
from countenance.store.tables import grant_record, holding, job, placement, policy_finding, release, variant, withdrawal

ERASED, SOMEBODY = "erased", "somebody"  # stand where a name stood


def erase_rows(connection: Connection, person: Person) -> None:
    """Delete a person's rows. Of what was released only that it was, and its mark, stays, so that it can be pulled."""
    tables = set(inspect(connection).get_table_names())
    if grant_record.name in tables:
        connection.execute(delete(grant_record).where(grant_record.c.talent == person.name))
    if {release.name, variant.name} <= tables:
        _erase_variants(connection, person)
        _erase_from_notes(connection, person)
    if policy_finding.name in tables:
        _erase_from_reasons(connection, policy_finding, person)
    if job.name in tables:
        words = (person.name, *person.jobs)
        forget_jobs(connection, jobs_about(connection, words), words)
    if holding.name in tables:
        names = {VARIANT: person.variants, WORK: person.work}
        for kind, gone in names.items():
            connection.execute(delete(holding).where(holding.c.kind == kind, holding.c.name.in_(gone)))
        connection.execute(delete(holding).where(holding.c.subject == person.tag))
    bury_person(connection, person.tag, person.work, person.mine)


def _erase_variants(connection: Connection, person: Person) -> None:
    theirs = variant.c.id.in_(person.variants)
    released = select(release.c.variant_id)
    connection.execute(delete(variant).where(theirs, variant.c.id.not_in(released)))
    connection.execute(
        update(release).where(release.c.variant_id.in_(person.variants)).values(state="withdrawn", package="")
    )
    gone = {"face": ERASED, "job": ERASED, "state": "withdrawn", "render": {}, "review": {}}
    connection.execute(update(variant).where(theirs).values(**gone))
    named = _whole_word(person.name)
    for row in connection.execute(select(variant.c.id, variant.c.campaign).where(theirs)).all():
        if named.search(row.campaign):
            connection.execute(update(variant).where(variant.c.id == row.id).values(campaign=ERASED))


def _erase_from_notes(connection: Connection, person: Person) -> None:
    """Take the name out of what people wrote about other things: notes of reviews, reasons of withdrawals."""
    named = _whole_word(person.name)
    for row in connection.execute(select(variant.c.id, variant.c.review)).all():
        note = str((row.review or {}).get("note", ""))
        if named.search(note):
            review = {**row.review, "note": named.sub(SOMEBODY, note)}
            connection.execute(update(variant).where(variant.c.id == row.id).values(review=review))
    _erase_from_reasons(connection, grant_record, person)
    if inspect(connection).has_table(withdrawal.name):
        _erase_from_reasons(connection, withdrawal, person)


def erase_site_placements(connection: Connection, person: Person) -> None:
    """Drop from a replica what it says about a person's pages at sinks, whose paths may hold their name.

    The project's own rows go when the pages themselves are gone.
    """
    if inspect(connection).has_table(placement.name):
        theirs = select(release.c.id).where(release.c.variant_id.in_(person.variants))
        connection.execute(delete(placement).where(placement.c.site.is_not(None), placement.c.release_id.in_(theirs)))


def _erase_from_reasons(connection: Connection, table: Table, person: Person) -> None:
    named = _whole_word(person.name)
    (key,) = table.primary_key
    for one in connection.execute(select(key.label("key"), table.c.reason)).all():
        if one.reason and named.search(one.reason):
            said = named.sub(SOMEBODY, one.reason)
            connection.execute(update(table).where(key == one.key).values(reason=said))


def _whole_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


@contextmanager
def replica_database(path: Path) -> Iterator[Connection]:
    """One transaction on a replica's copy of the database."""
    made = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    event.listen(made, "connect", lambda connection, _record: connection.execute("PRAGMA secure_delete = ON"))
    with made.begin() as connection:
        yield connection


def values_in(connection: Connection) -> Iterator[tuple[str, str, object]]:
    """Every value of every table, with the names of table and column."""
    for table in inspect(connection).get_table_names():
        for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')).mappings():
            for column, value in row.items():
                yield table, str(column), value
