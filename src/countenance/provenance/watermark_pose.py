"""How a picture may lie relative to the one that was marked, and how to undo it.

First the usual sizes (re-encodes, platform ladders, plain crops), then any size, quarter turns and mirroring,
and last any angle: the tiles repeat, so the picture's autocorrelation has a lattice of peaks that shows how
far it was turned and scaled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from countenance.provenance.pattern import HIGHEST_CYCLES, LOWEST_CYCLES, MARK_SPACE_PX, TILE_PX, mark_space

USUAL_SHORT_SIDES_PX = (720, 576, 540, 480, 432, 360, 288, 240)
USUAL_ASPECTS = (1.0, 5 / 4, 4 / 3, 3 / 2, 16 / 9, 2.0, 21 / 9)
USUAL_CROP_SOURCES_PX = (720, 1080, 1440, 2160)  # shorter sides of pictures that crops are cut from
LEAST_SCALE, MOST_SCALE, SCALE_STEP = 0.45, 2.2, 1.004
ANGLE_STEP_DEG = 0.2
FARTHEST_LAG_PX = 900
STANDING = 0.15  # more mean detail than the mark makes is the picture's own, which stands still
PEAK_LIMITS = (-3.0, 12.0)  # standard deviations: no single peak decides
LATTICES = 7
# Lattice points in tile units, and points halfway between: a true lattice is dark there, its denser relatives
# are not.
BRIGHT = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 0), (0, 2), (2, 1), (1, 2))
DARK = ((0.5, 0.5), (0.5, -0.5), (0.5, 0), (0, 0.5))


@dataclass(frozen=True)
class Pose:
    """What happened to the marked picture: size factors relative to mark space, turn, mirroring."""

    scale_x: float
    scale_y: float
    angle_deg: float = 0.0  # counter-clockwise
    mirrored: bool = False

    def enlarged(self, across: float, down: float) -> Pose:
        return replace(self, scale_x=self.scale_x * across, scale_y=self.scale_y * down)

    def undo(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring a float32 picture (h, w) back to mark space; what lies outside is 0."""
        height, width = picture.shape
        if self.mirrored:
            picture = picture[:, ::-1].copy()
        if self.angle_deg == 0:
            size = (max(1, round(width / self.scale_x)), max(1, round(height / self.scale_y)))
            shrinks = size[0] < width
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            same = size == (width, height)
            return picture if same else np.asarray(cv2.resize(picture, size, interpolation=how), np.float32)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -self.angle_deg, 1 / self.scale_x)
        reach_w, reach_h = np.abs(turn[:, :2]) @ (width, height)
        turn[:, 2] += (reach_w - width) / 2, (reach_h - height) / 2
        return np.asarray(cv2.warpAffine(picture, turn, (round(reach_w), round(reach_h))), np.float32)


def usual_poses(width: int, height: int) -> Iterator[Pose]:
    """Poses worth trying first for a picture of this size: untouched, from a usual size, cropped."""
    sizes = [mark_space(width, height)]
    short = min(width, height)
    aspect = max(width, height) / short
    nearest = min(USUAL_ASPECTS, key=lambda usual: abs(usual - aspect))
    if abs(nearest / aspect - 1) < 0.01:  # 854 x 480 was 16:9 before it was rounded
        aspect = nearest
    for side in USUAL_SHORT_SIDES_PX:
        if LEAST_SCALE < short / side < MOST_SCALE * 2:
            across = round(side * aspect)
            sizes.append((across, side) if width > height else (side, across))
    for source in USUAL_CROP_SOURCES_PX:
        if short <= source:
            sizes.append((round(width * MARK_SPACE_PX / source), round(height * MARK_SPACE_PX / source)))
    for across, down in dict.fromkeys(sizes):
        if min(across, down) >= TILE_PX // 2:
            yield Pose(width / across, height / down)


def any_scale() -> Iterator[Pose]:
    """Every size factor in reach, in steps that keep the pilot in step over the whole picture."""
    steps = int(np.log(MOST_SCALE / LEAST_SCALE) / np.log(SCALE_STEP))
    for step in range(steps + 1):
        scale = LEAST_SCALE * SCALE_STEP**step
        yield Pose(scale, scale)


def quarter_turned(poses: Iterable[Pose]) -> Iterator[Pose]:
    """Each pose and its three quarter turns."""
    for pose in poses:
        for quarter in range(4):
            yield replace(pose, angle_deg=(pose.angle_deg + 90.0 * quarter + 180.0) % 360.0 - 180.0)


