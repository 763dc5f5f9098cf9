"""The block list: people whose face is neither created nor shown, whoever claims to be them.

An entry is biometric data about somebody who never signed anything here, kept to protect them: encrypted, each with a
key of its own, and compared only. Nothing else is worked out from it. The ledger knows how many entries there must be,
so that none can be taken away unnoticed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ulid import ULID

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import append, commitment, entries, utc_now
from countenance.media.frame import F32
from countenance.store.files import write_bytes
from countenance.store.project import Project
from countenance.store.secrets import decrypt, destroy_symmetric, encrypt, find_symmetric, load_or_create_symmetric

ADDED, REMOVED = "blocklist.added", "blocklist.removed"
_DIMENSIONS = 128


@dataclass(frozen=True)
class Blocked:
    """A person on the block list: `embeddings` `(n, 128)`, one row for each picture they were entered with."""

    id: str
    label: str
    embeddings: F32
    reason: str
    owner: str
    added_at: str

    def distance(self, embeddings: F32) -> float:
        """The smallest Euclidean distance of any of these embeddings `(m, 128)` to any of the person's."""
        gaps = np.linalg.norm(self.embeddings[:, None] - np.atleast_2d(embeddings)[None], axis=2)
        return float(gaps.min())


def block(project: Project, label: str, embeddings: F32, *, reason: str, owner: str) -> Blocked:
    """Put a person on the block list. Raises InputError without a label, a reason, an owner or a face."""
    if not (label.strip() and reason.strip() and owner.strip()):
        raise InputError("an entry of the block list needs a name, a reason and who answers for it.")
    rows = np.atleast_2d(np.asarray(embeddings, np.float32))
    if rows.ndim != 2 or rows.shape[1] != _DIMENSIONS or not len(rows) or not np.isfinite(rows).all():
        raise InputError(f"an entry of the block list needs face embeddings of {_DIMENSIONS} numbers each.")
    entry = Blocked(str(ULID()), label, rows, reason, owner, utc_now())
    content = {
        "label": label, "reason": reason, "owner": owner, "added_at": entry.added_at,
        "embeddings": base64.b64encode(rows.astype("<f4").tobytes()).decode(),
    }  # fmt: skip
    key = load_or_create_symmetric(project, _key_name(entry.id))
    write_bytes(_place(project, entry.id), encrypt(key, json.dumps(content).encode(), entry.id.encode()))
    # The file first: an entry in the ledger without its file would stop all work.
    append(project, ADDED, owner, {"entry": entry.id, "reason": commitment(project, reason)})
    return entry


def unblock(project: Project, entry_id: str, *, reason: str, owner: str) -> None:
    """Take a person off the block list: key and file are destroyed. InputError when there is no such entry."""
    if entry_id not in _on_list(project):
        raise InputError(f"no entry {entry_id!r} is on the block list; `countenance policy blocked` shows it.")
    if not (reason.strip() and owner.strip()):
        raise InputError("taking somebody off the block list needs a reason and who answers for it.")
    append(project, REMOVED, owner, {"entry": entry_id, "reason": commitment(project, reason)})
    destroy_symmetric(project, _key_name(entry_id))
    _place(project, entry_id).unlink(missing_ok=True)


def block_list(project: Project) -> tuple[Blocked, ...]:
    """Everybody on the list, oldest first. IntegrityError when an entry that the ledger knows of cannot be read."""
    return tuple(_opened(project, entry_id) for entry_id in _on_list(project))


def nearest(blocked: Sequence[Blocked], embeddings: F32) -> tuple[Blocked, float] | None:
    """The entry that a face is most like, and the distance; None for an empty list or no face."""
    if not blocked or not len(np.atleast_2d(embeddings)):
        return None
    return min(((one, one.distance(embeddings)) for one in blocked), key=lambda pair: pair[1])


def _on_list(project: Project) -> list[str]:
    removed = {entry.data["entry"] for entry in entries(project, REMOVED)}
    return [entry.data["entry"] for entry in entries(project, ADDED) if entry.data["entry"] not in removed]


def _opened(project: Project, entry_id: str) -> Blocked:
    refusal = IntegrityError(
        f"entry {entry_id} of the block list cannot be read, so nobody can be checked against it; restore a backup."
    )
    key = find_symmetric(project, _key_name(entry_id))
    if key is None:
        raise refusal
    try:
        content = json.loads(decrypt(key, _place(project, entry_id).read_bytes(), entry_id.encode()))
        rows = np.frombuffer(base64.b64decode(content["embeddings"]), "<f4").reshape(-1, _DIMENSIONS)
    except (OSError, IntegrityError, ValueError, KeyError) as exc:
        raise refusal from exc
    return Blocked(
        entry_id, content["label"], rows.astype(np.float32), content["reason"], content["owner"], content["added_at"]
    )


def _key_name(entry_id: str) -> str:
    return f"block-{entry_id.lower()}"


def _place(project: Project, entry_id: str) -> Path:
    return project.folder / "blocklist" / f"{entry_id}.face"
