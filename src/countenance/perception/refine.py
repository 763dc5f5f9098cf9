"""Lips and lids out of the closer look, joined to the mesh.

Where a lid or a lip lies across its own line the closer look knows better: it follows a blink to the end, which
the plain mesh does half-way. Along the line it drifts, and the plain mesh is steadier. So a single picture takes the
way across from the closer look and the way along from the mesh; a track takes both from the closer look and
only the slow part of the way along from the mesh (`settled`), so that lips may also widen and round.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve1d

from countenance.media.frame import F32
from countenance.perception.attention import LEFT_EYE_REGION, LIPS, RIGHT_EYE_REGION, Closeup
from countenance.perception.topology import IRIS_POINTS, LEFT_EYE, POINTS, RIGHT_EYE

_RIM_AND_NEXT, _FADING = 32, 48  # of an eye's region: two rings wholly, the third half, and no more
REFINED = np.array([*LIPS, *RIGHT_EYE_REGION[:_FADING], *LEFT_EYE_REGION[:_FADING]])
_LIPS_ACROSS = 0.7  # both networks together see lips part better than either; lids are the closer look's alone
_eye = np.repeat([1.0, 0.5], [_RIM_AND_NEXT, _FADING - _RIM_AND_NEXT])
_ACROSS = np.concatenate([np.full(len(LIPS), _LIPS_ACROSS), _eye, _eye]).astype(np.float32)[:, None]
_ALONG = np.concatenate([np.ones(len(LIPS)), _eye, _eye]).astype(np.float32)
_IRISES = (slice(POINTS, POINTS + IRIS_POINTS // 2), slice(POINTS + IRIS_POINTS // 2, POINTS + IRIS_POINTS))
# Lids and lips that meet when they shut, upper and lower.
_UPPER = np.array([246, 161, 160, 159, 158, 157, 173, 466, 388, 387, 386, 385, 384, 398,
                   191, 80, 81, 82, 13, 312, 311, 310, 415])  # fmt: skip
_LOWER = np.array([7, 163, 144, 145, 153, 154, 155, 249, 390, 373, 374, 380, 381, 382,
                   95, 88, 178, 87, 14, 317, 402, 318, 324])  # fmt: skip
SLOW = 49  # pictures over which the way along is taken from the mesh


def refined(points: F32, look: Closeup) -> tuple[F32, F32]:
    """The mesh `(478, 3)` with refined lips and lids and the irises, from 468 points and a closer look in the same
    picture; and by how much `(176,)` the closer look lies farther along the eyes' axis for each of `REFINED`."""
    mesh = np.empty((POINTS + IRIS_POINTS, 3), np.float32)
    mesh[:POINTS] = points
    close = np.concatenate([look.lips, look.right_eye[:_FADING], look.left_eye[:_FADING]])
    between = close - points[REFINED, :2]
    along = axis_of(points)
    slip = between @ along
    mesh[REFINED, :2] += (between - slip[:, None] * along) * _ACROSS
    _part(mesh, np.array([-along[1], along[0]], np.float32))
    for iris, place, rim in zip((look.right_iris, look.left_iris), _IRISES, (RIGHT_EYE, LEFT_EYE), strict=True):
        mesh[place, :2] = iris
        mesh[place, 2] = points[list(rim), 2].mean()
    return mesh, np.asarray(slip * _ALONG, np.float32)


def _part(mesh: F32, down: F32) -> None:
    """Put lids and lips that have passed each other where they meet."""
    passed = np.minimum((mesh[_LOWER, :2] - mesh[_UPPER, :2]) @ down, 0)[:, None] / 2 * down
    mesh[_UPPER, :2] += passed
    mesh[_LOWER, :2] -= passed


def axis_of(points: F32) -> F32:
    """The direction `(2,)` from the right eye's outer corner to the left eye's, on the picture."""
    across = points[263, :2] - points[33, :2]
    return np.asarray(across / max(float(np.hypot(*across)), 1e-6), np.float32)


def settled(mesh: F32, slip: F32) -> F32:
    """A track's meshes `(n, 478, 3)` with the quick part of what the closer look saw along the eyes' axis."""
    quick = slip - convolve1d(slip, np.full(SLOW, 1 / SLOW), axis=0, mode="nearest")
    across = mesh[:, 263, :2] - mesh[:, 33, :2]
    along = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    result = mesh.copy()
    result[:, REFINED, :2] += quick[..., None] * along[:, None]
    return result
