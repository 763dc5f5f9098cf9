from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import entries, transaction, verify
from countenance.rights import register
from countenance.rights.grants import Grant
from countenance.rights.proof import check_document, did_key, sign_document
from countenance.rights.receipt import check_receipt, issue_receipt, write_receipt
from countenance.rights.record import controller_key
from countenance.rights.register import all_grants, record_grant, signed_record, withdraw_by_token, withdraw_grant
from countenance.rights.terms import Fee, Identity, Signed
from countenance.store.database import writing
from countenance.store.project import Project
from countenance.store.tables import grant_record

GRANT = Grant(
    talent="Zoë Example",
    kind="real",
    controller="Studio Espresso GmbH",
    purposes=("lipsync", "voice"),
    engines=("*",),
    campaigns=("espresso",),
    markets=("DE", "AT"),
    channels=("web",),
    languages=("de",),
    valid_from=date(2026, 1, 1),
    valid_until=date(2027, 12, 31),
    evidence=(("form.pdf", "0" * 64),),
    licence=None,
    origin=None,
    born=date(1990, 5, 1),
    jurisdiction="DE",
    excluded=("alcohol",),
    approval="person",
    sublicence=("Agency Ltd",),
    fee=Fee("1500.00", "EUR", "campaign"),
    identity=Identity("passport", "Kim Casting", date(2026, 1, 1)),
    signed=Signed("Zoë Example", date(2026, 1, 1), "drawn", "zoe.png", "1" * 64),
    notice="https://example.org/privacy",
    contact="privacy@example.org",
)
SYNTHETIC = replace(
    GRANT, talent="nobody", kind="synthetic", licence="CC0-1.0", origin="drawn by us", born=None, signed=None,
    identity=None, evidence=(),
)  # fmt: skip


def test_the_record_says_what_the_standard_asks_for(project: Project) -> None:
    recorded = record_grant(project, GRANT, "ops")
    record = signed_record(project, recorded.id)
    assert record["@type"] == "dpv:ConsentRecord"
    assert record["dct:identifier"] == recorded.id
    assert record["dct:conformsTo"].endswith("dpv-27560#record")
    assert record["dpv:hasDataSubject"]["schema:name"] == "Zoë Example"
    assert record["dpv:hasDataController"]["schema:name"] == "Studio Espresso GmbH"
    assert record["dpv:hasLegalBasis"] == ["eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"]
    assert record["dpv:hasJurisdiction"] == "loc:DE"
    assert record["dpv:hasRecipient"] == ["Studio Espresso GmbH", "Agency Ltd"]
    assert record["dpv:hasNotice"] == "https://example.org/privacy"
    purposes = {one["dpv:hasPurpose"]["dct:title"]: one for one in record["dpv:hasProcess"]}
    assert set(purposes) == {"lipsync", "voice"}  # each purpose stands apart, with the data it needs
    assert "pd:FacialPrint" in purposes["lipsync"]["dpv:hasPersonalData"]
    assert "pd:FacialPrint" not in purposes["voice"]["dpv:hasPersonalData"]
    (given,) = record["dpv:hasConsentStatus"]
    assert (given["@type"], given["dct:valid"]) == ("dpv:ConsentGiven", "2026-01-01/2027-12-31")
    assert record["cn:scope"]["cn:engines"] == "all"
    assert record["cn:scope"]["cn:excludedProducts"] == ["alcohol"]
    assert record["cn:fee"] == {"amount": "1500.00", "currency": "EUR", "per": "campaign"}
    assert record["cn:identityCheck"]["how"] == "passport"
    assert record["cn:signatureOfPerson"]["sha256"] == "1" * 64
    assert record["cn:document"]["dct:identifier"] == GRANT.document_sha256
    assert check_document(record, controller_key(project).public_key())


def test_a_licence_is_no_consent_and_names_no_person(project: Project) -> None:
    record = signed_record(project, record_grant(project, SYNTHETIC, "ops").id)
    assert record["@type"] == "cn:LicenceRecord"
    assert (record["dct:license"], record["dct:source"]) == ("CC0-1.0", "drawn by us")
    text = json.dumps(record)
    assert not any(term in text for term in ("hasDataSubject", "hasPersonalData", "hasLegalBasis", "dpv:Consent"))


def test_another_record_than_the_one_in_the_ledger_is_noticed(project: Project) -> None:
    recorded = record_grant(project, GRANT, "ops")
    record = signed_record(project, recorded.id)
    forged = sign_document({**record, "cn:fee": {"amount": "1.00"}}, controller_key(project), recorded.recorded_at)
    for other in (forged, None):
        with writing(project) as connection:
            connection.execute(update(grant_record).values(record=other))
        with pytest.raises(IntegrityError, match="not the one in the ledger"):
            signed_record(project, recorded.id)


def test_a_receipt_holds_the_record_and_is_signed_by_the_controller(project: Project, tmp_path: Path) -> None:
    recorded = record_grant(project, GRANT, "ops")
    receipt = issue_receipt(project, recorded.id, link="https://example.org/withdraw/")
    paths = write_receipt(receipt, tmp_path / "out")
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
    document = json.loads(paths[0].read_text(encoding="utf-8"))
    signer = did_key(controller_key(project).public_key())
    assert check_receipt(document) == check_receipt(document, project) == signer
    assert document["dpv:hasRecordOfActivity"] == signed_record(project, recorded.id)
    assert document["cn:withdrawal"]["cn:link"] == f"https://example.org/withdraw/{receipt.token}"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update({"dct:publisher": "Somebody"}),
        lambda document: document["cn:withdrawal"].update({"cn:command": "rm"}),
        lambda document: document["dpv:hasRecordOfActivity"].update({"cn:evidence": []}),
        lambda document: document["dpv:hasRecordOfActivity"]["cn:scope"].update({"cn:markets": "all"}),
    ],
)
def test_a_changed_receipt_is_noticed(project: Project, change: Any) -> None:
    document = issue_receipt(project, record_grant(project, GRANT, "ops").id).document
    document = json.loads(json.dumps(document))
    change(document)
    with pytest.raises(IntegrityError, match="does not hold"):
        check_receipt(document)


