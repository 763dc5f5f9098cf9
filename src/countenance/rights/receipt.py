"""What the person gets: the signed record and how to withdraw, as JSON-LD for machines and as a text to read.

The receipt carries the withdrawal token, so it is given to the person and to nobody else; the project keeps no copy.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ulid import ULID

from countenance.errors import InputError
from countenance.ledger.log import utc_now
from countenance.rights.proof import check_document, sign_document
from countenance.rights.readable import receipt_text
from countenance.rights.record import CONTEXT, controller_key, events
from countenance.rights.register import find_grant, give_token, signed_record
from countenance.rights.wording import LANGUAGES
from countenance.store.files import atomic_path
from countenance.store.project import Project


@dataclass(frozen=True)
class ConsentReceipt:
    """A receipt as it is handed over; `token` is None where nothing is left to withdraw."""

    document: dict[str, Any]
    text: str
    token: str | None


def issue_receipt(project: Project, grant_id: str, *, language: str = "en", link: str | None = None) -> ConsentReceipt:
    """A new receipt for a grant on record, in English or German; tokens of earlier receipts end with it.

    `link` is the address to which a token is appended, where the studio serves one. The receipt of a withdrawn grant
    confirms the withdrawal. Raises InputError for an unknown grant or language.
    """
    if language not in LANGUAGES:
        raise InputError(f"receipts are written in {' or '.join(LANGUAGES)}, not in {language!r}.")
    record = signed_record(project, grant_id)
    recorded = find_grant(project, grant_id)
    token = give_token(project, grant_id) if recorded.withdrawn_at is None else None
    withdrawal = _withdrawal(token, link)
    created = utc_now()
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": f"receipt-{ULID()}",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt-full",
        "dct:created": created,
        "dct:publisher": project.settings.tenant,
        "schema:recipient": "dpv:DataSubject" if recorded.grant.kind == "real" else "cn:Maker",
        "dpv:hasRecordOfActivity": record,
        "dpv:hasConsentStatus": events(recorded),
        **({"cn:withdrawal": withdrawal} if withdrawal else {}),
    }
    signed = sign_document(document, controller_key(project), created)
    return ConsentReceipt(signed, receipt_text(recorded, signed, language), token)


def write_receipt(receipt: ConsentReceipt, folder: Path) -> tuple[Path, Path]:
    """Write the JSON-LD and the text, readable by their owner only; returns both paths."""
    name = f"receipt-{receipt.document['dpv:hasRecordOfActivity']['dct:identifier']}"
    contents = {".jsonld": json.dumps(receipt.document, indent=2, ensure_ascii=False) + "\n", ".txt": receipt.text}
    for suffix, content in contents.items():
        with atomic_path(folder / f"{name}{suffix}") as part:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(content)
    return folder / f"{name}.jsonld", folder / f"{name}.txt"


def check_receipt(document: dict[str, Any], project: Project | None = None) -> str:
    """The `did:key` that signed a receipt and the record in it; with a project it must be the project's own.

    Raises InputError for what is no receipt, IntegrityError where a proof does not hold.
    """
    record = document.get("dpv:hasRecordOfActivity") if isinstance(document, dict) else None
    if not isinstance(record, dict) or document.get("@type") != "dpv:ConsentReceipt":
        raise InputError("this is no consent receipt; hand in the .jsonld file that the person got.")
    key = controller_key(project).public_key() if project is not None else None
    check_document(record, key)
    return check_document(document, key)


def _withdrawal(token: str | None, link: str | None) -> dict[str, str]:
    if token is None:
        return {}
    told = {"cn:token": token, "cn:command": f"countenance consent withdraw --token {token}"}
    return {**told, "cn:link": f"{link.rstrip('/')}/{token}"} if link else told
