"""Find the pose of a marked picture that was scaled, turned or mirrored, from the pilot alone.

The picture's spectrum is made once. In any pose the pilot's frequencies lie on it elsewhere, so for each pose
they are picked out there and brought together by one small inverse transform, whose peak shows where the tiles
begin. That takes some 50 microseconds a pose, so tens of thousands can be tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from countenance.provenance.pattern import HIGHEST_CYCLES, TILE_PX, Pattern
from countenance.provenance.watermark_pose import LEAST_SCALE, MOST_SCALE, Pose

SHIFTS = 96  # places along a tile's side at which the pilot is looked for
AT_ONCE = 64
WHITEN_BINS = 31
LOUDEST = 5.5  # times the usual at its place: a few strong lines of the picture itself must not decide
WIDE_PX = 512  # pictures below this are padded threefold, so that their few bins are close enough together
OUT_OF_STEP = 1.3  # radians that the pilot's finest waves may be off at the picture's edge, half of it either side
SLIGHT_TURN_DEG = 12.0
MIDDLE_TILES = 3.5  # of large pictures only so much is searched for any turn: poses grow with the square of it
CLOSER = (1 / 2, 1 / 4)  # of the search's step

Poses = NDArray[np.float64]  # (n, 3): angle in radians, scale, -1 where mirrored


class PoseSearch:
    """Looks for the pilot of `pattern` in a mean `detail` (h, w) float32."""

    def __init__(self, detail: NDArray[np.float32], pattern: Pattern) -> None:
        height, width = detail.shape
        padding = 3 if min(height, width) < WIDE_PX else 2
        self._size = tuple(scipy.fft.next_fast_len(padding * side) for side in (height, width))
        padded = np.zeros(self._size, np.float32)
        padded[:height, :width] = detail
        spectrum = scipy.fft.fft2(np.roll(padded, (-(height // 2), -(width // 2)), (0, 1)))
        power = np.square(np.abs(spectrum))
        usual = np.sqrt(cv2.blur(power, (WHITEN_BINS, WHITEN_BINS), borderType=cv2.BORDER_REFLECT)) + 1e-9
        loudness = np.sqrt(power) / usual
        spectrum *= np.minimum(1.0, LOUDEST / np.maximum(loudness, 1e-9)) / usual
        self._spectrum = spectrum
        self._pilot = pattern.pilot_values.conj().astype(np.complex64)
        self._waves = np.stack([pattern.pilot_rows, pattern.pilot_columns]).astype(np.float32)
        self._rows, self._columns = pattern.pilot_rows % SHIFTS, pattern.pilot_columns
        self.step = OUT_OF_STEP * TILE_PX / (HIGHEST_CYCLES * max(height, width))

    def best(self, poses: Poses, count: int) -> list[tuple[float, Pose]]:
        """The `count` poses in which the pilot stands out most, each looked at more closely, best first."""
        heights = self._heights(poses)
        found = []
        for _ in range(count):
            top = int(heights.argmax())
            if not np.isfinite(heights[top]):
                break
            away = np.hypot(poses[:, 0] - poses[top, 0], np.log(poses[:, 1] / poses[top, 1]))
            heights[(away < 2.5 * self.step) & (poses[:, 2] == poses[top, 2])] = -np.inf
            found.append(self._closer(poses[top]))
        return sorted(found, key=lambda one: -one[0])

    def _closer(self, pose: NDArray[np.float64]) -> tuple[float, Pose]:
        height = 0.0
        for part in CLOSER:
            reach = np.arange(-2, 3) * part * self.step
            turns, sizes = (grid.ravel() for grid in np.meshgrid(reach, np.exp(reach), indexing="ij"))
            near = np.stack([pose[0] + turns, pose[1] * sizes, np.full(turns.shape, pose[2])], axis=1)
            heights = self._heights(near)
            height, pose = float(heights.max()), near[int(heights.argmax())]
        angle, scale, side = (float(value) for value in pose)
        turned = (np.rad2deg(angle) + 180.0) % 360.0 - 180.0
        return height, Pose(scale, scale, turned, side < 0)

    def _heights(self, poses: Poses) -> NDArray[np.float32]:
        """How far the pilot's peak stands out in each pose, in standard deviations."""
        parts = [self._some_heights(poses[start : start + AT_ONCE]) for start in range(0, len(poses), AT_ONCE)]
        return np.concatenate(parts)

    def _some_heights(self, poses: Poses) -> NDArray[np.float32]:
        down, across = self._places(poses)
        waves = np.zeros((len(poses), SHIFTS, SHIFTS // 2 + 1), np.complex64)
        waves[:, self._rows, self._columns] = self._spectrum[down, across] * self._pilot
        match = scipy.fft.irfft2(waves, s=(SHIFTS, SHIFTS)).reshape(len(poses), -1)
        return np.asarray(match.max(axis=1) / (match.std(axis=1) + 1e-12), np.float32)

    def _places(self, poses: Poses) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where in the picture's spectrum the pilot's frequencies lie in each pose: rows and columns, (n, p)."""
        angle, scale, side = (value.astype(np.float32)[:, None] for value in poses.T)
        cosine, sine = np.cos(angle) / (TILE_PX * scale), np.sin(angle) / (TILE_PX * scale)
        rows, columns = self._waves
        down = self._size[0] * (cosine * rows - sine * columns)
        across = self._size[1] * side * (cosine * columns + sine * rows)
        return np.rint(down).astype(np.int64) % self._size[0], np.rint(across).astype(np.int64) % self._size[1]


def search_poses(detail: NDArray[np.float32], pattern: Pattern, count: int) -> Iterator[tuple[float, Pose]]:
    """Poses of a mean `detail` and how far the pilot stands out in each: slight turns first, then any, mirrored too.

    Scales from LEAST_SCALE to MOST_SCALE. Both rounds give up to `count` poses, each round best first.
    """
    whole = PoseSearch(detail, pattern)
    slight = np.deg2rad(SLIGHT_TURN_DEG)
    yield from whole.best(_grid(np.arange(-slight, slight + whole.step, whole.step), whole.step, (1.0,)), count)
    rest = _middle(detail)
    middle = PoseSearch(rest, pattern)
    turns = np.arange(slight, 2 * np.pi - slight + middle.step, middle.step)
    yield from middle.best(_grid(turns, middle.step, (1.0,)), count)
    yield from middle.best(_grid(np.arange(0.0, 2 * np.pi, middle.step), middle.step, (-1.0,)), count)


def _middle(detail: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = detail.shape
    most = round(MIDDLE_TILES * TILE_PX)
    top, left = max(0, height - most) // 2, max(0, width - most) // 2
    return detail[top : top + most, left : left + most]


def _grid(angles: NDArray[np.float64], step: float, sides: Sequence[float]) -> Poses:
    scales = np.exp(np.arange(np.log(LEAST_SCALE), np.log(MOST_SCALE) + step, step))
    return np.stack([grid.ravel() for grid in np.meshgrid(angles, scales, sides, indexing="ij")], axis=1)
