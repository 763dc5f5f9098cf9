"""The plan of a speech: which of the talent's mouths stands in each picture, and exactly how the lower face lies.

Planning knows phones, library and poses; painting knows pixels. The plan is all that passes between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import savgol_filter

from countenance.media.frame import F32
from countenance.perception.topology import LIPS_INNER, LIPS_OUTER
from countenance.speech.phones import Phones
from countenance.speech.visemes import mouth_targets
from countenance.synthesis.mouthhabits import REST, sounds
from countenance.synthesis.mouths import MouthLibrary
from countenance.synthesis.mouthsearch import Steps, cheapest

FOOTAGE, MADE = "footage", "made"
_STRETCH = (1.25, 0.008)  # a mouth may be opened by a quarter and a hair (eye distances) more than it was
_SQUEEZE = 0.5
_RESTING = 0.9  # of the weight of silence
_MUST = 0.4  # of press or tuck: from here on lips are shut whatever the footage shows
_MADE = 0.035  # eye distances that the lips lie away from the footage's own, from which on they are made
_TOWARDS_GOAL = 0.8  # of the way from the footage's shape to the one that the sounds ask for
_HOLD, _MOVING = 0.6, 0.008  # what it costs to hold a mouth while lips should move this fast, or to move it at rest
_STANDS, _HURRY = np.array([1, 0, 0, 0]), np.array([0, 0, 0.03, 0.12])  # by pictures of the footage that are passed
_SPEED = 0.012  # eye distances a picture
_NEAR_ENOUGH = 0.015  # eye distances
_SHAPE = 0.015  # eye distances by which lips are off that cost as much as 1
_CONTEXT, _UNKNOWN = 0.5, 0.5  # cost of other sounds, and of not knowing what was said
_POSE, _POSE_DEGREES = 1.0, 3.5
_BLOCK, _AROUND = 512, 8  # pictures whose faces are worked out at once, and beside them
_EVEN = 5  # pictures over which poses of different pieces of footage are evened
_FAR, _FAR_PICTURES = 0.5, 200  # cost of the light and mood of another moment
_SHUT, _SHUT_GAP = 30.0, 0.02
_JUMP, _JUMP_SHAPE, _JUMP_LOOK, _LOOK = 1.0, 1.0, 1.0, 12.0
_LIPS = np.array(LIPS_OUTER + LIPS_INNER)
_LOWER = np.array([78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308])
_UPPER = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308])
_LIPS_LOW = np.array([14, 87, 178, 88, 95, 317, 402, 318, 324, 17, 84, 181, 91, 146, 314, 405, 321, 375])
_LIPS_UP = np.array([13, 82, 81, 80, 191, 312, 311, 310, 415, 0, 37, 39, 40, 185, 267, 269, 270, 409])
_CORNERS = np.array([61, 78, 291, 308])
INNER_STRIP = np.array(  # triangles over the hole between the inner lips
    [t for k in range(10) for t in ([_UPPER[k], _UPPER[k + 1], _LOWER[k]], [_UPPER[k + 1], _LOWER[k + 1], _LOWER[k]])],
    np.int32,
)


@dataclass(frozen=True, eq=False)
class MouthPlan:
    """What is to be shown in each of `n` output pictures.

    `path` `(n,)` int64 numbers the library's mouth whose pixels are shown; `shapes` `(n, 468, 2)` float32 are the
    lower faces in face space to which they are warped, in the pose in which that mouth was filmed; `origin` `(n,)` is
    "footage" where the mouth stood nearly so, "made" where its shape had to be made from the nearest one.
    """

    path: NDArray[np.int64]
    shapes: F32
    origin: NDArray[np.str_]

    @property
    def made_share(self) -> float:
        """The share 0..1 of pictures whose mouth shape the footage does not hold."""
        return float((self.origin == MADE).mean()) if len(self.origin) else 0.0


def plan_mouths(
    library: MouthLibrary, phones: Phones, times_s: ArrayLike, poses: F32, sources: ArrayLike | None = None
) -> MouthPlan:
    """The plan for a speech.

    `phones` are on the audio clock; for each picture `times_s` `(n,)` is the middle of its time on the screen, `poses`
    `(n, 3)` the head's pose in degrees, and `sources` `(n,)` its number in the library's first clip, where it is a
    picture of that: mouths of the same moment share its light and mood.
    """
    times, habits = np.asarray(times_s, np.float64), library.habits
    said = sounds(phones, times)
    must = (mouth_targets(phones, times, frames=True)[:, 2] > _MUST) | (said[:, REST] > _RESTING)
    turns = habits.turned(np.stack([mouth.pose for mouth in library.mouths]))
    own = (np.stack([mouth.shape for mouth in library.mouths]) / library.unit - turns).astype(np.float32)
    # Whole faces of a long speech are many: they are worked out some at a time, and only lips are kept of goals.
    lips = [_goals(library, said[first : first + _BLOCK])[:, _LIPS] for first in range(0, len(said), _BLOCK)]
    path = _path(library, own, np.concatenate(lips), said, must, poses, sources)
    shapes = np.empty((len(path), *own.shape[1:]), np.float32)
    origin = np.empty(len(path), "<U7")
    for first in range(0, len(path), _BLOCK):
        here = slice(max(first - _AROUND, 0), min(first + _BLOCK + _AROUND, len(path)))
        kept = slice(first - here.start, first - here.start + _BLOCK)
        made, away = _shown(library, own, turns, path[here], said[here], must[here])
        shapes[first : first + _BLOCK] = made[kept]
        origin[first : first + _BLOCK] = np.where(away[kept] > _MADE, MADE, FOOTAGE)
    return MouthPlan(path, shapes, origin)


def _goals(library: MouthLibrary, said: F32) -> F32:
    """What this person would show `(n, 468, 2)`, but that lips are shut in pauses, whatever they do there."""
    goals = library.habits.asked(said)
    gaps, _widths = gaps_and_widths(goals)
    return with_gaps(goals, gaps + said[:, REST] * (library.shut - gaps))


def _shown(
    library: MouthLibrary,
    own: F32,
    turns: F32,
    path: NDArray[np.int64],
    said: F32,
    must: NDArray[np.bool_],
) -> tuple[F32, NDArray[np.float64]]:
    """The shapes of some pictures in a row `(n, 468, 2)` in face space, and how far their lips lie from the filmed."""
    goals, filmed = _goals(library, said), own[path]
    off = np.sqrt(((goals - filmed)[:, _LIPS] ** 2).sum(axis=2).mean(axis=1))
    # Lips that lie right are best left as they were filmed, and a rest need not be exact.
    pull = _TOWARDS_GOAL * np.clip(off / (_NEAR_ENOUGH * (1 + said[:, REST])) - said[:, REST], 0, 1)
    shapes = _calmed((filmed + pull[:, None, None] * (goals - filmed)).astype(np.float32))
    gaps, found = gaps_and_widths(shapes)[0], gaps_and_widths(filmed)[0]
    gaps = _reachable(np.where(must, library.shut, np.maximum(gaps, library.shut)), found, must_shut=must)
    away = np.sqrt(((with_gaps(shapes, gaps) - filmed)[:, _LIPS] ** 2).sum(axis=2).mean(axis=1))
    turned = uniform_filter1d(turns[path], _EVEN, axis=0, mode="nearest")
    return with_gaps((shapes + turned).astype(np.float32), gaps) * np.float32(library.unit), away


def _path(
    library: MouthLibrary,
    own: F32,
    goals: F32,
    said: F32,
    must: NDArray[np.bool_],
    poses: F32,
    sources: ArrayLike | None,
) -> NDArray[np.int64]:
    """The mouths to show: close in shape, said in like surroundings, in a like pose, shut where they must be.

    `own` are the mouths' shapes as they would be in the usual pose, `goals` `(n, 40, 2)` the wanted lips.
    """
    mouths = library.mouths
    lips, wanted = _flat(own[:, _LIPS]), _flat(goals)
    turned = (np.stack([mouth.pose for mouth in mouths])[:, :2] / _POSE_DEGREES).astype(np.float32)
    known = np.array([mouth.sound is not None for mouth in mouths])
    context = np.stack([mouth.sound if mouth.sound is not None else 0 * said[0] for mouth in mouths])
    open_by = np.maximum(np.array([mouth.gap for mouth in mouths]) - _closed(library), 0) / _SHUT_GAP

    wanted_speed = np.gradient(wanted, axis=0).astype(np.float32) if len(wanted) > 1 else 0 * wanted
    order = np.array([mouth.frame for mouth in mouths], np.int64)
    speed = _speeds(lips, order)
    moments = None if sources is None else np.asarray(sources, np.float32)

    def local(first: int, end: int) -> F32:
        now = slice(first, end)
        shape = _squares(wanted[now], lips) / np.float32(_SHAPE**2 * len(_LIPS))
        other = np.where(known, _CONTEXT * _squares(said[now], context), _UNKNOWN)
        shape += _squares(wanted_speed[now], speed) / np.float32(_SPEED**2 * len(_LIPS))
        posed = _POSE * _squares((poses[now, :2] / _POSE_DEGREES).astype(np.float32), turned)
        if moments is not None:
            shape += np.minimum(np.abs(moments[now, None] - order) * (_FAR / _FAR_PICTURES), _FAR)
        return np.asarray(shape + other + posed + must[now, None] * open_by**2 * _SHUT, np.float32)

    after = np.minimum(np.arange(len(mouths)) + 1, len(mouths) - 1)
    after = np.where(order[after] - order <= 2, after, np.arange(len(mouths)))
    looks = _flat(np.stack([mouth.look for mouth in mouths]))
    moved = np.sqrt(_squares(lips[after], lips) / len(_LIPS)) / _SHAPE
    looked = np.sqrt(_squares(looks[after], looks) / looks.shape[1]) / _LOOK
    jump = (_JUMP + _JUMP_SHAPE * moved + _JUMP_LOOK * looked).astype(np.float32)
    moving = np.minimum(np.sqrt((wanted_speed**2).sum(axis=1) / len(_LIPS)) / _MOVING, 1)[:, None]
    paces = (_HOLD * (moving * _STANDS + (1 - moving) * (1 - _STANDS)) + _HURRY).astype(np.float32)
    return cheapest(local, paces, Steps(order, jump))


def _speeds(lips: F32, order: NDArray[np.int64]) -> F32:
    """How the lips `(m, k)` were moving, a picture, where the footage goes on on both sides; half of it at an end."""
    ahead = np.zeros_like(lips)
    ahead[:-1] = np.where((np.diff(order) == 1)[:, None], np.diff(lips, axis=0), 0)
    return np.asarray((ahead + np.concatenate([ahead[:1] * 0, ahead[:-1]])) / 2, np.float32)


def _closed(library: MouthLibrary) -> float:
    """The gap below which this person's lips are shut."""
    return library.shut + 0.1 * (library.gap[2] - library.shut)


