"""Where talents' face models lie: encrypted, bound to the talent and the references, and gone with the permission.

A face model is biometric data. Each talent's is encrypted with a key of its own among the project's keys; the
encryption is bound to the talent's name and to the references' hashes, so that a model cannot pass for another.
Destroying the key and the file is what erases it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from countenance.errors import IntegrityError, RightsError
from countenance.media.frame import F32
from countenance.perception.networks import FaceNetworks
from countenance.rights.clock import today
from countenance.rights.grants import RecordedGrant
from countenance.rights.register import grants_of
from countenance.store.files import atomic_path, sha256_file
from countenance.store.project import Project
from countenance.store.secrets import decrypt, destroy_symmetric, encrypt, find_symmetric, load_or_create_symmetric
from countenance.store.subjects import subject_tag
from countenance.synthesis.eyes import IrisLook
from countenance.synthesis.likeness import Likeness, assembled, likeness_from
from countenance.synthesis.references import Reference
from countenance.synthesis.takes import read_references

_VERSION = "face model 1"  # to be raised when models are built otherwise: older ones are then built anew
_MAGIC = b"CFM1"
_DIGEST_BYTES = 32
_MOST_OPEN = 8

_open: dict[tuple[Path, str, bytes], Likeness] = {}


def face_model(project: Project, name: str, references: Sequence[Path]) -> Likeness:
    """A talent's face model: the stored one where it was made of these references, else built and stored.

    It is kept open in this process. Raises RightsError, after erasing the model, when all the talent's grants have
    ended or been withdrawn; IntegrityError when the model's key is gone or the file was changed; InputError for
    references that cannot be used.
    """
    require_permission(project, name)
    label, place = _label(name, references), _place(project, name)
    if not place.exists():
        return build_face_model(project, name, references)
    key = find_symmetric(project, face_key_name(project, name))
    if key is None:
        raise IntegrityError(
            f"the face model of {name} cannot be opened, since its key was destroyed; if a grant allows it, make a new "
            f"one with `countenance talent build`."
        )
    known = (project.folder, name, hashlib.sha256(label).digest())
    if known not in _open:
        content = place.read_bytes()
        if content[: len(_MAGIC) + _DIGEST_BYTES] != _MAGIC + known[2]:
            return build_face_model(project, name, references)
        _keep_open(known, _opened(name, key, content[len(_MAGIC) + _DIGEST_BYTES :], label))
    return _open[known]


def build_face_model(
    project: Project,
    name: str,
    references: Sequence[Path],
    *,
    found: Sequence[Reference] | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Likeness:
    """Build a talent's face model and store it in place of an older one; errors as for `face_model`.

    `found` are the references' close-ups where they have been read already.
    """
    require_permission(project, name)
    if found is None:
        found = read_references(references, FaceNetworks(), progress)
    likeness = assembled(found)
    label, place = _label(name, references), _place(project, name)
    key = load_or_create_symmetric(project, face_key_name(project, name))
    digest = hashlib.sha256(label).digest()
    with atomic_path(place) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(_MAGIC + digest + encrypt(key, _packed(likeness), label))
    _keep_open((project.folder, name, digest), likeness)
    return likeness


def forget_face_model(project: Project, name: str) -> bool:
    """Erase a talent's face model and the mouths of their clips: key, files and what this process holds.

    True if there was any of it.
    """
    for known in [one for one in _open if one[:2] == (project.folder, name)]:
        del _open[known]
    place, key_name = _place(project, name), face_key_name(project, name)
    there = has_face_model(project, name)
    destroy_symmetric(project, key_name)
    for path in files_of_model(place.parent, subject_tag(project, name)):
        path.unlink(missing_ok=True)
    return there


def files_of_model(folder: Path, tag: str) -> list[Path]:
    """Where in a folder of talents the model of a person lies, by their tag, the mouths of their clips, and what a
    killed build left behind."""
    left = (
        path
        for pattern in (f"face-{tag}-*.mouths", f".face-{tag}.*", f".face-{tag}-*")
        for path in folder.glob(pattern)
    )
    return [folder / f"face-{tag}.model", *left]


def has_face_model(project: Project, name: str) -> bool:
    """Whether a talent's face model, or its key, lies in the project."""
    return _place(project, name).exists() or find_symmetric(project, face_key_name(project, name)) is not None


