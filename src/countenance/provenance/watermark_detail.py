"""What the picture mark's reader sees of frames: their detail, quiet places first, added up as a whole and by shot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance.pattern import mark_space

LOCAL_PX = 9  # detail finer than this much is kept; wider windows let the picture's own edges in
GRAIN = 1.5  # luma steps of the picture's own detail beyond which a place says little
LOUDEST_DETAIL = 0.5
GLANCE_PX = (32, 18)  # at so many places each picture is compared with the last one
CUT = 12.0  # luma steps that those places differ by on average across a cut
MOST_SHOTS = 24


class Sum(NamedTuple):
    """Frames added up in mark space: their mean detail (h, w), how many they were, how far they were shrunk (x, y),
    and the detail of each shot alone, where there are several."""

    detail: NDArray[np.float32]
    frames: int
    shrunk: tuple[float, float]
    shots: tuple[NDArray[np.float32], ...]


def add_up(lumas: Iterable[NDArray[np.uint8]]) -> Sum:
    """The mean detail of frames (each (h, w) uint8, all of one size), as a whole and by shot."""
    shots: list[NDArray[np.float32]] = []
    frames, shape, size = 0, (0, 0), (0, 0)
    before: NDArray[np.int16] | None = None
    for luma in lumas:
        if frames and luma.shape != shape:
            raise ValueError(f"frames to read a mark from have one size, not {shape} and {luma.shape}")
        shape, size = luma.shape, mark_space(luma.shape[1], luma.shape[0])
        small = luma if size == luma.shape[::-1] else cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
        seen = glance(luma)
        if before is None or (np.abs(seen - before).mean() > CUT and len(shots) < MOST_SHOTS):
            shots.append(np.zeros(size[::-1], np.float32))
        shots[-1] += detail_of(np.asarray(small, np.uint8))
        before = seen
        frames += 1
    if not frames:
        return Sum(np.zeros((0, 0), np.float32), 0, (1.0, 1.0), ())
    shrunk = (shape[1] / size[0], shape[0] / size[1])
    mean = np.asarray(sum(shots) / np.float32(frames), np.float32)
    return Sum(mean, frames, shrunk, tuple(shots) if len(shots) > 1 else ())


def glance(luma: NDArray[np.uint8]) -> NDArray[np.int16]:
    """A picture in so few places that only a cut, or great haste, makes them differ by CUT on average."""
    return np.asarray(cv2.resize(luma, GLANCE_PX, interpolation=cv2.INTER_AREA), np.int16)


def detail_of(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is finer than LOCAL_PX, float32 (h, w), weighted by how much the mark can stand out at each place.

    That is by its variance there, as for any sum of readings of different noise.
    """
    plane = luma.astype(np.float32)
    plane -= cv2.blur(plane, (LOCAL_PX, LOCAL_PX))
    contrast = cv2.sqrt(cv2.max(cv2.blur(plane * plane, (LOCAL_PX, LOCAL_PX)), 0.0)) + np.float32(GRAIN)
    plane /= contrast * contrast
    return np.asarray(np.clip(plane, -LOUDEST_DETAIL, LOUDEST_DETAIL, out=plane), np.float32)
