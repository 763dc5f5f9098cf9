"""The anchor file: what others need to check a project's releases without the project.

One PEM file with the root certificate, under which the signed histories are signed, and the public key with
which the ledger signs. Whoever checks must have it from its maker by a way that they trust.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from countenance.errors import InputError
from countenance.ledger.proof import public_key_pem
from countenance.provenance.signing import anchors_of
from countenance.store.project import Project

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----\n?", re.DOTALL)


@dataclass(frozen=True)
class Anchor:
    """What stands in an anchor file, both in PEM form; empty where it is absent."""

    certificates_pem: str
    ledger_key_pem: str


def anchor_text(project: Project) -> str:
    """The project's anchor file: root certificate and the ledger's public key."""
    return anchors_of(project) + public_key_pem(project)


def read_anchor(text: str) -> Anchor:
    """The parts of an anchor file; InputError when it holds no certificate and no key, or a broken one."""
    blocks = [(match[1], match[0].rstrip("\n") + "\n") for match in _BLOCK.finditer(text)]
    certificates = "".join(block for kind, block in blocks if kind == "CERTIFICATE")
    keys = [block for kind, block in blocks if kind == "PUBLIC KEY"]
    if (not certificates and not keys) or len(keys) > 1:
        raise InputError("the anchor holds no root certificate; use the file that `countenance anchor` writes.")
    try:
        if certificates:
            x509.load_pem_x509_certificates(certificates.encode())
        if keys:
            serialization.load_pem_public_key(keys[0].encode())
    except ValueError as exc:
        raise InputError(f"the anchor is damaged ({exc}); fetch it from its maker again.") from exc
    return Anchor(certificates, keys[0] if keys else "")
