"""Is the badge on this picture, whole and legible? Looked for on the pixels as they were decoded.

The badge is compared with what should stand there, part by part: correlation tells whether the letters are there
whatever the light, the contrast ratio of WCAG 2.2 whether people can read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance.badge import Raster
from countenance.provenance.lettering import CAPITALS

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

CLEAR, FAINT, COVERED, CUT, MOVED, SMALL, MISSING = "clear", "faint", "covered", "cut", "moved", "too small", "missing"
LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
LEAST_CAPITALS_PX = 9
LEAST_CAPITALS = 0.02  # of the picture's shorter side
_THERE = 0.75  # correlation from which on letters are the ones that should be there
_PART_THERE = 0.6  # of a part of the badge, which has fewer pixels to average over
_BY_CHANCE = 0.25  # of the parts may look right where nothing is
_SEARCHED_PX = 480
_SLACK_PX = 6  # by which scaling and rounding may shift it
_SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.42, 0.35, 0.3, 1.15, 1.3, 1.5)


@dataclass(frozen=True)
class BadgeLook:
    """What became of the badge on one picture.

    `state` is one of this module's words; `contrast` the lowest WCAG ratio of its parts; `parts` the share of
    the badge that is legible; `capitals_px` the height of the capitals as seen; `match` the correlation 0..1.
    """

    state: str
    match: float
    contrast: float
    parts: float
    capitals_px: float


class _Template(NamedTuple):
    """The badge on a middling ground as luma, where it stands, and which of its columns hold letters."""

    luma: F32
    bright: F32  # white letters and the icon's field
    dim: F32  # the dark around them
    x: int
    y: int


def look(luma: U8, raster: Raster, full_range: bool = False) -> BadgeLook:
    """Look for the badge of `raster` on a luma plane (h, w) uint8."""
    template = _template(raster)
    capitals_px = raster.em_px * CAPITALS
    match, x, y = _near(luma, template)
    here = [part for part in _parts(template) if _part_matches(luma, template, part, x, y)]
    count = len(list(_parts(template)))
    if match >= _THERE or len(here) > _BY_CHANCE * count:
        cut = x + template.luma.shape[1] > luma.shape[1] or y + template.luma.shape[0] > luma.shape[0]
        state = CLEAR if len(here) == count else CUT if cut else COVERED
        contrast = _contrast(luma, template, x, y, full_range)
        if state == CLEAR and contrast < LEAST_CONTRAST:
            state = FAINT
        if state == CLEAR and _too_small(capitals_px, min(luma.shape)):
            state = SMALL
        return BadgeLook(state, match, contrast, len(here) / count, capitals_px)
    return _elsewhere(luma, template, capitals_px, full_range)


def contrast_ratio(one: float, other: float, full_range: bool = False) -> float:
    """The contrast ratio of WCAG 2.2 (1 to 21) between two grey levels of luma 0..255."""
    light, dark = sorted((_luminance(one, full_range), _luminance(other, full_range)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(luma: float, full_range: bool) -> float:
    value = luma / 255 if full_range else (luma - 16) / 219
    value = min(1.0, max(0.0, value))
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _too_small(capitals_px: float, shorter_px: int) -> bool:
    return capitals_px < max(LEAST_CAPITALS_PX, LEAST_CAPITALS * shorter_px)


def _template(raster: Raster) -> _Template:
    """Without the rim, where the picture shows through."""
    rim = max(1, round(0.06 * raster.keep.shape[0]))
    inside = (slice(rim, -rim), slice(rim, -rim))
    luma = raster.keep * 110 + raster.white * 235 + raster.dark * 29
    return _Template(luma[inside], raster.white[inside], 1 - raster.white[inside], raster.x + rim, raster.y + rim)


def _near(luma: U8, template: _Template) -> tuple[float, int, int]:
    """The best correlation around the place where it should be, and that place."""
    high, wide = template.luma.shape
    top, left = max(0, template.y - _SLACK_PX), max(0, template.x - _SLACK_PX)
    window = luma[top : template.y + high + _SLACK_PX, left : template.x + wide + _SLACK_PX]
    if window.shape[0] < high or window.shape[1] < wide:
        return 0.0, template.x, template.y
    scores = cv2.matchTemplate(window.astype(np.float32), template.luma, cv2.TM_CCOEFF_NORMED)
    _, best, _, (across, down) = cv2.minMaxLoc(scores)
    if not np.isfinite(best) or best < 0.3:  # nothing to go by, so where it should be
        return max(0.0, float(np.nan_to_num(best))), template.x, template.y
    return float(best), left + across, top + down


def _parts(template: _Template) -> Iterator[slice]:
    """Columns of about one letter each that hold something to read."""
    high, wide = template.luma.shape
    count = max(1, round(wide / (0.6 * high)))
    edges = np.linspace(0, wide, count + 1).astype(int)
    for start, stop in pairwise(edges):
        if template.luma[:, start:stop].std() > 25:
            yield slice(int(start), int(stop))


def _part_matches(luma: U8, template: _Template, part: slice, x: int, y: int) -> bool:
    seen = luma[y : y + template.luma.shape[0], x + part.start : x + part.stop].astype(np.float32)
    wanted = template.luma[:, part]
    return seen.shape == wanted.shape and _correlation(seen, wanted) >= _PART_THERE


def _correlation(one: F32, other: F32) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size > 1e-6 else 0.0


def _contrast(luma: U8, template: _Template, x: int, y: int, full_range: bool) -> float:
    """The lowest ratio, part by part, between what should be white and what should be dark."""
    ratios = []
    for part in _parts(template):
        seen = luma[y : y + template.luma.shape[0], x + part.start : x + part.stop]
        bright, dim = template.bright[:, part] > 0.9, template.dim[:, part] > 0.98
        if seen.shape == bright.shape and bright.sum() > 8 and dim.sum() > 8:
            ratios.append(contrast_ratio(float(np.median(seen[bright])), float(np.median(seen[dim])), full_range))
    return min(ratios, default=1.0)


def _elsewhere(luma: U8, template: _Template, capitals_px: float, full_range: bool) -> BadgeLook:
    """The badge at another place or in another size, a part of it, or nothing; sought on a smaller picture."""
    shorter_px = min(luma.shape)
    luma, template = _reduced(luma, template)
    match, scale, x, y, found = max(
        (_anywhere(luma, template, scale) for scale in _SCALES), key=lambda one: one[0], default=(0.0, 1.0, 0, 0, None)
    )
    if found is not None and match >= _THERE:
        contrast = _contrast(luma, found, x, y, full_range)
        state = SMALL if _too_small(capitals_px * scale, shorter_px) else MOVED
        return BadgeLook(FAINT if contrast < LEAST_CONTRAST else state, match, contrast, 1.0, capitals_px * scale)
    share = _share_seen(luma, template)
    return BadgeLook(CUT if share else MISSING, match, 1.0, share, capitals_px if share else 0.0)


def _reduced(luma: U8, template: _Template) -> tuple[U8, _Template]:
    """Picture and badge brought down to a shorter side of `_SEARCHED_PX`, if it is longer."""
    factor = _SEARCHED_PX / min(luma.shape)
    if factor >= 1:
        return luma, template
    smaller = np.asarray(cv2.resize(luma, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    layers = [
        np.asarray(cv2.resize(one, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.float32)
        for one in template[:3]
    ]
    return smaller, _Template(layers[0], layers[1], layers[2], round(template.x * factor), round(template.y * factor))


def _anywhere(luma: U8, template: _Template, scale: float) -> tuple[float, float, int, int, _Template | None]:
    size = (round(template.luma.shape[1] * scale), round(template.luma.shape[0] * scale))
    if size[0] > luma.shape[1] or size[1] > luma.shape[0] or size[1] < 8:
        return 0.0, scale, 0, 0, None
    parts = [
        np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.float32)
        for one in template[:3]
    ]
    scores = np.nan_to_num(cv2.matchTemplate(luma.astype(np.float32), parts[0], cv2.TM_CCOEFF_NORMED), posinf=0)
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    return float(best), scale, x, y, _Template(parts[0], parts[1], parts[2], x, y)


def _share_seen(luma: U8, template: _Template) -> float:
    """The share of the badge's halves and thirds that are to be found anywhere, as after a crop."""
    wide = template.luma.shape[1]
    picture = luma.astype(np.float32)
    share = 0.0
    for start, stop in ((0, 2 * wide // 3), (wide // 3, wide), (0, wide // 2), (wide // 2, wide)):
        part = np.ascontiguousarray(template.luma[:, start:stop])
        if part.shape[0] <= picture.shape[0] and part.shape[1] <= picture.shape[1] and part.std() > 25:
            best = float(np.nan_to_num(cv2.matchTemplate(picture, part, cv2.TM_CCOEFF_NORMED), posinf=0).max())
            share = max(share, (stop - start) / wide if best >= 0.85 else 0.0)
    return share
