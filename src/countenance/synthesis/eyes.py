"""The wanted person's irises in the target's eyes.

Gaze, blinks and the gloss of the eyes stay the target's; the iris takes the wanted colours. A person is told by
their eyes more than by anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.topology import IRIS_POINTS, LEFT_EYE, POINTS, RIGHT_EYE
from countenance.synthesis.engine import Touch

RINGS = 12
_EYES = (RIGHT_EYE, LEFT_EYE)
_SIDES_DEG = 40.0  # how far from the horizontal the iris is looked at: above and below lie the lids
_FINE = 4  # times finer, for drawing
_OPEN = 0.55  # of the iris's own width: eyes must be open as far, or the iris is not seen well enough
_GLINT = (1.35, 1.9)  # brightness over that of the iris at which the target's own gloss shows through
_SHADE = (0.78, 1.06)  # under the upper lid, and at the bottom
_SHUT = (0.10, 0.20)  # opening over the eye's width: shut, and open
_LASHES = 0.22  # of the eye's width: what lies around the line between shut lids
_LEAST_PX = 1.6  # radius; smaller irises have no colour to speak of


@dataclass(frozen=True)
class IrisLook:
    """An iris by its colour from the middle outwards `(RINGS, 3)` float32, the white of the eye being 1."""

    rings: F32


def iris_look(frame: Frame, mesh: F32) -> IrisLook | None:
    """The mean look of both irises of a face with mesh `(478, 3)`; None where the eyes are too small or shut."""
    seen = [look for index in (0, 1) if (look := _one_iris(frame, mesh, index)) is not None]
    return IrisLook(np.mean(seen, axis=0).astype(np.float32)) if seen else None


def common_look(looks: Sequence[IrisLook]) -> IrisLook | None:
    """What several pictures of a person agree on."""
    if not looks:
        return None
    return IrisLook(np.median(np.stack([look.rings for look in looks]), axis=0).astype(np.float32))


def blank_eyes(frame: Frame, mesh: F32) -> Frame:
    """A copy whose irises have the white of the eye around them, so that a texture of it looks nowhere."""
    blank = frame.copy()
    for index in (0, 1):
        centre, radius = _iris(mesh, index)
        eye = mesh[list(_EYES[index]), :2]
        box = Box.around(eye, 2, frame.size)
        if box is None or radius < _LEAST_PX:
            continue
        rgb = frame.rgb(box).astype(np.float32)
        corner = np.array([box.x, box.y], np.float32)
        white = _white(rgb, eye - corner, centre - corner, radius)
        if white is None:
            continue
        rows, columns = np.mgrid[: box.height, : box.width]
        gap = np.hypot(columns - centre[0] + box.x, rows - centre[1] + box.y)
        share = np.clip((1.15 * radius - gap) / max(0.15 * radius, 0.8) + 1, 0, 1) * _open_part(eye, box)
        shade = np.clip(_SHADE[0] + (_SHADE[1] - _SHADE[0]) * ((rows - centre[1] + box.y) / radius + 1) / 2, *_SHADE)
        blank.paste(box, np.asarray(white * shade[..., None], np.float32), np.asarray(share, np.float32))
    return blank


def _one_iris(frame: Frame, mesh: F32, index: int) -> F32 | None:
    centre, radius = _iris(mesh, index)
    eye = mesh[list(_EYES[index]), :2]
    if radius < 2 * _LEAST_PX or _opening(eye) < _OPEN * 2 * radius:
        return None
    box = Box.around(eye, radius, frame.size)
    if box is None:
        return None
    rgb = frame.rgb(box).astype(np.float32)
    white = _white(rgb, eye - (box.x, box.y), centre - (box.x, box.y), radius)
    if white is None:
        return None
    across = mesh[263, :2] - mesh[33, :2]
    level = float(np.arctan2(across[1], across[0]))
    turns = np.radians(np.linspace(-_SIDES_DEG, _SIDES_DEG, 9))
    angles = np.concatenate([turns, turns + np.pi]) + level
    reach = (np.arange(RINGS) + 0.5) / RINGS * radius
    x = (centre[0] - box.x) + reach[:, None] * np.cos(angles)
    y = (centre[1] - box.y) + reach[:, None] * np.sin(angles)
    seen = cv2.remap(rgb, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.median(seen, axis=1) / white, np.float32)


def shut(mesh: F32, box: Box) -> F32 | None:
    """Where eyes with mesh `(468, 3)` are nearly shut `(h, w)` 0..1 on a box, lids and lashes included.

    There the target's own lids stay: what is painted between open lids would show as a line. None while both are open.
    """
    there: F32 | None = None
    for loop in _EYES:
        eye = mesh[list(loop), :2]
        width = float(np.ptp(eye[:, 0])) + 1e-3
        share = float(np.clip((_SHUT[1] - _opening(eye) / width) / (_SHUT[1] - _SHUT[0]), 0, 1))
        if share == 0:
            continue
        canvas = np.zeros((box.height, box.width), np.uint8)
        points = np.rint(eye - (box.x, box.y)).astype(np.int32)
        cv2.fillPoly(canvas, [points], 1)
        cv2.polylines(canvas, [points], True, 1, max(2, round(_LASHES * width)))
        soft = cv2.GaussianBlur(canvas.astype(np.float32), (0, 0), max(0.8, 0.04 * width)) * np.float32(share)
        there = soft if there is None else np.maximum(there, soft)
    return there


def painted_irises(frame: Frame, before: F32, after: F32, look: IrisLook) -> list[Touch]:
    """Both irises in the wanted colours, where eyes have been moved from mesh `before` to `after` `(478, 3)`."""
    painted = (_painted(frame, before, after, look, index) for index in (0, 1))
    return [eye for eye in painted if eye is not None]


def _painted(frame: Frame, before: F32, after: F32, look: IrisLook, index: int) -> Touch | None:
    eye, moved_eye = (mesh[list(_EYES[index]), :2] for mesh in (before, after))
    centre, radius = _iris(before, index)
    growth = float(np.ptp(moved_eye[:, 0])) / (float(np.ptp(eye[:, 0])) + 1e-3)
    place = moved_eye.mean(axis=0) + growth * (centre - eye.mean(axis=0))
    around, box = Box.around(eye, radius, frame.size), Box.around(moved_eye, 2, frame.size)
    if radius < _LEAST_PX or around is None or box is None:
        return None
    plate = frame.rgb(around).astype(np.float32)
    white = _white(plate, eye - (around.x, around.y), centre - (around.x, around.y), radius)
    if white is None:
        return None
    radius *= growth
    rows, columns = np.mgrid[: box.height, : box.width].astype(np.float32)
    x, y = columns - (place[0] - box.x), rows - (place[1] - box.y)
    ring = np.hypot(x, y) / radius * RINGS - 0.5
    colours = cv2.remap(look.rings[None], np.clip(ring, 0, RINGS - 1), np.zeros_like(ring), cv2.INTER_LINEAR)
    shade = np.clip(_SHADE[0] + (_SHADE[1] - _SHADE[0]) * (y / radius + 1) / 2, *_SHADE)
    pixels = colours * white * shade[..., None]
    share = np.clip((radius - np.hypot(x, y)) / max(0.25 * radius, 0.8), 0, 1) * _open_part(moved_eye, box)
    share *= 1 - _glints(plate, around, box, eye.mean(axis=0) - moved_eye.mean(axis=0), share)
    return Touch(box, np.asarray(pixels, np.float32), np.asarray(share, np.float32))


def _iris(mesh: F32, index: int) -> tuple[F32, float]:
    """Centre `(2,)` and radius of an iris in pixels, the right one first."""
    points = mesh[POINTS + index * IRIS_POINTS // 2 :][: IRIS_POINTS // 2, :2]
    return points[0], float(np.linalg.norm(points[1:] - points[0], axis=1).mean())


def _opening(eye: F32) -> float:
    """How far an eye is open, in pixels: twice its area over its width."""
    x, y = eye[:, 0], eye[:, 1]
    area = abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2
    return 1.3 * area / (float(np.ptp(x)) + 1e-3)


def _open_part(eye: F32, box: Box) -> F32:
    """The share of each pixel that lies between the lids, a little inside their margin."""
    fine: U8 = np.zeros((box.height * _FINE, box.width * _FINE), np.uint8)
    middle = eye.mean(axis=0)
    points = (middle + 0.94 * (eye - middle) - (box.x, box.y) + 0.5) * _FINE - 0.5
    cv2.fillPoly(fine, [np.rint(points).astype(np.int32)], 255)
    share = cv2.resize(fine, (box.width, box.height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(share, (3, 3), 0.7), np.float32)


def _white(rgb: F32, eye: F32, centre: F32, radius: float) -> F32 | None:
    """The colour of the white of an eye `(3,)`: the brighter half of what is open beside the iris."""
    height, width = rgb.shape[:2]
    open_part = _open_part(eye, Box(0, 0, width, height))
    y, x = np.mgrid[:height, :width]
    beside = (open_part > 0.6) & (np.hypot(x - centre[0], y - centre[1]) > 1.15 * radius)
    if beside.sum() < 4:
        return None
    colours = rgb[beside]
    level = colours.mean(axis=1)
    return np.asarray(colours[level >= np.median(level)].mean(axis=0) + 1.0, np.float32)


def _glints(plate: F32, around: Box, box: Box, shift: F32, share: F32) -> F32:
    """Where the target's own eye is glossy `(h, w)` 0..1, on the painted eye's box."""
    grey = cv2.cvtColor(plate, cv2.COLOR_RGB2GRAY)
    matrix = np.array([[1, 0, box.x + shift[0] - around.x], [0, 1, box.y + shift[1] - around.y]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    there = cv2.warpAffine(grey, matrix, (box.width, box.height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inside = share > 0.5
    if not inside.any():
        return np.zeros_like(share)
    usual = float(np.percentile(there[inside], 60)) + 8.0
    return np.asarray(np.clip((there / usual - _GLINT[0]) / (_GLINT[1] - _GLINT[0]), 0, 1), np.float32)