def _flat(rows: NDArray[Any]) -> F32:
    return rows.reshape(len(rows), -1).astype(np.float32)


def _squares(a: F32, b: F32) -> F32:
    """Squared distances `(n, m)` of rows."""
    return np.asarray(np.maximum((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T, 0), np.float32)


def _calmed(shapes: F32) -> F32:
    """Shapes without the small steps that different takes leave between them."""
    window = min(5, len(shapes) - (1 - len(shapes) % 2))
    if window < 3:
        return shapes
    return np.asarray(savgol_filter(shapes, window, min(2, window - 1), axis=0, mode="interp"), np.float32)


def _reachable(
    wanted: NDArray[np.floating[Any]], found: NDArray[np.float64], *, must_shut: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The gaps to set: as wanted, but teeth are neither drawn out nor squeezed; lips that must shut are shut."""
    gaps = np.minimum(wanted.astype(np.float64), found * _STRETCH[0] + _STRETCH[1])
    return np.where(must_shut, gaps, np.maximum(gaps, found * _SQUEEZE))


def gaps_and_widths(shapes: F32) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inner lip gaps, below 0 where lips would cross, and mouth widths `(n,)` of shapes `(n, 468, 2)`."""
    across = (shapes[:, 291] - shapes[:, 61]).astype(np.float64)
    widths = np.linalg.norm(across, axis=1)
    down = np.stack([-across[:, 1], across[:, 0]], axis=1) / (widths[:, None] + 1e-9)
    return ((shapes[:, 14] - shapes[:, 13]) * down).sum(axis=1), widths


def with_gap(shape: F32, gap: float, unit: float) -> F32:
    """One shape `(468, 2)` with its inner lips set to a gap in eye distances; see `with_gaps`."""
    return np.asarray(with_gaps(shape[None] / np.float32(unit), np.array([gap]))[0] * unit, np.float32)


def with_gaps(shapes: F32, gaps: NDArray[np.float64]) -> F32:
    """Shapes `(n, 468, 2)` in eye distances with their inner lips set to gaps `(n,)`.

    The jaw does most of it, the upper lip a little; lips never pass through each other.
    """
    now, widths = gaps_and_widths(shapes)
    right, left = shapes[:, 61], shapes[:, 291]
    along = ((left - right) / (widths[:, None] + 1e-6)).astype(np.float32)
    down = np.stack([-along[:, 1], along[:, 0]], axis=1)
    apart = shapes - ((left + right) / 2)[:, None]
    side = np.einsum("npi,ni->np", apart, along) / (widths[:, None] / 2 + 1e-6)
    depth = np.einsum("npi,ni->np", apart, down)
    bow = np.clip(1 - side**2, 0, 1)
    lower = np.where(depth > 0, np.exp(-((side / 2.2) ** 2)) * np.clip(1.15 - depth * 0.5, 0, 1), 0)
    lower[:, _LIPS_LOW] = bow[:, _LIPS_LOW]
    lower[:, np.concatenate([_CORNERS, _LIPS_UP])] = 0
    upper = np.zeros_like(lower)
    upper[:, _LIPS_UP] = bow[:, _LIPS_UP]
    done = (
        0.8 * lower[:, 14] + 0.2 * upper[:, 13]
    )  # of what is asked, where the middle is not midway between the corners
    change = ((gaps - now) / np.maximum(done, 0.2))[:, None] * (0.8 * lower - 0.2 * upper)
    result = (shapes + change[..., None] * down[:, None]).astype(np.float32)
    between = np.einsum("npi,ni->np", result[:, _LOWER] - result[:, _UPPER], down)
    crossed = np.minimum(between, 0)[..., None] / 2 * down[:, None]
    result[:, _LOWER] -= crossed
    result[:, _UPPER] += crossed
    return result
