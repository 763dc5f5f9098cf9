"""Which points of a mesh the camera sees, from its geometry alone."""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import F32
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import POINTS, triangles

_SIDE_PX = 96  # of the small picture of depths
_GRAZING = (0.0, 0.2)  # cosine of the angle of view from which a point begins to be seen, and is fully seen
_BEHIND = (0.03, 0.08)  # of the mesh's extent: so far behind another surface a point begins to be hidden, is hidden


def visibility(mesh: F32) -> F32:
    """How well each point of a mesh `(468 or more, 3)` in pixels is seen `(468,)`: 1 wholly, 0 not at all.

    A point counts as unseen when its surface turns away, or when another part of the face, such as the nose,
    lies before it; other things before the face are not geometry and not known here.
    """
    points = np.asarray(mesh[:POINTS], np.float32)
    facing = -vertex_normals(points, triangles())[:, 2]
    return np.asarray(_ramp(facing, *_GRAZING) * (1 - _ramp(_depth_behind(points), *_BEHIND)), np.float32)


def _depth_behind(points: F32) -> F32:
    """How far each point lies behind what is drawn around its place, in parts of the mesh's extent."""
    low = points[:, :2].min(axis=0)
    extent = float(np.ptp(points[:, :2], axis=0).max()) + 1e-6
    flat = 2 + (points[:, :2] - low) / extent * (_SIDE_PX - 5)
    depth = points[:, 2] / extent
    drawn, valid = spread(flat, triangles(), depth[:, None], (_SIDE_PX, _SIDE_PX), depth=depth, coarse=1)
    drawn = np.where(valid[..., None], drawn, np.float32(np.inf))[..., 0]
    # The deepest of the neighbourhood: a slope never hides itself.
    around = cv2.dilate(np.minimum(drawn, np.float32(1e6)), np.ones((3, 3), np.uint8))
    column, row = np.rint(flat).astype(int).T
    return np.asarray(depth - around[row, column], np.float32)


def _ramp(values: F32, start: float, end: float) -> F32:
    share = np.clip((values - start) / (end - start), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
