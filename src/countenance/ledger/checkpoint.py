"""The signed head of the ledger, kept in a file beside the database.

A chain alone cannot show that its end was cut off: what remains is a whole, shorter chain. The head
says how far the ledger had come, so a database that has less is known to have lost entries.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.errors import InputError, IntegrityError
from countenance.ledger.chain import canonical, signature_holds
from countenance.store.files import read_json, write_json
from countenance.store.project import Project

_DOMAIN = b"countenance ledger head v1\0"


@dataclass(frozen=True)
class Head:
    """The ledger of `project_id` had `size` entries, the last of them with this hash."""

    project_id: str
    size: int
    hash: str


def head_path(project: Project) -> Path:
    return project.folder / "ledger.head.json"


def write_head(project: Project, head: Head, key: Ed25519PrivateKey) -> None:
    """Sign the head and replace the file atomically."""
    signature = key.sign(_DOMAIN + canonical(asdict(head))).hex()
    write_json(head_path(project), {**asdict(head), "signature": signature})


def read_head(project: Project, key: Ed25519PublicKey) -> Head | None:
    """The head on file, None when there is no file; IntegrityError when it is not ours."""
    path = head_path(project)
    if not path.exists():
        return None
    refusal = IntegrityError(f"the ledger's signed head {path} was changed; restore it from a backup.")
    try:
        values = read_json(path)
        head = Head(str(values["project_id"]), int(values["size"]), str(values["hash"]))
        signature = str(values["signature"])
    except (InputError, KeyError, TypeError, ValueError) as exc:
        raise refusal from exc
    signed = signature_holds(key, signature, _DOMAIN + canonical(asdict(head)))
    if not signed or head.project_id != project.settings.project_id:
        raise refusal
    return head