def turned_poses(detail: NDArray[np.float32]) -> Iterator[Pose]:
    """Poses of a mean `detail` (h, w) -1..1 that fit a lattice in its autocorrelation, turned and mirrored."""
    for angle_deg, scale in _lattices(_autocorrelation(detail)):
        # A square lattice is easily taken for one that is turned by 45 degrees and sqrt(2) times as dense.
        for angle, width in ((angle_deg, scale), (angle_deg + 45.0, scale * 2**0.5)):
            yield from quarter_turned([Pose(width, width, angle), Pose(width, width, -angle, mirrored=True)])


def neighbours(pose: Pose) -> Iterator[Pose]:
    """Poses within one search step of `pose`; only turned pictures have neighbours in angle."""
    angles = (-0.2, -0.1, 0.0, 0.1, 0.2) if pose.angle_deg else (0.0,)
    for angle in angles:
        for factor in (0.996, 0.998, 1.0, 1.002, 1.004):
            yield replace(pose.enlarged(factor, factor), angle_deg=pose.angle_deg + angle)


def _autocorrelation(detail: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whitened autocorrelation in standard deviations: a square, FARTHEST_LAG_PX to each side of lag 0."""
    reach = FARTHEST_LAG_PX
    size = [scipy.fft.next_fast_len(max(side + reach, 2 * reach + 2)) for side in detail.shape]
    power = np.abs(scipy.fft.fft2(np.clip(detail, -STANDING, STANDING), size)) ** 2
    # A few strong lines of the picture itself would drown the many faint ones of the mark.
    local = cv2.blur(power, (31, 31), borderType=cv2.BORDER_REFLECT)
    power = np.minimum(power / (local + 1e-9), 30.0)
    down, across = (scipy.fft.fftfreq(side).astype(np.float32) for side in power.shape)
    cycles = np.hypot(down[:, None], across[None])
    power[cycles < LOWEST_CYCLES / TILE_PX / MOST_SCALE] = 0
    power[cycles > HIGHEST_CYCLES / TILE_PX / LEAST_SCALE] = 0
    lags = np.fft.fftshift(scipy.fft.ifft2(power).real.astype(np.float32))
    row, column = lags.shape[0] // 2, lags.shape[1] // 2
    lags = lags[row - reach : row + reach + 1, column - reach : column + reach + 1]
    lags = lags - cv2.blur(lags, (41, 41))
    return np.asarray(cv2.blur(lags / (lags.std() + 1e-12), (3, 3)), np.float32)


@cache
def _lattice_grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    angles = np.deg2rad(np.arange(-45, 45, ANGLE_STEP_DEG))
    scales = np.geomspace(LEAST_SCALE, MOST_SCALE, int(np.log(MOST_SCALE / LEAST_SCALE) / np.log(SCALE_STEP)))
    turned, scaled = np.meshgrid(angles, scales, indexing="ij")
    return turned.astype(np.float32), scaled.astype(np.float32)


def _lattices(lags: NDArray[np.float32]) -> Iterator[tuple[float, float]]:
    """Angles (degrees, counter-clockwise) and scales of the square lattices that fit best, best first."""
    angles, scales = _lattice_grid()
    score = np.zeros_like(angles)
    for sign, points in ((1.0, BRIGHT), (-1.0, DARK)):
        for right, down in points:
            x = TILE_PX * scales * (right * np.cos(angles) + down * np.sin(angles))
            y = TILE_PX * scales * (down * np.cos(angles) - right * np.sin(angles))
            inside = (np.abs(x) < FARTHEST_LAG_PX) & (np.abs(y) < FARTHEST_LAG_PX)
            row, column = (FARTHEST_LAG_PX + np.rint(np.where(inside, lag, 0)).astype(int) for lag in (y, x))
            score += sign * np.where(inside, np.clip(lags[row, column], *PEAK_LIMITS), 0)
    for _ in range(LATTICES):
        best = np.unravel_index(int(score.argmax()), score.shape)
        angle, scale = float(angles[best]), float(scales[best])
        yield float(np.rad2deg(angle)), scale
        near = (np.abs(np.sin(2 * (angles - angle))) < 0.03) & (np.abs(scales / scale - 1) < 0.02)
        score[near] = -np.inf
