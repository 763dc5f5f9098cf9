"""A small rasteriser: values at mesh points, spread over pixels, what is nearer hiding what is behind."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32

_TOUCH = 0.02  # of a pixel
_MOST_MERGED = 64  # planes; OpenCV has a limit


def spread(
    points: F32,
    triangles: NDArray[np.int32],
    values: F32,
    size: tuple[int, int],
    *,
    depth: F32 | None = None,
    coarse: int = 2,
) -> tuple[F32, NDArray[np.bool_]]:
    """Linear interpolation of values over triangles.

    `points` `(n, 2)` in pixels of a picture of `size` (width, height); `values` `(n, k)`. With `depth` `(n,)`
    nearer (smaller) triangles win and the mesh's triangles seen from behind are left out. Worked out on every
    `coarse`-th pixel and enlarged, which is exact inside a triangle. Returns `(h, w, k)` float32 and where it is valid.
    """
    small, valid = spread_coarse(points, triangles, values, size, depth=depth, coarse=coarse)
    whole = cv2.resize(valid.astype(np.uint8), None, fx=coarse, fy=coarse, interpolation=cv2.INTER_NEAREST)
    return enlarged_field(small, size, coarse), whole[: size[1], : size[0]] > 0


def spread_coarse(
    points: F32,
    triangles: NDArray[np.int32],
    values: F32,
    size: tuple[int, int],
    *,
    depth: F32 | None = None,
    coarse: int = 2,
) -> tuple[F32, NDArray[np.bool_]]:
    """The same on the coarse pixels only: `(ceil(h / coarse), ceil(w / coarse), k)`."""
    width, height = size
    small = (-(-width // coarse), -(-height // coarse))
    corners = ((points + np.float32(0.5)) / coarse - np.float32(0.5)).astype(np.float32)[triangles]
    order = np.arange(len(triangles))
    if depth is not None:
        order = order[_turn(corners) < 0]
        order = order[np.argsort(-depth[triangles[order]].mean(axis=1), kind="stable")]
    index = _owners(corners, order, small)
    valid = index >= 0
    # A border pixel outside takes a neighbour's plane, so that enlarging never mixes in a stranger's values.
    outward = cv2.dilate(index.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    return _evaluate(np.where(valid, index, outward), corners, values[triangles]), valid


def enlarged_field(small: F32, size: tuple[int, int], coarse: int) -> F32:
    """A coarse field at full size `(h, w, k)`."""
    full = cv2.resize(small, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_LINEAR) if coarse > 1 else small
    return _three_axes(full)[: size[1], : size[0]]


def _owners(corners: F32, order: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.int32]:
    """Which triangle `(t, 3, 2)` covers each pixel's centre `(h, w)`, the last in `order` winning; -1 for none.

    All candidate pixels of all triangles' boxes are tested at once, so that no loop runs over triangles.
    """
    width, height = size
    index = np.full(height * width, -1, np.int32)
    chosen = corners[order]
    low = np.clip(np.ceil(chosen.min(axis=1) - _TOUCH), 0, [width, height]).astype(np.int32)
    high = np.clip(np.floor(chosen.max(axis=1) + _TOUCH) + 1, 0, [width, height]).astype(np.int32)
    span = np.maximum(high - low, 0)
    count = span[:, 0] * span[:, 1]
    which = np.repeat(np.arange(len(order), dtype=np.int32), count)
    inside = np.arange(which.size, dtype=np.int32) - np.repeat(np.cumsum(count) - count, count).astype(np.int32)
    across = span[which, 0]
    row = inside // np.maximum(across, 1)
    x, y = low[which, 0] + inside - row * across, low[which, 1] + row
    covered = np.ones(which.size, bool)
    sign = np.where(_turn(chosen) < 0, -1, 1).astype(np.float32)
    for start, end in ((0, 1), (1, 2), (2, 0)):  # the pixel lies on the inner side of each edge
        edge = (chosen[:, end] - chosen[:, start]) * sign[:, None]
        offset = edge[:, 0] * chosen[:, start, 1] - edge[:, 1] * chosen[:, start, 0]
        slack = _TOUCH * np.hypot(edge[:, 0], edge[:, 1])  # neighbours overlap a little, so that no seam stays open
        covered &= edge[which, 0] * y - edge[which, 1] * x >= (offset - slack)[which]
    index[(y * width + x)[covered]] = order[which[covered]]
    return index.reshape(height, width)


def _evaluate(index: NDArray[np.int32], corners: F32, values: F32) -> F32:
    """Each triangle's plane through its three values, evaluated at the pixels it owns."""
    origin, side_a, side_b = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = side_a[:, 0] * side_b[:, 1] - side_a[:, 1] * side_b[:, 0]
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)[:, None]  # degenerate triangles stay finite
    rise_a, rise_b = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    along_x = (rise_a * side_b[:, 1:] - rise_b * side_a[:, 1:]) / area
    along_y = (rise_b * side_a[:, :1] - rise_a * side_b[:, :1]) / area
    offset = values[:, 0] - along_x * origin[:, :1] - along_y * origin[:, 1:]
    planes = np.stack([along_x, along_y, offset]).astype(np.float32).transpose(2, 0, 1)  # (k, 3, t)
    owner = np.maximum(index, 0)
    height, width = index.shape
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    # Value by value: rows of a whole picture are quick, rows of two or three numbers are not.
    found = []
    for across, down, start in np.ascontiguousarray(planes):
        value = across.take(owner)
        value *= x
        rise = down.take(owner)
        rise *= y
        value += rise
        value += start.take(owner)
        found.append(value)
    if len(found) > _MOST_MERGED:
        return np.stack(found, axis=-1)
    return _three_axes(np.asarray(cv2.merge(found), np.float32))


def _turn(corners: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Twice the signed area of each triangle on the picture; below 0 its front is seen."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _three_axes(values: F32) -> F32:
    return values if values.ndim == 3 else values[..., None]


def vertex_normals(mesh: F32, triangles: NDArray[np.int32]) -> F32:
    """Unit normals `(n, 3)` of mesh points; z below 0 faces the camera."""
    a, b, c = (mesh[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    count = len(mesh)
    total = np.stack(
        [sum(np.bincount(triangles[:, i], face[:, axis], count) for i in range(3)) for axis in range(3)],
        axis=1,
    )
    return np.asarray(total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-9), np.float32)