def stored_embeddings(project: Project, name: str, hashes: Sequence[str]) -> F32:
    """The embeddings `(n, 128)` in a talent's stored model, if it was made of references of these hashes; else n is 0.

    Asks no permission, since it serves to find and erase what else there is of the person.
    """
    key, place = find_symmetric(project, face_key_name(project, name)), _place(project, name)
    content = place.read_bytes() if place.exists() else b""
    label = _label_of(name, hashes)
    if key is None or content[: len(_MAGIC) + _DIGEST_BYTES] != _MAGIC + hashlib.sha256(label).digest():
        return np.zeros((0, 128), np.float32)
    return _opened(name, key, content[len(_MAGIC) + _DIGEST_BYTES :], label).embeddings


def forget_without_grant(project: Project, name: str) -> bool:
    """Erase a talent's face model if grants were recorded for them and none of these lasts; True if one was erased."""
    return permission_ended(project, name) is not None and forget_face_model(project, name)


def permission_ended(project: Project, name: str) -> date | None:
    """The day on which the last of a talent's grants ended; None while one lasts, or where none was ever recorded."""
    ends = [ended_on(one) for one in grants_of(project, name)]
    return max(ends) if ends and max(ends) <= today(project) else None


def ended_on(recorded: RecordedGrant) -> date:
    """The first day on which a grant does not count any more, by withdrawal or by its own end."""
    after = recorded.grant.valid_until + timedelta(days=1) if recorded.grant.valid_until < date.max else date.max
    return after if recorded.withdrawn_at is None else min(after, date.fromisoformat(recorded.withdrawn_at[:10]))


def require_permission(project: Project, name: str) -> None:
    """Raises RightsError, after erasing the model, when all of a talent's grants have ended or been withdrawn."""
    if permission_ended(project, name) is not None:
        forget_face_model(project, name)
        raise RightsError(
            f"{name} has no face model, since every grant has ended or was withdrawn; record a new grant first."
        )


def face_key_name(project: Project, name: str) -> str:
    """The key that seals what is biometric of a talent: the face model, and the mouths of their clips."""
    return f"face-{subject_tag(project, name)}"


def _place(project: Project, name: str) -> Path:
    return project.folder / "talents" / f"{face_key_name(project, name)}.model"


def _label(name: str, references: Sequence[Path]) -> bytes:
    """What the encryption is bound to."""
    return _label_of(name, [sha256_file(path) for path in references])


def _label_of(name: str, hashes: Sequence[str]) -> bytes:
    return json.dumps([_VERSION, name, sorted(hashes)], ensure_ascii=False).encode()


def _keep_open(known: tuple[Path, str, bytes], likeness: Likeness) -> None:
    _open[known] = likeness
    while len(_open) > _MOST_OPEN:
        del _open[next(iter(_open))]


def _packed(likeness: Likeness) -> bytes:
    """What cannot be worked out again from the layout, as a compressed array file."""
    arrays: dict[str, Any] = {
        "texture": likeness.texture.astype(np.uint8),
        "confidence": np.rint(likeness.confidence * 255).astype(np.uint8),
        "form": likeness.form,
        "embeddings": likeness.embeddings,
    }
    if likeness.iris is not None:
        arrays["iris"] = likeness.iris.rings
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _opened(name: str, key: bytes, sealed: bytes, label: bytes) -> Likeness:
    try:
        content = decrypt(key, sealed, label)
    except IntegrityError as exc:
        raise IntegrityError(
            f"the face model of {name} was changed or damaged; make it anew with `countenance talent build`."
        ) from exc
    with np.load(io.BytesIO(content), allow_pickle=False) as data:
        return likeness_from(
            data["texture"].astype(np.float32),
            data["confidence"].astype(np.float32) / 255,
            data["form"],
            data["embeddings"],
            IrisLook(data["iris"]) if "iris" in data.files else None,
        )
