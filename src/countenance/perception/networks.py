"""The perception networks, each a plain function from pixels to numbers.

Weights: MediaPipe's full-range face detector, face mesh and attention mesh models (Apache-2.0), run by LiteRT on
one thread each; tensor layouts as published with the models.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

import numpy as np

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.attention import MESH_PX, AttentionNet, Closeup
from countenance.perception.crop import Square, cut_square, square_around, thumbnail
from countenance.perception.litert import Net as Net
from countenance.perception.refine import refined
from countenance.perception.topology import POINTS

_DETECTOR_PX = 192
_DETECTOR_CELLS = 48  # stride 4, one anchor a cell
# The networks count from the crop's edge, pictures here from the middle of their first pixel. That it is so is seen
# when a picture is mirrored: all points move by a whole crop pixel.
_EDGE = 0.5


@dataclass(frozen=True)
class Detection:
    """A face found without history: box (x, y, w, h) in pixels, eye centres `(2, 2)` and a score 0..1."""

    box: tuple[float, float, float, float]
    eyes: F32
    score: float

    @property
    def square(self) -> Square:
        """Where to look for the mesh."""
        x, y, w, h = self.box
        across = self.eyes[1] - self.eyes[0]
        return Square(x + w / 2, y + h / 2, 1.5 * max(w, h), float(np.arctan2(across[1], across[0])))


class FaceNetworks:
    """The loaded networks. Each may be used by one thread at a time, different ones side by side; the detector by
    several, one after the other."""

    def __init__(self) -> None:
        self._detector = Net("face-detector")
        self._detecting = Lock()
        self._mesh = Net("face-mesh")
        self._attention = AttentionNet()
        centres = (np.arange(_DETECTOR_CELLS) + 0.5) / _DETECTOR_CELLS
        self._anchors = np.stack([np.tile(centres, _DETECTOR_CELLS), np.repeat(centres, _DETECTOR_CELLS)], axis=1)

    def detect(self, frame: Frame, *, threshold: float = 0.5, part: Box | None = None) -> list[Detection]:
        """All faces in the picture or in an even box of it, best first, overlaps removed.

        Faces that are smaller than a twelfth of what is looked at are mostly not found: look at parts of it then.
        """
        looked = part or Box(0, 0, *frame.size)
        width, height = looked.width, looked.height
        scale = _DETECTOR_PX / max(width, height)
        small = thumbnail(frame, (max(1, round(width * scale)), max(1, round(height * scale))), part)
        top, left = (_DETECTOR_PX - small.shape[0]) // 2, (_DETECTOR_PX - small.shape[1]) // 2
        canvas = np.zeros((_DETECTOR_PX, _DETECTOR_PX, 3), np.float32)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small / 127.5 - 1.0
        with self._detecting:
            outputs = {out.shape[-1]: out[0] for out in self._detector(canvas)}
        scores = 1 / (1 + np.exp(-np.clip(outputs[1][:, 0], -80, 80)))
        origin = np.array([looked.x, looked.y])
        found = []
        for cell in np.flatnonzero(scores > threshold):
            values = outputs[16][cell].reshape(8, 2) / _DETECTOR_PX
            centre, extent = values[0] + self._anchors[cell], values[1]
            keypoints = values[2:] + self._anchors[cell]
            inset = np.array([left, top])
            corner = ((centre - extent / 2) * _DETECTOR_PX - inset) / scale + origin
            size = extent * _DETECTOR_PX / scale
            found.append(
                Detection(
                    (float(corner[0]), float(corner[1]), float(size[0]), float(size[1])),
                    ((keypoints[:2] * _DETECTOR_PX - inset) / scale + origin).astype(np.float32),
                    float(scores[cell]),
                )
            )
        return without_overlaps(found)

    def mesh(self, frame: Frame, square: Square) -> tuple[F32, float]:
        """The 468 points `(468, 3)` in picture pixels (z in the same unit, smaller is nearer), and a score 0..1."""
        mesh, score = self.face(frame, square)
        return mesh[:POINTS], score

    def face(self, frame: Frame, square: Square) -> tuple[F32, float]:
        """The 468 points and ten more `(478, 3)`: centre and rim of both irises, the right eye first; and the score."""
        crop = cut_square(frame, square, MESH_PX)
        points, score = self.follow(crop, square)
        return refined(points, self.closeup(crop, square))[0], score

    def irises(self, frame: Frame, mesh: F32) -> F32:
        """Centre and rim of both irises `(10, 3)` in picture pixels, the right eye first, of a face found before."""
        square = square_around(mesh[:POINTS])
        return refined(mesh[:POINTS], self.closeup(cut_square(frame, square, MESH_PX), square))[0][POINTS:]

    def follow(self, crop: U8, square: Square) -> tuple[F32, float]:
        """The plain mesh network alone: 468 points `(468, 3)` in picture pixels, and a score 0..1.

        `crop` is the square's picture, `cut_square(frame, square, MESH_PX)`. Enough to see where the face has gone.
        """
        found, logit = self._mesh(_unit(crop))
        points = found.reshape(POINTS, 3)
        placed = np.empty_like(points)
        placed[:, :2] = _to_picture(points[:, :2], square)
        placed[:, 2] = points[:, 2] * (square.side / MESH_PX)
        return placed, float(1 / (1 + np.exp(-logit.item())))

    def closeup(self, crop: U8, square: Square) -> Closeup:
        """Lips, eyes and irises looked at again, in picture pixels; `crop` as for `follow`."""
        look = self._attention(_unit(crop))
        return look.moved(lambda points: _to_picture(points, square))


def _unit(crop: U8) -> F32:
    return crop.astype(np.float32) * np.float32(1 / 255)


def _to_picture(points: F32, square: Square) -> F32:
    matrix = square.to_picture(MESH_PX)
    return np.asarray((points - np.float32(_EDGE)) @ matrix[:, :2].T + matrix[:, 2], np.float32)


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes (x, y, w, h)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    return common / (a[2] * a[3] + b[2] * b[3] - common + 1e-9)


def without_overlaps(found: Iterable[Detection]) -> list[Detection]:
    """The best of those that lie on one another, best first."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: -d.score):
        if all(overlap(one.box, other.box) < 0.3 for other in kept):
            kept.append(one)
    return kept
