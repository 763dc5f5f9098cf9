"""The one layout in which all faces' textures are kept, so that they can be compared texel by texel.

It unrolls the mean shape of the mesh around the head's vertical axis. The mean shape was derived with `derive`
from the reference stills of the two presenters of the examples, who do not exist; it is symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from countenance.media.frame import F32
from countenance.perception.pose import upright_shape
from countenance.perception.topology import LEFT_EYE, RIGHT_EYE, triangles

_PAD = 0.04  # free rim around the layout
_LEAST_AREA = 2e-6  # of the square: twice a triangle's area
_MOST_PULLS = 200
_FLAT = np.array([-1.0, 1.0, 1.0], np.float32)  # the mirror between a face's two sides


@lru_cache(maxsize=1)
def mean_shape() -> F32:
    """The mean face, upright and symmetric `(468, 3)`, in eye distances around the middle of the outer corners."""
    return np.asarray(np.load(Path(__file__).with_name("mean_face.npy")), np.float32)


@lru_cache(maxsize=1)
def mirrored() -> NDArray[np.int64]:
    """The number of each point's twin on the other side of the face `(468,)`."""
    return _twins(mean_shape())


@lru_cache(maxsize=8)
def texels(side: int) -> F32:
    """Where the mesh's points lie `(468, 2)` in a square texture of `side` texels."""
    shape = mean_shape() - mean_shape().mean(axis=0)
    depth = shape[:, 2].max() - shape[:, 2] + 0.35 * np.ptp(shape[:, 0])
    flat = np.stack([np.arctan2(shape[:, 0], depth) * depth.mean() * 1.1, shape[:, 1]], axis=1)
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = side * (1 - 2 * _PAD) / float((high - low).max())
    placed = (flat - (low + high) / 2) * scale + side / 2
    return np.asarray(_untangled(placed, _LEAST_AREA * side * side), np.float32)


@lru_cache(maxsize=1)
def with_eyes() -> NDArray[np.int32]:
    """The mesh's triangles and a fan over each eye's opening `(n, 3)`, wound alike."""
    flat = texels(512)
    fans = [(loop[0], a, b) for loop in (RIGHT_EYE, LEFT_EYE) for a, b in pairwise(loop[1:])]
    wound = []
    for one, two, three in fans:
        side, other = flat[two] - flat[one], flat[three] - flat[one]
        wound.append((one, two, three) if side[0] * other[1] - side[1] * other[0] < 0 else (one, three, two))
    return np.concatenate([triangles(), np.array(wound, np.int32)])


def derive(meshes: Sequence[F32]) -> F32:
    """A mean shape from meshes `(468, 3)` of several faces and views, as `mean_shape` has it."""
    mean = np.mean([upright_shape(mesh) for mesh in meshes], axis=0)
    for _ in range(3):  # the better the mean, the surer the twins
        mean = (mean + mean[_twins(mean)] * _FLAT) / 2
    return np.asarray(mean, np.float32)


def _twins(shape: F32) -> NDArray[np.int64]:
    gaps = np.linalg.norm(shape[:, None] * _FLAT - shape[None], axis=2)
    return np.asarray(linear_sum_assignment(np.minimum(gaps, gaps.T))[1])


def _untangled(flat: F32, least_area: float) -> F32:
    """Nostrils and lips fold over when unrolled: their points are drawn to their neighbours until no triangle does."""
    flat, corners = flat.copy(), triangles()
    joined = np.zeros((len(flat), len(flat)), np.float32)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        joined[corners[:, i], corners[:, j]] = joined[corners[:, j], corners[:, i]] = 1
    joined /= joined.sum(axis=1, keepdims=True)
    for _ in range(_MOST_PULLS):
        a, b, c = (flat[corners[:, i]] for i in range(3))
        area = (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1]) - (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1])
        folded = np.unique(corners[area < least_area])
        if not folded.size:
            break
        flat[folded] += 0.3 * (joined[folded] @ flat - flat[folded])
    return flat
