"""Signing JSON documents so that anybody can check them without this software.

The proofs are W3C Data Integrity proofs with the cryptosuite `eddsa-jcs-2022` (W3C Recommendation "Data Integrity EdDSA
Cryptosuites v1.0", 3.3): Ed25519 over SHA-256 of the proof's options and SHA-256 of the document, both in RFC 8785
form. The key is named by a `did:key`, so a proof carries all that is needed to check it but the answer to whose key
that is.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.errors import IntegrityError
from countenance.ledger.chain import canonical

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"  # multicodec ed25519-pub
_SUITE = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod"}


def sign_document(document: dict[str, Any], key: Ed25519PrivateKey, created: str) -> dict[str, Any]:
    """The document with a `proof`. `created` is ISO 8601 in UTC; an older proof is replaced."""
    bare = {name: value for name, value in document.items() if name != "proof"}
    did = did_key(key.public_key())
    options = {**_SUITE, "created": _to_seconds(created), "verificationMethod": f"{did}#{did.removeprefix('did:key:')}"}
    if "@context" in bare:
        options["@context"] = bare["@context"]
    return {**bare, "proof": {**options, "proofValue": "z" + base58(key.sign(_digest(bare, options)))}}


def check_document(document: dict[str, Any], key: Ed25519PublicKey | None = None) -> str:
    """The `did:key` that signed the document; IntegrityError when the proof does not hold.

    With `key` it must also be that key: a proof alone says that nothing was changed, not who signed.
    """
    refusal = IntegrityError("the document's proof does not hold: it was changed after it was signed.")
    bare = {name: value for name, value in document.items() if name != "proof"}
    try:
        options = dict(document["proof"])
        value = options.pop("proofValue")
        did, _, fragment = options["verificationMethod"].partition("#")
        if any(options[name] != wanted for name, wanted in _SUITE.items()) or did != f"did:key:{fragment}":
            raise refusal
        if options.get("@context") != bare.get("@context") or value[:1] != "z":
            raise refusal
        signer = key_of_did(did)
        signer.verify(unbase58(value[1:]), _digest(bare, options))
    except (KeyError, TypeError, AttributeError, ValueError, InvalidSignature) as exc:
        raise refusal from exc
    if key is not None and did_key(key) != did:
        raise IntegrityError(f"the document was signed by {did}, not by {did_key(key)}.")
    return str(did)


def did_key(key: Ed25519PublicKey) -> str:
    """The `did:key` of a public key."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"did:key:z{base58(_ED25519 + raw)}"


def key_of_did(did: str) -> Ed25519PublicKey:
    """The public key that a `did:key` names; ValueError when it names no Ed25519 key."""
    content = unbase58(did.removeprefix("did:key:z"))
    if not did.startswith("did:key:z") or content[:2] != _ED25519:
        raise ValueError(f"{did} is no did:key of an Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(content[2:])


def base58(content: bytes) -> str:
    """Base58 with Bitcoin's alphabet, each leading zero byte a "1"."""
    number, digits = int.from_bytes(content), ""
    while number:
        number, rest = divmod(number, 58)
        digits = _BASE58[rest] + digits
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + digits


def unbase58(text: str) -> bytes:
    """What `base58` was made of; ValueError for other characters."""
    number = 0
    for digit in text:
        number = number * 58 + _BASE58.index(digit)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def _digest(document: dict[str, Any], options: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(document)).digest()


def _to_seconds(moment: str) -> str:
    """XML Schema's dateTimeStamp as the cryptosuite's examples have it: whole seconds, Z."""
    return datetime.fromisoformat(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
