"""Read the picture mark without the original: is there one under this key, and which id does it carry?

Frames are flattened to what the mark can be in (detail, locally normalised) and added up. For each pose worth
trying the sum is brought back to mark space, all tiles are folded onto one, the pilot gives the shift, and
every other frequency votes for its code sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from countenance.provenance import payload
from countenance.provenance.pattern import TILE_PX, Pattern, keyed_pattern, mark_space
from countenance.provenance.watermark_pose import (
    Pose,
    any_scale,
    neighbours,
    quarter_turned,
    turned_poses,
    usual_poses,
)

LOCAL_PX = 9  # detail finer than this much is kept; wider windows let the picture's own edges in
GRAIN = 0.5  # luma steps; keeps flat ground from being blown up to full contrast
WHITEN_BINS = 15
# Unmarked pictures: pilot peak 4.0 ± 0.3 standard deviations, code word fit 0.46 ± 0.04 and a CRC of 24 bits.
LEAST_PILOT_Z = 5.5
LEAST_FIT = 0.53
CLOSER_LOOKS = 3


@dataclass(frozen=True)
class MarkReading:
    """A mark that was found.

    `confidence` 0..1 is how well the picture fits the id's code word, `pilot_z` how far the pilot stands out
    in standard deviations, `frames` how many frames were added up.
    """

    mark_id: int
    confidence: float
    frames: int
    pilot_z: float
    pose: Pose


class Sight(NamedTuple):
    """The pilot's peak in one pose, and the 352 soft code signs at the shift that it shows."""

    pilot_z: float
    votes: NDArray[np.float64]
    pose: Pose


def read_mark(lumas: Iterable[NDArray[np.uint8]], key: bytes, search: bool = True) -> MarkReading | None:
    """Find the mark that `key` (32 bytes) wrote into `lumas` (each (h, w) uint8, all of one size).

    None when there is none, or no longer one that can be told from chance. Two seconds of video are plenty;
    frames may be any sample of it. `search`: also look for unusual sizes, turned and mirrored pictures, which
    takes seconds when nothing is found.
    """
    pattern = keyed_pattern(key)
    detail, frames = _add_up(lumas)
    height, width = detail.shape
    if min(height, width) < TILE_PX // 2 or not detail.any():
        return None
    found = _first(detail, pattern, usual_poses(width, height)) or (_search(detail, pattern) if search else None)
    if found is None:
        return None
    sight, word = found
    return MarkReading(word.mark_id, word.fit, frames, sight.pilot_z, sight.pose)


def _search(detail: NDArray[np.float32], pattern: Pattern) -> tuple[Sight, payload.Word] | None:
    height, width = detail.shape
    size = mark_space(width, height)  # more pixels than that would only cost time
    small = np.asarray(cv2.resize(detail, size, interpolation=cv2.INTER_AREA), np.float32)
    flat = list(usual_poses(*size))
    found = (
        _first(small, pattern, quarter_turned(flat + [replace(pose, mirrored=True) for pose in flat]))
        or _first(small, pattern, _closer(small, pattern, any_scale()))
        or _first(small, pattern, _closer(small, pattern, turned_poses(small)))
    )
    if found is None:
        return None
    sight, word = found
    return sight._replace(pose=sight.pose.enlarged(width / size[0], height / size[1])), word


def _first(detail: NDArray[np.float32], pattern: Pattern, poses: Iterable[Pose]) -> tuple[Sight, payload.Word] | None:
    """The first pose in which the pilot stands out and an id can be read."""
    for pose in poses:
        sight = _look(detail, pattern, pose)
        word = payload.decode(sight.votes) if sight.pilot_z >= LEAST_PILOT_Z else None
        if word is not None and word.fit >= LEAST_FIT:
            return sight, word
    return None


def _add_up(lumas: Iterable[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], int]:
    """Mean detail (h, w) of the frames, and how many there were."""
    total = np.zeros((0, 0), np.float32)
    frames = 0
    for luma in lumas:
        if frames and luma.shape != total.shape:
            raise ValueError(f"frames to read a mark from have one size, not {total.shape} and {luma.shape}")
        total = total + _detail(luma) if frames else _detail(luma)
        frames += 1
    return total / np.float32(max(frames, 1)), frames


def _detail(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is finer than LOCAL_PX, in units of its local contrast, -1..1 float32 (h, w)."""
    plane = luma.astype(np.float32)
    plane -= cv2.blur(plane, (LOCAL_PX, LOCAL_PX))
    contrast = cv2.sqrt(cv2.max(cv2.blur(plane * plane, (LOCAL_PX, LOCAL_PX)), 0.0))
    plane /= contrast + np.float32(GRAIN)
    return np.asarray(np.clip(plane, -1.0, 1.0, out=plane), np.float32)


def _closer(detail: NDArray[np.float32], pattern: Pattern, poses: Iterable[Pose]) -> Iterator[Pose]:
    """Of many poses, the neighbourhood of those few in which the pilot stands out most, best first."""
    seen = sorted((_look(detail, pattern, pose) for pose in poses), key=lambda sight: -sight.pilot_z)
    for sight in seen[:CLOSER_LOOKS]:
        near = [_look(detail, pattern, pose) for pose in neighbours(sight.pose)]
        yield max(near, key=lambda candidate: candidate.pilot_z).pose


def _look(detail: NDArray[np.float32], pattern: Pattern, pose: Pose) -> Sight:
    spectrum = scipy.fft.fft2(_fold(pose.undo(detail)))
    power = uniform_filter(np.abs(spectrum) ** 2, WHITEN_BINS, mode="wrap")
    # Matched filter: where the picture itself is loud, a frequency says little.
    spectrum /= power + 1e-9
    match = scipy.fft.ifft2(spectrum * pattern.pilot.conj()).real
    down, across = np.unravel_index(int(match.argmax()), match.shape)
    pilot_z = float((match[down, across] - match.mean()) / (match.std() + 1e-12))
    turn = np.arange(TILE_PX) * (2j * np.pi / TILE_PX)
    aligned = spectrum * np.exp(turn * int(down))[:, None] * np.exp(turn * int(across))[None]
    return Sight(pilot_z, pattern.votes(aligned), pose)


def _fold(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add all tiles of a picture (h, w) up to one (256, 256)."""
    height, width = picture.shape
    rows, columns = -(-height // TILE_PX), -(-width // TILE_PX)
    padded = np.zeros((rows * TILE_PX, columns * TILE_PX), np.float32)
    padded[:height, :width] = picture
    return np.asarray(padded.reshape(rows, TILE_PX, columns, TILE_PX).sum((0, 2)), np.float32)