def test_what_is_no_receipt_is_refused(project: Project) -> None:
    record = signed_record(project, record_grant(project, GRANT, "ops").id)
    for other in ({}, record, {"@type": "dpv:ConsentReceipt"}):
        with pytest.raises(InputError, match="no consent receipt"):
            check_receipt(other)
    with pytest.raises(InputError, match="no grant '01X' is on record"):
        issue_receipt(project, "01X")
    with pytest.raises(InputError, match="en or de, not in 'fr'"):
        issue_receipt(project, all_grants(project)[0].id, language="fr")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["your mouth is made to speak another language", "You can withdraw at any time", "Never for"]),
        ("de", ["Ihr Mund spricht im Film eine andere Sprache", "jederzeit ohne Angabe von Gründen", "Niemals für"]),
    ],
)
def test_the_text_says_in_words_what_is_allowed_and_how_to_end_it(
    project: Project, language: str, said: list[str]
) -> None:
    recorded = record_grant(project, GRANT, "ops")
    receipt = issue_receipt(project, recorded.id, language=language)
    assert receipt.token is not None
    for word in (*said, "Zoë Example", "Studio Espresso GmbH", "AT, DE", "alcohol", "1500.00 EUR", "Agency Ltd",
                 f"countenance consent withdraw --token {receipt.token}", recorded.id, "privacy@example.org",
                 did_key(controller_key(project).public_key())):  # fmt: skip
        assert word in receipt.text
    assert "your face is put on somebody else" not in receipt.text
    assert all(len(line) < 140 for line in receipt.text.splitlines() if "SHA-256" not in line)


def test_the_token_withdraws_its_grant_once_and_no_other(project: Project) -> None:
    recorded = record_grant(project, GRANT, "ops")
    other = record_grant(project, replace(GRANT, campaigns=("tea",)), "ops")
    token = issue_receipt(project, recorded.id).token
    assert token is not None
    (withdrawn,) = withdraw_by_token(project, f" {token}\n", "changed my mind")
    assert (withdrawn.id, withdrawn.reason) == (recorded.id, "changed my mind")
    assert withdrawn.withdrawn_by == "the person, by the token of the receipt"
    assert [one.withdrawn_at is None for one in all_grants(project)] == [False, True]
    with pytest.raises(InputError, match=r"was withdrawn on .* already"):
        withdraw_by_token(project, token)
    assert [entry.data["grant"] for entry in entries(project, "consent.withdrawn")] == [recorded.id]
    assert other.id != recorded.id


def test_a_wrong_or_replaced_token_does_nothing_and_none_is_kept(project: Project) -> None:
    recorded = record_grant(project, GRANT, "ops")
    with pytest.raises(InputError, match="not valid"):  # none was given out yet
        withdraw_by_token(project, f"cw1-{recorded.id}-{'0' * 48}")
    first, second = (issue_receipt(project, recorded.id).token or "" for _ in range(2))
    wrong = second[:-1] + ("0" if second[-1] != "0" else "1")
    for token in (first, wrong, "", "x" * 500, second.replace(recorded.id, "01ARZ3NDEKTSV4RRFFQ69G5FAV")):
        with pytest.raises(InputError, match="not valid"):
            withdraw_by_token(project, token)
    assert all_grants(project)[0].withdrawn_at is None
    for path in project.folder.rglob("*"):
        assert not path.is_file() or second[-48:].encode() not in path.read_bytes()
    assert withdraw_by_token(project, second)[0].withdrawn_at is not None


def test_the_receipt_of_a_withdrawn_grant_confirms_the_withdrawal(project: Project) -> None:
    recorded = record_grant(project, GRANT, "ops")
    withdraw_grant(project, recorded.id, "Zoë", "no more")
    receipt = issue_receipt(project, recorded.id)
    assert receipt.token is None and "cn:withdrawal" not in receipt.document
    states = [one["@type"] for one in receipt.document["dpv:hasConsentStatus"]]
    assert states == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    assert "This consent was withdrawn on" in receipt.text
    assert check_receipt(receipt.document, project)


def test_a_grant_of_an_older_version_gets_its_record_when_asked(project: Project) -> None:
    """Before records were kept, a grant had none, and its entry in the ledger did not speak of one."""
    recorded = record_grant(project, GRANT, "ops")
    older = replace(recorded, id="01ARZ3NDEKTSV4RRFFQ69G5FAV", grant=replace(GRANT, campaigns=("tea",)))
    with transaction(project) as ledger:
        ledger.connection.execute(
            grant_record.insert().values(
                id=older.id, talent=GRANT.talent, kind="real", sha256=older.grant.document_sha256,
                document=older.grant.document, recorded_at=older.recorded_at,
            )
        )  # fmt: skip
        ledger.append("consent.granted", "ops", register._ledger_data(project, older))
    first = signed_record(project, older.id)
    assert first["dct:identifier"] == older.id
    assert signed_record(project, older.id) == first
    assert [entry.data["grant"] for entry in entries(project, "consent.recorded")] == [older.id]
    assert verify(project).ok
