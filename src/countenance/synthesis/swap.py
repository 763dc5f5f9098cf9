"""The swap engine: the wanted person's texture on the target's own geometry.

Geometry, expression, eyes and the inside of the mouth stay the target's; the skin, brows, lips, nose and beard
come from the talent's references. Choice recorded in the receipt: eyes "target", inner mouth "target".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.pose import rotation_of, upright_shape
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import FACE_OVAL, LEFT_EYE, LIPS_INNER, POINTS, RIGHT_EYE, triangles
from countenance.perception.tracks import Face, FaceTrack
from countenance.synthesis.engine import Patch
from countenance.synthesis.likeness import ATLAS_PX, Likeness

SETTINGS = {"eyes": "target", "inner_mouth": "target", "outline": "target", "features": "wanted"}
_WORTH_REDUCING = 0.95
_DETAIL = 1.25  # texels per pixel: enough for sharpness, too little to shimmer
_SHAPE_STRENGTH = 1.0
_FARTHEST = 0.10  # eye distances: what is moved farther than this looks pushed
_FREE_AFTER = 0.22  # eye distances from a fixed point
_GRAZING, _SQUARE = 0.12, 0.40  # how squarely skin must be seen to be painted: fades in between


@dataclass(frozen=True)
class SwapPainter:
    """Paints one talent's likeness onto one track."""

    texture: U8  # (A, A, 3) RGB
    layers: U8  # (A, A, 3) mask, skin and edge, 255 standing for 1
    uv: F32  # (468, 2) texels
    reshape: F32  # (468, 3) how far each point moves towards the wanted face, upright, in eye distances
    name: str = "swap"

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        mesh = self._reshaped(face.mesh[:POINTS])
        box = Box.around(mesh[:, :2], 4, frame.size)
        if box is None:
            return None
        normals = vertex_normals(mesh, triangles())
        values = np.concatenate([self.uv, -normals[:, 2:]], axis=1)
        local = mesh[:, :2] - np.array([box.x, box.y], np.float32)
        field, valid = spread(local, triangles(), values, (box.width, box.height), depth=mesh[:, 2])
        u, v, facing = field[..., 0], field[..., 1], field[..., 2]
        turned = np.clip((facing - _GRAZING) / (_SQUARE - _GRAZING), 0, 1) * valid
        # Fixed-point maps and bytes: three times as fast as floating point, and finer than the picture is.
        fixed, fraction = cv2.convertMaps(u, v, cv2.CV_16SC2)
        texture, layers = (
            cv2.remap(plane, fixed, fraction, cv2.INTER_LINEAR).astype(np.float32)
            for plane in (self.texture, self.layers)
        )
        mask, skin, edge = cv2.split(layers * np.float32(1 / 255))
        return Patch(
            pixels=texture,
            mask=mask * turned,
            skin=skin * turned,
            edge=edge,
            box=box,
            face=face,
        )

    def _reshaped(self, mesh: F32) -> F32:
        unit = float(np.linalg.norm(mesh[33] - mesh[263]))
        return np.asarray(mesh + unit * self.reshape @ rotation_of(mesh), np.float32)


def prepare_swap(likeness: Likeness, tracks: Sequence[FaceTrack]) -> SwapPainter:
    """A painter for one person's tracks.

    The likeness is reduced to the detail that the picture can show, so that fine texture does not shimmer. The
    features inside the face move towards the wanted person's own proportions; the outline, the lids and the
    inner lips, where target pixels stay, do not.
    """
    face_width_px = float(np.median(np.concatenate([np.ptp(t.mesh[:, :POINTS, 0], axis=1) for t in tracks])))
    layout_width = float(np.ptp(likeness.uv[:, 0]))
    scale = min(1.0, _DETAIL * face_width_px / layout_width)
    chosen = np.concatenate([t.mesh[:: max(1, len(t.mesh) // 40), :POINTS] for t in tracks])
    own_form = np.median(np.stack([upright_shape(mesh) for mesh in chosen]), axis=0)
    wish = (likeness.form - own_form) * _freedom(own_form)[:, None] * _SHAPE_STRENGTH
    length = np.linalg.norm(wish, axis=1, keepdims=True) + 1e-6
    reshape = wish / length * _FARTHEST * np.tanh(length / _FARTHEST)
    side = max(32, round(ATLAS_PX * scale)) if scale < _WORTH_REDUCING else ATLAS_PX
    layers = cv2.merge([likeness.mask, likeness.skin, likeness.edge]) * 255
    texture, layers = (
        np.clip(np.rint(cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA)), 0, 255).astype(np.uint8)
        for plane in (likeness.texture, layers)
    )
    uv = (likeness.uv + 0.5) * (side / ATLAS_PX) - 0.5
    return SwapPainter(texture, layers, uv.astype(np.float32), reshape.astype(np.float32))


def _freedom(form: F32) -> F32:
    """How free each point is to move `(468,)`: 0 on the outline, lids and inner lips, rising away from them."""
    fixed = form[list(FACE_OVAL + LEFT_EYE + RIGHT_EYE + LIPS_INNER), :2]
    gap = np.linalg.norm(form[:, None, :2] - fixed[None], axis=2).min(axis=1)
    ramp = np.clip(gap / _FREE_AFTER, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)
