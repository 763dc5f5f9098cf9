"""A reference carried into the common layout: its pixels, and how each texel was seen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from countenance.media.frame import F32, U8
from countenance.perception.layout import texels, with_eyes
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import triangles
from countenance.synthesis.eyes import blank_eyes
from countenance.synthesis.fields import FIELD_PX, field
from countenance.synthesis.glasses import frames_in
from countenance.synthesis.references import Reference
from countenance.synthesis.regions import ATLAS_PX

_DEPTH_PX = 160  # width of the face in the depth picture
_HIDDEN = 0.06  # eye distances; what lies as far behind what the camera sees is hidden


@dataclass(frozen=True)
class View:
    """One reference in the layout.

    `pixels` `(A, A, 3)` uint8 RGB; `facing` `(F, F)`: 1 seen head-on, 0 at a grazing angle, hidden or outside the
    picture; `normals` `(F, F, 3)` unit, in the camera's axes (z below 0 faces it); `density`: picture pixels for a
    texel that is seen head-on, times how sharp they are; `glasses` `(F, F)` 0..1: where frames of glasses lie, None if
    none are worn.
    """

    pixels: U8
    facing: F32
    normals: F32
    density: float
    glasses: F32 | None = None


def unrolled(reference: Reference) -> View:
    """The reference's pixels in the layout, its eyes blank."""
    mesh = reference.mesh
    blank = blank_eyes(reference.frame, np.concatenate([mesh, reference.irises]))
    place, _ = spread(texels(ATLAS_PX), with_eyes(), mesh[:, :2], (ATLAS_PX, ATLAS_PX))
    pixels = cv2.remap(blank.rgb(), place[..., 0], place[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    values = np.concatenate([mesh, vertex_normals(mesh, triangles())], axis=1)
    values_at, valid = spread(texels(FIELD_PX), with_eyes(), values, (FIELD_PX, FIELD_PX))
    normals = values_at[..., 3:] / (np.linalg.norm(values_at[..., 3:], axis=2, keepdims=True) + 1e-6)
    facing = np.maximum(-normals[..., 2], 0) * valid * _in_sight(mesh, values_at[..., :3], reference.frame.size)
    turned = max(0.3, float(np.cos(np.radians(reference.pose[0]))))
    across = float(np.linalg.norm(mesh[33, :2] - mesh[263, :2])) / turned
    layout_across = float(np.linalg.norm(texels(ATLAS_PX)[33] - texels(ATLAS_PX)[263]))
    density = across / layout_across * min(1.0, reference.sharpness / 0.6)
    frames = field(frames_in(pixels)) if reference.glasses else None
    return View(pixels, facing.astype(np.float32), normals.astype(np.float32), density, frames)


def _in_sight(mesh: F32, places: F32, size: tuple[int, int]) -> F32:
    """1 where the place `(F, F, 3)` that a texel shows lies in the picture and nothing of the face is before it."""
    scale = _DEPTH_PX / float(np.ptp(mesh[:, 0]))
    low = mesh[:, :2].min(axis=0)
    small = (mesh[:, :2] - low) * scale
    width, height = (int(np.ceil(extent)) + 2 for extent in small.max(axis=0))
    nearest, drawn = spread(small, with_eyes(), mesh[:, 2:], (width, height), depth=mesh[:, 2], coarse=1)
    nearest = np.where(drawn, nearest[..., 0], np.float32(1e6)).astype(np.float32)
    nearest = cv2.dilate(nearest, np.ones((3, 3), np.uint8))  # of neighbours the farther one: edges hide nothing
    at = (places[..., :2] - low) * scale
    before = cv2.remap(nearest, at[..., 0], at[..., 1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    limit = before + _HIDDEN * float(np.linalg.norm(mesh[33] - mesh[263]))
    x, y = places[..., 0], places[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= size[0] - 1) & (y <= size[1] - 1)
    return np.asarray((places[..., 2] <= limit) & inside, np.float32)
