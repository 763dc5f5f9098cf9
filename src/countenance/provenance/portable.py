"""Verifying without the project: by the embedded history, a root certificate, and a proof from the maker's ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.errors import InputError, IntegrityError
from countenance.ledger.chain import Entry
from countenance.ledger.proof import check_proof
from countenance.media.sample import sample_lumas
from countenance.provenance.anchor import Anchor, read_anchor
from countenance.provenance.changes import changes_of_manifest
from countenance.provenance.findings import PROOF, Finding, Teller, seen_state, short
from countenance.provenance.history import INVALID, TRUSTED, VALID, History, read_history
from countenance.provenance.looks import Streams, streams_of
from countenance.provenance.manifest import RELEASE_LABEL
from countenance.provenance.records import FILES
from countenance.provenance.verify_words import say
from countenance.store.files import sha256_file


@dataclass(frozen=True)
class Portable:
    """What can be said of a file by what it carries, and by what its maker gave out."""

    sha256: str
    history: History
    trusted: bool | None
    released: bool | None
    intact: bool | None
    release_id: str | None
    released_at: str | None
    maker: str | None
    changes: tuple[str, ...] | None
    grants: tuple[str, ...]
    ledger_entry: int | None
    closing: str
    findings: tuple[Finding, ...]


def judge_alone(path: Path, language: str, anchor_text: str = "", proof: dict[str, Any] | None = None) -> Portable:
    """Judge a file without its maker's project.

    Raises InputError when the file can be neither seen nor heard and carries no history, when a proof comes
    without the ledger's key to check it by, or when the anchor cannot be understood.
    """
    anchor = read_anchor(anchor_text) if anchor_text else Anchor("", "")
    if proof is not None and not anchor.ledger_key_pem:
        raise InputError("a proof needs the ledger's public key; use the anchor file that `countenance anchor` writes.")
    history = read_history(path, anchor.certificates_pem)
    if streams_of(path, history) == Streams(picture=True, sound=False) and history.manifest_id is None:
        sample_lumas(path, 1)  # refuses what is no picture at all
    sha256 = sha256_file(path)
    ledger, entry = _of_proof(proof, anchor, sha256, language) if proof is not None else (None, None)
    trusted = history.state == TRUSTED
    maker = _maker(history) if trusted else None
    told = trusted or (history.state == VALID and not anchor_text)
    grants = _grants(history) if told else ()
    changes = changes_of_manifest(history.manifest, language) if told else None
    teller = Teller(language)
    day = entry.ts[:10] if entry else None
    release_id = str(entry.data.get("release")) if entry else history.release_id if told else None
    findings = [
        teller.of_history(history, "anchor" if anchor_text else "alone", maker or ""),
        *([ledger] if ledger else []),
        *([teller.tell("release", "released", PROOF, "then", release=release_id, day=day)] if entry else []),
        *([teller.tell("maker", "known", PROOF, maker=maker)] if maker else []),
        *([teller.of_changes(changes, PROOF)] if changes is not None else []),
        *([teller.tell("grants", "named", PROOF, count=len(grants), grants=short(list(grants)))] if grants else []),
    ]
    return Portable(
        sha256=sha256,
        history=history,
        trusted=trusted if anchor_text else None,
        released=True if entry else None,
        intact=True if entry else {VALID: True, TRUSTED: True, INVALID: False}.get(seen_state(history)),
        release_id=release_id,
        released_at=entry.ts if entry else None,
        maker=maker,
        changes=changes,
        grants=grants,
        ledger_entry=entry.seq if entry else None,
        closing=_closing(history, bool(anchor_text), entry, release_id, maker, language),
        findings=tuple(findings),
    )


def _of_proof(proof: dict[str, Any], anchor: Anchor, sha256: str, language: str) -> tuple[Finding, Entry | None]:
    """What a proof says; the entry only when it is proven and is the sealing of this very file."""
    teller = Teller(language)
    try:
        entry = check_proof(proof, anchor.ledger_key_pem)
    except IntegrityError as problem:
        return teller.tell("ledger", "refuted", PROOF, problem=problem), None
    if entry.kind != "release.sealed" or sha256 not in (entry.data.get(name) for name in FILES):
        return teller.tell("ledger", "of another file", PROOF, seq=entry.seq), None
    return teller.tell("ledger", "included", PROOF, seq=entry.seq), entry


def _closing(
    history: History, anchored: bool, entry: Entry | None, release_id: str | None, maker: str | None, language: str
) -> str:
    state = seen_state(history)
    if not anchored:
        named = state == VALID and release_id
        return say(language, "end.alone.named" if named else f"end.alone.{state}", release=release_id)
    if state == TRUSTED:
        state = "proven" if entry and entry.data.get("release") == history.release_id else TRUSTED
    elif entry:
        state = "ledger only"
    return say(language, f"end.anchor.{state}", release=release_id or history.release_id, maker=maker)


def _maker(history: History) -> str:
    """Whom the signing certificate names."""
    signed = history.manifest.get("signature_info") or {}
    return str(signed.get("issuer") or signed.get("common_name") or "?")


def _grants(history: History) -> tuple[str, ...]:
    """The commitments of the grants that the history names."""
    for assertion in history.manifest.get("assertions", ()):
        if assertion.get("label") == RELEASE_LABEL:
            return tuple(str(one) for one in (assertion.get("data") or {}).get("grants", ()))
    return ()
