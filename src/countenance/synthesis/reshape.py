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
from countenance.perception.topology import (
    FACE_OVAL,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    POINTS,
    RIGHT_EYE,
    triangles,
)

_FARTHEST = 0.22  # eye distances: what is moved farther than this looks pushed
_OUTLINE = 0.8  # share of the movement that the outline takes part in: hair, ears and neck hang on it
_GROWTH = (0.85, 1.18)  # of eyes and lips
_RING = 1.5  # how far out, from the face's middle, the picture stays as it is
_CELLS = 28  # across the face, of the grid on which the movement is worked out
_SPREAD = 1.3  # cells
_STEPS = (0.25, 0.5, 0.75, 1.0)  # from the outline to the ring, where the movement ends
_FREE = 2  # cells around the ring
_CALM = 2.0  # cells inside the ring over which the last of the movement dies down


def reshaping(own: F32, wanted: F32) -> F32:
    """How far each point `(468, 3)` moves, upright, in eye distances, from one upright shape towards another."""
    wish = wanted - own
    for whole in _wholes():
        middle = own[whole].mean(axis=0)
        there, here = wanted[whole] - wanted[whole].mean(axis=0), own[whole] - middle
        growth = float(np.clip(np.ptp(there[:, 0]) / np.ptp(here[:, 0]), *_GROWTH))
        wish[whole] = wish[whole].mean(axis=0) + (growth - 1) * here
    wish = evened(wish, 4)
    wish[list(FACE_OVAL)] *= _OUTLINE
    wish = evened(wish, 1)
    length = np.linalg.norm(wish, axis=1, keepdims=True) + 1e-6
    return np.asarray(wish / length * _FARTHEST * np.tanh(length / _FARTHEST), np.float32)


def moved(mesh: F32, reshape: F32) -> F32:
    """A mesh `(468, 3)` in pixels with its points moved as the head is turned."""
    unit = float(np.linalg.norm(mesh[33] - mesh[263]))
    return np.asarray(mesh + unit * reshape @ rotation_of(mesh), np.float32)


@dataclass(frozen=True)
class Ground:
    """How the picture under the paint moves with the reshaped mesh: for each pixel of `box`, how far away
    `(h, w, 2)` float32, in pixels, lies what belongs there; zero where nothing moves.

    With `behind` only the face moves, and what stands in front of it (a microphone, a hand) stays where it is."""

    box: Box
    field: F32
    behind: bool = False

    def moved(self, plane: NDArray[Any], share: float = 1.0) -> NDArray[Any]:
        """A plane of the box's size, or of half of it, moved by a share 0..1 of the way."""
        height, width = plane.shape[:2]
        return _fetched(plane, *self._from(width, height, share))

    def _from(self, width: int, height: int, share: float) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
        """Where each pixel of a plane comes from, to a 32nd of a pixel: a third of the work of floating point."""
        scale = width / self.box.width
        field = self.field if scale == 1 else cv2.resize(self.field, (width, height), interpolation=cv2.INTER_AREA)
        x, y = cv2.split(field * np.float32(share * scale))
        x += np.arange(width, dtype=np.float32)
        y += np.arange(height, dtype=np.float32)[:, None]
        return cv2.convertMaps(x, y, cv2.CV_16SC2)

    def move(self, frame: Frame, share: float = 1.0) -> None:
        """Move the box's own pixels, in place; where the field is zero not one bit changes."""
        luma, *chroma = frame.cut(self.box)
        half = self.box.half
        halves = self._from(half.width, half.height, share)
        u, v = (_fetched(plane, *halves) for plane in chroma)
        frame.put(self.box, (self.moved(luma, share), u, v))


def _fetched(plane: NDArray[Any], places: NDArray[np.int16], fractions: NDArray[np.uint16]) -> NDArray[Any]:
    return np.asarray(cv2.remap(plane, places, fractions, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def ground_of(before: F32, after: F32, frame_size: tuple[int, int]) -> Ground | None:
    """The picture's movement that goes with a mesh's; None when nothing of it lies in the frame.

    The points' own movements, spread smoothly (normalised convolution, Knutsson and Westin 1993): folds of the mesh
    must not show as creases.
    """
    still = ring(before)
    box = Box.around(still, _FREE * _cell(before), frame_size)
    if box is None:
        return None
    cell = _cell(before)
    low = still.min(axis=0) - _FREE * cell  # the grid is laid over the whole ring, also beyond the frame
    across, down = np.ceil((np.ptp(still, axis=0) / cell) + 2 * _FREE).astype(int).tolist()
    oval = list(FACE_OVAL)
    outline, pull = after[oval, :2], before[oval, :2] - after[oval, :2]
    places = np.concatenate([after[:, :2], *(outline + step * (still - outline) for step in _STEPS)])
    places = (places - low) / cell
    shift = np.concatenate([before[:, :2] - after[:, :2], *((1 - step) * pull for step in _STEPS)])
    column, row = np.clip(places.astype(int), 0, [across - 1, down - 1]).T
    index, cells = row * across + column, across * down
    sums = [np.bincount(index, weights, cells) for weights in (np.ones(len(index)), shift[:, 0], shift[:, 1])]
    known, x, y = cv2.GaussianBlur(np.stack(sums, axis=-1).reshape(down, across, 3), (0, 0), _SPREAD).transpose(2, 0, 1)
    field = (np.stack([x, y], axis=-1) / (known + 1e-3)[..., None]).astype(np.float32)
    field *= _inside(still, low, cell, (across, down))[..., None]
    # From the grid's cells to the box's pixels.
    matrix = np.array([[1 / cell, 0, (box.x - low[0]) / cell - 0.5], [0, 1 / cell, (box.y - low[1]) / cell - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return Ground(box, cv2.warpAffine(field, matrix, (box.width, box.height), flags=flags))


def _cell(mesh: F32) -> float:
    """The grid's pitch in pixels."""
    return float(np.ptp(mesh[:, 0])) / _CELLS


def _inside(still: F32, low: F32, cell: float, size: tuple[int, int]) -> F32:
    """1 well inside the ring, 0 on it and beyond `(h, w)`."""
    inside = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(inside, np.rint((still - low) / cell - 0.5).astype(np.int32), 1)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    return np.asarray(np.clip((depth - 1) / _CALM, 0, 1), np.float32)


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


def evened(wish: F32, rounds: int) -> F32:
    """Values at points `(468, k)` smoothed over the mesh, but for the wholes: noise is no proportion."""
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
