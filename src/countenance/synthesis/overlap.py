"""People who overlap in the picture: who stands nearer, and what of a face nobody else's paint may reach."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face, FaceTrack
from countenance.synthesis.occlusion import Cover

_MARGIN = 0.03  # of the face's width: how far paint keeps away, and again how softly it ends
_LEAST_MARGIN_PX = 2.0  # chroma is shared by two pixels: what is nearer would colour the face
_REACH, _RIM_PX = 1.55, 12  # of the face's extent around its middle, and beyond: nothing is painted farther out


def nearness(tracks: Sequence[FaceTrack]) -> float:
    """How near a person stands: the median distance of the outer eye corners in pixels, however the head is turned."""
    eyes = np.concatenate([track.mesh[:, 33] - track.mesh[:, 263] for track in tracks])
    return float(np.median(np.linalg.norm(eyes, axis=1)))


def may_touch(face: Face, other: Face) -> bool:
    """Whether paint on `face` could come near the face of `other`."""
    (low, high), (other_low, other_high) = _extent(face), _extent(other)
    middle, half = (low + high) / 2, (high - low) / 2 * _REACH + _RIM_PX
    return bool((middle + half > other_low).all() and (middle - half < other_high).all())


def shield(face: Face, frame_size: tuple[int, int]) -> Cover | None:
    """A face as something that hides what lies behind it; None when it is not in the picture.

    1 over the whole face and a narrow rim, from there falling softly to 0.
    """
    low, high = _extent(face)
    margin = max(_LEAST_MARGIN_PX, _MARGIN * float(high[0] - low[0]))
    box = Box.around(face.mesh[:POINTS, :2], 2 * margin + 2, frame_size)
    if box is None:
        return None
    away = cv2.distanceTransform(1 - _inside(face, box), cv2.DIST_L2, 3)
    return Cover(box, np.clip(2 - away / np.float32(margin), 0, 1).astype(np.float32))


def put_back(frame: Frame, before: Frame, face: Face) -> None:
    """Give a face the bits that it has in `before`, in place."""
    box = Box.around(face.mesh[:POINTS, :2], 2, frame.size)
    if box is None:
        return
    inside = _inside(face, box)
    shared = inside.reshape(box.height // 2, 2, box.width // 2, 2).any(axis=(1, 3))
    for part, mask, now, then in zip(
        (box, box.half, box.half), (inside.astype(bool), shared, shared), frame.planes, before.planes, strict=True
    ):
        np.copyto(now[part.rows, part.columns], then[part.rows, part.columns], where=mask)


def _inside(face: Face, box: Box) -> U8:
    """1 inside the face as seen, the nose of a profile included, on the box's pixels."""
    local = face.mesh[:POINTS, :2] - np.array([box.x, box.y], np.float32)
    outline = cv2.convexHull(np.rint(local).astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(np.zeros((box.height, box.width), np.uint8), outline, 1), np.uint8)


def _extent(face: Face) -> tuple[F32, F32]:
    points = face.mesh[:POINTS, :2]
    return points.min(axis=0), points.max(axis=0)
