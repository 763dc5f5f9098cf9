"""What is seen between the lips: teeth that belong to the skull and to the jaw, and the dark behind them.

Lips slide over teeth; they do not draw them out. So the opening is painted apart from the lips: the upper teeth stay
with the skull, the lower ones go with the jaw, the lips' rims cut out what of them is seen, and what the footage
does not hold lies in the dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Box
from countenance.perception.pose import apply
from countenance.synthesis.jawline import LOWER, UPPER

_UPPER_OUTER = np.array([61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291])
_LOWER_OUTER = np.array([61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291])
_MIDDLE = slice(3, 8)  # of a rim's points
_steps = np.linspace(0.0, 0.9, 13)  # of the way from a lip's inner to its outer rim
_FLESH = (0.45, 0.85)  # of that way: surely lip
_FARTHEST = 0.5  # of that way, that the true rim may lie behind the mesh's
_OFF = (0.010, 0.25)  # by how much the mesh's rims may be off: eye distances, and of the gap
_DARK, _PALE, _LIGHT = 0.62, 0.68, 0.9  # of the lip's brightness, redness and brightness: a shadow, a tooth
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
_SPLIT_DARK = 0.7  # of the teeth's brightness: between upper and lower teeth it is at least that dark
_SPLIT_WIDTH = 0.012  # eye distances
_RIM_OF_LOWER = 0.85  # where no dark is seen between the teeth: from there on it is the lower lip's rim
_FALL = 0.03  # eye distances by which jaws move apart until it is wholly dark between them
_SOFT = 0.006  # eye distances: how softly a lip's rim ends
_EDGE = 0.15  # of the opening's height: so far inside lies what fills an opening that is wider than it was filmed
_LEAST_PX = 0.6  # lower openings are the lips' own seam
_TEETH_DROP, _TEETH_SOFT = 0.040, 0.016  # eye distances that made teeth reach under the upper lip's rest, and end in
_ARCH, _ROW = 0.5, 0.20  # how the row rises towards the corners, and how far it is seen (eye distances)
_CLEFTS, _CLEFT = (0.0, 0.088, 0.156, 0.228), 0.0045  # between incisors and canines, and how wide (eye distances)
# Of the eyes' white: teeth, the dark behind them, the tongue.
_TEETH = np.array([0.98, 0.94, 0.86], np.float32)
_CAVITY = np.array([0.10, 0.035, 0.035], np.float32)
_TONGUE = np.array([0.34, 0.13, 0.12], np.float32)


@dataclass(frozen=True, eq=False)
class Opening:
    """The opening between a filmed mouth's lips, as the pixels show it.

    `upper`, `lower` `(11, 2)` float32 in face space are the lips' true inner rims from the right corner to the left;
    `gap` is their greatest distance in eye distances; `split` tells at which share 0..1 of its height it is dark
    between the upper and the lower teeth, None where it is not; `cavity` `(3,)` is the colour of its depth.
    """

    upper: F32
    lower: F32
    gap: float
    split: float | None
    cavity: F32


def opening_of(pixels: U8, box: Box, mesh: F32, shape: F32, unit: float) -> Opening:
    """The opening of a mouth `pixels` of `box`, its points `mesh` `(468, 2+)` in the picture and `shape` `(468, 2)` in
    face space, of which `unit` is the eye distance.

    The mesh's inner rims lie up to a few hundredths of an eye distance off; where pixels behind a rim are too dark or
    too pale for lip, the rim is moved outwards to where the lip begins.
    """
    local = mesh[:, :2] - np.array([box.x, box.y], np.float32)
    gap_px = float(np.linalg.norm(local[14] - local[13]))
    most_px = _OFF[0] * float(np.linalg.norm(local[33] - local[263])) + _OFF[1] * gap_px
    past = _past(pixels, local, most_px)
    upper = shape[UPPER] + past[0][:, None] * (shape[_UPPER_OUTER] - shape[UPPER])
    lower = shape[LOWER] + past[1][:, None] * (shape[_LOWER_OUTER] - shape[LOWER])
    gap = float(np.linalg.norm(lower[3:8] - upper[3:8], axis=1).max()) / unit
    rims = [local[UPPER] + past[0][:, None] * (local[_UPPER_OUTER] - local[UPPER])]
    rims += [local[LOWER] + past[1][:, None] * (local[_LOWER_OUTER] - local[LOWER])]
    split, cavity = _depth(pixels, rims[0], rims[1])
    return Opening(upper.astype(np.float32), lower.astype(np.float32), gap, split, cavity)


def _past(pixels: U8, local: F32, most_px: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By which share of the lip's thickness each inner rim `(11,)` truly lies behind the mesh's: upper, lower."""
    # A rim that seems farther off than the mesh errs is a beard's or a shadow's.
    found = []
    for inner, outer in ((UPPER, _UPPER_OUTER), (LOWER, _LOWER_OUTER)):
        start, way = local[inner], local[outer] - local[inner]
        places = (start[:, None] + _steps[None, :, None] * way[:, None]).astype(np.float32)
        colours = cv2.remap(pixels, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        grey = colours @ _GREY
        red = (colours[..., 0] - colours[..., 1]) / (colours.sum(axis=2) + 30)
        flesh = (_steps >= _FLESH[0]) & (_steps <= _FLESH[1])
        lip_grey, lip_red = float(np.median(grey[2:9, flesh])), float(np.median(red[2:9, flesh]))
        tooth = (red < _PALE * lip_red) & (grey > _LIGHT * lip_grey) & (lip_red > 0.02)
        strange = (grey < _DARK * lip_grey) | tooth
        run = np.cumprod(strange, axis=1).sum(axis=1)
        past = np.where(run > 0, np.minimum(_steps[np.maximum(run - 1, 0)] + _steps[1] / 2, _FARTHEST), 0.0)
        past[run > np.searchsorted(_steps, _FARTHEST) + 3] = 0.0  # no lip at all: a beard, a hand, a wrong mesh
        past = np.minimum(past, most_px / np.maximum(np.linalg.norm(way, axis=1), 1e-3))
        past[[0, -1]] = 0
        padded = np.concatenate([past[:1], past, past[-1:]])
        found.append(np.median(np.stack([padded[:-2], past, padded[2:]]), axis=0))
    return found[0], found[1]


def _depth(pixels: U8, upper: F32, lower: F32) -> tuple[float | None, F32]:
    """At which share of the opening's height it is darkest between two lighter rows, and its darkest colour."""
    shares = np.linspace(0.04, 0.96, 24)
    places = upper[3:8, None] + shares[None, :, None] * (lower - upper)[3:8, None]
    colours = cv2.remap(pixels, places.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.blur((colours @ _GREY).astype(np.float32), (3, 5)).mean(axis=0)
    darkest = int(grey.argmin())
    flat = colours.reshape(-1, 3).astype(np.float32)
    cavity = flat[np.argsort(flat @ _GREY)[: max(3, len(flat) // 12)]].mean(axis=0)
    above = float(grey[: darkest + 1].max())
    split = float(shares[darkest]) if grey[darkest] < _SPLIT_DARK * above and darkest > 2 else None
    return split, cavity.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Between:
    """The painted opening: pixels `(h, w, 3)` float32 of the rectangle at (`x`, `y`), and its share `(h, w)` 0..1."""

    x: int
    y: int
    pixels: F32
    share: F32


@dataclass(frozen=True, eq=False)
class Bite:
    """Where a mouth's teeth stand: the filmed mouth's pixels, the way from face space into them `(2, 3)`, its opening,
    and by how much `(2,)` the teeth lie elsewhere in face space because the head is turned otherwise."""

    pixels: U8
    from_face: F32
    opening: Opening
    shift: F32


def between_lips(
    upper: F32, lower: F32, to_face: F32, axis: F32, unit: float, bites: Sequence[tuple[Bite, float]]
) -> Between | None:
    """The opening between rims `(11, 2)` on the picture, filled with filmed mouths' teeth; None where lips meet.

    `to_face` `(2, 3)` leads from the picture to face space, `axis` `(2,)` runs along the eyes there, `unit` is its eye
    distance; `bites` are mixed by their weights. Lower teeth and tongue go with the lower lip, as the jaw carries all
    three.
    """
    spot = _spot(upper, lower, to_face, unit)
    if spot is None:
        return None
    x, y, share, places = spot
    chin = apply(to_face, lower[_MIDDLE])
    total = sum(weight for _, weight in bites)
    pixels = np.zeros((*share.shape, 3), np.float32)
    for bite, weight in bites:
        pixels += _bitten(places, chin, axis, unit, bite) * np.float32(weight / total)
    return Between(x, y, pixels, share)


def _bitten(places: F32, chin: F32, axis: F32, unit: float, bite: Bite) -> F32:
    """A filmed mouth's teeth at places `(h, w, 2)` in face space, the lower lip's middle being at `chin` `(5, 2)`."""
    down = np.array([-axis[1], axis[0]], np.float32)
    u, v = ((places - bite.shift) @ np.stack([axis, down], axis=1).astype(np.float32)).transpose(2, 0, 1)
    top, bottom, u_in = _rims(bite.opening, axis, down, u)
    drop = float(np.median((chin - bite.shift - bite.opening.lower[_MIDDLE]) @ down))
    from_jaw, dark = _from_jaw(v, top, bottom, drop, bite.opening.split, unit)
    kept = _kept_inside(from_jaw, top, bottom, unit)
    face = (u_in[..., None] * axis + kept[..., None] * down).astype(np.float32)
    source = face @ bite.from_face[:, :2].T + bite.from_face[:, 2]
    teeth = cv2.remap(bite.pixels, source.astype(np.float32), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    pixels: F32 = teeth.astype(np.float32)
    pixels += (bite.opening.cavity - pixels) * dark[..., None]
    return pixels


def made_between(
    upper: F32, lower: F32, rest: float, to_face: F32, axis: F32, unit: float, white: F32
) -> Between | None:
    """The same without any filmed teeth: a row of upper teeth in the lip's shadow, the tongue, the dark.

    `rest` is the height in face space at which the upper lip's rim rests, `white` `(3,)` the colour of the eyes' white.
    """
    spot = _spot(upper, lower, to_face, unit)
    if spot is None:
        return None
    x, y, share, places = spot
    down = np.array([-axis[1], axis[0]], np.float32)
    middle = ((upper[5] + lower[5]) / 2) @ to_face[:, :2].T + to_face[:, 2]
    across = np.abs((places - middle) @ axis) / unit
    drop = ((places @ down) - rest) / unit
    edge = _TEETH_DROP - _ARCH * across**2
    row = np.clip((edge - drop) / _TEETH_SOFT + 0.5, 0, 1) * np.clip(1.6 - across / _ROW, 0, 1)
    gaps = sum(np.exp(-(((across - place) / _CLEFT) ** 2)) for place in _CLEFTS)
    under_lip = np.clip((places @ down - _height(upper, to_face, down, axis, places)) / (0.045 * unit), 0, 1)
    towards_corner = np.clip(1 - (across / (1.5 * _ROW)) ** 2, 0.3, 1)
    shade = (0.45 + 0.5 * under_lip) * towards_corner * (1 - 0.22 * gaps)
    tongue = np.clip((drop - 0.11) / 0.10, 0, 1)[..., None]
    depth = white * (_CAVITY + (_TONGUE - _CAVITY) * tongue)
    return Between(
        x, y, (depth + (white * _TEETH * shade[..., None] - depth) * row[..., None]).astype(np.float32), share
    )


def _height(upper: F32, to_face: F32, down: F32, axis: F32, places: F32) -> NDArray[np.float64]:
    """How high the upper rim lies over each place."""
    rim = upper @ to_face[:, :2].T + to_face[:, 2]
    along = rim @ axis
    order = np.argsort(along)
    return np.asarray(np.interp(places @ axis, along[order], (rim @ down)[order]))


def _spot(upper: F32, lower: F32, to_face: F32, unit: float) -> tuple[int, int, F32, F32] | None:
    """The opening's rectangle, its share of each pixel, and each pixel's place in face space."""
    open_px = np.linalg.norm(lower - upper, axis=1)
    if float(open_px.max()) < _LEAST_PX:
        return None
    scale = 1 / max(float(np.hypot(*to_face[0, :2])), 1e-6)  # picture pixels in one of face space
    soft = max(0.45, _SOFT * unit * scale)
    outline = np.concatenate([upper, lower[::-1]])
    margin = int(np.ceil(3 * soft)) + 2
    x, y = (int(z) for z in np.floor(outline.min(axis=0)) - margin)
    width, height = (int(z) for z in np.ceil(outline.max(axis=0)) + margin + 1 - (x, y))
    share = np.zeros((height, width), np.uint8)
    fixed = np.rint((outline - (x, y)) * 16).astype(np.int32)
    cv2.fillPoly(share, [fixed], 255, cv2.LINE_AA, shift=4)
    soft_share = cv2.GaussianBlur(share.astype(np.float32) / 255, (0, 0), soft)
    rows, columns = np.mgrid[y : y + height, x : x + width].astype(np.float32)
    places = np.stack([columns, rows], axis=-1) @ to_face[:, :2].T + to_face[:, 2]
    return x, y, soft_share, places.astype(np.float32)


def _rims(opening: Opening, axis: F32, down: F32, u: F32) -> tuple[F32, F32, F32]:
    """The filmed rims' heights over each place along the mouth, and the places held inside its corners."""
    along_upper, along_lower = opening.upper @ axis, opening.lower @ axis
    low, high = max(along_upper.min(), along_lower.min()), min(along_upper.max(), along_lower.max())
    slack = 0.06 * (high - low)
    inside = np.clip(u, low + slack, high - slack)
    top_order, bottom_order = np.argsort(along_upper), np.argsort(along_lower)
    top = np.interp(inside, along_upper[top_order], (opening.upper @ down)[top_order])
    bottom = np.interp(inside, along_lower[bottom_order], (opening.lower @ down)[bottom_order])
    return top.astype(np.float32), bottom.astype(np.float32), inside.astype(np.float32)


def _kept_inside(v: F32, top: F32, bottom: F32, unit: float) -> F32:
    """Heights that lie beyond the filmed rims folded back inside: what is wider open than it was shows no lip there."""
    soft = np.float32(_SOFT * unit)
    most = soft + _EDGE * np.maximum(bottom - top, 0)
    high, low = top - soft, bottom + soft
    folded = np.where(v < high, high + np.minimum(high - v, most), v)
    return np.asarray(np.where(v > low, low - np.minimum(v - low, most), folded), np.float32)


def _from_jaw(v: F32, top: F32, bottom: F32, drop: float, split: float | None, unit: float) -> tuple[F32, F32]:
    """The height in the filmed mouth that belongs to each height `v`, the skull's above, the jaw's below; and how much
    of the dark (0..1) lies where the two have moved apart."""
    middle = top + np.float32(split or _RIM_OF_LOWER) * (bottom - top)
    if drop <= 0:  # the lower teeth come up behind the upper ones
        return np.asarray(np.where(v < middle, v, v - np.float32(drop)), np.float32), np.zeros_like(v)
    half = np.float32(_SPLIT_WIDTH * unit)
    share = np.clip((v - middle + half) / (drop + 2 * half), 0, 1)
    between = middle - half + share * 2 * half
    heights = np.where(share <= 0, v, np.where(share >= 1, v - drop, between))
    dark = np.minimum(6 * share * (1 - share), 1) * min(drop / (_FALL * unit), 1.0)
    return np.asarray(heights, np.float32), np.asarray(dark, np.float32)
