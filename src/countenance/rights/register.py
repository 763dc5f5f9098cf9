"""The grants on record: recording, withdrawing and reading them, each backed by the ledger."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, true, update
from ulid import ULID

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import Transaction, commitment, entries_in, transaction, utc_now
from countenance.rights.clock import today_in
from countenance.rights.erasure import refuse_erased
from countenance.rights.grants import Grant, RecordedGrant, document_sha256, grant_from_document
from countenance.rights.pulls import ENDED, pull_releases
from countenance.rights.record import make_record
from countenance.rights.tokens import grant_of_token, new_token, token_sha256
from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.tables import grant_record

TOKEN_ACTOR = "the person, by the token of the receipt"


def record_grant(project: Project, grant: Grant, actor: str) -> RecordedGrant:
    """Put a grant on record and into the ledger, with the consent record that the controller signs.

    A document that is on record already is returned as it stands: recording it again neither doubles it nor undoes its
    withdrawal. A grant that `replaces` another ends that one in the same moment; what was released under it stays.
    Raises InputError when the grant to be replaced is not the talent's own.
    """
    with transaction(project) as ledger:
        known = _read(project, ledger.connection, grant_record.c.sha256 == grant.document_sha256)
        if known:
            return known[0]
        refuse_erased(project, ledger.connection, grant)
        recorded = RecordedGrant(str(ULID()), grant, utc_now())
        if grant.replaces is not None:
            _replace(project, ledger, recorded, actor)
        record = make_record(project, recorded)
        ledger.connection.execute(
            insert(grant_record).values(
                id=recorded.id,
                talent=grant.talent,
                kind=grant.kind,
                sha256=grant.document_sha256,
                document=grant.document,
                recorded_at=recorded.recorded_at,
                record=record,
            )
        )
        told = {"record": commitment(project, document_sha256(record), grant.talent)}
        ledger.append("consent.granted", actor, {**_ledger_data(project, recorded), **told})
    return recorded


def withdraw_grant(project: Project, talent_or_id: str, actor: str, reason: str) -> list[RecordedGrant]:
    """Withdraw one grant by its id, or all live grants of a talent; returns them as they now are.

    It counts at once: in the same transaction every release that rests on the grant goes on the pull list
    (`rights.pulls`), and jobs under way stop before they release anything.
    The reason is kept with the grant and not in the ledger, since it may tell about the person.
    InputError when nothing is on record under that name; withdrawing again changes nothing.
    """
    meant = or_(grant_record.c.id == talent_or_id, grant_record.c.talent == talent_or_id)
    with transaction(project) as ledger:
        found = _read(project, ledger.connection, meant)
        if not found:
            raise InputError(f"no grant of {talent_or_id!r} is on record; give a talent's name or a grant's id.")
        for recorded in found:
            if recorded.withdrawn_at is None:
                _withdraw(project, ledger, recorded, actor, reason)
        return _read(project, ledger.connection, meant)


def withdraw_by_token(project: Project, token: str, reason: str = "") -> list[RecordedGrant]:
    """Withdraw the grant whose receipt carries this token. It works once; the grant stays withdrawn.

    Raises InputError for a token that was never given out, was replaced by a newer one, or was used.
    """
    grant_id = grant_of_token(token)
    with transaction(project) as ledger:
        query = select(grant_record.c.withdrawn_at, grant_record.c.token_sha256).where(grant_record.c.id == grant_id)
        row = ledger.connection.execute(query).first()
        if row is not None and row.withdrawn_at is not None:
            raise InputError(f"this grant was withdrawn on {row.withdrawn_at[:10]} already; nothing is left to do.")
        given = row.token_sha256 if row is not None else None
        if given is None or not hmac.compare_digest(given, token_sha256(token)):
            raise InputError("this withdrawal token is not valid; ask the controller for a new receipt.")
        (recorded,) = _read(project, ledger.connection, grant_record.c.id == grant_id)
        _withdraw(project, ledger, recorded, TOKEN_ACTOR, reason)
        return _read(project, ledger.connection, grant_record.c.id == grant_id)


def find_by_token(project: Project, token: str) -> RecordedGrant | None:
    """The grant whose receipt carries this token, whether it still stands or not; None for any other text.

    A token ends with its grant, so a withdrawn grant is found by the id that the token names.
    """
    grant_id = grant_of_token(token)
    with reading(project) as connection:
        query = select(grant_record.c.withdrawn_at, grant_record.c.token_sha256).where(grant_record.c.id == grant_id)
        row = connection.execute(query).first()
        if row is None:
            return None
        given = row.token_sha256 is not None and hmac.compare_digest(row.token_sha256, token_sha256(token))
        if not given and row.withdrawn_at is None:
            return None
        (recorded,) = _read(project, connection, grant_record.c.id == grant_id)
    return recorded


def pull_ended(project: Project, actor: str) -> list[str]:
    """Put on the pull list what rests on grants whose last day is over; returns the ids of these releases.

    What may not be made any more may not be shown any more either. Releases that are on the list already stay as they
    are.
    """
    with transaction(project) as ledger:
        day = today_in(ledger.connection)
        return [
            release_id
            for ended in _read(project, ledger.connection, true())
            if ended.withdrawn_at is None and ended.grant.valid_until < day
            for one in _with_predecessors(project, ledger.connection, ended)
            for release_id in pull_releases(ledger, grant_commitment(project, one.grant), ended, actor, ENDED)
        ]


def give_token(project: Project, grant_id: str) -> str:
    """A new withdrawal token for a live grant; an older one is no longer valid. The project keeps only its hash."""
    token = new_token(grant_id)
    with writing(project) as connection:
        live = (grant_record.c.id == grant_id, grant_record.c.withdrawn_at.is_(None))
        changed = connection.execute(update(grant_record).where(*live).values(token_sha256=token_sha256(token)))
        if changed.rowcount != 1:
            raise InputError(f"{grant_id!r} is no live grant on record; `countenance consent show` lists them.")
    return token


def signed_record(project: Project, grant_id: str) -> dict[str, Any]:
    """The consent record of a grant as the controller signed it; made now for a grant of an older version.

    Raises InputError for an unknown id, IntegrityError when the ledger knows of another record.
    """
    with transaction(project) as ledger:
        found = _read(project, ledger.connection, grant_record.c.id == grant_id)
        if not found:
            raise InputError(f"no grant {grant_id!r} is on record; `countenance consent show` lists them.")
        query = select(grant_record.c.record).where(grant_record.c.id == grant_id)
        record: dict[str, Any] | None = ledger.connection.execute(query).scalar_one()
        told = [
            entry.data["record"]
            for entry in (*entries_in(ledger.connection, "consent.granted"),
                          *entries_in(ledger.connection, "consent.recorded"))
            if entry.data["grant"] == grant_id and "record" in entry.data
        ]  # fmt: skip
        if record is None and not told:
            record = make_record(project, found[0])
            change = update(grant_record).where(grant_record.c.id == grant_id).values(record=record)
            ledger.connection.execute(change)
            known = commitment(project, document_sha256(record), found[0].grant.talent)
            ledger.append("consent.recorded", found[0].grant.controller, {"grant": grant_id, "record": known})
            told = [known]
        if record is None or commitment(project, document_sha256(record), found[0].grant.talent) not in told:
            raise IntegrityError(f"the record of grant {grant_id} is not the one in the ledger; restore a backup.")
        return record


def grants_of(project: Project, talent: str) -> list[RecordedGrant]:
    """All grants of a talent, withdrawn ones included, oldest first."""
    with reading(project) as connection:
        return _read(project, connection, grant_record.c.talent == talent)


def find_grant(project: Project, grant_id: str) -> RecordedGrant:
    """The grant with this id; InputError when there is none."""
    with reading(project) as connection:
        found = _read(project, connection, grant_record.c.id == grant_id)
    if not found:
        raise InputError(f"no grant {grant_id!r} is on record; `countenance consent show` lists them.")
    return found[0]


def all_grants(project: Project) -> list[RecordedGrant]:
    """All grants on record, oldest first."""
    with reading(project) as connection:
        return _read(project, connection, true())


def grants_in(project: Project, connection: Connection) -> list[RecordedGrant]:
    """Like `all_grants`, within a transaction."""
    return _read(project, connection, true())


def grant_commitment(project: Project, grant: Grant) -> str:
    """What stands for a grant outside the project: a keyed hash that tells nothing about the person."""
    return commitment(project, grant.document_sha256, grant.talent)


def _withdraw(project: Project, ledger: Transaction, recorded: RecordedGrant, actor: str, reason: str) -> None:
    _end(ledger, recorded.id, actor, reason)
    ledger.append("consent.withdrawn", actor, _ledger_data(project, recorded))
    for one in _with_predecessors(project, ledger.connection, recorded):
        pull_releases(ledger, grant_commitment(project, one.grant), recorded, actor)


def _with_predecessors(project: Project, connection: Connection, recorded: RecordedGrant) -> Iterator[RecordedGrant]:
    """A grant and those that it replaced: what was released under them has stood on this one since."""
    yield recorded
    if recorded.grant.replaces is not None:
        for before in _read(project, connection, grant_record.c.id == recorded.grant.replaces):
            yield from _with_predecessors(project, connection, before)


def _replace(project: Project, ledger: Transaction, by: RecordedGrant, actor: str) -> None:
    found = _read(project, ledger.connection, grant_record.c.id == by.grant.replaces)
    if not found or found[0].grant.talent != by.grant.talent:
        raise InputError(
            f"the grant to be replaced, {by.grant.replaces}, is no grant of {by.grant.talent!r} on record."
        )
    if found[0].withdrawn_at is None:
        _end(ledger, found[0].id, actor, f"replaced by {by.id}")
        ledger.append("consent.replaced", actor, {**_ledger_data(project, found[0]), "by": by.id})


def _end(ledger: Transaction, grant_id: str, actor: str, reason: str) -> None:
    ended = {"withdrawn_at": utc_now(), "withdrawn_by": actor, "reason": reason, "token_sha256": None}
    ledger.connection.execute(update(grant_record).where(grant_record.c.id == grant_id).values(**ended))


def _ledger_data(project: Project, recorded: RecordedGrant) -> dict[str, Any]:
    return {
        "grant": recorded.id,
        "talent": commitment(project, recorded.grant.talent, recorded.grant.talent),
        "document": grant_commitment(project, recorded.grant),
        "kind": recorded.grant.kind,
        "valid_until": recorded.grant.valid_until.isoformat(),
    }


def _read(project: Project, connection: Connection, where: ColumnElement[bool]) -> list[RecordedGrant]:
    """Grants as the table has them, provided that the ledger tells the same story about each."""
    rows = connection.execute(select(grant_record).where(where).order_by(grant_record.c.id)).all()
    if not rows:
        return []
    granted = {entry.data["grant"]: entry.data["document"] for entry in entries_in(connection, "consent.granted")}
    withdrawn = {
        entry.data["grant"] for kind in ("withdrawn", "replaced") for entry in entries_in(connection, f"consent.{kind}")
    }
    return [_checked(project, row, granted.get(row.id), row.id in withdrawn) for row in rows]


def _checked(project: Project, row: Row[Any], ledger_document: str | None, ledger_withdrawn: bool) -> RecordedGrant:
    refusal = IntegrityError(f"grant {row.id} is not what the ledger says was granted; restore it from a backup.")
    if document_sha256(row.document) != row.sha256 or commitment(project, row.sha256, row.talent) != ledger_document:
        raise refusal
    grant = grant_from_document(row.document)
    if grant.talent != row.talent or (row.withdrawn_at is not None) != ledger_withdrawn:
        raise refusal
    return RecordedGrant(row.id, grant, row.recorded_at, row.withdrawn_at, row.withdrawn_by, row.reason)
