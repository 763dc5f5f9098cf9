"""A grant in words: the sheet that a person signs, and the text of the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countenance.rights.grants import Grant, RecordedGrant
from countenance.rights.vocabulary import EVERYTHING, PURPOSE_TERMS
from countenance.rights.wording import WORDS


def sheet_text(grant: Grant, language: str) -> str:
    """What is put before a person to sign: the terms, their hash, and where to sign."""
    words = WORDS[language]
    lines = [words["sheet_title"], "=" * 72, "", *_terms(grant, language)]
    lines += ["", words["rights"], "", _row(words["terms"], grant.terms_sha256), "", words["sign_here"], ""]
    lines += [f"{words[one]}: {'.' * 48}" for one in ("name", "date", "signature")]
    return "\n".join(lines) + "\n"


def receipt_text(recorded: RecordedGrant, receipt: Mapping[str, Any], language: str) -> str:
    """A receipt's JSON-LD in words: its state, the terms, how to withdraw, the person's rights, how to check it."""
    grant, words = recorded.grant, WORDS[language]
    real = grant.kind == "real"
    lines = [words["title" if real else "licence_title"], "=" * 72, "", _state(recorded, words), ""]
    lines += [*_terms(grant, language), *_attached(grant, words), *_withdrawal(receipt, words)]
    lines += ["", words["rights"]] if real else []
    lines += [
        "",
        words["how_to_check"],
        f"  {words['grant']}: {recorded.id}",
        f"  {words['receipt']}: {receipt['dct:identifier']}, {receipt['dct:created']}",
        f"  {words['terms']}: {grant.terms_sha256}",
        f"  {words['key']}: {receipt['proof']['verificationMethod'].partition('#')[0]}",
    ]
    return "\n".join(lines) + "\n"


def _terms(grant: Grant, language: str) -> list[str]:
    """What is allowed, to whom, where and until when: that which is signed."""
    words = WORDS[language]

    def listed(values: tuple[str, ...], none: str = "none") -> str:
        return words["all"] if EVERYTHING in values else ", ".join(values) or words[none]

    rows = {
        "campaigns": listed(grant.campaigns),
        "markets": listed(grant.markets),
        "channels": listed(grant.channels),
        "languages": listed(grant.languages),
        "engines": listed(grant.engines),
        "excluded": listed(grant.excluded),
        "approval": words["yes" if grant.approval == "person" else "no"],
        "sublicence": listed(grant.sublicence, "nobody"),
        "derivatives": words["yes" if grant.derivatives else "no"],
    }
    if grant.fee:
        rows["fee"] = f"{grant.fee.amount} {grant.fee.currency} / {words[grant.fee.per]}"
    for name, value in (("licence", grant.licence), ("origin", grant.origin)):
        if value:
            rows[name] = value
    for name, value in (("notice", grant.notice), ("contact", grant.contact)):
        if value:
            rows[name] = value
    return [
        _row(words["person"], grant.talent),
        _row(words["controller"], grant.controller),
        _row(words["period"], f"{grant.valid_from} – {grant.valid_until}"),
        "",
        words["purposes"],
        *(f"  - {getattr(PURPOSE_TERMS[one], language)}" for one in sorted(grant.purposes)),
        words["only"],
        "",
        *(_row(words[name], value) for name, value in rows.items()),
    ]


def _attached(grant: Grant, words: Mapping[str, str]) -> list[str]:
    """Signature, identity check and evidence."""
    lines = []
    if grant.identity:
        told = f"{grant.identity.how.replace('_', ' ')}, {grant.identity.by}, {grant.identity.on}"
        lines.append(_row(words["identity"], told))
    if grant.signed:
        signed = grant.signed
        lines.append(_row(words["signed"], f"{signed.by}, {signed.on}, {signed.file} (SHA-256 {signed.sha256})"))
    return lines + [_row(words["evidence"], f"{name} (SHA-256 {sha})") for name, sha in sorted(grant.evidence)]


def _withdrawal(receipt: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    ways = receipt.get("cn:withdrawal")
    if ways is None:
        return []
    told = [f"  {ways[name]}" for name in ("cn:command", "cn:link") if name in ways]
    return ["", words["how_to_withdraw"], *told, words["what_withdrawing_does"]]


def _state(recorded: RecordedGrant, words: Mapping[str, str]) -> str:
    if recorded.withdrawn_at is None:
        return words["stands"].format(on=recorded.recorded_at[:10])
    return words["withdrawn"].format(on=recorded.withdrawn_at[:10], by=recorded.withdrawn_by)


def _row(name: str, value: str) -> str:
    return f"{name + ':':<27} {value}"
