"""The grants on record: recording, withdrawing and reading them, each backed by the ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, true, update
from ulid import ULID

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import commitment, entries_in, transaction, utc_now
from countenance.rights.grants import Grant, RecordedGrant, document_sha256, grant_from_document
from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.tables import grant_record


def record_grant(project: Project, grant: Grant, actor: str) -> RecordedGrant:
    """Put a grant on record and into the ledger.

    A document that is on record already is returned as it stands: recording it again neither
    doubles it nor undoes its withdrawal.
    """
    with transaction(project) as ledger:
        known = _read(project, ledger.connection, grant_record.c.sha256 == grant.document_sha256)
        if known:
            return known[0]
        recorded = RecordedGrant(str(ULID()), grant, utc_now())
        ledger.connection.execute(
            insert(grant_record).values(
                id=recorded.id,
                talent=grant.talent,
                kind=grant.kind,
                sha256=grant.document_sha256,
                document=grant.document,
                recorded_at=recorded.recorded_at,
            )
        )
        ledger.append("consent.granted", actor, _ledger_data(project, recorded))
    return recorded


def withdraw_grant(project: Project, talent_or_id: str, actor: str, reason: str) -> list[RecordedGrant]:
    """Withdraw one grant by its id, or all live grants of a talent; returns them as they now are.

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
                ledger.connection.execute(
                    update(grant_record)
                    .where(grant_record.c.id == recorded.id)
                    .values(withdrawn_at=utc_now(), withdrawn_by=actor, reason=reason)
                )
                ledger.append("consent.withdrawn", actor, _ledger_data(project, recorded))
        return _read(project, ledger.connection, meant)


def grants_of(project: Project, talent: str) -> list[RecordedGrant]:
    """All grants of a talent, withdrawn ones included, oldest first."""
    with reading(project) as connection:
        return _read(project, connection, grant_record.c.talent == talent)


def all_grants(project: Project) -> list[RecordedGrant]:
    """All grants on record, oldest first."""
    with reading(project) as connection:
        return _read(project, connection, true())


def grant_commitment(project: Project, grant: Grant) -> str:
    """What stands for a grant outside the project: a keyed hash that tells nothing about the person."""
    return commitment(project, grant.document_sha256, grant.talent)


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
    withdrawn = {entry.data["grant"] for entry in entries_in(connection, "consent.withdrawn")}
    return [_checked(project, row, granted.get(row.id), row.id in withdrawn) for row in rows]


def _checked(project: Project, row: Row[Any], ledger_document: str | None, ledger_withdrawn: bool) -> RecordedGrant:
    refusal = IntegrityError(f"grant {row.id} is not what the ledger says was granted; restore it from a backup.")
    if document_sha256(row.document) != row.sha256 or commitment(project, row.sha256, row.talent) != ledger_document:
        raise refusal
    grant = grant_from_document(row.document)
    if grant.talent != row.talent or (row.withdrawn_at is not None) != ledger_withdrawn:
        raise refusal
    return RecordedGrant(row.id, grant, row.recorded_at, row.withdrawn_at, row.withdrawn_by, row.reason)
