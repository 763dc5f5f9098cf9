"""A talent's own mouths: every way the lips stood in the master, and the path through them that speaks.

All shapes live in one face space: a mesh of the track, onto whose steady points (bone, not muscle) every frame
is brought by a similarity. The unit is that mesh's distance of the outer eye corners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Box
from countenance.media.probe import Master
from countenance.perception.pose import apply, steady_frame
from countenance.perception.topology import LIPS_INNER, LIPS_OUTER, POINTS
from countenance.perception.tracks import FaceTrack

_MOST = 240  # mouths kept in memory
_RUN = 12  # consecutive frames kept together, so that motion can be followed
_MARGIN = 0.75  # eye distances kept around the lower face
_LIPS = np.array(LIPS_OUTER + LIPS_INNER)
_JUMP, _JUMP_SHAPE = 0.25, 3.0  # cost of leaving the footage's own order, fixed and by the change of shape
_FIT = 2.0  # weight of the lips' shape against the head's pose
_POSE_DEGREES = 3.5  # of yaw and pitch that cost as much as a wrong mouth; roll is undone by turning
_SHUT = 30.0  # how much more a wrong gap costs where the lips must close


@dataclass(frozen=True)
class Mouth:
    """One picture of the talent's lower face.

    `pixels` `(h, w, 3)` uint8 RGB of `box`; `mesh` `(468, 3)` in picture pixels; `shape` `(468, 2)` in face space;
    `to_face` `(2, 3)` from picture to face space; `gap` and `width` of the inner lips in eye distances.
    """

    frame: int
    pixels: U8
    box: Box
    mesh: F32
    shape: F32
    to_face: F32
    gap: float
    width: float
    pose: F32


@dataclass(frozen=True)
class MouthLibrary:
    """The talent's mouths in the order of the footage, with the face space they share.

    `reference` `(478, 3)` is the mesh that spans the face space, `unit` its eye distance in pixels; `gap` and
    `width` are the (5th, 50th, 95th) percentiles of the whole track, in eye distances.
    """

    mouths: tuple[Mouth, ...]
    reference: F32
    unit: float
    gap: tuple[float, float, float]
    width: tuple[float, float, float]

    @property
    def shut(self) -> float:
        """The gap that the mesh shows when the lips touch: it is not quite zero, and differs between people."""
        return float(np.mean(sorted(mouth.gap for mouth in self.mouths)[:3]))


def gap_and_width(shape: F32, unit: float) -> tuple[float, float]:
    """Inner lip gap and mouth width of a shape in face space, in eye distances."""
    gap = float(np.linalg.norm(shape[14] - shape[13])) / unit
    return gap, float(np.linalg.norm(shape[291] - shape[61])) / unit


def collect_mouths(master: Master, tracks: Sequence[FaceTrack]) -> MouthLibrary:
    """Read the talent's mouths out of the master in one pass. Raises InputError when no face is tracked."""
    if not tracks:
        raise InputError(f"{master.path}: there is no face to take mouths from; check `faces:` in the brief.")
    longest = max(tracks, key=lambda track: len(track.frames))
    reference = longest.mesh[len(longest.mesh) // 2]
    unit = float(np.linalg.norm(reference[33, :2] - reference[263, :2]))
    measured = [gap_and_width(apply(steady_frame(m, reference), m[:POINTS, :2]), unit) for t in tracks for m in t.mesh]
    gaps, widths = np.array(measured).T
    sightings = [(track, index) for track in tracks for index in range(len(track.frames))]
    wanted = {
        int(track.frames[index]): (track, index)
        for place, (track, index) in enumerate(sightings)
        if _kept(place, len(sightings))
    }
    mouths = []
    for number, frame in enumerate(decode(master)):
        if number not in wanted:
            continue
        track, index = wanted[number]
        mesh = track.mesh[index]
        lower = mesh[mesh[:, 1] > mesh[5, 1]] if abs(track.pose[index, 2]) < 45 else mesh
        box = Box.around(lower[:, :2], _MARGIN * unit, frame.size)
        if box is None:
            continue
        to_face = steady_frame(mesh, reference)
        shape = apply(to_face, mesh[:POINTS, :2])
        gap, width = gap_and_width(shape, unit)
        mouths.append(Mouth(number, frame.rgb(box), box, mesh[:POINTS], shape, to_face, gap, width, track.pose[index]))
    return MouthLibrary(tuple(mouths), reference, unit, _range(gaps), _range(widths))


def _kept(index: int, count: int) -> bool:
    """Runs of consecutive frames, evenly spread over all that was seen of the talent, until the library is full."""
    runs = max(1, _MOST // _RUN)
    if count <= _MOST:
        return True
    period = count / runs
    return index % period < _RUN


def _range(values: NDArray[np.float64]) -> tuple[float, float, float]:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return float(low), float(middle), float(high)


def wanted_shapes(library: MouthLibrary, targets: F32) -> F32:
    """Lip gap and width `(n, 2)` in eye distances for mouth targets `(n, 4)` (aperture, width, press, tuck).

    The talent's own range is used: what is wide open for one person is not for another.
    """
    low, _middle, high = library.gap
    narrow, rest, wide = library.width
    aperture, spread, press, tuck = targets.T
    gap = low + np.clip(aperture, 0, 1) * max(high - low, 0.03)
    shut = np.clip(np.maximum(press, tuck * 0.7), 0, 1)
    gap = gap * (1 - shut) + library.shut * shut
    width = rest + np.where(spread > 0, spread * (wide - rest), spread * (rest - narrow))
    return np.stack([gap, width], axis=1).astype(np.float32)


def choose_path(library: MouthLibrary, wanted: F32, poses: F32) -> NDArray[np.int64]:
    """Which mouth to show at each output picture `(n,)`: the cheapest path (Viterbi 1967).

    A mouth costs by its distance from the wanted gap and width and from the head's pose; staying in the footage's
    own order is free, a jump costs by how much the lips change.
    """
    # Square roots of gaps: between shut and nearly shut lies more than between open and wide open.
    have = np.array([[np.sqrt(m.gap), m.width] for m in library.mouths], np.float32)
    wanted = np.stack([np.sqrt(np.maximum(wanted[:, 0], 0)), wanted[:, 1]], axis=1)
    nearly_shut = np.sqrt((library.gap[0] + library.shut) / 2)
    pose = np.stack([m.pose for m in library.mouths])
    order = np.array([m.frame for m in library.mouths])
    gap_unit = max(np.sqrt(library.gap[2]) - np.sqrt(library.gap[0]), 0.05)
    width_unit = max(library.width[2] - library.width[0], 0.05)
    unit = np.array([gap_unit, width_unit * 1.5], np.float32)
    lips = np.stack([m.shape[_LIPS] for m in library.mouths]).reshape(len(have), -1) / library.unit
    change = np.sqrt(((lips[:, None] - lips[None]) ** 2).mean(axis=2))
    jump = _JUMP + _JUMP_SHAPE * change
    follows = (order[None, :] - order[:, None] >= 0) & (order[None, :] - order[:, None] <= 2)
    jump[follows] = 0.1 * change[follows]
    back = np.empty((len(wanted), len(have)), np.int64)
    cost = np.zeros(len(have), np.float32)
    for t, (shape, turned) in enumerate(zip(wanted, poses, strict=True)):
        strict = np.array([_SHUT if shape[0] < nearly_shut else 1.0, 1.0])
        local = (((have - shape) / unit) ** 2 * strict).sum(axis=1)
        local = local * _FIT + (((pose - turned)[:, :2] / _POSE_DEGREES) ** 2).sum(axis=1)
        step = cost[:, None] + jump if t else np.broadcast_to(cost[:, None], jump.shape)
        back[t] = step.argmin(axis=0)
        cost = step[back[t], np.arange(len(have))] + local
    path = np.empty(len(wanted), np.int64)
    path[-1] = int(cost.argmin())
    for t in range(len(wanted) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path
