from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import IntegrityError
from countenance.rights.proof import base58, check_document, did_key, key_of_did, sign_document, unbase58

# W3C Recommendation "Data Integrity EdDSA Cryptosuites v1.0", appendix B.2 (eddsa-jcs-2022).
PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
VALUE = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
CREDENTIAL: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)


def signed_example() -> dict[str, Any]:
    method = f"did:key:{PUBLIC}#{PUBLIC}"
    proof = {
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2023-02-24T23:36:38Z",
        "verificationMethod": method, "proofPurpose": "assertionMethod", "@context": CREDENTIAL["@context"],
        "proofValue": VALUE,
    }  # fmt: skip
    return {**CREDENTIAL, "proof": proof}


def test_the_published_example_holds() -> None:
    assert check_document(signed_example()) == f"did:key:{PUBLIC}"


def test_the_published_key_signs_the_published_signature() -> None:
    key = Ed25519PrivateKey.from_private_bytes(unbase58(SECRET[1:])[2:34])  # after the multicodec prefix
    assert did_key(key.public_key()) == f"did:key:{PUBLIC}"
    assert sign_document(CREDENTIAL, key, "2023-02-24T23:36:38Z") == signed_example()


def test_what_was_changed_does_not_hold() -> None:
    signed = sign_document(CREDENTIAL, OTHER, "2026-01-01T00:00:00Z")
    changes: list[dict[str, Any]] = [
        {"name": "Another Credential"},
        {"added": 1},
        {"proof": {**signed["proof"], "created": "2026-01-02T00:00:00Z"}},
        {"proof": {**signed["proof"], "proofPurpose": "authentication"}},
        {"proof": {**signed["proof"], "verificationMethod": f"did:key:{PUBLIC}#{PUBLIC}"}},
        {"proof": {**signed["proof"], "verificationMethod": f"did:key:{PUBLIC}#other"}},
        {"proof": {**signed["proof"], "proofValue": "z" + base58(b"\0" * 64)}},
        {"proof": {**signed["proof"], "proofValue": VALUE[1:]}},
        {"proof": {}},
        {"proof": "none"},
        {"@context": []},
    ]
    for change in changes:
        with pytest.raises(IntegrityError, match="does not hold"):
            check_document({**signed, **change})
    without = {name: value for name, value in signed.items() if name != "proof"}
    with pytest.raises(IntegrityError):
        check_document(without)


def test_a_proof_says_who_signed_and_can_be_asked_for_one() -> None:
    signed = sign_document(CREDENTIAL, OTHER, "2026-01-01T00:00:00Z")
    assert check_document(signed, OTHER.public_key()) == did_key(OTHER.public_key())
    stranger = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    with pytest.raises(IntegrityError, match="was signed by did:key:z"):
        check_document(signed, stranger.public_key())
    assert check_document(sign_document(signed, stranger, "2026-01-02T00:00:00Z"), stranger.public_key())


@given(st.binary(max_size=40))
def test_base58_gives_the_bytes_back(content: bytes) -> None:
    assert unbase58(base58(content)) == content


def test_a_key_is_named_by_its_did_and_nothing_else_is_a_key() -> None:
    name = did_key(OTHER.public_key())
    assert did_key(key_of_did(name)) == name
    for wrong in (f"did:key:z{base58(b'x' * 34)}", "did:web:example.org", name[:-1] + "0"):
        with pytest.raises(ValueError):
            key_of_did(wrong)
