"""How a picture may lie relative to the one that was marked, and how to undo it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance.pattern import MARK_SPACE_PX, TILE_PX, mark_space

USUAL_SHORT_SIDES_PX = (720, 576, 540, 480, 432, 360, 288, 240)
USUAL_ASPECTS = (1.0, 5 / 4, 4 / 3, 3 / 2, 16 / 9, 2.0, 21 / 9)
USUAL_CROP_SOURCES_PX = (720, 1080, 1440, 2160)  # shorter sides of pictures that crops are cut from
LEAST_SCALE, MOST_SCALE = 0.45, 2.2


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


def quarter_turned(poses: Iterable[Pose]) -> Iterator[Pose]:
    """Each pose turned by a quarter, a half and three quarters, and all four mirrored."""
    for pose in poses:
        for mirrored in (False, True):
            for quarter in range(4):
                if quarter or mirrored:
                    yield replace(pose, angle_deg=(90.0 * quarter + 180.0) % 360.0 - 180.0, mirrored=mirrored)
