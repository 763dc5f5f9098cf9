"""How a person's own face looks through a shot, texel by texel, and how far a picture's face may differ from it.

Everything here lies in the common layout at `SIDE` texels, and in the three colour axes of `synthesis/light.py`:
log brightness, share of red, share of blue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.layout import texels
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_OUTER,
    POINTS,
    RIGHT_BROW,
    RIGHT_EYE,
    triangles,
)
from countenance.perception.tracks import FaceTrack

SIDE = 128
_SEEN = 0.20  # how squarely a texel must be seen to say anything
_FEW = 4.0
_CELL = 4  # light is compared on every fourth texel
# Least spreads of a bare face's skin: log brightness, share of red, share of blue.
_FLOOR = np.array([0.085, 0.010, 0.010], np.float32)
# What expression adds to them at its strongest: shading moves, colour hardly does.
_EXPRESSION = np.array([0.20, 0.012, 0.012], np.float32)


@dataclass(frozen=True)
class Look:
    """A person's own face: `middle` `(S, S, 3)` and `spread` `(S, S, 3)` in colour axes, `known` `(S, S)` bool."""

    middle: F32
    spread: F32
    known: NDArray[np.bool_]


def look_of(tracks: Sequence[FaceTrack]) -> Look | None:
    """The median of what the tracks' samples show, each brought into the same light; None without samples."""
    samples = [texture for track in tracks for texture in track.textures]
    if not samples:
        return None
    seen = np.stack([sample.any(axis=2) for sample in samples]) & inside()
    colours = np.stack([axes(sample.astype(np.float32)) for sample in samples])
    middle = _median(colours, seen)
    floor = _FLOOR + _EXPRESSION * expression()[..., None]
    for _ in range(2):
        level = colours - np.stack([light(one - middle, ok, floor) for one, ok in zip(colours, seen, strict=True)])
        middle = _median(level, seen)
    far = _median(np.abs(level - middle), seen) * np.float32(1.4826)
    known = seen.sum(axis=0) >= max(1, len(samples) // 8)
    doubt = np.float32(np.sqrt(1 + _FEW / len(samples)))  # few samples have not seen every expression
    return Look(middle, doubt * np.sqrt(floor * floor + (1.2 * far) ** 2).astype(np.float32), known)


def seen_face(frame: Frame, mesh: F32) -> tuple[F32, F32]:
    """A picture's face as colour axes `(S, S, 3)`, and how squarely the camera looks at each texel `(S, S)`.

    The same as `perception.textures.unroll`, with the layout's own weights worked out once.
    """
    points = mesh[:POINTS]
    box = Box.around(points[:, :2], 4, frame.size)
    if box is None:
        return np.zeros((SIDE, SIDE, 3), np.float32), np.zeros((SIDE, SIDE), np.float32)
    facing = np.maximum(-vertex_normals(points, triangles())[:, 2:], 0)
    values = np.concatenate([points[:, :2] - np.array([box.x, box.y], np.float32), facing], axis=1)
    field = np.asarray(_weights() @ values, np.float32).reshape(SIDE, SIDE, 3)
    picture = frame.rgb(box)
    pixels = cv2.remap(picture, field[..., 0], field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    in_picture = (
        (field[..., 0] >= 0)
        & (field[..., 0] <= box.width - 1)
        & (field[..., 1] >= 0)
        & (field[..., 1] <= box.height - 1)
    )
    return axes(pixels.astype(np.float32)), np.where(inside() & in_picture, field[..., 2], 0).astype(np.float32)


def axes(rgb: F32) -> F32:
    """Log brightness and the shares of red and blue `(h, w, 3)` of RGB 0..255."""
    total = rgb.sum(axis=2) + np.float32(24)  # +8 a channel: dark pixels carry no reliable colour
    return np.stack([np.log(total), (rgb[..., 0] + 8) / total, (rgb[..., 2] + 8) / total], axis=2).astype(np.float32)


def light(gap: F32, seen: NDArray[np.bool_], scale: F32) -> F32:
    """The broad part of a difference of looks `(S, S, 3)`: light, not matter.

    A smooth surface of second order in brightness and a plain in colour, fitted to what most texels say (iterated
    weights of Cauchy), so that something in front of part of the face does not pull it along.
    """
    chosen = seen[::_CELL, ::_CELL]
    few, basis, scale = (z[::_CELL, ::_CELL][chosen] for z in (gap, _basis(), scale))
    if len(few) < 24:
        return np.zeros_like(gap)
    fitted = np.zeros((basis.shape[1], 3), np.float32)
    fitted[0] = np.median(few, axis=0)
    for _ in range(5):
        rest = (few - basis @ fitted) / scale
        weight = 1 / (1 + (rest * rest).sum(axis=1) / 4)
        for axis, terms in ((0, 6), (1, 3), (2, 3)):
            part = basis[:, :terms]
            normal = (part * weight[:, None]).T @ part + np.eye(terms, dtype=np.float32) * 0.5
            fitted[:terms, axis] = np.linalg.solve(normal, (part * weight[:, None]).T @ few[:, axis])
    return np.asarray(_basis() @ fitted, np.float32)


@lru_cache(maxsize=1)
def inside() -> NDArray[np.bool_]:
    """Which texels lie on the face `(S, S)`; eyes and inner mouth do not."""
    _, valid = spread(texels(SIDE), triangles(), np.zeros((POINTS, 1), np.float32), (SIDE, SIDE), coarse=1)
    return valid


def holes_filled(values: F32) -> F32:
    """Values `(S, S)` carried from around the eyes and lips into the holes between them, where the mesh has none."""
    known = inside().astype(np.float32)
    share = cv2.GaussianBlur(known, (0, 0), SIDE / 40)
    around = cv2.GaussianBlur(values * known, (0, 0), SIDE / 40) / (share + 1e-3)
    return np.where(known > 0, values, around).astype(np.float32)


@lru_cache(maxsize=1)
def expression() -> F32:
    """0..1 `(S, S)`: how much a texel's look changes when a face talks, smiles, blinks or frowns."""
    moving = np.zeros((SIDE, SIDE), np.float32)
    for loop, grow, strength in (
        (LEFT_EYE, 1.5, 1.0),
        (RIGHT_EYE, 1.5, 1.0),
        (LEFT_BROW, 1.4, 0.8),
        (RIGHT_BROW, 1.4, 0.8),
        (LIPS_OUTER, 1.3, 1.0),
    ):
        moving = np.maximum(moving, polygon(loop, grow).astype(np.float32) * np.float32(strength))
    return np.asarray(cv2.GaussianBlur(moving, (0, 0), SIDE / 50), np.float32)


def polygon(loop: Sequence[int], grow: float = 1.0) -> U8:
    """1 inside the loop of mesh points, grown around its middle `(S, S)`."""
    points = texels(SIDE)[list(loop)]
    if len(loop) != len(FACE_OVAL):
        points = cv2.convexHull(points)[:, 0]
    centre = points.mean(axis=0)
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(canvas, [np.rint(centre + (points - centre) * grow).astype(np.int32)], 1)
    return canvas


@lru_cache(maxsize=1)
def _weights() -> csr_matrix:
    """Each texel as a mixture of its triangle's three points `(S·S, 468)`."""
    shares, valid = spread(texels(SIDE), triangles(), np.eye(POINTS, dtype=np.float32), (SIDE, SIDE), coarse=1)
    flat = shares.reshape(-1, POINTS) * valid.reshape(-1, 1)
    flat[np.abs(flat) < 1e-5] = 0
    return csr_matrix(flat)


@lru_cache(maxsize=1)
def _basis() -> F32:
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) / (SIDE / 2) - 1
    return np.stack([np.ones_like(x), x, y, x * x - 1 / 3, x * y, y * y - 1 / 3], axis=2)


def _median(values: F32, seen: NDArray[np.bool_]) -> F32:
    """Per texel of the samples `(k, S, S, 3)` that see it; 0 where none does."""
    count = seen.sum(axis=0)
    ordered = np.sort(np.where(seen[..., None], values, np.inf), axis=0)
    low, high = (
        np.take_along_axis(ordered, np.maximum(index, 0)[None, :, :, None], axis=0)[0]
        for index in ((count - 1) // 2, np.minimum(count // 2, len(seen) - 1))
    )
    middle = (low + high) / 2
    return np.where(count[..., None] > 0, middle, 0).astype(np.float32)
