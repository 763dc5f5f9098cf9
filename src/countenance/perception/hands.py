"""Hands near a face: found now and then, and followed while they stay.

Weights: MediaPipe's light palm detector and its full hand landmark model (Apache-2.0), run by LiteRT on one
thread; tensor layouts and crops as published with the models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from countenance.media.frame import F32, Frame
from countenance.perception.crop import Square, cut_square
from countenance.perception.litert import Net

WRIST, THUMB, INDEX, MIDDLE, RING, LITTLE = 0, 1, 5, 9, 13, 17  # the first points of palm and fingers
HAND_POINTS = 21
_PALM_PX = 192
_PALM_GRIDS = ((24, 2), (12, 6))  # cells a side, anchors a cell
_PALM_SCORE = 0.2  # the second network has the last word
_LANDMARKS_PX = 224
_LANDMARKS_SCORE = 0.35
_SURE_SCORE = 0.75  # a new hand must look like one; a known one may be blurred for a while
_EDGE = 0.5  # the networks count from the crop's edge, pictures here from the middle of their first pixel
_ALIKE = 0.5  # of a palm's side: nearer palms are the same hand
_PALM_REACH, _PALM_SHIFT = 2.6, 0.5  # from a palm's box to the hand's, as the models were trained
_FOLLOW_REACH, _FOLLOW_SHIFT = 2.0, 0.1  # from the last picture's points to the hand's box
_STEM = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)  # points that a bending finger moves little


@dataclass(frozen=True)
class Hand:
    """One hand's 21 points `(21, 2)` in picture pixels (wrist, then four a finger from the thumb), and a score 0..1."""

    points: F32
    score: float

    @property
    def palm_px(self) -> float:
        """The palm's length, also when it is seen at a slant."""
        along = float(np.linalg.norm(self.points[MIDDLE] - self.points[WRIST]))
        across = float(np.linalg.norm(self.points[INDEX] - self.points[LITTLE]))
        return max(along, 1.3 * across)


class HandNetworks:
    """The loaded networks; used by one thread at a time."""

    def __init__(self) -> None:
        self._palms = Net("palm-detector")
        self._landmarks = Net("hand")
        self._anchors = np.concatenate(
            [np.repeat(_cell_centres(cells), anchors, axis=0) for cells, anchors in _PALM_GRIDS]
        )

    def find(self, frame: Frame, where: Square) -> list[Hand]:
        """All hands in a square of the picture, the surest first."""
        image = cut_square(frame, where, _PALM_PX).astype(np.float32) / np.float32(255)
        outputs = {out.shape[-1]: out[0] for out in self._palms(image)}
        scores = 1 / (1 + np.exp(-np.clip(outputs[1][:, 0], -80, 80)))
        matrix, taken, found = where.to_picture(_PALM_PX), list[F32](), list[Hand]()
        for anchor in np.argsort(-scores):
            if scores[anchor] < _PALM_SCORE:
                break
            values = outputs[18][anchor].reshape(9, 2) / _PALM_PX
            values[[0, 2, 3, 4, 5, 6, 7, 8]] += self._anchors[anchor]
            side = float(values[1].max()) * where.side
            centre, wrist, middle = (values[[0, 2, 4]] * _PALM_PX) @ matrix[:, :2].T + matrix[:, 2]
            if any(np.linalg.norm(centre - other) < _ALIKE * side for other in taken):
                continue
            taken.append(centre)
            rough = self._at(frame, _towards(centre, middle - wrist, side, _PALM_REACH, _PALM_SHIFT))
            hand = None if rough is None else self.follow(frame, rough)  # the second look is the surer one
            if hand is not None and hand.score > _SURE_SCORE:
                found.append(hand)
        return found

    def follow(self, frame: Frame, hand: Hand) -> Hand | None:
        """The same hand in the next picture; None when it is gone."""
        points = hand.points
        along = (2 * points[MIDDLE] + points[INDEX] + points[RING]) / 4 - points[WRIST]
        angle = np.arctan2(along[0], -along[1])
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, s], [-s, c]])
        upright = points[list(_STEM)] @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        centre, side = turn.T @ ((low + high) / 2), float((high - low).max())
        return self._at(frame, _towards(centre, along, side, _FOLLOW_REACH, _FOLLOW_SHIFT))

    def _at(self, frame: Frame, square: Square) -> Hand | None:
        image = cut_square(frame, square, _LANDMARKS_PX).astype(np.float32) / np.float32(255)
        outputs = self._landmarks(image)
        score = float(outputs[1].item())
        if score < _LANDMARKS_SCORE:
            return None
        matrix = square.to_picture(_LANDMARKS_PX)
        points = (outputs[0].reshape(HAND_POINTS, 3)[:, :2] - _EDGE) @ matrix[:, :2].T + matrix[:, 2]
        return Hand(points.astype(np.float32), score)


def _cell_centres(cells: int) -> F32:
    centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
    return np.stack([np.tile(centres, cells), np.repeat(centres, cells)], axis=1)


def _towards(centre: F32, along: F32, side: float, reach: float, shift: float) -> Square:
    """The square that holds a hand, its fingers upwards: `shift` of `side` from `centre` towards the fingers."""
    up = along / (np.linalg.norm(along) + 1e-6)
    middle = centre + up * (shift * side)
    return Square(float(middle[0]), float(middle[1]), side * reach, float(np.arctan2(up[0], -up[1])))
