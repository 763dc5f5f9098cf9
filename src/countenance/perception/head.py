"""Two faces on one common head: how it is turned, and what shape its face then has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.media.frame import F32
from countenance.perception.layout import mean_shape
from countenance.perception.topology import (
    JAW,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    POINTS,
    RIGHT_BROW,
    RIGHT_EYE,
)

# Points that neither speech nor expression moves much: all but lips, lids, brows and jaw.
_CALM = np.setdiff1d(np.arange(POINTS), LIPS_OUTER + LIPS_INNER + RIGHT_EYE + LEFT_EYE + RIGHT_BROW + LEFT_BROW + JAW)


@dataclass(frozen=True)
class Posed:
    """A mesh as a turn of the mean head and a face on it.

    `turn` `(3, 3)` takes directions of the mean head to those of the picture; `shape` `(468, 2)` is the face as
    seen from the front, in eye distances.
    """

    turn: F32
    shape: F32


def posed(mesh: F32) -> Posed:
    """Lay a mesh `(468, 3)` onto the mean head by its calm points.

    The least-squares turn, scale and shift of Umeyama (1991), "Least-squares estimation of transformation
    parameters between two point patterns", over some 350 points, so that no single one weighs much.
    """
    head, face = mean_shape()[_CALM], mesh[_CALM]
    centre, middle = head.mean(axis=0), face.mean(axis=0)
    a, b = (face - middle).astype(np.float64), (head - centre).astype(np.float64)
    u, spread, vt = np.linalg.svd(a.T @ b)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    to_head = (u * sign) @ vt  # rows of points times this: from the picture to the head
    scale = float(spread @ sign) / float((a * a).sum())
    shape = (mesh - middle) @ to_head * scale + centre
    return Posed(to_head.astype(np.float32), shape[:, :2].astype(np.float32))


def mean_turn(turns: Sequence[F32]) -> F32:
    """The one rotation `(3, 3)` nearest to all (the chordal mean: Hartley et al. 2013, "Rotation averaging")."""
    u, _, vt = np.linalg.svd(np.sum(turns, axis=0))
    return np.asarray((u * np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])) @ vt, np.float32)


def angle_deg(turn: F32) -> float:
    """By how much a rotation matrix turns, in degrees."""
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))
