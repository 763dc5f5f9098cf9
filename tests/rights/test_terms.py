"""What a grant file may say beyond its lists, and what it cannot say at all."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from clips import EXAMPLES

from countenance.errors import BriefError
from countenance.rights.grants import grant_from_document, load_grant, load_terms
from countenance.rights.readable import sheet_text
from countenance.rights.terms import Fee, Identity
from countenance.rights.vocabulary import FORBIDDEN, PURPOSES

FULL = """\
talent: ben
kind: real
controller: ops@example.org
purposes: [swap_source, lipsync]
campaigns: [espresso-launch]
markets: [DE]
channels: [web]
languages: [de]
valid: {from: 2026-01-01, until: 2027-12-31}
born: 1990-05-01
jurisdiction: DE
excluded: [alcohol, gambling]
approval: person
sublicence: [Agency Ltd]
derivatives: true
fee: {amount: "1500.00", currency: EUR, per: variant}
identity: {how: passport, by: Kim Casting, on: 2026-01-01}
notice: https://example.org/privacy
contact: privacy@example.org
signed: {by: Ben Example, on: 2026-01-02, how: drawn, file: ben.png}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "ben.png").write_bytes(b"drawn")
    path = tmp_path / "grant.yaml"
    path.write_text(FULL, encoding="utf-8")
    return path


def rewritten(file: Path, before: str, after: str) -> Path:
    assert before in FULL
    file.write_text(FULL.replace(before, after), encoding="utf-8")
    return file


def test_a_full_grant_is_read_and_given_back(file: Path) -> None:
    grant = load_grant(file)
    assert (grant.born, grant.jurisdiction, grant.approval, grant.derivatives) == (
        date(1990, 5, 1),
        "DE",
        "person",
        True,
    )
    assert (grant.excluded, grant.sublicence) == (("alcohol", "gambling"), ("Agency Ltd",))
    assert grant.fee == Fee("1500.00", "EUR", "variant")
    assert grant.identity == Identity("passport", "Kim Casting", date(2026, 1, 1))
    assert grant.signed is not None
    assert grant.signed.sha256 == hashlib.sha256(b"drawn").hexdigest()
    assert grant.evidence == ()  # a signature is evidence enough
    assert grant_from_document(grant.document) == grant_from_document(grant_from_document(grant.document).document)
    assert grant_from_document(grant.document).document_sha256 == grant.document_sha256


# As version 0.1.0 recorded the example grants: what is on record keeps its hash, or its ledger entry would not fit.
OLDER = {
    "ada": "ed201487f029d9a0d08d7465ae8fe52b11e58325226f26d26572dfeb9849fec9",
    "ben": "1f36caebaf456287e9f8a07d3548d33bb82439d46e2cd5a4efa1a086d075b0c5",
}


@pytest.mark.parametrize("talent", ["ada", "ben"])
def test_what_came_later_does_not_change_the_hash_of_an_older_document(talent: str) -> None:
    grant = load_grant(EXAMPLES / talent / "grant.yaml")
    assert grant.document_sha256 == OLDER[talent]
    assert set(grant.document) == {
        "talent", "kind", "controller", "purposes", "engines", "campaigns", "markets", "channels", "languages",
        "valid_from", "valid_until", "evidence", "licence", "origin",
    }  # fmt: skip
    assert grant_from_document(grant.document).derivatives is False


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("born: 1990-05-01", "born: 2026-01-01", "'born' is 2026-01-01, which is not before the grant begins"),
        ("born: 1990-05-01", "born: young", "line 10: 'born' must be a day"),
        ("jurisdiction: DE", "jurisdiction: Germany", "'Germany' in 'jurisdiction' is not a country code"),
        ("gambling]", "gamblin]", "'gamblin': did you mean 'gambling'"),
        ("approval: person", "approval: maybe", "'maybe'"),
        ("derivatives: true", "derivatives: yes", "'derivatives' must be true or false"),
        ('"1500.00"', "1500.00", "'fee.amount' must be a text"),
        ('"1500.00"', '"15 Euro"', "write a text such as"),
        ("currency: EUR", "currency: Euro", "write a code such as EUR"),
        ("per: variant", "per: view", "'view'"),
        ("how: passport", "how: looks", "'looks'"),
        ("how: drawn", "how: stamped", "'stamped'"),
        ("file: ben.png", "file: lost.png", r"the signature .*lost\.png does not exist"),
        ("file: ben.png", "file: ben.png, terms: abc", "not the 64 hex digits"),
        ("signed: {by", "replaces: 01X\nsigned: {by", "'01X' in 'replaces' is not the id of a grant"),
    ],
)
def test_a_mistake_in_the_later_parts_is_named(file: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(BriefError, match=message):
        load_grant(rewritten(file, before, after))


def test_a_synthetic_talent_was_not_born(file: Path) -> None:
    text = FULL.replace("kind: real", "kind: synthetic\nlicence: CC0-1.0\norigin: drawn")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BriefError, match="'born' belongs to a real person"):
        load_grant(file)


@pytest.mark.parametrize("word", [*FORBIDDEN, "Nudity", "emotion-recognition", "Social Scoring"])
def test_what_the_law_forbids_cannot_be_granted(file: Path, word: str) -> None:
    with pytest.raises(BriefError, match=rf"line 4: no grant can allow '{word}'"):
        load_grant(rewritten(file, "lipsync]", f"{word}]"))


def test_no_purpose_is_forbidden_and_none_is_open_ended(file: Path) -> None:
    assert not set(PURPOSES) & set(FORBIDDEN)
    with pytest.raises(BriefError, match=r"does not know '\*'"):
        load_grant(rewritten(file, "[swap_source, lipsync]", '["*"]'))


def test_a_signature_is_for_the_terms_that_were_on_the_sheet(file: Path) -> None:
    terms = load_terms(file).terms_sha256
    sheet = sheet_text(load_terms(file), "en")
    assert terms in sheet and "your face is put on somebody else" in sheet
    signed = FULL.replace("file: ben.png", f"file: ben.png, terms: {terms}")
    file.write_text(signed, encoding="utf-8")
    assert load_grant(file).terms_sha256 == terms  # neither signature nor evidence is part of what is signed
    file.write_text(signed.replace("markets: [DE]", "markets: [DE, AT]"), encoding="utf-8")
    with pytest.raises(BriefError, match="was changed after it was signed"):
        load_grant(file)


def test_a_sheet_can_be_made_before_anything_is_signed(file: Path) -> None:
    file.write_text(FULL[: FULL.index("signed:")], encoding="utf-8")
    assert "Unterschrift: ...." in sheet_text(load_terms(file), "de")
    with pytest.raises(BriefError, match="'evidence' is missing"):
        load_grant(file)


@pytest.mark.parametrize(
    ("day", "age"), [(date(2008, 4, 30), 17), (date(2008, 5, 1), 18), (date(2008, 5, 2), 18), (date(2007, 12, 31), 17)]
)
def test_an_age_is_counted_in_full_years(file: Path, day: date, age: int) -> None:
    assert load_grant(file).age_on(day) == age
    assert load_grant(EXAMPLES / "ada" / "grant.yaml").age_on(day) is None
