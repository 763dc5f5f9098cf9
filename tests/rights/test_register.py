from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import commitment, entries, verify
from countenance.rights.decide import Use, decide
from countenance.rights.grants import Grant
from countenance.rights.register import all_grants, grant_commitment, grants_of, record_grant, withdraw_grant
from countenance.store.database import writing
from countenance.store.project import Project
from countenance.store.tables import grant_record

GRANT = Grant(
    talent="Zoë Example",
    kind="real",
    controller="ops@example.org",
    purposes=("lipsync",),
    engines=("*",),
    campaigns=("espresso",),
    markets=("DE", "AT"),
    channels=("web",),
    languages=("de",),
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
    evidence=(("zoe-form.pdf", "0" * 64),),
    licence=None,
    origin=None,
)
ACTOR = "ops@example.org"


def test_a_recorded_grant_comes_back(project: Project) -> None:
    recorded = record_grant(project, GRANT, ACTOR)
    assert [one.id for one in grants_of(project, "Zoë Example")] == [recorded.id]
    found = all_grants(project)[0]
    assert found.grant.document == GRANT.document
    assert found.withdrawn_at is None
    assert grants_of(project, "somebody") == []


def test_recording_a_document_twice_changes_nothing(project: Project) -> None:
    first = record_grant(project, GRANT, ACTOR)
    reordered = replace(GRANT, markets=("AT", "DE"))
    assert record_grant(project, reordered, ACTOR).id == first.id
    assert len(entries(project)) == 1


def test_the_ledger_knows_of_the_grant_but_not_of_the_person(project: Project) -> None:
    record_grant(project, GRANT, ACTOR)
    withdraw_grant(project, "Zoë Example", ACTOR, "Zoë has changed her mind")
    granted, withdrawn = entries(project)
    assert (granted.kind, withdrawn.kind) == ("consent.granted", "consent.withdrawn")
    assert granted.data["talent"] == commitment(project, "Zoë Example")
    assert granted.data["document"] == grant_commitment(project, GRANT)
    written = json.dumps([granted.data, withdrawn.data], ensure_ascii=False)
    for secret in ("Zoë", "zoe", "mind", GRANT.document_sha256):
        assert secret not in written
    assert verify(project).ok


def test_a_withdrawal_counts_from_that_moment_and_is_not_undone(project: Project) -> None:
    recorded = record_grant(project, GRANT, ACTOR)
    use = Use("Zoë Example", "lipsync", "lipsync", "espresso", "DE", "web", "de", date(2026, 6, 1))
    assert decide(use, grants_of(project, use.talent)).grant_id == recorded.id
    (withdrawn,) = withdraw_grant(project, recorded.id, "zoe", "no more")
    assert (withdrawn.withdrawn_by, withdrawn.reason) == ("zoe", "no more")
    assert record_grant(project, GRANT, ACTOR) == withdrawn
    assert not decide(use, grants_of(project, use.talent)).allowed


def test_withdrawing_by_name_takes_all_live_grants_once(project: Project) -> None:
    record_grant(project, GRANT, ACTOR)
    record_grant(project, replace(GRANT, markets=("ES",)), ACTOR)
    record_grant(project, replace(GRANT, talent="ada"), ACTOR)
    first = withdraw_grant(project, "Zoë Example", "zoe", "no more")
    assert len(first) == 2
    assert withdraw_grant(project, "Zoë Example", "somebody", "again") == first
    assert len(entries(project, "consent.withdrawn")) == 2
    assert grants_of(project, "ada")[0].withdrawn_at is None


def test_what_is_not_on_record_cannot_be_withdrawn(project: Project) -> None:
    with pytest.raises(InputError, match="no grant of 'nobody'"):
        withdraw_grant(project, "nobody", ACTOR, "")


@pytest.mark.parametrize(
    "change",
    [
        {"document": {**GRANT.document, "markets": ["AT", "DE", "US"]}},
        {
            "document": {**GRANT.document, "markets": ["*"]},
            "sha256": replace(GRANT, markets=("*",)).document_sha256,
        },
        {"withdrawn_at": "2026-05-01T00:00:00Z"},
        {"talent": "ada"},
    ],
)
def test_a_grant_changed_in_the_database_is_noticed(project: Project, change: dict[str, object]) -> None:
    record_grant(project, GRANT, ACTOR)
    with writing(project) as connection:
        connection.execute(update(grant_record).values(change))
    with pytest.raises(IntegrityError, match="not what the ledger says"):
        all_grants(project)


def test_a_withdrawal_cannot_be_erased_from_the_table(project: Project) -> None:
    record_grant(project, GRANT, ACTOR)
    withdraw_grant(project, "Zoë Example", "zoe", "no more")
    with writing(project) as connection:
        connection.execute(update(grant_record).values(withdrawn_at=None))
    with pytest.raises(IntegrityError, match="not what the ledger says"):
        grants_of(project, "Zoë Example")


def test_a_grant_put_into_the_table_by_hand_allows_nothing(project: Project) -> None:
    record_grant(project, GRANT, ACTOR)
    forged = replace(GRANT, talent="ada")
    with closing(sqlite3.connect(project.database_path)) as connection, connection:
        connection.execute(
            "INSERT INTO grant_record (id, talent, kind, sha256, document, recorded_at) VALUES (?, ?, ?, ?, ?, ?)",
            ("01FORGED", "ada", "real", forged.document_sha256, json.dumps(forged.document), "2026-01-01"),
        )
    with pytest.raises(IntegrityError, match="01FORGED"):
        grants_of(project, "ada")
