"""A photo that speaks: its mouth is made from the one that it shows, its head sways a little, its eyes blink.

One still holds one mouth and no motion. What is made here is kept small, and is told to whoever reads the report.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, Box, Frame
from countenance.perception.pose import apply
from countenance.perception.raster import spread
from countenance.perception.topology import LEFT_EYE, POINTS, RIGHT_EYE, triangles
from countenance.perception.tracks import Face
from countenance.synthesis.engine import Patch, Touch
from countenance.synthesis.mouthpath import MADE, MouthPlan, with_gap
from countenance.synthesis.mouths import MouthLibrary, gap_and_width
from countenance.synthesis.reshape import ground_of

# How far a mouth opens, widens and rounds when nothing is known of how this person speaks (eye distances, shares).
_WIDEST_GAP, _WIDER, _NARROWER = 0.17, 0.07, 0.16
_MUST = 0.4  # of press or tuck: from here on lips are shut
_SHUT_GAP = 0.005  # eye distances
_WIDTH_REACH = 0.35  # eye distances around the mouth that widen with it
# The head's sway: waves of so many seconds, and the most of turning (degrees) and of shifting (eye distances).
_WAVES_S = ((7.3, 4.1), (9.7, 3.3), (6.1, 2.9))
_TURN_DEG, _ACROSS, _DOWN = 0.7, 0.014, 0.012
_EASE_S = 1.0  # from stillness
_PIVOT = 0.9  # eye distances under the chin
# A blink, picture by picture at 25 a second, and the seconds between blinks (Bentivoglio et al. 1997: 17 a minute).
_BLINK = (0.0, 0.5, 1.0, 1.0, 0.85, 0.5, 0.22, 0.06, 0.0)
_BLINK_HZ = 25.0
_BETWEEN_S = (2.4, 4.8)
_UPPER_LIDS = (
    ((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
    ((466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)),
)
# Rings over the upper lids, outwards, and how much of the lid's way they go along.
_OVER_LIDS = (
    ((247, 30, 29, 27, 28, 56, 190), (467, 260, 259, 257, 258, 286, 414)),
    ((113, 225, 224, 223, 222, 221, 189), (342, 445, 444, 443, 442, 441, 413)),
)
_ALONG = (0.5, 0.12)
_BELOW = 0.12  # of the opening: the mesh's lower lid lies a little inside of the eye
_AROUND = 0.05  # eye distances that the paint reaches beyond what moves
_SPOT_PX = 8  # the head is moved, not painted: a patch has to lie somewhere


def photo_plan(library: MouthLibrary, targets: F32) -> MouthPlan:
    """The mouths for targets `(n, 4)` (aperture, width, press, tuck), all made from a library of one still."""
    index = int(np.argmin([mouth.gap for mouth in library.mouths]))
    filmed, unit = library.mouths[index].shape, library.unit
    shapes = []
    for aperture, width, press, tuck in targets.tolist():
        shut = max(press, tuck)
        gap = _SHUT_GAP if shut > _MUST else _SHUT_GAP + _WIDEST_GAP * min(max(aperture, 0), 1) * (1 - shut)
        wider = 1 + width * (_WIDER if width > 0 else _NARROWER)
        shape = with_gap(_with_width(filmed, wider, unit), gap, unit)
        shapes.append(with_gap(shape, gap, unit))  # the first comes near, the second is there
    path = np.full(len(targets), index, np.int64)
    return MouthPlan(path, np.stack(shapes).astype(np.float32), np.full(len(targets), MADE))


def _with_width(shape: F32, factor: float, unit: float) -> F32:
    """The shape with its mouth wider or narrower by a factor, the skin around giving way."""
    corners = shape[291] - shape[61]
    along = corners / (np.linalg.norm(corners) + 1e-6)
    middle = (shape[61] + shape[291]) / 2
    _gap, width = gap_and_width(shape, unit)
    offset = shape - middle
    across = offset @ along
    beyond = np.maximum(np.abs(across) / unit - width / 2, 0) + np.abs(offset @ np.array([-along[1], along[0]])) / unit
    share = np.exp(-((beyond / _WIDTH_REACH) ** 2))
    inside = np.clip(across, -width * unit / 2, width * unit / 2)
    return np.asarray(shape + ((factor - 1) * share * inside)[:, None] * along, np.float32)


@dataclass(frozen=True, eq=False)
class PhotoPainter:
    """Moves the head of a photo and lets it blink; it paints before the mouth does.

    `times_s` `(n,)` are the output pictures' times, `shut` `(n,)` how far the lids are shut, 0..1.
    """

    times_s: NDArray[np.float64]
    shut: NDArray[np.float64]
    name: str = field(default="photo")

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        if number >= len(self.times_s):
            return None
        before = face.mesh
        matrix = sway(before, float(self.times_s[number]))
        after = before.copy()
        after[:, :2] = apply(matrix, before[:, :2])
        lidded = _blinking(after, float(self.shut[number]))
        box = Box.around(before[[4], :2], _SPOT_PX, frame.size)
        if box is None:
            return None
        nothing = np.zeros((box.height, box.width), np.float32)
        return Patch(
            pixels=frame.rgb(box).astype(np.float32),
            mask=nothing,
            skin=nothing,
            edge=nothing,
            box=box,
            face=replace(face, mesh=lidded),
            ground=ground_of(before[:POINTS], after[:POINTS], frame.size),
            touches=_lids(frame, before, lidded) if self.shut[number] > 0 else (),
        )


def prepare_photo(times_s: NDArray[np.float64], seed: int = 0) -> PhotoPainter:
    """A painter for a photo shown at `times_s` `(n,)`; the same seed gives the same blinks."""
    return PhotoPainter(np.asarray(times_s, np.float64), blinks(times_s, seed))


def blinks(times_s: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """How far the lids are shut at each time `(n,)`, 0..1."""
    times = np.asarray(times_s, np.float64)
    chance = np.random.default_rng(seed)
    shut = np.zeros(len(times))
    start = float(chance.uniform(*_BETWEEN_S)) * 0.6
    curve_s = np.arange(len(_BLINK)) / _BLINK_HZ
    while len(times) and start < times[-1] - curve_s[-1]:
        shut = np.maximum(shut, np.interp(times - start, curve_s, _BLINK, left=0.0, right=0.0))
        start += float(chance.uniform(*_BETWEEN_S))
    return shut


def sway(mesh: F32, time_s: float) -> F32:
    """The similarity `(2, 3)` by which the head lies elsewhere after a time: turned about the neck, and shifted."""
    unit = float(np.linalg.norm(mesh[33, :2] - mesh[263, :2]))
    turn, across, down = (_wave(time_s, *periods) for periods in _WAVES_S)
    ease = min(max(time_s / _EASE_S, 0.0), 1.0)
    ease = ease * ease * (3 - 2 * ease)
    pivot = mesh[152, :2] + (mesh[152, :2] - mesh[10, :2]) / (np.linalg.norm(mesh[152, :2] - mesh[10, :2]) + 1e-6) * (
        _PIVOT * unit
    )
    matrix = cv2.getRotationMatrix2D((float(pivot[0]), float(pivot[1])), ease * turn * _TURN_DEG, 1.0)
    matrix[:, 2] += ease * unit * np.array([across * _ACROSS, down * _DOWN])
    return np.asarray(matrix, np.float32)


def _wave(time_s: float, first_s: float, second_s: float) -> float:
    """Between -1 and 1, 0 at the beginning."""
    return float(0.6 * np.sin(2 * np.pi * time_s / first_s) + 0.4 * np.sin(2 * np.pi * time_s / second_s))


def _blinking(mesh: F32, shut: float) -> F32:
    """The mesh with its lids shut by a share 0..1."""
    if shut <= 0:
        return mesh
    result = mesh.copy()
    for eye, (upper, lower) in enumerate(_UPPER_LIDS):
        top, bottom = mesh[list(upper), :2], mesh[list(lower), :2]
        meet = bottom - _BELOW * (top - bottom)
        way = shut * (meet - top)
        result[list(upper), :2] = top + way
        result[list(lower), :2] = bottom + shut * (meet - bottom)
        for ring, along in zip(_OVER_LIDS, _ALONG, strict=True):
            result[list(ring[eye]), :2] += along * way
    return result


def _lids(frame: Frame, before: F32, after: F32) -> tuple[Touch, ...]:
    """The skin of the lids where it lies now, out of the still itself; between the lids the eye stays as it is."""
    reach = _AROUND * float(np.linalg.norm(before[33, :2] - before[263, :2]))
    box = Box.around(after[_lid_points(), :2], reach, frame.size)
    source = Box.around(before[_lid_points(), :2], 4 * reach, frame.size)
    if box is None or source is None:
        return ()
    share = np.zeros((POINTS, 1), np.float32)
    share[_moving_points()] = 1.0
    values = np.concatenate([before[:POINTS, :2] - (source.x, source.y), share], axis=1).astype(np.float32)
    local = (after[:POINTS, :2] - (box.x, box.y)).astype(np.float32)
    places, valid = spread(local, _lid_triangles(), values, (box.width, box.height), coarse=1)
    x, y, shown = cv2.split(places)
    pixels = cv2.remap(frame.rgb(source), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    mask = (np.clip(2 * shown, 0, 1) * valid).astype(np.float32)
    return (Touch(box, pixels, cv2.GaussianBlur(mask, (0, 0), 0.7)),)


def _moving_points() -> list[int]:
    return [point for pair in (*_UPPER_LIDS, *_OVER_LIDS) for row in pair for point in row]


def _lid_triangles() -> NDArray[np.int32]:
    """The triangles of the skin around the eyes that blink; the eyes themselves are holes."""
    return np.asarray(triangles()[np.isin(triangles(), _moving_points()).any(axis=1)], np.int32)


def _lid_points() -> NDArray[np.int64]:
    return np.union1d(np.unique(_lid_triangles()), np.array([*RIGHT_EYE, *LEFT_EYE]))
