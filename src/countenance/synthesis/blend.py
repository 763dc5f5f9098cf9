"""Several pictures of one surface made into one: sharp where the best of them is, even where all of them agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from countenance.media.frame import F32

_BANDS = 5  # octaves; the rest is tone
_OWN = 3  # finest bands, which come from one picture only: averaging would blur them


def blended(pictures: Sequence[F32], scores: F32) -> F32:
    """One picture `(h, w, 3)` of several `(h, w, 3)` by their scores `(n, h, w)` (Burt and Adelson, "A multiresolution
    spline with application to image mosaics", 1983).

    Detail finer than eight pixels comes from the picture with the best score, coarser bands are means by score;
    seams are as wide as the band that they run through is coarse.
    """
    best = scores.argmax(axis=0)
    soft = scores / (scores.sum(axis=0) + 1e-9)
    total: list[F32] = []
    weights: list[F32] = []
    for number, picture in enumerate(pictures):
        own = _pyramid((best == number).astype(np.float32))
        shared = _pyramid(np.ascontiguousarray(soft[number]))
        for level, band in enumerate(_laplacian(picture)):
            weight = own[level] if level < _OWN else shared[level]
            weighted = band * weight[..., None]
            if number == 0:
                total.append(weighted)
                weights.append(weight)
            else:
                total[level] += weighted
                weights[level] += weight
    bands = [band / (weight[..., None] + 1e-6) for band, weight in zip(total, weights, strict=True)]
    picture = bands[-1]
    for band in bands[-2::-1]:
        picture = cv2.pyrUp(picture, dstsize=band.shape[1::-1]) + band
    return np.asarray(picture, np.float32)


def diffused(picture: F32, known: F32) -> F32:
    """The picture `(h, w, 3)` where it is known `(h, w)` 0..1, and its surroundings spread smoothly to where not.

    Pull and push: averages of what is known, coarser and coarser, fill what is not (Gortler et al., 1996).
    """
    height, width = known.shape
    if min(height, width) <= 2:
        return picture
    share = np.clip(known, 0, 1)[..., None]
    size = ((width + 1) // 2, (height + 1) // 2)
    weight = cv2.resize(share, size, interpolation=cv2.INTER_AREA)
    reduced = cv2.resize(picture * share, size, interpolation=cv2.INTER_AREA) / (weight[..., None] + 1e-6)
    coarse = diffused(reduced, np.minimum(weight * 2, 1))
    around = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(picture * share + around * (1 - share), np.float32)


def _pyramid(plane: F32) -> list[F32]:
    planes = [plane]
    for _ in range(_BANDS):
        planes.append(cv2.pyrDown(planes[-1]))
    return planes


def _laplacian(picture: F32) -> list[F32]:
    planes = _pyramid(picture)
    bands = [fine - cv2.pyrUp(coarse, dstsize=fine.shape[1::-1]) for fine, coarse in pairwise(planes)]
    return [*bands, planes[-1]]
