"""Hands in front of a face, which have its own colour: their outline follows from the joints of a hand model."""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.crop import Square
from countenance.perception.hands import INDEX, LITTLE, MIDDLE, RING, THUMB, WRIST, Hand, HandNetworks

_LOOK_EVERY = 16  # pictures between looks for hands while nothing stirs
_LOOK_AGAIN = 5  # the same while something moves beside the face
_LOOK_AT_ONCE, _TRIES = 2, 14  # the same while something seems to be in front of it, and how often that is believed
_REACH = 2.4  # side of the square that is searched over the face's size
_FINGERS = tuple(tuple(range(first, first + 4)) for first in (THUMB, INDEX, MIDDLE, RING, LITTLE))
_PALM = (WRIST, THUMB, INDEX, MIDDLE, RING, LITTLE)
_FINGER_RADIUS, _PALM_RADIUS, _WRIST_RADIUS, _TIP = 0.105, 0.13, 0.27, 0.05  # of the palm's length
_SOFT = 0.03  # of the palm's length: how wide the outline is unsure
_SHIFT = 3  # fractional bits of drawn points
_HAND_SPREAD = np.array([100.0, 9.0, 9.0], np.float32)  # least variances of a hand's own Y'CbCr
_USUAL = 6.0  # what the usual thickness weighs, in log odds
_GRID = 40  # points along the searched square
_CHANGE, _MOVING = 12, 0.03  # grey levels that are motion, and the share of points that must show it


class HandWatch:
    """Finds hands near one face and follows them, picture after picture."""

    def __init__(self) -> None:
        self._hands: list[Hand] = []
        self._waited, self._tries = _LOOK_EVERY, 0
        self._grid: U8 | None = None
        self._step = 0

    def see(self, frame: Frame, mesh: F32, *, stirred: bool) -> list[Hand]:
        """The hands near the face; `stirred` says that something seems to be in front of it."""
        followed = (_networks().follow(frame, hand) for hand in self._hands)
        self._hands = [hand for hand in followed if hand is not None]
        low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
        middle, reach = (low + high) / 2, float((high - low).max()) * _REACH
        wait = _LOOK_AGAIN if self._moves(frame.planes[0], middle, reach) else _LOOK_EVERY
        if stirred and not self._hands and self._tries < _TRIES:
            wait = _LOOK_AT_ONCE
        self._tries = self._tries if stirred else 0
        self._waited += 1
        if self._waited >= wait:
            self._waited = 0
            self._tries += 1
            for hand in _networks().find(frame, Square(float(middle[0]), float(middle[1]), reach, 0.0)):
                if all(_apart(hand, other) for other in self._hands):
                    self._hands.append(hand)
        return self._hands

    def _moves(self, luma: U8, middle: F32, reach: float) -> bool:
        """Whether something beside the face has moved since the last picture, by a grid of single pixels."""
        if not self._step:
            self._step = max(2, int(reach / _GRID))
        grid, last = luma[:: self._step, :: self._step], self._grid
        self._grid = grid.copy()
        if last is None:
            return True
        y, x = np.ogrid[: grid.shape[0], : grid.shape[1]]
        aside = np.maximum(np.abs(x * self._step - middle[0]), np.abs(y * self._step - middle[1])) / reach
        ring = (aside < 0.5) & (aside > 0.5 / _REACH)
        changed = cv2.absdiff(grid, last)[ring] > _CHANGE
        return bool(changed.sum() > _MOVING * changed.size)


def hand_share(hands: list[Hand], box: Box, yuv: F32, far: F32) -> F32:
    """How surely each pixel of a box, at half its size `(h, w)`, shows a hand, 0..1.

    `yuv` `(h, w, 3)` are the pixels; `far` `(h, w)` is how many spreads they differ from the face's own look. Close
    to the bones it is a hand, far from them it is none. In between the colour decides between this hand and
    the face, and where they are alike, the usual thickness of fingers.
    """
    share = np.zeros(far.shape, np.float32)
    for hand in hands:
        core, usual, widest = (_outline(hand, box, far.shape, thick) for thick in (0.55, 1.0, 1.35))
        if not widest.any():
            continue
        sigma = max(2.0, 0.15 * hand.palm_px / 2)
        known = cv2.GaussianBlur(core, (0, 0), sigma)[..., None] + 1e-3
        mean = cv2.GaussianBlur(yuv * core[..., None], (0, 0), sigma) / known
        square = cv2.GaussianBlur(yuv * yuv * core[..., None], (0, 0), sigma) / known
        spread = np.maximum(square - mean * mean, 0) + _HAND_SPREAD
        unlike = ((yuv - mean) ** 2 / spread).sum(axis=2)
        odds = 0.5 * (np.minimum(far * far, 60) - np.minimum(unlike, 60)) + _USUAL * (usual - 0.5)
        decided = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
        share = np.maximum(share, np.maximum(core, np.minimum(widest, decided)))
    return share


def _outline(hand: Hand, box: Box, shape: tuple[int, ...], thick: float) -> F32:
    """Fingers as bars around their joints, the palm, the wrist: 0..1 on a box's pixels at half size."""
    points, palm = ((hand.points - (box.x, box.y)) / 2).astype(np.float32), hand.palm_px / 2
    canvas = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(canvas, cv2.convexHull(_fixed(points[list(_PALM)])), 255, cv2.LINE_AA, _SHIFT)
    _bars(canvas, points[[*_PALM[1:], WRIST]], _PALM_RADIUS * palm * thick)
    for finger in _FINGERS:
        tip, joint = points[finger[3]], points[finger[2]]
        beyond = (tip - joint) / (np.linalg.norm(tip - joint) + 1e-6) * (_TIP * palm * (2 * thick - 1))
        _bars(canvas, np.concatenate([points[list(finger)], [tip + beyond]]), _FINGER_RADIUS * palm * thick)
    back = points[WRIST] - points[MIDDLE]
    arm = points[WRIST] + back / (np.linalg.norm(back) + 1e-6) * palm * 0.8
    _bars(canvas, np.stack([points[WRIST], arm]), _WRIST_RADIUS * palm * thick)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), max(0.6, _SOFT * palm)), np.float32) / np.float32(255)


def _fixed(points: F32) -> NDArray[np.int32]:
    return np.rint(points * (1 << _SHIFT)).astype(np.int32)


def _bars(canvas: U8, points: F32, radius: float) -> None:
    cv2.polylines(canvas, [_fixed(points)], False, 255, max(1, round(2 * radius)), cv2.LINE_AA, _SHIFT)


def _apart(one: Hand, other: Hand) -> bool:
    gap = float(np.linalg.norm(one.points.mean(axis=0) - other.points.mean(axis=0)))
    return gap > 0.5 * max(one.palm_px, other.palm_px)


_loaded = threading.local()


def _networks() -> HandNetworks:
    """Loaded when a hand is first looked for, once a thread: a network serves one thread at a time."""
    if not hasattr(_loaded, "networks"):
        _loaded.networks = HandNetworks()
    networks: HandNetworks = _loaded.networks
    return networks
