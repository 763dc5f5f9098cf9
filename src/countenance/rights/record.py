"""The consent record: what ISO/IEC TS 27560:2023 asks to be kept about a consent, in terms of DPV.

The structure follows the W3C Community Group's guide "Consent Records and Receipts as per ISO/IEC TS 27560 using DPV".
What DPV has no word for (engines, campaigns, channels) stands under a namespace of its own. A synthetic talent is
nobody, so its record is a licence: no data subject, no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.rights.grants import Grant, RecordedGrant
from countenance.rights.proof import sign_document
from countenance.rights.vocabulary import EVERYTHING, PURPOSE_TERMS
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519

CONTEXT: list[Any] = [
    "https://w3id.org/security/data-integrity/v2",
    {
        "dpv": "https://w3id.org/dpv#",
        "pd": "https://w3id.org/dpv/pd#",
        "loc": "https://w3id.org/dpv/loc#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "dct": "http://purl.org/dc/terms/",
        "schema": "https://schema.org/",
        "cn": "urn:countenance:consent:1#",
    },
]
_SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#"
_KEY = "controller"


def controller_key(project: Project) -> Ed25519PrivateKey:
    """The key with which the controller signs what it gives to people."""
    return load_or_create_ed25519(project, _KEY)


def make_record(project: Project, recorded: RecordedGrant) -> dict[str, Any]:
    """The record of a grant as JSON-LD, signed with the controller's key."""
    grant = recorded.grant
    person = grant.kind == "real"
    record: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": f"urn:ulid:{recorded.id}",
        "@type": "dpv:ConsentRecord" if person else "cn:LicenceRecord",
        "dct:identifier": recorded.id,
        "dct:conformsTo": f"{_SCHEMA}record" if person else "urn:countenance:consent:1#licence",
        "dct:created": recorded.recorded_at,
        "dpv:hasDataController": {"@type": "dpv:DataController", "schema:name": grant.controller},
        "dpv:hasProcess": [_process(grant, purpose, person=person) for purpose in sorted(grant.purposes)],
        "dpv:hasRecipient": [grant.controller, *sorted(grant.sublicence)],
        "dpv:hasDuration": {"dct:valid": f"{grant.valid_from}/{grant.valid_until}"},
        "dpv:hasConsentStatus": events(recorded),
        "cn:scope": _scope(grant),
        "cn:document": {"dct:identifier": grant.document_sha256, "cn:terms": grant.terms_sha256},
        "cn:evidence": [{"schema:name": name, "cn:sha256": sha256} for name, sha256 in sorted(grant.evidence)],
    }
    record |= _about_the_person(grant) if person else _about_the_maker(grant)
    if grant.jurisdiction:
        record["dpv:hasJurisdiction"] = f"loc:{grant.jurisdiction}"
    if grant.fee:
        record["cn:fee"] = asdict(grant.fee)
    return sign_document(record, controller_key(project), recorded.recorded_at)


def events(recorded: RecordedGrant) -> list[dict[str, Any]]:
    """What happened to the consent, in order, each with its time."""
    grant = recorded.grant
    given: dict[str, Any] = {
        "@type": "dpv:ConsentGiven" if grant.kind == "real" else "cn:LicenceGiven",
        "dct:date": recorded.recorded_at,
        "dct:valid": f"{grant.valid_from}/{grant.valid_until}",
    }
    if grant.replaces:
        given["dct:replaces"] = f"urn:ulid:{grant.replaces}"
    if recorded.withdrawn_at is None:
        return [given]
    ended = {"@type": "dpv:ConsentWithdrawn", "dct:date": recorded.withdrawn_at, "cn:by": recorded.withdrawn_by}
    return [given, ended]


def _process(grant: Grant, purpose: str, *, person: bool) -> dict[str, Any]:
    term = PURPOSE_TERMS[purpose]
    process: dict[str, Any] = {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": term.dpv, "dct:title": purpose, "dct:description": term.en},
        "dpv:hasProcessing": ["dpv:Store", "dpv:Adapt", "dpv:Disseminate"],
    }
    if person:
        process["dpv:hasPersonalData"] = list(term.data)
        process["dpv:hasStorageCondition"] = [
            {"@type": "dpv:StorageDuration", "dct:valid": f"{grant.valid_from}/{grant.valid_until}"},
            {"@type": "dpv:StorageDeletion", "dct:description": "when the last grant has ended or was withdrawn"},
        ]
    return process


def _scope(grant: Grant) -> dict[str, Any]:
    def told(values: Sequence[str]) -> Any:
        return "all" if EVERYTHING in values else sorted(values)

    return {
        "cn:engines": told(grant.engines),
        "cn:campaigns": told(grant.campaigns),
        "cn:markets": told(grant.markets),
        "cn:channels": told(grant.channels),
        "cn:languages": told(grant.languages),
        "cn:excludedProducts": sorted(grant.excluded),
        "cn:approvalBeforePublication": grant.approval,
        "cn:sublicence": told(grant.sublicence),
        "cn:syntheticDerivatives": grant.derivatives,
    }


def _about_the_person(grant: Grant) -> dict[str, Any]:
    subject: dict[str, Any] = {"@type": "dpv:DataSubject", "schema:name": grant.talent}
    if grant.born:
        subject["schema:birthDate"] = grant.born.isoformat()
    about: dict[str, Any] = {
        "dpv:hasDataSubject": subject,
        "dpv:hasLegalBasis": ["eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"],
        "dpv:hasRight": [f"eu-gdpr:{one}" for one in ("A7-3", "A15", "A16", "A17", "A18", "A20", "A77")],
    }
    if grant.identity:
        about["cn:identityCheck"] = {**asdict(grant.identity), "on": grant.identity.on.isoformat()}
    if grant.signed:
        signed = {name: value for name, value in asdict(grant.signed).items() if value is not None}
        about["cn:signatureOfPerson"] = {**signed, "on": grant.signed.on.isoformat()}
    if grant.notice:
        about["dpv:hasNotice"] = grant.notice
    if grant.contact:
        about["dpv:hasContact"] = grant.contact
    return about


def _about_the_maker(grant: Grant) -> dict[str, Any]:
    return {"schema:name": grant.talent, "dct:license": grant.licence, "dct:source": grant.origin}
