"""Ten moments of a clip at full size, one row for each way of making them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from countenance.media.frame import F32, U8, Frame

MOMENTS = 10
_REACH = 1.35  # side of what is shown over the face's size
_GAP_PX = 4


@dataclass
class Strip:
    """Collects moments and writes them side by side, the first row on top."""

    pictures: int
    _columns: list[tuple[list[U8], F32]] = field(default_factory=list)

    def due(self, number: int) -> bool:
        return number in {int((moment + 0.5) * self.pictures / MOMENTS) for moment in range(MOMENTS)}

    def add(self, rows: list[Frame], points: F32) -> None:
        """One moment; `points` `(n, 2 or 3)` say where the face is."""
        self._columns.append(([frame.rgb() for frame in rows], points[:, :2].copy()))

    def save(self, path: Path) -> None:
        if not self._columns:
            return
        side = round(_REACH * max(float(np.ptp(points, axis=0).max()) for _, points in self._columns))
        columns = [np.vstack([_square(rgb, points, side) for rgb in rgbs]) for rgbs, points in self._columns]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.hstack(columns)).save(path)


def _square(rgb: U8, points: F32, side: int) -> U8:
    """The square around the face, black where the picture ends and along its edge."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    centre = (float(middle[0]), float(middle[1]))
    shift = np.array([[1, 0, side // 2 - round(centre[0])], [0, 1, side // 2 - round(centre[1])]], np.float32)
    cut = cv2.warpAffine(rgb, shift, (side, side), flags=cv2.INTER_NEAREST)
    return np.asarray(cv2.copyMakeBorder(cut, 0, _GAP_PX, 0, _GAP_PX, cv2.BORDER_CONSTANT), np.uint8)
