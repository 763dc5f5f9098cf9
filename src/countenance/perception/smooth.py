"""Taking the networks' own tremble out of a track, forwards and backwards at once, so without lag.

Each mesh is split into where the head is (a similarity) and what shape it has. Both are smoothed with Savitzky and
Golay's filter (1964), which fits short parabolas, so that slow peaks keep their height. Of what it takes off the
shape, that part is given back which is larger than the point's own tremble (as Wiener's filter would), so that blinks
and plosives, which are over in two pictures, stay sharp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.ndimage import convolve1d
from scipy.signal import savgol_filter

from countenance.media.frame import F32
from countenance.perception.pose import similarities
from countenance.perception.refine import REFINED, SLOW, settled
from countenance.perception.topology import POINTS, STEADY

Rows = Callable[[int, int], tuple[F32, F32]]  # meshes `(n, 478, 3)` and slips `(n, 176)` of pictures start..stop

_WINDOW = 7
_LEAST = 5  # shorter tracks stay as they are
_AROUND = 3  # pictures over which it is judged whether a point moves or trembles
_CHUNK = 256
_MARGIN = 2 * _WINDOW
_SAMPLE, _SAMPLES = 64, 8  # stretches of a track in which its tremble is measured
# A movement counts from so many times a point's own tremble (as variance): lids and lips early, the rest late.
_QUICK_FROM, _CALM_FROM = 2.5, 4.0
_LIVELIEST = 1.2  # times the middle tremble of skin: what is more, as with lips that never rest, is movement


def smooth_track(mesh: F32) -> F32:
    """A steadier copy of meshes `(n, 478, 3)`; tracks under five pictures come back unchanged."""

    def rows(start: int, stop: int) -> tuple[F32, F32]:
        return mesh[start:stop], np.zeros((stop - start, len(REFINED)), np.float32)

    return np.concatenate(list(smoothed(rows, len(mesh)))) if len(mesh) else mesh.copy()


def smoothed(rows: Rows, count: int, chunk: int = _CHUNK) -> Iterator[F32]:
    """The smooth meshes of a track of `count` pictures, a chunk at a time.

    The same as smoothing it whole: each chunk is worked out with enough of its neighbours.
    """

    def meshes(start: int, stop: int) -> F32:
        low, high = max(0, start - SLOW // 2), min(count, stop + SLOW // 2)
        return settled(*rows(low, high))[start - low : stop - low]

    if count < _LEAST:
        yield meshes(0, count)
        return
    reference = meshes(count // 2, count // 2 + 1)[0]
    tremble = _tremble(meshes, count, reference)
    for start in range(0, count, chunk):
        stop = min(start + chunk, count)
        low, high = max(0, start - _MARGIN), min(count, stop + _MARGIN)
        low, high = max(0, min(low, high - _WINDOW)), min(count, max(high, low + _WINDOW))
        whole = _smooth(meshes(low, high), reference, tremble)
        yield whole[start - low : stop - low]


def _smooth(mesh: F32, reference: F32, tremble: F32) -> F32:
    to_face, shape = _split(mesh, reference)
    calm = _filtered(shape)
    shape -= calm
    moved = convolve1d(_squared(shape), np.full(_AROUND, 1 / _AROUND), axis=0, mode="nearest")
    shape *= np.clip(1 - tremble / np.maximum(moved, 1e-9), 0, 1)[..., None]
    shape += calm
    return _carried(_filtered(_inverse(to_face)), shape)


def _tremble(meshes: Callable[[int, int], F32], count: int, reference: F32) -> F32:
    """The least variance `(478,)` that is a movement of a point in this track, in pixels of the reference squared."""
    if count <= _SAMPLE * _SAMPLES:
        stretches = [(0, count)]
    else:
        starts = np.linspace(0, count - _SAMPLE, _SAMPLES).astype(int).tolist()
        stretches = [(start, start + _SAMPLE) for start in starts]
    left = []
    for start, stop in stretches:
        _to_face, shape = _split(meshes(start, stop), reference)
        left.append(np.abs(shape - _filtered(shape)))
    own = _squared(1.4826 * np.median(np.concatenate(left), axis=0))  # of a normal distribution
    limit = np.full(len(own), _CALM_FROM, np.float32)
    limit[[*REFINED.tolist(), *range(POINTS, len(own))]] = _QUICK_FROM
    skin = float(np.median(own[limit == _CALM_FROM]))
    return np.asarray(limit * np.minimum(own, _LIVELIEST**2 * skin), np.float32)


def _split(mesh: F32, reference: F32) -> tuple[F32, F32]:
    """Where the head is, as matrices `(n, 2, 3)` to the reference's place, and the meshes brought there."""
    steady = list(STEADY)
    to_face = similarities(mesh[:, steady, :2], reference[steady, :2])
    return to_face, _carried(to_face, mesh)


def _carried(matrices: F32, mesh: F32) -> F32:
    """Meshes `(n, p, 3)`, each through its 2×3 matrix; z stays."""
    carried = mesh.copy()
    carried[..., :2] = mesh[..., :2] @ matrices[:, :, :2].swapaxes(1, 2) + matrices[:, None, :, 2]
    return carried


def _filtered(values: F32) -> F32:
    width = min(_WINDOW, len(values) - (1 - len(values) % 2))
    return np.asarray(savgol_filter(values, width, 2, axis=0, mode="interp"), np.float32)


def _squared(values: F32) -> F32:
    return np.asarray(np.einsum("...i,...i->...", values, values), np.float32)


def _inverse(matrices: F32) -> F32:
    turn = np.linalg.inv(matrices[:, :, :2])
    return np.concatenate([turn, -(turn @ matrices[:, :, 2:])], axis=2).astype(np.float32)
