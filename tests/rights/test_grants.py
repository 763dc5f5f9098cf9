from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from countenance.errors import BriefError
from countenance.rights.grants import document_sha256, grant_from_document, load_grant

BEN = """\
talent: ben
kind: real
controller: ops@example.org
purposes: [swap_source, swap_target, lipsync, voice]
campaigns: [espresso-launch]
markets: [DE, AT, NO]
channels: [web, youtube]
languages: [en, de, no]
valid: {from: 2026-01-01, until: 2027-12-31}
evidence: [release-form.pdf]
"""
NOBODY = """\
talent: nobody
kind: synthetic
controller: ops@example.org
purposes: [swap_source]
engines: [swap]
campaigns: ["*"]
markets: ["*"]
channels: ["*"]
languages: ["*"]
valid: {from: 2026-01-01, until: 2036-01-01}
licence: CC0-1.0
origin: drawn by our own generator, seed 7
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "release-form.pdf").write_bytes(b"%PDF signed")
    return tmp_path


def _write(folder: Path, text: str) -> Path:
    path = folder / "grant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_real_persons_grant_is_read_whole(folder: Path) -> None:
    grant = load_grant(_write(folder, BEN))
    assert (grant.talent, grant.kind, grant.controller) == ("ben", "real", "ops@example.org")
    assert grant.markets == ("DE", "AT", "NO")  # Norway is not a "false"
    assert grant.languages == ("en", "de", "no")
    assert (grant.valid_from, grant.valid_until) == (date(2026, 1, 1), date(2027, 12, 31))
    assert grant.evidence == (("release-form.pdf", hashlib.sha256(b"%PDF signed").hexdigest()),)
    assert grant.engines == ("*",)
    assert (grant.licence, grant.origin) == (None, None)


def test_a_synthetic_talent_has_a_licence_and_an_origin_instead_of_a_form(folder: Path) -> None:
    grant = load_grant(_write(folder, NOBODY))
    assert (grant.licence, grant.origin) == ("CC0-1.0", "drawn by our own generator, seed 7")
    assert (grant.engines, grant.evidence) == (("swap",), ())


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("purposes:", "purpose:", r"line 4: unknown key 'purpose': did you mean 'purposes'\?"),
        ("controller: ops@example.org\n", "", "'controller' is missing"),
        ("kind: real", "kind: reel", r"line 2: .*'reel': did you mean 'real'\?"),
        ("lipsync", "lip-sync", "line 4: .*'lip-sync': did you mean 'lipsync'"),
        ("until: 2027-12-31", "until: 2025-12-31", "ends on 2025-12-31, before it begins on 2026-01-01"),
        ("until: 2027-12-31", "until: soon", "'valid.until' must be a day"),
        ("until: 2027", "til: 2027", "unknown key 'til'"),
        ("[DE, AT, NO]", "[Germany]", "line 6: 'Germany' in 'markets' is not a country code"),
        ("[DE, AT, NO]", "DE", r"must be a list: write \[DE\]"),
        ("[en, de, no]", "[english please]", "'english please' in 'languages' is not a language code"),
        ("[release-form.pdf]", "[lost.pdf]", r"line 10: the evidence file .*lost\.pdf does not exist"),
        ("evidence: [release-form.pdf]\n", "", "'evidence' is missing"),
        ("evidence: [release-form.pdf]", "evidence: []", "at least one"),
        ("evidence:", "licence: CC0-1.0\nevidence:", "line 10: 'licence' belongs to a synthetic talent"),
        ("talent: ben", "talent: ben\ntalent: ada", "line 2: 'talent' stands here twice"),
    ],
)
def test_a_mistake_is_named_with_its_line(folder: Path, before: str, after: str, message: str) -> None:
    assert before in BEN
    with pytest.raises(BriefError, match=message):
        load_grant(_write(folder, BEN.replace(before, after)))


@pytest.mark.parametrize("key", ["licence", "origin"])
def test_a_synthetic_talent_without_its_source_is_refused(folder: Path, key: str) -> None:
    text = "\n".join(line for line in NOBODY.splitlines() if not line.startswith(key))
    with pytest.raises(BriefError, match=f"'{key}' is missing"):
        load_grant(_write(folder, text))


def test_the_document_gives_the_grant_back(folder: Path) -> None:
    for text in (BEN, NOBODY):
        grant = load_grant(_write(folder, text))
        again = grant_from_document(grant.document)
        assert again.document == grant.document
        assert set(again.markets) == set(grant.markets)
        assert document_sha256(grant.document) == grant.document_sha256


def test_the_hash_is_of_the_meaning_and_of_the_evidence(folder: Path) -> None:
    first = load_grant(_write(folder, BEN)).document_sha256
    respelt = "# a comment\n" + BEN.replace("[DE, AT, NO]", "[NO, 'DE', AT]")
    assert load_grant(_write(folder, respelt)).document_sha256 == first
    assert load_grant(_write(folder, BEN.replace("[DE, AT, NO]", "[DE, AT]"))).document_sha256 != first
    (folder / "release-form.pdf").write_bytes(b"another form")
    assert load_grant(_write(folder, BEN)).document_sha256 != first
