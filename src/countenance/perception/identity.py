"""Whose face it is: dlib's 128-number embedding (CC0 weights); below 0.6 Euclidean is the same person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Frame
from countenance.models.pull import model_file
from countenance.perception.crop import warp_rgb
from countenance.perception.pose import similarity

CHIP_PX = 150
_BATCH = 2  # dlib keeps every layer's output of a batch: 60 MiB for its own 16, and no faster
SAME_PERSON = 0.6  # the network's published decision distance

# Where dlib's network expects five points in its chip: its mean face with a quarter of padding around.
_FIVE = (263, 362, 33, 133, 2)  # left eye outer, inner; right eye outer, inner; below the nose
_CHIP_POINTS = (
    0.25
    + np.array(
        [
            [0.8595674595992, 0.2134981538014],
            [0.6460604764104, 0.2289674387677],
            [0.1205750620789, 0.2137274526848],
            [0.3340850613712, 0.2290642403242],
            [0.4901123135679, 0.6277975316475],
        ]
    )
) / 1.5 * CHIP_PX  # fmt: skip


def chip(frame: Frame, mesh: F32) -> U8:
    """The face upright in the network's own 150×150 RGB square."""
    to_picture = similarity(_CHIP_POINTS.astype(np.float32), mesh[list(_FIVE), :2])
    return warp_rgb(frame, to_picture, CHIP_PX)


def embed(chips: Sequence[U8]) -> F32:
    """Embeddings `(n, 128)` of chips."""
    network, vectors = _network(), []
    for first in range(0, len(chips), _BATCH):
        part = [np.ascontiguousarray(one) for one in chips[first : first + _BATCH]]
        vectors += network.compute_face_descriptor(part)
    return np.array([np.array(v) for v in vectors], np.float32).reshape(-1, 128)


def distance(a: F32, b: F32) -> float:
    """Euclidean distance of two embeddings, or the smallest between two sets of them."""
    gaps = np.linalg.norm(np.atleast_2d(a)[:, None] - np.atleast_2d(b)[None], axis=2)
    return float(gaps.min())


def sharpness(picture: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian of the luma: larger is sharper; only comparable at one size."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


@lru_cache(maxsize=1)
def _network() -> Any:
    return dlib.face_recognition_model_v1(str(model_file("identity")))
