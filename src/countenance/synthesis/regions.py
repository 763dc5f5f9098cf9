"""Fixed parts of the common layout, as planes of the atlas's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8
from countenance.perception.layout import texels
from countenance.perception.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
)

ATLAS_PX = 640
_LIDS = 1.0  # of the eye's opening: lids are the wanted person's, what lies between them is the target's own eye
_FEATURES = ((LEFT_EYE, 1.5), (RIGHT_EYE, 1.5), (LEFT_BROW, 1.3), (RIGHT_BROW, 1.3), (LIPS_OUTER, 1.15))
_NOSE = (168, 193, 417, 129, 358, 203, 423, 2, 97, 326)
_LED = (LEFT_BROW + LEFT_EYE, RIGHT_BROW + RIGHT_EYE, _NOSE, (*LIPS_OUTER, 2))


@dataclass(frozen=True)
class Regions:
    """Planes `(A, A)` float32 0..1.

    `skin`: plain skin, away from features and outline. `edge`: the rim where things reach in. `shape`: where paint
    may go, without eyes and inner mouth (they stay the target's), its border feathered inwards: wide on the
    forehead, where hair falls, narrower along cheeks and jaw. `features`: brows, eyes, nose and mouth with the skin
    between them, where one and the same still must lead.
    """

    skin: F32
    edge: F32
    shape: F32
    features: F32


@lru_cache(maxsize=1)
def regions() -> Regions:
    """The regions of the atlas."""
    uv = texels(ATLAS_PX)
    width = float(np.ptp(uv[:, 0]))
    brow_top = float(uv[list(LEFT_BROW + RIGHT_BROW), 1].min())
    rows = np.arange(ATLAS_PX, dtype=np.float32)[:, None]
    upper = np.clip((brow_top + 0.02 * width - rows) / (0.06 * width), 0, 1) * np.ones((1, ATLAS_PX), np.float32)
    oval = uv.copy()
    high = np.array([p for p in FACE_OVAL if uv[p, 1] < brow_top])
    oval[high, 1] = brow_top - (brow_top - uv[high, 1]) * 0.88  # the hairline itself stays the target's
    face = polygon(oval, FACE_OVAL)
    rim, forehead = depth_inside(face, width * 0.055), depth_inside(face, width * 0.17)
    shape = (rim * (1 - upper) + forehead * upper) * _without_openings(uv, width)
    features = np.max([polygon(uv, loop, grow) for loop, grow in _FEATURES], axis=0)
    skin = cv2.GaussianBlur(face * (1 - features).astype(np.float32), (0, 0), width * 0.01) * rim
    # Nothing reaches into the hull of brows, eyes and mouth but hands.
    core = hull(uv, LEFT_BROW + RIGHT_BROW + LEFT_EYE + RIGHT_EYE + LIPS_OUTER, width * 0.02).astype(np.float32)
    inside = np.maximum(depth_inside(face, width * 0.22), cv2.GaussianBlur(core, (0, 0), width * 0.015))
    led = np.max([hull(uv, points, width * 0.012) for points in _LED], axis=0)
    led = cv2.GaussianBlur(led.astype(np.float32), (0, 0), width * 0.012)
    return Regions(*(np.asarray(plane, np.float32) for plane in (skin, 1 - inside, shape, led)))


def mirrored_plane(plane: F32) -> F32:
    """A plane or texture of the layout, left and right changed (the layout's axis is the texel at half its width)."""
    return np.ascontiguousarray(np.roll(plane[:, ::-1], 1, axis=1))


def ramp(values: NDArray[Any], low: float, high: float) -> F32:
    """0 below `low`, 1 above `high`, smooth between."""
    x = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def depth_inside(region: U8, width_px: float) -> F32:
    """0 outside and on the border of a region, rising smoothly to 1 `width_px` inside."""
    return ramp(cv2.distanceTransform(region, cv2.DIST_L2, 5), 0.0, width_px)


def polygon(uv: F32, loop: Sequence[int], grow: float = 1.0) -> U8:
    """1 inside a loop of mesh points `(A, A)`, grown around its middle."""
    points = uv[list(loop)]
    centre = points.mean(axis=0)
    canvas = np.zeros((ATLAS_PX, ATLAS_PX), np.uint8)
    cv2.fillPoly(canvas, [np.rint(centre + (points - centre) * grow).astype(np.int32)], 1)
    return canvas


def _without_openings(uv: F32, width: float) -> F32:
    """1 but for the eyes with their lids and the inner mouth."""
    kept = np.ones((ATLAS_PX, ATLAS_PX), np.float32)
    for eye in (LEFT_EYE, RIGHT_EYE):
        kept *= 1 - cv2.GaussianBlur(polygon(uv, eye, _LIDS).astype(np.float32), (0, 0), width * 0.005)
    mouth = polygon(uv, LIPS_INNER)
    cv2.polylines(mouth, [np.rint(uv[list(LIPS_INNER)]).astype(np.int32)], True, 1, max(1, round(width * 0.014)))
    kept *= 1 - cv2.GaussianBlur(mouth.astype(np.float32), (0, 0), width * 0.004)
    return kept


def hull(uv: F32, points: Sequence[int], wider_px: float) -> U8:
    """The hull of some points, widened."""
    hull = np.zeros((ATLAS_PX, ATLAS_PX), np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.rint(uv[list(points)]).astype(np.int32)), 1)
    return np.asarray(cv2.dilate(hull, np.ones((5, 5), np.uint8), iterations=round(wider_px / 2)), np.uint8)
