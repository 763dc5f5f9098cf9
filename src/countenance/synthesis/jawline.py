"""The lower face as one elastic piece: what of it moves with speech, and how the picture around it gives way.

Lips, chin and jaw follow the mouth, the cheeks less, the sides of the head not at all. The picture itself is moved
with them, so that the head's outline at the chin is always the frame's own, with its own light, neck and background,
and there is never a second chin line. Paint then only has to cover what lies inside of that outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, Box
from countenance.perception.pose import rotation_of, similarity
from countenance.perception.raster import spread_coarse
from countenance.perception.topology import JAW, LIPS_INNER, LIPS_OUTER, POINTS, STEADY, triangles
from countenance.synthesis.reshape import Ground

_CHEEKS = (0.50, 0.80)  # eye distances to the side of the mouth: from here to there movement ends
_NOSE, _NOSE_PAINT = 0.02, 0.06  # eye distances under the nose where movement ends, and above where paint does
_MOST_TURNED = 0.06  # eye distances that a head's other turn may move a point of the lower face
_RINGS = ((0.14, 0.85), (0.32, 0.5), (0.48, 0.18), (0.62, 0.0))  # outside the jaw: how far (eye distances), how much
_CELL = 0.03  # eye distances, and at least four pixels: the grid on which the picture's movement is worked out
_EVEN = 1.6  # cells over which folds of the mesh are evened out
_STILL_PX = 0.06  # a smaller movement is none
_OUTER = np.array(LIPS_OUTER)
_LIPS = np.array(LIPS_OUTER + LIPS_INNER)
_JAW = np.array(JAW)
_STEADY = np.array(STEADY)
UPPER = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308])  # the upper lip's inner rim, right to left
LOWER = np.array([78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308])


@dataclass(frozen=True, eq=False)
class LowerFace:
    """How much each mesh point takes part, and the triangles of the painted piece.

    `share` `(468,)` float32 0..1, how far a point follows the mouth; `paint` `(468,)`, how far the paint has its way
    there; `skin` and `edge` `(468,)` as in a patch; `triangles` `(t, 3)` of the painted piece, with the mouth closed
    by a strip; `moving` `(m, 3)` of everything that moves, over the mesh and the rings outside the jaw; `points` and
    `all_points` are the numbers that they use.
    """

    share: F32
    paint: F32
    skin: F32
    edge: F32
    triangles: NDArray[np.int32]
    moving: NDArray[np.int32]
    points: NDArray[np.int32]
    all_points: NDArray[np.int32]


def lower_face(shape: F32, unit: float) -> LowerFace:
    """The lower face of a typical shape `(468, 2)` upright in face space, `unit` being its eye distance."""
    near = _around_lips()
    mouth = shape[_OUTER].mean(axis=0)
    top = min(float(shape[near, 1].min()), float(shape[0, 1]) - 0.04 * unit)
    nose = float(shape[2, 1])
    share, paint = (_ramp(shape[:, 1], nose + start * unit, top) for start in (_NOSE, -_NOSE_PAINT))
    beside = 1 - _ramp(np.abs(shape[:, 0] - mouth[0]), _CHEEKS[0] * unit, _CHEEKS[1] * unit)
    share[near] = paint[near] = 1.0
    share, paint = share * beside, paint * beside
    place = np.arange(len(_JAW))
    share[_JAW] *= np.clip((np.minimum(place, place[::-1]) - 1.0) / 4.0, 0, 1)
    share[_LIPS] = paint[_LIPS] = 1.0
    paint[_JAW] = 0.0
    # What is compared to match the light keeps clear of the lips: neither lipstick nor teeth are light.
    skin = np.ones(POINTS)
    skin[near] = skin[_LIPS] = 0.0
    # The rim where tones meet the plate's: along the jaw, and where the paint ends in the face.
    edge = np.clip(1.2 - 2 * paint, 0, 1)
    edge[near] = np.minimum(edge[near], 0.1)
    edge[_LIPS] = 0.0
    mesh = [t for t in triangles().tolist() if max(paint[v] for v in t) > 0]
    moving = [t for t in triangles().tolist() if max(share[v] for v in t) > 0]
    inner = _strip(UPPER.tolist(), LOWER.tolist())
    rings = [list(JAW), *(list(range(start, start + len(JAW))) for start in _ring_starts())]
    rim = [t for one, other in pairwise(rings) for t in _strip(one, other)]
    return LowerFace(
        share.astype(np.float32),
        paint.astype(np.float32),
        skin.astype(np.float32),
        edge.astype(np.float32),
        np.array(mesh + inner, np.int32),
        np.array(rim + moving + inner, np.int32),
        np.unique(np.array(mesh + inner, np.int32)),
        np.unique(np.array(rim + moving + inner, np.int32)),
    )


def upright(mesh: F32) -> F32:
    """A mesh `(468, 3)` turned to the front, around its middle, in its own pixels."""
    return np.asarray((mesh - mesh.mean(axis=0)) @ rotation_of(mesh).T, np.float32)


def turned(face: F32, shape: F32, rotation: F32, reference: F32) -> F32:
    """By how much `(468, 2)` an `upright` face that was filmed as `shape` `(468, 2)` lies elsewhere in face space when
    its head is turned by `rotation` `(3, 3)`, rows as of `rotation_of`; without what no small turn can explain."""
    flat = face @ rotation[:, :2]
    matrix = similarity(flat[_STEADY], reference[_STEADY, :2])
    change = flat @ matrix[:, :2].T + (matrix[:, 2] - shape)
    most = np.float32(_MOST_TURNED * float(np.hypot(*(reference[33, :2] - reference[263, :2]))))
    length = np.hypot(change[:, 0], change[:, 1])[:, None] + np.float32(1e-6)
    return np.asarray(change * (most * np.tanh(length / most) / length), np.float32)


def moved_ground(layout: LowerFace, before: F32, after: F32, frame_size: tuple[int, int]) -> Ground | None:
    """The picture's movement with the lower face, from points `(468, 2)` before to after; None where none is seen.

    Exact at the mesh's points, so that the lips that were filmed lie under the lips that are painted; outside the
    jaw it dies down over the neck.
    """
    jaw = after[_JAW]
    unit = float(np.linalg.norm(after[33] - after[263]))
    out = jaw - after[_OUTER].mean(axis=0)
    out = out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-6) * unit
    pull = before - after
    points = np.concatenate([after, *(jaw + reach * out for reach, _ in _RINGS)])
    values = np.concatenate([pull, *(share * pull[_JAW] for _, share in _RINGS)])
    if float(np.abs(values[layout.all_points]).max()) < _STILL_PX:
        return None
    cell = 2 * max(2, round(unit * _CELL / 2))
    box = Box.around(points[layout.all_points], 2 * cell, frame_size)
    if box is None:
        return None
    local = (points - np.array([box.x, box.y])).astype(np.float32)
    size = (box.width, box.height)
    field, valid = spread_coarse(local, layout.moving, values.astype(np.float32), size, coarse=cell)
    field = cv2.GaussianBlur(field * valid[..., None], (0, 0), _EVEN)
    x, y = cv2.split(field)
    field[(np.abs(x) < _STILL_PX) & (np.abs(y) < _STILL_PX)] = 0
    # The cells at the box's rim stay as they are, so that the movement never ends in a step.
    for rim in (field[:2], field[-2:], field[:, :2], field[:, -2:]):
        rim[...] = 0
    return _trimmed(box, field, cell)


def _trimmed(box: Box, field: F32, cell: int) -> Ground | None:
    """The movement on a grid of cells at full size, in no larger a box than it needs."""
    rows, columns = (np.flatnonzero(field.any(axis=axes)) for axes in ((1, 2), (0, 2)))
    if not len(rows):
        return None
    # A cell more on each side, where the movement is interpolated to nothing; an even cell keeps the box even.
    top, left = int(rows[0]) - 1, int(columns[0]) - 1
    whole = cv2.resize(
        field[top : rows[-1] + 2, left : columns[-1] + 2], None, fx=cell, fy=cell, interpolation=cv2.INTER_LINEAR
    )
    x, y = box.x + left * cell, box.y + top * cell
    width, height = min(whole.shape[1], box.x + box.width - x), min(whole.shape[0], box.y + box.height - y)
    return Ground(Box(x, y, width, height), whole[:height, :width], behind=True)


def _ring_starts() -> list[int]:
    return [POINTS + number * len(JAW) for number in range(len(_RINGS))]


def _around_lips() -> NDArray[np.int64]:
    """The mesh's points on the lips and next to them, without the rims' own."""
    near = np.isin(triangles(), _LIPS).any(axis=1)
    return np.setdiff1d(np.unique(triangles()[near]), _LIPS)


def _strip(first: list[int], second: list[int]) -> list[list[int]]:
    """Triangles between two rows of points of equal length."""
    quads = zip(first[:-1], first[1:], second[:-1], second[1:], strict=True)
    return [t for a, b, c, d in quads for t in ([a, b, c], [b, d, c])]


def _ramp(values: F32, low: float, high: float) -> NDArray[np.float64]:
    x = np.clip((values.astype(np.float64) - low) / (high - low + 1e-9), 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
