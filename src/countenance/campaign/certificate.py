"""The certificate of an erasure: what was destroyed, what is kept and why, signed with the ledger's key.

It does not name the person. It holds the hash of the name with a random number that is shown once and kept nowhere:
who has that number can prove whom the certificate is about, nobody else can tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from countenance.errors import IntegrityError
from countenance.ledger.chain import canonical, signature_holds
from countenance.store.files import read_json, write_bytes, write_json
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519

FOLDER = "certificates"
FORMAT = "countenance erasure certificate 1"
_DOMAIN = b"countenance erasure certificate v1\0"
_SIGNING_KEY = "ledger"


def about(name: str, opening: str) -> str:
    """What a certificate says instead of a name."""
    return hashlib.sha256(f"{opening}\0{name}".encode()).hexdigest()


def digest(content: Mapping[str, Any]) -> str:
    """The hash by which the ledger knows a certificate."""
    return hashlib.sha256(canonical(dict(content))).hexdigest()


def write_certificate(project: Project, content: Mapping[str, Any], entry: int) -> Path:
    """Sign a certificate and write it as JSON and as text; returns the JSON file. `entry`: its place in the ledger."""
    key = load_or_create_ed25519(project, _SIGNING_KEY)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    signature = key.sign(_DOMAIN + canonical(dict(content))).hex()
    path = project.folder / FOLDER / f"{content['certificate']}.json"
    write_bytes(path.with_suffix(".txt"), in_words(content, entry, signature).encode())
    write_json(path, {"content": content, "entry": entry, "signature": signature, "public_key": public})
    return path


def check_certificate(path: Path, public_key: str) -> dict[str, Any]:
    """The content of a certificate; IntegrityError when it was changed or is not signed with this key (PEM)."""
    refusal = IntegrityError(f"{path} is no certificate of this studio, or it was changed.")
    values = read_json(path)
    try:
        key = load_pem_public_key(public_key.encode())
        content, signature = dict(values["content"]), str(values["signature"])
    except (KeyError, TypeError, ValueError) as exc:
        raise refusal from exc
    if not isinstance(key, Ed25519PublicKey) or not signature_holds(key, signature, _DOMAIN + canonical(content)):
        raise refusal
    return content


def in_words(content: Mapping[str, Any], entry: int, signature: str) -> str:
    """The certificate for people."""
    destroyed = [_line(one["files"], one["kind"], one["bytes"]) for one in content["destroyed"]]
    rows = [f"  {one['rows']:>6}  {one['kind']}" for one in content["deleted"]]
    kept = [f"  {one['count']:>6}  {one['what']}\n          why: {one['why']}" for one in content["kept"]]
    pulled = [f"  {one['release']}  mark {one['mark_id']}" for one in content["releases_pulled"]]
    return "\n".join(
        [
            "CERTIFICATE OF ERASURE",
            "",
            f"Certificate   {content['certificate']}",
            f"Controller    {content['controller']} (project {content['project']})",
            f"Person        {content['person']}",
            "              SHA-256 of the number shown at the erasure, a zero byte, and the name",
            f"Begun         {content['begun_at']}",
            f"Completed     {content['completed_at']}",
            f"Searched      the project and {content['replicas']} replicas; readable remainders found: "
            f"{content['searched']['remainders']}",
            "",
            "Destroyed (files)",
            *(destroyed or ["       0"]),
            "",
            "Deleted (records)",
            *(rows or ["       0"]),
            "",
            "Releases withdrawn, to be taken down wherever they are shown",
            *(pulled or ["  none"]),
            "",
            "Kept, and why",
            *(kept or ["  nothing"]),
            "",
            f"Entry {entry} of the ledger (person.erased) holds the SHA-256 of this certificate's content:",
            f"  {digest(content)}",
            f"Signed with the ledger's key (Ed25519): {signature}",
            "",
        ]
    )


def _line(files: int, kind: str, size: int) -> str:
    return f"  {files:>6}  {kind} ({size} bytes)"
