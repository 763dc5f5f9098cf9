"""Where the mouths of a talent's own clips lie: encrypted with the talent's key, beside the face model.

Pictures of a mouth and the way it moves are biometric data, as a face model is: the same key seals both, so that
whatever erases the one (the end of a grant, a withdrawal, an erasure) takes the other with it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from countenance.errors import IntegrityError
from countenance.media.frame import U8, Box
from countenance.speech.phones import Phone, Phones
from countenance.store.files import atomic_path
from countenance.store.project import Project
from countenance.store.secrets import decrypt, encrypt, find_symmetric, load_or_create_symmetric
from countenance.synthesis.facemodel import face_key_name, require_permission
from countenance.synthesis.mouthclips import Filmed

_VERSION = "mouths 1"  # to be raised when they are taken otherwise: older ones are then taken anew
_NAME_DIGITS = 24


def kept_mouths(project: Project, name: str, made_of: Sequence[str], make: Callable[[], Filmed]) -> Filmed:
    """The mouths of a talent's clip: the stored ones, else those that `make` takes, which are stored.

    `made_of` are the hashes of everything that they follow from. Raises RightsError, after erasing what is stored, when
    all of the talent's grants have ended or been withdrawn.
    """
    require_permission(project, name)
    label = json.dumps([_VERSION, name, list(made_of)], ensure_ascii=False).encode()
    place = _place(project, name, label)
    key = find_symmetric(project, face_key_name(project, name))
    if key is not None and place.exists():
        try:
            return _opened(decrypt(key, place.read_bytes(), label))
        except IntegrityError:
            place.unlink()  # changed, damaged, or sealed with a key that is gone: the clip is still there
    clip = make()
    key = load_or_create_symmetric(project, face_key_name(project, name))
    place.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(place) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(encrypt(key, _packed(clip), label))
    return clip


def _place(project: Project, name: str, label: bytes) -> Path:
    digest = hashlib.sha256(label).hexdigest()[:_NAME_DIGITS]
    return project.folder / "talents" / f"{face_key_name(project, name)}-{digest}.mouths"


def _packed(clip: Filmed) -> bytes:
    """Pictures without loss, everything else as it is, in one compressed array file."""
    pictures = [cv2.imencode(".png", pixels)[1] for pixels in clip.pixels]
    arrays: dict[str, Any] = {
        "pictures": np.array(clip.pictures),
        "numbers": clip.numbers,
        "png": np.concatenate(pictures) if pictures else np.zeros(0, np.uint8),
        "png_bytes": np.array([len(one) for one in pictures], np.int64),
        "boxes": np.array([[box.x, box.y, box.width, box.height] for box in clip.boxes], np.int64).reshape(-1, 4),
        "meshes": clip.meshes,
        "poses": clip.poses,
        "times_s": clip.times_s,
        "faces": clip.faces,
        "face_poses": clip.face_poses,
        "face_times_s": clip.face_times_s,
        "told": np.array(clip.phones is not None),
        "phones": np.array([phone.symbol for phone in clip.phones or ()], np.str_),
        "spans": np.array([[phone.start_s, phone.end_s] for phone in clip.phones or ()], np.float64).reshape(-1, 2),
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _opened(content: bytes) -> Filmed:
    with np.load(io.BytesIO(content), allow_pickle=False) as data:
        ends = np.cumsum(data["png_bytes"])
        files = np.split(data["png"], ends[:-1]) if len(ends) else []
        return Filmed(
            pictures=int(data["pictures"]),
            numbers=data["numbers"],
            pixels=tuple(_picture(one) for one in files),
            boxes=tuple(Box(*(int(value) for value in row)) for row in data["boxes"]),
            meshes=data["meshes"],
            poses=data["poses"],
            times_s=data["times_s"],
            faces=data["faces"],
            face_poses=data["face_poses"],
            face_times_s=data["face_times_s"],
            phones=_phones(data["phones"], data["spans"]) if data["told"] else None,
        )


def _picture(file: U8) -> U8:
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)


def _phones(symbols: Any, spans: Any) -> Phones:
    return tuple(Phone(str(symbol), float(a), float(b)) for symbol, (a, b) in zip(symbols, spans, strict=True))
