"""Which texels of a view may be believed: the person's own skin and features, and nothing that lies before them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from countenance.media.frame import F32
from countenance.perception.layout import texels
from countenance.synthesis.fields import FIELD_PX, field, to_pixels, weighted_median
from countenance.synthesis.regions import ramp, regions

_AT_RIM, _INSIDE = (3.0, 5.0), (4.5, 7.0)  # spreads of the person's own skin colour
# Floors of the spread of skin: log brightness (shading), share of red, share of blue.
_SPREAD = (0.09, 0.012, 0.012)
_ODD = (0.12, 0.28)  # difference in brightness from what most views show, as a share
_VOTES = 2.0  # views that must see a texel before one can be outvoted
_CHIN = (152, 175, 199, 200, 208, 428, 171, 396)


def own_skin(light: F32, weight: F32) -> F32:
    """1 where a texel could be this person's skin or beard, or a feature; 0 where hair, cloth or glasses lie instead.

    `light` `(F, F, 3)` of one view after de-lighting; `weight` `(F, F)`: how well each texel is seen. What may be
    expected near the outline is judged more strictly than what surprises inside.
    """
    plane = regions()
    edge, features = field(plane.edge), field(plane.features)
    axes = _colour_axes(to_pixels(light))
    far = _distance(axes, field(plane.skin) * (1 - edge) * weight)
    chin, lower = _chin()
    far = np.where(lower, np.minimum(far, _distance(axes, chin * weight)), far)
    at_rim = ramp(edge, 0.0, 0.35)
    strange = ramp(far, *_AT_RIM) * at_rim + ramp(far, *_INSIDE) * (1 - at_rim)
    strange = cv2.morphologyEx(strange * (1 - features), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))  # pores, moles
    grown = cv2.dilate(strange, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    return np.asarray(1 - cv2.GaussianBlur(grown * (1 - features), (0, 0), 1.0), np.float32)


def agreeing(lights: Sequence[F32], weights: Sequence[F32]) -> list[F32]:
    """For each view `(F, F)` 0..1: how far it shows what most views of a texel show (no hand, fringe or shine).

    `lights` `(F, F, 3)` after de-lighting, `weights` `(F, F)`. Features differ with the expression: there nobody
    is outvoted, and nobody where fewer than three views see a texel.
    """
    pixels = np.stack([to_pixels(light) for light in lights])
    votes = np.stack(weights)
    typical = np.stack([weighted_median(pixels[..., c], votes) for c in range(3)], axis=-1)
    judged = ramp(votes.sum(axis=0), _VOTES, _VOTES + 0.5) * (1 - field(regions().features))
    gaps = np.abs(pixels - typical).max(axis=3) / (typical.max(axis=2) + 12)
    return [1 - ramp(cv2.GaussianBlur(gap, (0, 0), 2.0), *_ODD) * judged for gap in gaps]


def _distance(axes: F32, weight: F32) -> F32:
    """How far each texel's colour `(3, F, F)` is from the typical one where the weight is, in its spreads there."""
    squares = np.zeros(weight.shape, np.float32)
    inside = weight > 0.1
    for axis, floor in zip(axes, _SPREAD, strict=True):
        values, counts = axis[inside], weight[inside]
        if values.size < 2:
            return squares  # nothing is known: nothing is strange
        middle = weighted_median(values, counts)
        spread = 1.48 * weighted_median(np.abs(values - middle), counts)  # of a normal distribution
        squares += ((axis - middle) / (spread + floor)) ** 2
    return np.sqrt(squares)


def _colour_axes(pixels: F32) -> F32:
    red, green, blue = cv2.split(np.maximum(pixels, 1) + np.float32(8))  # +8: dark pixels carry no reliable colour
    total = red + green + blue
    return np.stack([np.log(total), red / total, blue / total])


def _chin() -> tuple[F32, F32]:
    """Where a beard would show first, and how far up it may reach: rows below the nose."""
    uv = texels(FIELD_PX)
    chin = np.zeros((FIELD_PX, FIELD_PX), np.float32)
    cv2.fillConvexPoly(chin, cv2.convexHull(np.rint(uv[list(_CHIN)]).astype(np.int32)), 1.0)
    rows = np.arange(FIELD_PX)[:, None] > uv[2, 1]
    return chin, np.broadcast_to(rows, (FIELD_PX, FIELD_PX))
