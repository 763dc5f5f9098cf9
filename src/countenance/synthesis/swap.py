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
from countenance.perception.layout import with_eyes
from countenance.perception.pose import upright_shape
from countenance.perception.raster import enlarged_field, spread_coarse, vertex_normals
from countenance.perception.topology import POINTS, triangles
from countenance.perception.tracks import Face, FaceTrack
from countenance.synthesis.engine import Patch
from countenance.synthesis.eyes import IrisLook, painted_irises, shut
from countenance.synthesis.light import skin_distance
from countenance.synthesis.likeness import ATLAS_PX, Likeness
from countenance.synthesis.reshape import ground_of, moved, reshaping

SETTINGS = {
    "eyes": "target, with the wanted irises",
    "lids": "wanted, target where shut",
    "inner_mouth": "target",
    "outline": "target",
    "features": "wanted",
}
_WORTH_REDUCING = 0.95
_DETAIL = 1.25  # texels per pixel: enough for sharpness, too little to shimmer
_COARSE_PX = 100  # pixels of the face's longer side to each step of coarseness: lips and lids must stay exact
_STRANGE, _MAYBE_STRANGE, _SURELY_SKIN = 3.2, 2.2, 2.0  # standard deviations from the replaced person's skin
_ROUNDS = 3
_GRAZING, _SQUARE = 0.12, 0.40  # how squarely skin must be seen to be painted: fades in between


@dataclass(frozen=True)
class SwapPainter:
    """Paints one talent's likeness onto one track."""

    texture: U8  # (A, A, 3) RGB
    layers: U8  # (A, A, 4) mask, skin and edge, 255 standing for 1, and the replaced face's usual brightness
    uv: F32  # (468, 2) texels
    reshape: F32  # (468, 3) how far each point moves towards the wanted face, upright, in eye distances
    iris: IrisLook | None = None
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
        small, seen = spread_coarse(local, with_eyes(), values, size, depth=mesh[:, 2], coarse=coarse)
        turned = np.clip((-small[..., 4] - _GRAZING) / (_SQUARE - _GRAZING), 0, 1) * seen
        field = enlarged_field(np.dstack([small[..., :2], turned]), size, coarse)
        # Fixed-point maps and bytes: three times as fast as floating point, and finer than the picture is.
        fixed, fraction = cv2.convertMaps(field[..., 0], field[..., 1], cv2.CV_16SC2)
        texture, layers = (
            cv2.remap(plane, fixed, fraction, cv2.INTER_LINEAR).astype(np.float32)
            for plane in (self.texture, self.layers)
        )
        mask, skin, edge, usual = cv2.split(layers * np.float32(1 / 255))
        mask *= field[..., 2]
        lids = shut(mesh, box)
        if lids is not None:
            mask *= 1 - lids
        moved_face = np.concatenate([mesh, face.mesh[POINTS:]])
        touches = painted_irises(frame, face.mesh, moved_face, self.iris) if self.iris else []
        return Patch(
            pixels=texture,
            mask=mask,
            skin=skin * field[..., 2],
            edge=edge,
            box=box,
            face=replace(face, mesh=moved_face),
            normals=small[..., 2:],
            usual=usual * np.float32(255),
            ground=ground_of(own, mesh, frame.size),
            touches=tuple(touches),
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
    usual = _usual(tracks)
    mask = likeness.mask * _bare(usual, likeness.skin, likeness.edge)
    grey = usual @ np.array([0.299, 0.587, 0.114], np.float32)
    layers = cv2.merge([*(255 * plane for plane in (mask, likeness.skin, likeness.edge)), grey])
    texture, layers = (
        np.clip(np.rint(cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA)), 0, 255).astype(np.uint8)
        for plane in (likeness.texture, layers)
    )
    uv = (likeness.uv + 0.5) * (side / ATLAS_PX) - 0.5
    return SwapPainter(texture, layers, uv.astype(np.float32), reshape, likeness.iris)


def _usual(tracks: Sequence[FaceTrack]) -> F32:
    """What a person's tracks show in the layout `(A, A, 3)`, RGB 0..255, in the median over time; 0 where nothing."""
    samples = np.concatenate([track.textures for track in tracks]).astype(np.float32)
    known = samples.max(axis=3, keepdims=True) > 0
    middle = np.nanmedian(np.where(known | ~known.any(axis=0), samples, np.nan), axis=0).astype(np.float32)
    return np.asarray(cv2.resize(middle, (ATLAS_PX, ATLAS_PX), interpolation=cv2.INTER_LINEAR), np.float32)


def _bare(usual: F32, skin: F32, edge: F32) -> F32:
    """0 where the rim of the replaced face is never bare skin but hair or cloth, 1 elsewhere `(A, A)`.

    That is where the seam goes: along the hairline, not across it, in the same place through the whole track.
    """
    side = ATLAS_PX // 4
    small, inner, rim, known = (
        cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA)
        for plane in (usual, skin * (1 - edge), edge, (usual.max(axis=2) > 0).astype(np.float32))
    )
    far = skin_distance(small, inner * known)
    for _ in range(_ROUNDS):  # hair that lies over much of the face must not pass for skin
        far = skin_distance(small, inner * known * (far < _SURELY_SKIN))
    # A thing reaches in from outside; a shadow or a beard that does not is part of the face.
    maybe = ((far > _MAYBE_STRANGE) | (known == 0)) & (rim > 0.05)
    _count, labels = cv2.connectedComponents(maybe.astype(np.uint8))
    surely = np.unique(labels[maybe & (far > _STRANGE) & (known > 0)])
    outside = np.unique(labels[maybe & (rim > 0.99)])
    things = (np.isin(labels, np.intersect1d(surely, outside)) & maybe).astype(np.uint8)
    grown = cv2.dilate(cv2.morphologyEx(things, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.ones((5, 5), np.uint8))
    soft = 1 - cv2.GaussianBlur(grown.astype(np.float32), (0, 0), 2.0)
    return np.asarray(cv2.resize(soft, (ATLAS_PX, ATLAS_PX), interpolation=cv2.INTER_LINEAR), np.float32)
