"""The signed head of ledgers from before they had a Merkle tree: a JSON file beside the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from countenance.errors import InputError, IntegrityError
from countenance.ledger.chain import canonical, signature_holds
from countenance.store.files import read_json
from countenance.store.project import Project

_DOMAIN = b"countenance ledger head v1\0"


@dataclass(frozen=True)
class OldHead:
    """The ledger of `project_id` had `size` entries, the last of them with this hash."""

    project_id: str
    size: int
    hash: str


def old_head_path(project: Project) -> Path:
    return project.folder / "ledger.head.json"


def read_old_head(project: Project, key: Ed25519PublicKey) -> OldHead | None:
    """The head on file, None when there is no file; IntegrityError when it is not ours."""
    path = old_head_path(project)
    if not path.exists():
        return None
    refusal = IntegrityError(f"the ledger's signed head {path} was changed; restore it from a backup.")
    try:
        values = read_json(path)
        head = OldHead(str(values["project_id"]), int(values["size"]), str(values["hash"]))
        signature = str(values["signature"])
    except (InputError, KeyError, TypeError, ValueError) as exc:
        raise refusal from exc
    signed = signature_holds(key, signature, _DOMAIN + canonical(asdict(head)))
    if not signed or head.project_id != project.settings.project_id:
        raise refusal
    return head
