"""The swap engine: the wanted person's texture on the target's own geometry.

Geometry, expression, eyes and the inside of the mouth stay the target's; the skin, brows, lips, nose and beard
come from the talent's references. Choice recorded in the receipt: eyes "target", inner mouth "target".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.pose import upright_shape
from countenance.perception.raster import enlarged_field, spread_coarse, vertex_normals
from countenance.perception.topology import POINTS, triangles
from countenance.perception.tracks import Face, FaceTrack
from countenance.synthesis.engine import Patch
from countenance.synthesis.likeness import ATLAS_PX, Likeness
from countenance.synthesis.reshape import ground_of, moved, reshaping

SETTINGS = {"eyes": "target", "inner_mouth": "target", "outline": "target", "features": "wanted"}
_WORTH_REDUCING = 0.95
_DETAIL = 1.25  # texels per pixel: enough for sharpness, too little to shimmer
_COARSE_PX = 100  # pixels of the face's longer side to each step of coarseness: lips and lids must stay exact
_GRAZING, _SQUARE = 0.12, 0.40  # how squarely skin must be seen to be painted: fades in between


@dataclass(frozen=True)
class SwapPainter:
    """Paints one talent's likeness onto one track."""

    texture: U8  # (A, A, 3) RGB
    layers: U8  # (A, A, 4) mask, skin and edge, 255 standing for 1, and the replaced face's usual brightness
    uv: F32  # (468, 2) texels
    reshape: F32  # (468, 3) how far each point moves towards the wanted face, upright, in eye distances
    name: str = "swap"

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        own = face.mesh[:POINTS]
        mesh = moved(own, self.reshape)
        box = Box.around(mesh[:, :2], 4, frame.size)
        if box is None:
            return None
        values = np.concatenate([self.uv, vertex_normals(mesh, triangles())], axis=1)
        local, size = mesh[:, :2] - np.array([box.x, box.y], np.float32), (box.width, box.height)
        coarse = int(np.clip(round(max(size) / _COARSE_PX), 1, 4))
        small, seen = spread_coarse(local, triangles(), values, size, depth=mesh[:, 2], coarse=coarse)
        turned = np.clip((-small[..., 4] - _GRAZING) / (_SQUARE - _GRAZING), 0, 1) * seen
        field = enlarged_field(np.dstack([small[..., :2], turned]), size, coarse)
        # Fixed-point maps and bytes: three times as fast as floating point, and finer than the picture is.
        fixed, fraction = cv2.convertMaps(field[..., 0], field[..., 1], cv2.CV_16SC2)
        texture, layers = (
            cv2.remap(plane, fixed, fraction, cv2.INTER_LINEAR).astype(np.float32)
            for plane in (self.texture, self.layers)
        )
        mask, skin, edge, usual = cv2.split(layers * np.float32(1 / 255))
        return Patch(
            pixels=texture,
            mask=mask * field[..., 2],
            skin=skin * field[..., 2],
            edge=edge,
            box=box,
            face=replace(face, mesh=np.concatenate([mesh, face.mesh[POINTS:]])),
            normals=small[..., 2:],
            usual=usual * np.float32(255),
            ground=ground_of(own, mesh, frame.size),
        )


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
    reshape = reshaping(own_form, likeness.form)
    side = max(32, round(ATLAS_PX * scale)) if scale < _WORTH_REDUCING else ATLAS_PX
    layers = cv2.merge([*(255 * plane for plane in (likeness.mask, likeness.skin, likeness.edge)), _usual(tracks)])
    texture, layers = (
        np.clip(np.rint(cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA)), 0, 255).astype(np.uint8)
        for plane in (likeness.texture, layers)
    )
    uv = (likeness.uv + 0.5) * (side / ATLAS_PX) - 0.5
    return SwapPainter(texture, layers, uv.astype(np.float32), reshape)


def _usual(tracks: Sequence[FaceTrack]) -> F32:
    """The brightness `(A, A)` 0..255 that a person's tracks show in the layout, in the median over time."""
    samples = np.concatenate([track.textures for track in tracks]).astype(np.float32)
    grey = samples @ np.array([0.299, 0.587, 0.114], np.float32)
    known = grey > 0
    middle = np.nanmedian(np.where(known | ~known.any(axis=0), grey, np.nan), axis=0).astype(np.float32)
    return np.asarray(cv2.resize(middle, (ATLAS_PX, ATLAS_PX), interpolation=cv2.INTER_LINEAR), np.float32)
