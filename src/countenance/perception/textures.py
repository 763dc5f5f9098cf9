"""A face's pixels carried into the common layout, where every picture of it can be compared with every other."""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import F32, Box, Frame
from countenance.perception.layout import texels
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import POINTS, triangles


def unroll(frame: Frame, mesh: F32, side: int) -> tuple[F32, F32]:
    """The face as a texture `(side, side, 3)` float32 RGB 0..255 in the common layout, and how squarely the camera
    looks at each texel `(side, side)`: 1 head-on, 0 at a grazing angle or where there is no face."""
    points = mesh[:POINTS]
    facing = np.maximum(-vertex_normals(points, triangles())[:, 2:], 0)
    box = Box.around(points[:, :2], 4, frame.size)
    if box is None:
        return np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    values = np.concatenate([points[:, :2] - np.array([box.x, box.y], np.float32), facing], axis=1)
    field, valid = spread(texels(side), triangles(), values, (side, side))
    pixels = cv2.remap(frame.rgb(box), field[..., 0], field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (
        (field[..., 0] >= 0)
        & (field[..., 0] <= box.width - 1)
        & (field[..., 1] >= 0)
        & (field[..., 1] <= box.height - 1)
    )
    return pixels.astype(np.float32), np.where(valid & inside, field[..., 2], 0).astype(np.float32)
