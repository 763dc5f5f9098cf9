"""The parts of a grant that are more than a list of words: signature, identity check, fee."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from countenance.rights.vocabulary import FEE_UNITS, IDENTITY_CHECKS, SIGNINGS
from countenance.store.documents import Section
from countenance.store.files import sha256_file

_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Signed:
    """How the person signed: a drawn signature or a signed document, kept by its hash.

    `terms_sha256` names the terms that were on the sheet (`Grant.terms_sha256`); None for a document of its own.
    """

    by: str
    on: date
    how: str
    file: str
    sha256: str
    terms_sha256: str | None = None


@dataclass(frozen=True)
class Identity:
    """How it was made sure that the person is who they say, by whom and when."""

    how: str
    by: str
    on: date


@dataclass(frozen=True)
class Fee:
    """What is paid; the amount is a decimal text, since money is not counted in floats."""

    amount: str
    currency: str
    per: str


def read_signed(section: Section) -> Signed:
    section.only(("by", "on", "how", "file"), ("terms",))
    path = section.file.parent / section.text("file")
    if not path.is_file():
        raise section.problem(f"the signature {path} does not exist: add it or correct its name", "file")
    terms = section.text("terms") if "terms" in section.values else None
    if terms is not None and not _SHA256.fullmatch(terms):
        raise section.problem("'signed.terms' is not the 64 hex digits that the signed sheet shows", "terms")
    how = section.choice("how", SIGNINGS)
    return Signed(section.text("by"), section.day("on"), how, section.text("file"), sha256_file(path), terms)


def read_identity(section: Section) -> Identity:
    section.only(("how", "by", "on"))
    return Identity(section.choice("how", IDENTITY_CHECKS), section.text("by"), section.day("on"))


def read_fee(section: Section) -> Fee:
    section.only(("amount", "currency"), ("per",))
    amount, currency = section.text("amount"), section.text("currency")
    if not _AMOUNT.fullmatch(amount):
        raise section.problem(f"'fee.amount' is '{amount}': write a text such as \"1500.00\"", "amount")
    if not _CURRENCY.fullmatch(currency):
        raise section.problem(f"'fee.currency' is '{currency}': write a code such as EUR (ISO 4217)", "currency")
    return Fee(amount, currency, section.choice("per", FEE_UNITS, "once"))
