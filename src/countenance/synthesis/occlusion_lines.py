"""Thin things in front of a face, a strand of hair or the rim of glasses: too thin for texels, so found in pixels."""

from __future__ import annotations

import cv2
import numpy as np

from countenance.media.frame import F32, U8

_THIN, _LONG, _LONGER = 0.04, 0.12, 0.20  # of the face's width: lines are thinner, and longer; faint ones even more
_AROUND = 0.07  # of the face's width: a line is darker than what lies as far around
_BROAD = 0.25  # of the face's width: a bright line is brighter than what lies as far around
_DEEP, _BRIGHT = 0.30, 0.80  # share of the light around that a dark line takes, or that a bright one adds
_DEEPER = 0.45  # the same for a line that is not faint
_STAY = 0.5  # so much of that belongs to a line that is deep elsewhere
_DARKEST = 24  # of luma: darker surroundings say nothing
_STRAIGHT, _ONWARD = 0.06, 0.16  # of the face's width: what shows a strand's direction, how far it is drawn on
_FALLS = 0.10  # of the face's width: a strand hangs down at least as far
_STEEP = 0.7  # pixels aside for one down: strands fall, wrinkles do not
_STRAND = 0.04  # of the face's width: a single strand is thinner
_END = 3  # pixels: no more of a strand so far beyond its end
_MARGIN = 0.008  # of the face's width: rather a rim of plate than paint on the line
_LARGE_PX = 340  # wider faces are looked at in half their size


def lines(luma: U8, wanted: F32, width_px: float, *, strands: bool) -> F32 | None:
    """Thin things on a face's luma `(h, w)` as a share of each pixel, 0..1; None if there are none.

    `wanted` `(h/2, w/2)`: 0 where the bare face has lines of its own, 1 where it has none, more where something lies
    all the time, and below 0 beside the face. With `strands` lines that end at brows, lids or lips are drawn on.
    """
    full = luma.shape[::-1]
    if width_px > _LARGE_PX:
        luma, width_px = cv2.resize(luma, wanted.shape[::-1], interpolation=cv2.INTER_AREA), width_px / 2
    wanted = cv2.resize(wanted, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)
    depth = _depth(luma, width_px) * wanted
    sure = depth > _DEEP
    if not sure.any():
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats((depth > _DEEP * _STAY).astype(np.uint8), connectivity=8)
    chosen = np.zeros(count, np.uint8)
    chosen[labels[sure]] = 1
    least = np.full(count, _LONGER * width_px)
    least[labels[depth > _DEEPER]] = _LONG * width_px
    chosen[np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) < least] = 0
    if not chosen.any():
        return None
    line = chosen[labels]
    if strands:
        chosen[stats[:, cv2.CC_STAT_HEIGHT] < _FALLS * width_px] = 0
        line |= _drawn_on(chosen[labels], wanted, width_px)
    side = 2 * max(1, round(_MARGIN * width_px)) + 1
    wide = cv2.dilate(line, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))).astype(np.float32)
    return np.asarray(cv2.resize(cv2.GaussianBlur(wide, (0, 0), 0.7), full, interpolation=cv2.INTER_LINEAR), np.float32)


def _depth(luma: U8, width_px: float) -> F32:
    """What share of the light around a thin dark thing takes, or a thin bright one adds, in dark ones' measure."""
    side = 2 * max(2, round(_THIN * width_px / 2)) + 1
    closed = cv2.morphologyEx(luma, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    around, broad = _around(luma, _AROUND * width_px), _around(luma, _BROAD * width_px)
    dark = cv2.subtract(cv2.min(closed, around), luma)
    bright = cv2.subtract(luma, cv2.max(around, broad))
    stronger = cv2.max(dark, cv2.multiply(bright, _DEEP / _BRIGHT))
    return np.asarray(cv2.divide(stronger, cv2.max(around, _DARKEST), dtype=cv2.CV_32F), np.float32)


def _around(luma: U8, reach_px: float) -> U8:
    """The median over a square of `reach_px`, worked out on a picture so small that five pixels are that much."""
    size = tuple(max(8, round(5 * side / reach_px)) for side in luma.shape[::-1])
    small = cv2.medianBlur(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), 5)
    return np.asarray(cv2.resize(small, luma.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _drawn_on(line: U8, wanted: F32, width_px: float) -> U8:
    """Lines `(h, w)` 0 or 1; strands' ends that reach brows, lids or lips go on a little in their own direction."""
    stretch, drawn = round(_STRAIGHT * width_px), line.copy()
    for onward in (1, -1):
        for x, y in _ends(line, onward):
            if not 0 <= wanted[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].min() < 0.5:
                continue
            top, left = max(0, min(y, y - onward * stretch)), max(0, x - stretch)
            part = line[top : top + stretch + 1, left : left + 2 * stretch + 1]
            _, pieces = cv2.connectedComponents(part, connectivity=8)
            rows, columns = np.nonzero(pieces == pieces[y - top, x - left])
            if not stretch // 2 <= len(rows) <= _STRAND * width_px * stretch:
                continue
            down, aside = rows - rows.mean(), columns - columns.mean()
            slope = float((down @ aside) / (down @ down + 1e-6))
            if abs(slope) > _STEEP:
                continue
            reach = onward * _ONWARD * width_px
            cv2.line(drawn, (x, y), (round(x + slope * reach), round(y + reach)), 1, 2)
    return drawn


def _ends(line: U8, onward: int) -> list[tuple[int, int]]:
    """One pixel (x, y) of each place where a line has nothing more below it (`onward` 1) or above it (-1)."""
    beyond = np.zeros((2 * _END + 1, 2 * _END + 1), np.uint8)
    beyond[_END + 1 :] = 1
    found: list[tuple[int, int]] = []
    for y, x in np.argwhere(line & ~cv2.dilate(line, beyond[::onward]))[::-1]:
        if all(max(abs(x - other[0]), abs(y - other[1])) > 2 * _END for other in found):
            found.append((int(x), int(y)))
    return found
