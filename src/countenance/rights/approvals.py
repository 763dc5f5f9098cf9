"""A person's own agreement to one variant, where their grant asks for it before anything is published."""

from __future__ import annotations

from sqlalchemy import Connection

from countenance.errors import InputError
from countenance.ledger.log import commitment, entries_in, transaction
from countenance.rights.register import grants_of
from countenance.store.project import Project

APPROVED = "consent.approved"


def approve_as_person(project: Project, talent: str, variant_id: str, pictures_sha256: str, actor: str) -> None:
    """Record that a person agrees to these very pictures of a variant; other pictures need another agreement.

    Raises InputError for a talent without any grant. Agreeing twice changes nothing.
    """
    if not grants_of(project, talent):
        raise InputError(f"no grant of {talent!r} is on record, so there is nobody to agree.")
    told = _told(project, talent, variant_id, pictures_sha256)
    with transaction(project) as ledger:
        if all(entry.data != told for entry in entries_in(ledger.connection, APPROVED)):
            ledger.append(APPROVED, actor, told)


def approved_in(project: Project, connection: Connection, talent: str, variant_id: str, pictures_sha256: str) -> bool:
    """Whether the person has agreed to these pictures of the variant."""
    told = _told(project, talent, variant_id, pictures_sha256)
    return any(entry.data == told for entry in entries_in(connection, APPROVED))


def _told(project: Project, talent: str, variant_id: str, pictures_sha256: str) -> dict[str, str]:
    return {
        "variant": variant_id,
        "talent": commitment(project, talent, talent),
        "pictures_sha256": pictures_sha256,
    }
