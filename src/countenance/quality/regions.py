"""How much of the master's picture is still to be seen in the eyes and in the mouth."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from countenance.media.frame import F32, U8, Frame
from countenance.perception.crop import Square, warp_yuv
from countenance.perception.pose import apply
from countenance.perception.topology import LEFT_EYE, LIPS_OUTER, RIGHT_EYE

EYES: tuple[Sequence[int], ...] = (RIGHT_EYE, LEFT_EYE)
MOUTH: tuple[Sequence[int], ...] = (LIPS_OUTER,)

_CROP_PX = 64
_REACH = 1.5  # side of the crop over the feature's width
_RIM_PX = 3  # the feature's own edge counts too
_SIGMA = 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def likeness_of(before: Frame, after: Frame, mesh: F32, features: Sequence[Sequence[int]]) -> float | None:
    """Structural similarity −1..1 of some features in two pictures, at the places where the mesh `(468, 3)` has them.

    SSIM after Wang, Bovik, Sheikh and Simoncelli (2004), "Image quality assessment: from error visibility to
    structural similarity" (Gaussian window of 1.5 pixels, K1 = 0.01, K2 = 0.03), of the luma, on upright crops of
    64 pixels around each feature, averaged over the feature itself. `eyes_ssim` is that of both eyes within their
    lids, `mouth_ssim` that within the outer lips; both are medians over pictures. Lips and lids of another person
    do not look like the master's, so that 1 is neither reached nor wanted where they are painted; what moves it is
    blur, noise, a wrong place and what the master does not show. None where a feature does not lie in the picture.
    """
    totals = []
    for feature in features:
        points = mesh[list(feature), :2]
        if points.min() < 0 or (points.max(axis=0) >= before.size).any():
            return None
        to_picture = _around(points, mesh).to_picture(_CROP_PX)
        inside = _inside(points, to_picture)
        one, other = (warp_yuv(frame, to_picture, _CROP_PX)[..., 0].astype(np.float32) for frame in (before, after))
        totals.append(cv2.mean(_ssim(one, other), inside)[0])
    return float(np.mean(totals))


def _around(points: F32, mesh: F32) -> Square:
    across = mesh[263, :2] - mesh[33, :2]
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    width = float(np.ptp(points @ (across / np.linalg.norm(across))))
    return Square(float(centre[0]), float(centre[1]), width * _REACH, float(np.arctan2(across[1], across[0])))


def _inside(points: F32, to_picture: F32) -> U8:
    to_crop = cv2.invertAffineTransform(to_picture).astype(np.float32)
    inside = np.zeros((_CROP_PX, _CROP_PX), np.uint8)
    outline = np.rint(apply(to_crop, points)).astype(np.int32)
    cv2.fillConvexPoly(inside, cv2.convexHull(outline), 255)
    return np.asarray(cv2.dilate(inside, np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)), np.uint8)


def _ssim(one: F32, other: F32) -> F32:
    mean_a, mean_b = _blurred(one), _blurred(other)
    spread_a = _blurred(one * one) - mean_a * mean_a
    spread_b = _blurred(other * other) - mean_b * mean_b
    common = _blurred(one * other) - mean_a * mean_b
    light = (2 * mean_a * mean_b + _C1) / (mean_a * mean_a + mean_b * mean_b + _C1)
    return np.asarray(light * (2 * common + _C2) / (spread_a + spread_b + _C2), np.float32)


def _blurred(values: F32) -> F32:
    return np.asarray(cv2.GaussianBlur(values, (11, 11), _SIGMA), np.float32)
