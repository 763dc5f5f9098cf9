"""How each step of the evidence is checked without this software: files, and exact commands with what they answer."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.ledger.chain import canonical
from countenance.ledger.note import pem_of
from countenance.ledger.proof import prove, public_key_pem
from countenance.provenance.signing import identity_of
from countenance.rights.proof import unbase58
from countenance.rights.record import controller_key
from countenance.rights.register import signed_record
from countenance.store.files import write_bytes, write_json
from countenance.store.subjects import key_files, subject_tag

if TYPE_CHECKING:
    from countenance.campaign.evidence import Case

_VERIFIED = "Signature Verified Successfully"


@dataclass(frozen=True)
class Check:
    """One step: what it shows, the command (run in the evidence folder), and what its answer must contain.

    `where` is "here", or "studio" for what needs a secret that stays with the studio.
    """

    title: str
    shows: str
    command: str
    answer: str
    where: str = "here"


def write_checks(case: Case, folder: Path) -> None:
    """Write the keys, records, proofs and the program that the commands work on."""
    project = case.project
    identity = identity_of(project)
    certificates = identity.chain_pem.split("-----END CERTIFICATE-----\n")
    write_bytes(folder / "root.pem", identity.anchor_pem.encode())
    write_bytes(folder / "signer.pem", (certificates[0] + "-----END CERTIFICATE-----\n").encode())
    write_bytes(folder / "ledger.pem", public_key_pem(project).encode())
    write_bytes(folder / "receipt.json", receipt_bytes(case.sealed.get("receipt", {})))
    proofs = [prove(project, one.seq) for one in case.entries]
    write_json(folder / "ledger.json", proofs)
    for proof in proofs[:1]:  # all are under the same checkpoint
        text, _, lines = str(proof["checkpoint"]).partition("\n\n")
        write_bytes(folder / "checkpoint.msg", f"{text}\n".encode())
        write_bytes(folder / "checkpoint.sig", base64.b64decode(lines.splitlines()[0].split(" ")[2])[4:])
    write_bytes(folder / "controller.pem", pem_of(controller_key(project).public_key()).encode())
    for _, one in case.grants:
        if one is not None:
            _write_consent(folder / "consents", one.id, one.grant.document, signed_record(project, one.id))
    program = resources.files("countenance.campaign").joinpath("evidence_check.py").read_bytes()
    write_bytes(folder / "check.py", program)


def checks_of(case: Case) -> list[Check]:
    """All steps, in the order in which they are best done."""
    return [*_of_files(case), *_of_ledger(case), *_of_consents(case)]


def receipt_bytes(receipt: dict[str, Any]) -> bytes:
    """The receipt as it was hashed: sorted keys, no spaces."""
    return json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _write_consent(folder: Path, name: str, document: dict[str, Any], record: dict[str, Any]) -> None:
    message, signature = _signed(record)
    form = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    write_bytes(folder / f"{name}.json", form.encode())
    write_json(folder / f"{name}.record.json", record)
    write_bytes(folder / f"{name}.msg", message)
    write_bytes(folder / f"{name}.sig", signature)


def _signed(record: dict[str, Any]) -> tuple[bytes, bytes]:
    """What was signed of a record, and the signature (W3C eddsa-jcs-2022, 3.3)."""
    bare = {name: value for name, value in record.items() if name != "proof"}
    options = {name: value for name, value in record["proof"].items() if name != "proofValue"}
    message = b"".join(hashlib.sha256(canonical(one)).digest() for one in (options, bare))
    return message, unbase58(record["proof"]["proofValue"][1:])


def _of_files(case: Case) -> Iterator[Check]:
    yield Check(
        "Nothing in this folder was changed",
        "Every file is as it was when the evidence was written.",
        "sha256sum --check --quiet SHA256SUMS && echo unchanged",
        "unchanged",
    )
    yield Check(
        "The video is the one that was released",
        "Its SHA-256 is the one in the ledger's entry release.sealed.",
        "sha256sum files/video.mp4",
        str(case.sealed["seal"]["sha256"]),
    )
    yield Check(
        "The receipt is the one of this release",
        "Its SHA-256 is the one in the ledger and in the video's signed history.",
        "sha256sum checks/receipt.json",
        str(case.sealed["record"]["receipt_sha256"]),
    )
    yield Check(
        "The signing certificate is the studio's",
        "It was issued under the studio's root certificate, with which any C2PA reader checks the signed history, "
        "for example: c2patool files/video.mp4 trust --trust_anchors checks/root.pem",
        "openssl verify -CAfile checks/root.pem checks/signer.pem",
        "checks/signer.pem: OK",
    )


def _of_ledger(case: Case) -> Iterator[Check]:
    yield Check(
        "The ledger's checkpoint is signed",
        "The studio's ledger key (Ed25519) signed how many entries there were, and the root of the tree over them.",
        "openssl pkeyutl -verify -pubin -inkey checks/ledger.pem -rawin -in checks/checkpoint.msg "
        "-sigfile checks/checkpoint.sig",
        _VERIFIED,
    )
    yield Check(
        "Each entry stands in this ledger",
        "Its hash is recomputed, and the path from it to the signed root (RFC 9162); Python's standard library alone.",
        "python3 -I checks/check.py",
        "all checked",
    )
    seal = next((one for one in case.entries if one.kind == "release.sealed"), None)
    if seal is not None:
        yield Check(
            "The entry of this release names this video",
            f"Entry {seal.seq} of the ledger holds the release's id, the mark and the video's SHA-256.",
            "python3 -I -c \"import json; print(*(p['entry']['data']['sha256'] for p in "
            "json.load(open('checks/ledger.json')) if p['entry']['kind'] == 'release.sealed'))\"",
            str(case.sealed["seal"]["sha256"]),
        )


def _of_consents(case: Case) -> Iterator[Check]:
    for commitment, one in case.grants:
        if one is None:
            continue
        yield Check(
            f"The consent of {one.grant.talent} is the document on record",
            "Its SHA-256 is the one that the receipt names.",
            f"sha256sum checks/consents/{one.id}.json && grep -c {one.grant.document_sha256} checks/receipt.json",
            one.grant.document_sha256,
        )
        yield Check(
            f"The controller signed the record of {one.grant.talent}'s consent",
            "Ed25519 over the record (W3C eddsa-jcs-2022); check.py shows that the .msg file stands for the record.",
            f"openssl pkeyutl -verify -pubin -inkey checks/controller.pem -rawin -in checks/consents/{one.id}.msg "
            f"-sigfile checks/consents/{one.id}.sig",
            _VERIFIED,
        )
        key = f".countenance/keys/{key_files(subject_tag(case.project, one.grant.talent))[0]}"
        yield Check(
            f"The ledger's commitment is to the consent of {one.grant.talent}",
            "At the studio, in the project's folder, since the person's key stays there: HMAC-SHA256 of the "
            "document's hash gives what the ledger calls this consent.",
            f"python3 -I -c \"import hmac; print(hmac.new(open('{key}', 'rb').read(), "
            f"b'{one.grant.document_sha256}', 'sha256').hexdigest())\"",
            commitment,
            where="studio",
        )
        for name, sha256 in one.grant.evidence:
            yield Check(
                f"The evidence file {name} is the one that was on record",
                "The studio keeps only its hash; ask whoever holds the file.",
                f"sha256sum {shlex.quote(name)}",
                sha256,
                where="holder",
            )
