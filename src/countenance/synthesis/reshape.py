"""The wanted person's proportions on the target's head: how far each point moves, and the picture moved with it.

Points move in the head's own axes, in eye distances, the same way through a whole track, so nothing swims.
Eyes and lips move and grow as wholes, so that a blink stays a blink and a closed mouth closed. Around the
face a ring of points that stay where they are takes up the movement, so that nothing tears.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, Box, Frame
from countenance.perception.pose import rotation_of
from countenance.perception.raster import spread
from countenance.perception.topology import (
    FACE_OVAL,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    POINTS,
    RIGHT_EYE,
    triangles,
)

_FARTHEST = 0.16  # eye distances: what is moved farther than this looks pushed
_OUTLINE = 0.6  # share of the movement that the outline takes part in: hair, ears and neck hang on it
_GROWTH = (0.85, 1.18)  # of eyes and lips
_RING = 1.5  # how far out, from the face's middle, the picture stays as it is
_COARSE = 4


def reshaping(own: F32, wanted: F32) -> F32:
    """How far each point `(468, 3)` moves, upright, in eye distances, from one upright shape towards another."""
    wish = wanted - own
    for whole in _wholes():
        middle = own[whole].mean(axis=0)
        there, here = wanted[whole] - wanted[whole].mean(axis=0), own[whole] - middle
        growth = float(np.clip(np.ptp(there[:, 0]) / np.ptp(here[:, 0]), *_GROWTH))
        wish[whole] = wish[whole].mean(axis=0) + (growth - 1) * here
    wish = _evened(wish, 4)
    wish[list(FACE_OVAL)] *= _OUTLINE
    wish = _evened(wish, 1)
    length = np.linalg.norm(wish, axis=1, keepdims=True) + 1e-6
    return np.asarray(wish / length * _FARTHEST * np.tanh(length / _FARTHEST), np.float32)


def moved(mesh: F32, reshape: F32) -> F32:
    """A mesh `(468, 3)` in pixels with its points moved as the head is turned."""
    unit = float(np.linalg.norm(mesh[33] - mesh[263]))
    return np.asarray(mesh + unit * reshape @ rotation_of(mesh), np.float32)


@dataclass(frozen=True)
class Ground:
    """How the picture under the paint moves with the reshaped mesh: for each pixel of `box`, how far away
    `(h, w, 2)` float32, in pixels, lies what belongs there; zero where nothing moves."""

    box: Box
    field: F32

    def moved(self, plane: NDArray[Any], share: float = 1.0) -> NDArray[Any]:
        """A plane of the box's size, or of half of it, moved by a share 0..1 of the way."""
        height, width = plane.shape[:2]
        scale = width / self.box.width
        field = self.field if scale == 1 else cv2.resize(self.field, (width, height), interpolation=cv2.INTER_AREA)
        step = np.float32(share * scale)
        across = step * field[..., 0] + np.arange(width, dtype=np.float32)
        down = step * field[..., 1] + np.arange(height, dtype=np.float32)[:, None]
        return np.asarray(cv2.remap(plane, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))

    def move(self, frame: Frame, share: float = 1.0) -> None:
        """Move the box's own pixels, in place; where the field is zero not one bit changes."""
        y, u, v = (self.moved(plane, share) for plane in frame.cut(self.box))
        frame.put(self.box, (y, u, v))


def ground_of(before: F32, after: F32, frame_size: tuple[int, int]) -> Ground | None:
    """The picture's movement that goes with a mesh's; None when nothing of it lies in the frame."""
    still = ring(before)
    box = Box.around(still, 2 * _COARSE + 2, frame_size)  # where the field has run out
    if box is None:
        return None
    corner = np.array([box.x, box.y], np.float32)
    shift = np.concatenate([before[:, :2] - after[:, :2], np.zeros_like(still)])
    depth = np.concatenate([after[:, 2], np.full(len(still), after[:, 2].max(), np.float32)])
    places = np.concatenate([after[:, :2], still]) - corner
    field, valid = spread(places, _closed(), shift, (box.width, box.height), depth=depth, coarse=_COARSE)
    field[~valid] = 0
    size = 2 * _COARSE + 1
    return Ground(box, cv2.blur(field, (size, size)))  # folds of the mesh must not show as creases


def ring(mesh: F32) -> F32:
    """The points around a face `(36, 2)` beyond which its picture is left alone."""
    outline = mesh[list(FACE_OVAL), :2]
    middle = outline.mean(axis=0)
    return np.asarray(middle + _RING * (outline - middle), np.float32)


@lru_cache(maxsize=1)
def _wholes() -> tuple[NDArray[np.int64], ...]:
    """Points that move together: each eye with its lids, and the mouth."""
    return tuple(_with_neighbours(part) for part in (RIGHT_EYE, LEFT_EYE, LIPS_OUTER + LIPS_INNER))


def _with_neighbours(points: tuple[int, ...]) -> NDArray[np.int64]:
    near = np.isin(triangles(), points).any(axis=1)
    return np.unique(triangles()[near])


def _evened(wish: F32, rounds: int) -> F32:
    """The wish smoothed over the mesh, but for the wholes: the network's own noise is no proportion."""
    joined = np.eye(POINTS, dtype=np.float32)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        joined[triangles()[:, a], triangles()[:, b]] = joined[triangles()[:, b], triangles()[:, a]] = 1
    joined /= joined.sum(axis=1, keepdims=True)
    fixed = np.concatenate(_wholes())
    out = wish.copy()
    for _ in range(rounds):
        out = joined @ out
        out[fixed] = wish[fixed]
    return out


@lru_cache(maxsize=1)
def _closed() -> NDArray[np.int32]:
    """The mesh's triangles with eyes and mouth filled in, and a strip from the outline to the ring around it."""
    extra: list[tuple[int, int, int]] = []
    for hole in (RIGHT_EYE, LEFT_EYE, LIPS_INNER):
        extra += [(hole[0], hole[n], hole[n + 1]) for n in range(1, len(hole) - 1)]
    count = len(FACE_OVAL)
    for n in range(count):
        here, after = FACE_OVAL[n], FACE_OVAL[(n + 1) % count]
        out, out_after = POINTS + n, POINTS + (n + 1) % count
        extra += [(here, out, after), (after, out, out_after)]
    return np.concatenate([triangles(), _facing(np.array(extra, np.int32))])


def _facing(added: NDArray[np.int32]) -> NDArray[np.int32]:
    """Added triangles in both windings: whichever is seen from the front is drawn."""
    return np.concatenate([added, added[:, ::-1]])
