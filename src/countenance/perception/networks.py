"""The three perception networks, each a plain function from pixels to numbers.

Weights: MediaPipe's full-range face detector, face mesh and iris models (Apache-2.0), run by LiteRT on one
thread each; tensor layouts as published with the models.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from countenance.media.frame import F32, Frame
from countenance.models.pull import model_file
from countenance.perception.crop import Square, cut_square, thumbnail
from countenance.perception.topology import IRIS_POINTS, POINTS

_DETECTOR_PX = 192
_DETECTOR_CELLS = 48  # stride 4, one anchor a cell
_MESH_PX = 192
_IRIS_PX = 64
_IRIS_REACH = 2.3  # side of the iris crop over the eye's width, as the model was trained


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
    """The loaded networks. Each may be used by one thread at a time, different ones side by side."""

    def __init__(self) -> None:
        self._detector = _Net("face-detector")
        self._mesh = _Net("face-mesh")
        self._iris = _Net("iris")
        centres = (np.arange(_DETECTOR_CELLS) + 0.5) / _DETECTOR_CELLS
        self._anchors = np.stack([np.tile(centres, _DETECTOR_CELLS), np.repeat(centres, _DETECTOR_CELLS)], axis=1)

    def detect(self, frame: Frame, *, threshold: float = 0.5) -> list[Detection]:
        """All faces in the picture, best first, overlaps removed."""
        width, height = frame.size
        scale = _DETECTOR_PX / max(width, height)
        small = thumbnail(frame, (max(1, round(width * scale)), max(1, round(height * scale))))
        top, left = (_DETECTOR_PX - small.shape[0]) // 2, (_DETECTOR_PX - small.shape[1]) // 2
        canvas = np.zeros((_DETECTOR_PX, _DETECTOR_PX, 3), np.float32)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small / 127.5 - 1.0
        outputs = {out.shape[-1]: out[0] for out in self._detector(canvas)}
        scores = 1 / (1 + np.exp(-np.clip(outputs[1][:, 0], -80, 80)))
        found = []
        for cell in np.flatnonzero(scores > threshold):
            values = outputs[16][cell].reshape(8, 2) / _DETECTOR_PX
            centre, extent = values[0] + self._anchors[cell], values[1]
            keypoints = values[2:] + self._anchors[cell]
            inset = np.array([left, top])
            corner = ((centre - extent / 2) * _DETECTOR_PX - inset) / scale
            size = extent * _DETECTOR_PX / scale
            found.append(
                Detection(
                    (float(corner[0]), float(corner[1]), float(size[0]), float(size[1])),
                    ((keypoints[:2] * _DETECTOR_PX - inset) / scale).astype(np.float32),
                    float(scores[cell]),
                )
            )
        return _without_overlaps(found)

    def mesh(self, frame: Frame, square: Square) -> tuple[F32, float]:
        """The 468 points `(468, 3)` in picture pixels (z in the same unit, smaller is nearer), and a score 0..1."""
        crop = cut_square(frame, square, _MESH_PX)
        outputs = self._mesh(crop.astype(np.float32) / 255.0)
        points = next(o for o in outputs if o.size == POINTS * 3).reshape(POINTS, 3)
        logit = next(o for o in outputs if o.size == 1).item()
        return _to_picture(points, square, _MESH_PX), float(1 / (1 + np.exp(-logit)))

    def irises(self, frame: Frame, mesh: F32) -> F32:
        """Centre and rim of both irises `(10, 3)` in picture pixels, the right eye first."""
        eyes = [self._iris_of(frame, mesh[33], mesh[133], mirrored=True)]
        eyes.append(self._iris_of(frame, mesh[362], mesh[263], mirrored=False))
        return np.concatenate(eyes).astype(np.float32)

    def _iris_of(self, frame: Frame, start: F32, end: F32, *, mirrored: bool) -> F32:
        across = end[:2] - start[:2]
        centre = (start[:2] + end[:2]) / 2
        side = max(8.0, float(np.hypot(*across)) * _IRIS_REACH)
        square = Square(float(centre[0]), float(centre[1]), side, float(np.arctan2(across[1], across[0])))
        crop = cut_square(frame, square, _IRIS_PX)
        if mirrored:  # the model knows left eyes only
            crop = cv2.flip(crop, 1)
        outputs = self._iris(crop.astype(np.float32) / 255.0)
        points = next(o for o in outputs if o.size == IRIS_POINTS // 2 * 3).reshape(-1, 3).copy()
        if mirrored:
            points[:, 0] = _IRIS_PX - points[:, 0]
        return _to_picture(points, square, _IRIS_PX)


class _Net:
    """One LiteRT model with one image in and some tensors out."""

    def __init__(self, name: str) -> None:
        path = str(model_file(name))
        with _without_greeting():
            self._run = Interpreter(model_path=path, num_threads=1)
            self._run.allocate_tensors()
        self._input = self._run.get_input_details()[0]["index"]
        self._outputs = [detail["index"] for detail in self._run.get_output_details()]

    def __call__(self, image: F32) -> list[Any]:
        self._run.set_tensor(self._input, image[None])
        self._run.invoke()
        return [self._run.get_tensor(index) for index in self._outputs]


@contextmanager
def _without_greeting() -> Iterator[None]:
    """LiteRT announces its backend on stderr with the first model, out of C++, and has no switch for it."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _to_picture(points: F32, square: Square, size_px: int) -> F32:
    matrix = square.to_picture(size_px)
    placed = np.empty_like(points)
    placed[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    placed[:, 2] = points[:, 2] * (square.side / size_px)
    return placed


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes (x, y, w, h)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    return common / (a[2] * a[3] + b[2] * b[3] - common + 1e-9)


def _without_overlaps(found: list[Detection]) -> list[Detection]:
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: -d.score):
        if all(overlap(one.box, other.box) < 0.3 for other in kept):
            kept.append(one)
    return kept
