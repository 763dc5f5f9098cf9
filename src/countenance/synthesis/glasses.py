"""Glasses on a reference: whether they are worn, and where their frames lie in the layout.

All glasses cross the bridge of the nose, where bare skin shows no line across: frowns stand upright there.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from countenance.media.frame import F32, U8, Frame
from countenance.perception.layout import texels
from countenance.perception.topology import LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from countenance.synthesis.regions import ATLAS_PX, hull, polygon

_BRIDGE = (9, 8, 168, 6, 197, 195)  # from between the brows down the nose
_WIDTH = 0.24  # how far to either side it is looked at, of the distance of the nose's sides there
_SIDES = (193, 417)
_REACH = (50, 280, 123, 352, 234, 454, 127, 356)  # as far down and out as frames and their arms lie
_NOSE = (195, 129, 358, 2)
_ALONG, _ACROSS = 140, 19  # samples
_LINE = 25  # samples; lines are thinner than this
_END = 6  # samples at either end, where a line is not told from a slope
_WORN = 0.11  # contrast of the line across the bridge. Of 60 looks at bare faces the most is 0.09, with glasses 0.13
_THICK_PX = 27  # frames are thinner than this in the atlas
_FAINT, _CLEAR = 0.075, 0.13  # contrast of a frame's texels, and of some of each piece
_SHORTEST_PX = 30


def wears_glasses(frame: Frame, mesh: F32) -> bool:
    """Whether a line crosses the bridge of the nose of a face with mesh `(468, 3)`."""
    steps = np.linspace(0, len(_BRIDGE) - 1, _ALONG)
    place = np.stack([np.interp(steps, range(len(_BRIDGE)), mesh[list(_BRIDGE), axis]) for axis in (0, 1)], axis=1)
    side = (mesh[_SIDES[1], :2] - mesh[_SIDES[0], :2]) * _WIDTH
    grid = (place[:, None] + np.linspace(-1, 1, _ACROSS)[None, :, None] * side).astype(np.float32)
    luma = cv2.remap(frame.planes[0], grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    profile = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), 1.2).mean(axis=1, keepdims=True)
    line = _lines(profile, np.ones((_LINE, 1), np.uint8))[_END:-_END]
    return bool(line.max() / (np.median(profile) + 10) > _WORN)


def frames_in(pixels: U8) -> F32:
    """Where frames of glasses lie on a face `(A, A, 3)` of the layout that wears some: `(A, A)` 0..1."""
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.2)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THICK_PX, _THICK_PX))
    around = cv2.GaussianBlur(grey, (0, 0), _THICK_PX)
    contrast = _lines(grey, kernel) / (around + 10) * _zone()
    count, labels, stats, _ = cv2.connectedComponentsWithStats((contrast > _FAINT).astype(np.uint8), connectivity=8)
    strongest = np.zeros(count, np.float32)
    np.maximum.at(strongest, labels, contrast)
    length = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    pieces = (strongest > _CLEAR) & (length >= _SHORTEST_PX) & (np.arange(count) > 0)
    frames = cv2.dilate(pieces[labels].astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(cv2.GaussianBlur(frames.astype(np.float32), (0, 0), 1.5), np.float32)


def _lines(grey: F32, kernel: U8) -> F32:
    """How much darker or brighter than around thin things are."""
    dark, bright = (cv2.morphologyEx(grey, how, kernel) for how in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT))
    return np.asarray(np.maximum(dark, bright), np.float32)


@lru_cache(maxsize=1)
def _zone() -> F32:
    """Where glasses sit: around the eyes and over the bridge, but for brows, lids and lashes."""
    uv = texels(ATLAS_PX)
    width = float(np.ptp(uv[:, 0]))
    zone = hull(uv, LEFT_EYE + RIGHT_EYE + LEFT_BROW + RIGHT_BROW + _BRIDGE + _REACH, width * 0.03)
    zone[hull(uv, _NOSE, width * 0.01) > 0] = 0
    for loop, grow in ((LEFT_EYE, 1.45), (RIGHT_EYE, 1.45), (LEFT_BROW, 1.35), (RIGHT_BROW, 1.35)):
        zone[polygon(uv, loop, grow) > 0] = 0
    return zone.astype(np.float32)
