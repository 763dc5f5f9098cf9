"""The classical face swap: landmarks, Delaunay triangles, an affine warp for each, a convex hull, Poisson blending.

As in the tutorials that most small swap tools come from: one still, every picture on its own, nothing smoothed, the
whole face laid over the target with eyes and mouth, blended by `cv2.seamlessClone` (Pérez et al. 2003). It is given
what helps it: the same landmarks as ours, only the face's own box to work on, and its most frontal still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from benchmarks.people import faces_of_still
from countenance.media.frame import F32, U8, Box
from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import pose_of

_MARGIN_PX = 4


@dataclass(frozen=True)
class Source:
    """The wanted face: its still `(h, w, 3)` RGB, the landmarks in it `(468, 2)` and their triangles `(t, 3)`."""

    picture: U8
    points: F32
    triangles: NDArray[np.int32]


def source_of(stills: Sequence[Path], networks: FaceNetworks) -> Source:
    """The most frontal of a talent's stills, triangulated."""
    seen = [(frame, mesh) for path in stills for frame, mesh in faces_of_still(path, networks)[:1]]
    frame, mesh = min(seen, key=lambda one: float(np.abs(pose_of(one[1])[:2]).sum()))
    points = np.ascontiguousarray(mesh[:, :2])
    return Source(frame.rgb(), points, Delaunay(points).simplices.astype(np.int32))


def warped(source: Source, points: F32, picture: U8) -> U8:
    """The source's triangles carried onto a picture's landmarks `(468, 2)`; where there are none the picture stays."""
    canvas = picture.copy()
    for triangle in source.triangles:
        _lay(source.picture, source.points[triangle], canvas, points[triangle])
    return canvas


def hull_of(points: F32, size: tuple[int, int]) -> U8:
    """255 inside the landmarks' convex hull, in a picture of this (width, height)."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 255)
    return mask


def box_of(mesh: F32, frame_size: tuple[int, int]) -> Box | None:
    """The box that the swap works in."""
    return Box.around(mesh[:, :2], _MARGIN_PX, frame_size)


def swapped(picture: U8, mesh: F32, box: Box, source: Source) -> tuple[U8, U8]:
    """A picture's box `(h, w, 3)` RGB with the wanted face, and the mask `(h, w)`, 255 where it was replaced."""
    points = np.ascontiguousarray(mesh[:, :2] - np.array([box.x, box.y], np.float32))
    size = (box.width, box.height)
    mask = hull_of(points, size)
    mask[0], mask[-1], mask[:, 0], mask[:, -1] = 0, 0, 0, 0  # Poisson's equation needs a border that is known
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return picture.copy(), mask
    centre = (x + width // 2, y + height // 2)
    own = mask.copy()  # OpenCV wears the mask down that it is given
    cloned = cv2.seamlessClone(warped(source, points, picture), picture, own, centre, cv2.NORMAL_CLONE)
    return np.asarray(cloned, np.uint8), mask


def _lay(source: U8, here: F32, canvas: U8, there: F32) -> None:
    """One triangle `(3, 2)` of the source onto one of the canvas, in place, cut off where the canvas ends."""
    height, width = canvas.shape[:2]
    (left, top), (right, bottom) = np.floor(there.min(axis=0)), np.ceil(there.max(axis=0)) + 1
    x0, y0, x1, y1 = max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))
    if x0 >= x1 or y0 >= y1:
        return
    x, y, w, h = cv2.boundingRect(here)
    x, y = max(0, x), max(0, y)
    part = source[y : y + h, x : x + w]
    local = there - np.array([x0, y0], np.float32)
    matrix = cv2.getAffineTransform(here - np.array([x, y], np.float32), local)
    piece = cv2.warpAffine(part, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    inside = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillConvexPoly(inside, np.rint(local).astype(np.int32), 255)
    cv2.copyTo(piece, inside, canvas[y0:y1, x0:x1])
