"""Taking a person's grants out of the register, for good: also the same papers, shown again, bring nothing back.

What is left of a grant is a keyed hash of its document (`erased_document`). It tells nothing, and meets only whoever
still has that very document: an old brief that names it must not undo an erasure.
"""

from __future__ import annotations

import hmac

from sqlalchemy import Connection, delete, insert, select

from countenance.errors import RightsError
from countenance.rights.grants import Grant
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.tables import erased_document, grant_record

_KEY = "erased-documents"


def refuse_erased(project: Project, connection: Connection, grant: Grant) -> None:
    """RightsError for the document of a grant whose person was erased."""
    query = select(erased_document.c.erased_at).where(
        erased_document.c.fingerprint == fingerprint(project, grant.document_sha256)
    )
    at = connection.execute(query).scalar_one_or_none()
    if at is not None:
        raise RightsError(
            f"this grant of {grant.talent} ended when the person was erased on {at[:10]}, and cannot be recorded "
            "again; it takes a new one."
        )


def fingerprint(project: Project, document_sha256: str) -> str:
    """What is kept of an erased person's grant document."""
    return hmac.new(load_or_create_symmetric(project, _KEY), document_sha256.encode(), "sha256").hexdigest()


def erase_grants(project: Project, connection: Connection, talent: str, at: str) -> int:
    """Delete all grants of a talent, and keep their documents from being recorded again; returns how many there were.

    `at` is the moment, as text.
    """
    documents = connection.execute(select(grant_record.c.sha256).where(grant_record.c.talent == talent)).scalars().all()
    for sha256 in documents:
        mark = fingerprint(project, sha256)
        if not connection.execute(select(erased_document).where(erased_document.c.fingerprint == mark)).first():
            connection.execute(insert(erased_document).values(fingerprint=mark, erased_at=at))
    connection.execute(delete(grant_record).where(grant_record.c.talent == talent))
    return len(documents)
