"""How much bare skin is seen below a face: a reason for a person to look, never a verdict.

What skin looks like is taken from the person's own face in the same picture, so it is the same measure for every
colour of skin, and nothing is told about that colour. A background of the same colours makes the measure worthless;
this is noticed beside the head, and then nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Frame
from countenance.media.probe import Master
from countenance.perception.topology import FACE_OVAL
from countenance.perception.tracks import FaceTrack, Perception

# Of 28 dressed people in the footage who could be judged the barest had 1.1 times the area of the face; a bare body
# down to the waist has about 5. Four of five could not be judged: too small, cut off below, or like their background.
BARE = 2.5
_LIKE_SKIN_BESIDE = 0.15  # share of the places beside the head from which on the background cannot be told from skin
_SMALLEST_PX, _TRACKS, _PARTS = 32, 4, (0.25, 0.5, 0.75)
_CHIN = 152


@dataclass(frozen=True)
class Bare:
    """The barest picture of a person: its number in the master, and the skin below the face in areas of the face."""

    picture: int
    extent: float


def barest(master: Master, perception: Perception, person: int) -> Bare | None:
    """Of a dozen pictures of a person the one with most skin; None where it cannot be told in any."""
    tracks = sorted(perception.of_person(person), key=lambda track: -len(track.frames))[:_TRACKS]
    seen = [
        Bare(number, extent)
        for track in tracks
        for number in _looked_at(track)
        if (extent := _extent_at(master, track, number)) is not None
    ]
    return max(seen, key=lambda one: one.extent, default=None)


def skin_below(frame: Frame, mesh: F32) -> float | None:
    """Skin that joins on to the neck, between the chin and the waist, in areas of the face.

    `mesh` `(n, 3)` in pixels. None where the face is too small, hardly anything is seen below it, or the background
    looks like the person's skin.
    """
    _luma, chroma_u, _chroma_v = frame.planes
    height, width = chroma_u.shape
    oval = mesh[list(FACE_OVAL), :2] / 2  # in pixels of the chroma planes
    face_width, face_height = (float(np.ptp(oval[:, axis])) for axis in (0, 1))
    face = cv2.fillConvexPoly(np.zeros((height, width), np.uint8), np.rint(oval).astype(np.int32), 1)
    if 2 * face_width < _SMALLEST_PX or not face.any():
        return None
    skin = _like(frame, face, face_width)
    if skin is None:
        return None
    middle, top, chin = float(oval[:, 0].mean()), float(oval[:, 1].min()), float(mesh[_CHIN, 1] / 2)
    rows = _span(chin, chin + 3.2 * face_height, height)
    if rows.stop - rows.start < face_height:
        return None
    beside = [
        skin[
            _span(top - 0.2 * face_height, chin, height), _span(middle + a * face_width, middle + b * face_width, width)
        ]
        for a, b in ((-2.4, -1.1), (1.1, 2.4))
    ]
    if any(place.size and float(place.mean()) > _LIKE_SKIN_BESIDE for place in beside):
        return None
    columns = _span(middle - 1.5 * face_width, middle + 1.5 * face_width, width)
    _count, labels = cv2.connectedComponents(skin[rows, columns])
    neck = _span(
        middle - 0.35 * face_width - columns.start, middle + 0.35 * face_width - columns.start, labels.shape[1]
    )
    joined = np.setdiff1d(np.unique(labels[: max(1, round(0.35 * face_height)), neck]), [0])
    return float(np.isin(labels, joined).sum()) / float(face.sum())


def _looked_at(track: FaceTrack) -> list[int]:
    return sorted({int(track.frames[int(part * (len(track.frames) - 1))]) for part in _PARTS})


def _extent_at(master: Master, track: FaceTrack, number: int) -> float | None:
    face = track.at(number)
    frame = next(iter(decode(master, start=number, stop=number + 1)), None)
    return skin_below(frame, face.mesh) if frame is not None and face is not None else None


def _like(frame: Frame, face: U8, face_width: float) -> U8 | None:
    """Where the picture has the colours of this face `(h, w)` of the chroma planes; specks are left out."""
    luma, u, v = (plane.astype(np.float32) for plane in frame.planes)
    luma = cv2.resize(luma, u.shape[::-1], interpolation=cv2.INTER_AREA)
    inner = cv2.erode(face, _square(0.12 * face_width)) > 0
    if not inner.any():
        return None
    # Medians, since eyes, brows, lips and beard are within: they are the smaller part.
    far = np.zeros_like(u)
    for plane in (u, v):
        middle = np.median(plane[inner])
        far += ((plane - middle) / max(2.0, 1.48 * float(np.median(np.abs(plane[inner] - middle))))) ** 2
    light = (luma - 16) / max(1.0, float(np.median(luma[inner])) - 16)
    skin = (far < 9) & (light > 0.35) & (light < 1.6)
    return np.asarray(cv2.morphologyEx(skin.astype(np.uint8), cv2.MORPH_OPEN, _square(0.06 * face_width)), np.uint8)


def _square(side: float) -> U8:
    return np.ones((max(1, round(side)), max(1, round(side))), np.uint8)


def _span(low: float, high: float, limit: int) -> slice:
    """Whole pixels of a stretch, cut to the picture."""
    first = min(max(0, round(low)), limit)
    return slice(first, min(max(first, round(high)), limit))
