"""How a person's own bare face looks through a shot, texel by texel, and how far it may differ from that.

Everything here lies in the common layout at `SIDE` texels and in three axes: log brightness, share of red, share
of blue. A track's samples are brought into one light. What no face can be (a microphone's grey on the chin, a
glasses' rim on the cheek, hair on the temple) does not enter the look, even if it is there all the time. Dark
hair below the nose does: a beard is part of the face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.layout import texels
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import (
    LEFT_BROW,
    LEFT_EYE,
    LIPS_OUTER,
    POINTS,
    RIGHT_BROW,
    RIGHT_EYE,
    triangles,
)
from countenance.perception.tracks import FaceTrack

SIDE = 128
_CELL = 4  # light is compared on every fourth texel
_BROAD = np.array([0.20, 0.015, 0.015], np.float32)  # spreads of skin around a smooth surface
# Least spreads of a bare face's texel over time: shading moves, colour hardly does.
_FLOOR = np.array([0.13, 0.011, 0.011], np.float32)
_EXPRESSION = np.array([0.18, 0.010, 0.010], np.float32)  # what lids, brows and lips add
_LIDS = 1.8  # of that, at the lids
_FEW = 4.0  # samples: so few have not seen every expression
_NOSTRILS = ((98, 97, 99, 240, 75, 60, 20, 242), (327, 326, 328, 460, 305, 290, 250, 462))
_LASHES = ((33, 246, 161, 7, 130, 226), (263, 466, 388, 249, 359, 446))  # around the outer corners
_FOLDS = ((129, 203, 206, 216, 212, 202), (358, 423, 426, 436, 432, 422))
_WINGS = ((198, 49, 129, 203, 98), (420, 279, 358, 423, 327), (203, 98, 97, 2, 326, 327, 423))
_GREYER, _REDDER, _BLUER = 3.2, 9.0, 4.5  # spreads of the own skin at which colour cannot be the own face's
_DARK = 0.60  # log brightness below the skin that is hair on forehead, temple or cheek
_SHADED = 0.4  # the same in the shadow of the brows, on top
_LINE = 0.45  # the same for something thin
_THIN = 9  # texels: a line is thinner
_CLEAR, _FAINT = 0.22, 0.06  # log brightness: lines that lie there all the time, anywhere and on who wears glasses
_PASSES, _BRIDGE, _ARM = 0.10, 0.82, 0.65  # a line's least depth; shares of bridge and arms that glasses cross
_DARK_RIM = 0.3  # log brightness
_BLACK, _RANGE = 3.0, 4.0  # of log brightness, for filters of bytes
_WHITEST = 1.1  # log brightness that a highlight adds at most
_STAYS = 0.65  # of a stranger's limit: what touches one and reaches this belongs to it
_MOSTLY = 0.75  # share of samples that agree: then they are believed even against the skin's colour


@dataclass(frozen=True)
class Look:
    """A person's own face: `middle` and `spread` `(S, S, 3)` in axes; `known` `(S, S)` bool, where it was seen at all;
    `smooth` `(S, S)` 0..1, where the bare face shows no lines of its own; `lined` `(S, S)`, where thin things
    (a rim, a strand) lie all the time: 0.5, and 1 where they are dark enough to be told from brows and lashes;
    `glasses`: whether they are worn."""

    middle: F32
    spread: F32
    known: NDArray[np.bool_]
    smooth: F32
    lined: F32
    glasses: bool


def look_of(tracks: Sequence[FaceTrack]) -> Look | None:
    """What the tracks' samples say about the bare face; None without samples."""
    textures = [texture for track in tracks for texture in track.textures]
    if not textures:
        return None
    seen = np.stack([texture.any(axis=2) for texture in textures]) & inside()
    raw = np.stack([axes(texture) for texture in textures])
    known = seen.sum(axis=0) >= max(1, len(textures) // 8)
    floor = _FLOOR + _EXPRESSION * _movement()[..., None]
    middle = _median(raw, seen)
    for _ in range(2):
        level = raw - np.stack([light(one - middle, ok, floor) for one, ok in zip(raw, seen, strict=True)])
        middle = _median(level, seen)
    plain = known & (expression() < 0.2)
    skin = light(middle, plain, np.broadcast_to(_BROAD, middle.shape))
    tone = _tone(middle - skin, plain)
    brow = float(np.percentile((skin - middle)[..., 0][_brows() & known], 90)) if (_brows() & known).any() else 1.0
    darker = (skin - middle)[..., 0] > max(brow, 0.35) + 0.15
    lined, wears = _lined(middle, known, darker)
    bare = seen & np.stack(
        [~_impossible(one, skin, tone, brow if wears else np.inf, ok) for one, ok in zip(level, seen, strict=True)]
    )
    bare &= _believed(level, skin, bare, floor)
    enough = bare.sum(axis=0) >= np.maximum(1, seen.sum(axis=0) // 8)
    own = np.where(enough[..., None], _median(level, bare), 0)
    own = np.where(enough[..., None], own, skin + _carried(own - skin, enough)).astype(np.float32)
    far = _median(np.abs(level - own), bare) * np.float32(1.4826) * enough[..., None]
    floor[..., 1:] = np.maximum(floor[..., 1:], tone)
    doubt = np.sqrt(1 + _FEW / len(textures)) * np.where(enough, 1.0, 1.3)[..., None]
    width = doubt * np.sqrt(floor * floor + (1.2 * far) ** 2)
    return Look(own, width.astype(np.float32), known, _smooth(own, skin), lined, wears)


def seen_face(frame: Frame, mesh: F32) -> tuple[F32, F32, F32]:
    """A picture's face in axes `(S, S, 3)`, how squarely the camera looks at each texel `(S, S)`, and where in the
    picture each lies `(S, S, 2)`.

    The same as `perception.textures.unroll`, with the layout's own weights worked out once.
    """
    points = mesh[:POINTS]
    facing = np.maximum(-vertex_normals(points, triangles())[:, 2:], 0)
    field = np.asarray(_weights() @ np.concatenate([points[:, :2], facing], axis=1), np.float32)
    places, squarely = np.ascontiguousarray(field[:, :2]).reshape(SIDE, SIDE, 2), field[:, 2].reshape(SIDE, SIDE)
    box = Box.around(points[:, :2], 4, frame.size)
    if box is None:
        return np.zeros((SIDE, SIDE, 3), np.float32), np.zeros((SIDE, SIDE), np.float32), places
    local = places - np.array([box.x, box.y], np.float32)
    pixels = cv2.remap(frame.rgb(box), local, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    x, y = cv2.split(local)
    in_picture = (x >= 0) & (x <= box.width - 1) & (y >= 0) & (y <= box.height - 1)
    return axes(pixels), squarely * (inside() & in_picture), places


def axes(rgb: U8) -> F32:
    """Log brightness and the shares of red and blue `(h, w, 3)` of RGB 0..255."""
    red, green, blue = cv2.split(rgb.astype(np.float32))
    total = red + green + blue + np.float32(24)  # +8 a channel: dark pixels carry no reliable colour
    shares = (red + np.float32(8)) / total, (blue + np.float32(8)) / total
    return np.asarray(cv2.merge([cv2.log(total), *shares]), np.float32)


def matter(gap: F32, base: F32) -> F32:
    """A difference of looks `(S, S, 3)` from `base` without the paleness that a highlight, added white, explains."""
    share = np.maximum(1 - np.exp(-np.minimum(gap[..., 0], _WHITEST)), 0)  # of white in what is seen
    rest = gap.copy()
    for axis in (1, 2):
        rest[..., axis] += share * (base[..., axis] - np.float32(1 / 3))
    return rest


def light(gap: F32, seen: NDArray[np.bool_], scale: F32) -> F32:
    """The broad part of a difference of looks `(S, S, 3)`: light, not matter.

    A smooth surface of second order in brightness and a plane in colour, fitted to what most texels say (iterated
    weights of Cauchy, in units of `scale`), so that something in front of part of the face does not pull it along.
    """
    chosen = seen[::_CELL, ::_CELL]
    few, basis, scale = (z[::_CELL, ::_CELL][chosen] for z in (gap, _basis(), scale))
    if len(few) < 24:
        return np.zeros_like(gap)
    fitted = np.zeros((basis.shape[1], 3), np.float32)
    fitted[0] = np.median(few, axis=0)
    for _ in range(4):
        rest = (few - basis @ fitted) / scale
        weight = 1 / (1 + (rest * rest).sum(axis=1) / 4)
        for columns, terms in ((slice(0, 1), 6), (slice(1, 3), 3)):
            part = basis[:, :terms]
            normal = (part * weight[:, None]).T @ part + np.eye(terms, dtype=np.float32) * 0.5
            fitted[:terms, columns] = np.linalg.solve(normal, (part * weight[:, None]).T @ few[:, columns])
    return np.asarray(_basis() @ fitted, np.float32)


@lru_cache(maxsize=1)
def inside() -> NDArray[np.bool_]:
    """Which texels lie on the face `(S, S)`; eyes and inner mouth do not."""
    _, valid = spread(texels(SIDE), triangles(), np.zeros((POINTS, 1), np.float32), (SIDE, SIDE), coarse=1)
    return valid


def holes_filled(values: F32) -> F32:
    """Values `(S, S)` carried from around the eyes and lips into the holes between them, where the mesh has none."""
    if not values.any():
        return values
    return np.where(inside(), values, _carried(values[..., None], inside())[..., 0]).astype(np.float32)


@lru_cache(maxsize=1)
def expression() -> F32:
    """0..1 `(S, S)`: brows, lids, lips and nostrils: dark or red by nature, and changing most when a face moves."""
    moving = np.zeros((SIDE, SIDE), np.float32)
    for loop, grow, strength in (
        (LEFT_EYE, 1.5, 1.0),
        (RIGHT_EYE, 1.5, 1.0),
        (LEFT_BROW, 1.4, 0.8),
        (RIGHT_BROW, 1.4, 0.8),
        (LIPS_OUTER, 1.3, 1.0),
        *((loop, 2.0, 0.8) for loop in _NOSTRILS),
        *((loop, 2.0, 0.6) for loop in _LASHES),
    ):
        moving = np.maximum(moving, _polygon(loop, grow) * np.float32(strength))
    return np.asarray(cv2.GaussianBlur(moving, (0, 0), SIDE / 50), np.float32)


@lru_cache(maxsize=1)
def _movement() -> F32:
    """How much more than other skin a texel changes with expression, in `_EXPRESSION`: lids most of all."""
    lids = np.maximum(_polygon(LEFT_EYE, 1.4), _polygon(RIGHT_EYE, 1.4))
    lids = cv2.GaussianBlur(lids * np.float32(_LIDS), (0, 0), SIDE / 64)
    return np.asarray(np.maximum.reduce([expression(), 0.5 * folds(), lids]), np.float32)


@lru_cache(maxsize=1)
def folds() -> F32:
    """0..1 `(S, S)`: where smiling folds the cheeks, beside nose and mouth."""
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    for fold in _FOLDS:
        cv2.polylines(drawn, [np.rint(texels(SIDE)[list(fold)]).astype(np.int32)], False, 255, SIDE // 16)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), SIDE / 64), np.float32) / np.float32(255)


@lru_cache(maxsize=1)
def wings() -> F32:
    """0..1 `(S, S)`: around the wings of the nose, whose border is a line by nature."""
    drawn = np.zeros((SIDE, SIDE), np.uint8)
    for wing in _WINGS:
        cv2.polylines(drawn, [np.rint(texels(SIDE)[list(wing)]).astype(np.int32)], False, 255, SIDE // 18)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), SIDE / 85), np.float32) / np.float32(255)


@lru_cache(maxsize=1)
def lashes() -> F32:
    """0..1 `(S, S)`: as far around the eyes as lashes, their make-up and their shadows reach."""
    drawn = np.maximum(_polygon(LEFT_EYE, 1.75), _polygon(RIGHT_EYE, 1.75))
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), SIDE / 64), np.float32)


@lru_cache(maxsize=1)
def _under_eyes() -> NDArray[np.bool_]:
    """As far around the eyes `(S, S)` as their bags reach."""
    return np.asarray(np.maximum(_polygon(LEFT_EYE, 2.6), _polygon(RIGHT_EYE, 2.6)) > 0)


@lru_cache(maxsize=1)
def sockets() -> F32:
    """0..1 `(S, S)`: around the eyes up to the brows, where deep-set eyes lie in shadow."""
    drawn = np.maximum(_polygon(LEFT_EYE + LEFT_BROW, 1.25), _polygon(RIGHT_EYE + RIGHT_BROW, 1.25))
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), SIDE / 64), np.float32)


@lru_cache(maxsize=1)
def lower() -> F32:
    """0..1 `(S, S)`: where beards grow: below the nose, and up to the ears at the sides."""
    points = texels(SIDE)
    half = float(np.ptp(points[:, 0])) / 2
    nose, ears = float(points[[2, 98, 327], 1].mean()), float(points[[127, 356], 1].mean())
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    aside = np.abs(columns - SIDE / 2) / half
    border = nose - np.clip((aside - 0.62) / 0.3, 0, 1) * (nose - ears)
    return np.asarray(np.clip((rows - border) / 3 + 0.5, 0, 1), np.float32)


@lru_cache(maxsize=1)
def _brows() -> NDArray[np.bool_]:
    return np.asarray(np.maximum(_polygon(LEFT_BROW, 1.0), _polygon(RIGHT_BROW, 1.0)) > 0)


def _tone(rest: F32, plain: NDArray[np.bool_]) -> F32:
    """How widely the own skin's shares of red and blue vary `(2,)`."""
    return np.maximum(_FLOOR[1:], 1.4826 * np.median(np.abs(rest[plain][:, 1:]), axis=0)).astype(np.float32)


def _impossible(level: F32, skin: F32, tone: F32, brow: float, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What in one sample cannot be a bare face `(S, S)`: alien colours; on the skin above the mouth also what is
    far too dark, and dark lines. What touches it and is nearly as strange goes with it, or what is darker than
    the brows, which are `brow` darker than skin (infinite for who wears no glasses)."""
    gap = level - skin
    rest = matter(gap, skin)
    red, blue = rest[..., 1] / tone[0], rest[..., 2] / tone[1]
    alien = np.hypot(np.where(red < 0, red / _GREYER, red / _REDDER), blue / _BLUER)
    upper = 1 - lower()
    alien /= 1 + 1.2 * np.maximum(expression() * upper, 0.8 * sockets()) + 0.4 * np.maximum(expression(), folds())
    plain = np.clip(1 - 1.2 * np.maximum(expression(), lashes()), 0, 1) * upper
    dark = -gap[..., 0] / (_DARK + _SHADED * sockets()) * plain
    line = _valleys(np.where(seen, gap[..., 0], 0), _THIN) / _LINE * plain
    odd = np.maximum(np.maximum(alien, dark), line) * seen
    darker = (-gap[..., 0] > max(brow, 0.35) + 0.2) & (upper > 0.5) & seen
    patches = grown(odd > 1, (odd > _STAYS) | darker).astype(np.uint8)
    return np.asarray(cv2.dilate(patches, np.ones((3, 3), np.uint8)) > 0)  # its soft border is not the face's either


def _believed(level: F32, skin: F32, bare: NDArray[np.bool_], floor: F32) -> NDArray[np.bool_]:
    """Of the possible samples `(k, S, S)` those to believe: a clear majority, or else those most like skin."""
    distance = np.sqrt((((level - skin) / floor) ** 2).sum(axis=-1))
    distance[~bare] = np.inf
    middle = _median(level, bare)
    agree = (np.sqrt((((level - middle) / floor) ** 2).sum(axis=-1)) < 3) & bare
    count = bare.sum(axis=0)
    united = agree.sum(axis=0) >= _MOSTLY * count
    rank = np.clip(np.round(0.3 * count).astype(int) - 1, 0, len(level) - 1)
    limit = np.take_along_axis(np.sort(distance, axis=0), rank[None], axis=0) + 2.5
    return np.asarray(bare & (united | (distance <= limit)))


def grown(sure: NDArray[np.bool_], likely: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The patches of what is likely that hold something sure."""
    if not sure.any():
        return sure
    count, labels = cv2.connectedComponents((likely | sure).astype(np.uint8), connectivity=8)
    chosen = np.zeros(count, bool)
    chosen[labels[sure]] = True
    return np.asarray(chosen[labels])


def _valleys(values: F32, size: int) -> F32:
    """How deep values lie in something dark that is thinner than `size`."""
    return np.asarray(cv2.morphologyEx(values, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)) - values, np.float32)


def _smooth(own: F32, skin: F32) -> F32:
    beard = cv2.GaussianBlur(np.clip((skin - own)[..., 0] / 0.3 - 0.5, 0, 1) * lower(), (0, 0), 3.0)
    own_lines = np.maximum.reduce([1.5 * expression(), lashes(), wings(), 0.5 * folds(), 2 * beard])
    free = np.clip(1 - own_lines, 0, 1)
    return np.asarray(free * inside(), np.float32)


def _lined(middle: F32, known: NDArray[np.bool_], darker: NDArray[np.bool_]) -> tuple[F32, bool]:
    """Where the median of all samples shows thin lines: 0.5, and 1 for the dark rims of glasses, which are `darker`
    than brows. Fainter lines count if they add up to glasses."""
    bright = np.where(known, middle[..., 0], _carried(middle[..., :1], known)[..., 0]).astype(np.float32)
    bytes_ = np.clip((bright - _BLACK) * (255 / _RANGE), 0, 255).astype(np.uint8)
    base = cv2.medianBlur(bytes_, 15).astype(np.float32) * np.float32(_RANGE / 255) + np.float32(_BLACK)
    kernel = np.ones((7, 7), np.uint8)
    valley = np.minimum(cv2.morphologyEx(bright, cv2.MORPH_CLOSE, kernel) - bright, 1.2 * np.maximum(base - bright, 0))
    crest = np.minimum(bright - cv2.morphologyEx(bright, cv2.MORPH_OPEN, kernel), 1.2 * np.maximum(bright - base, 0))
    ridge = np.maximum(valley, crest) * known
    zones, worn = _glasses_zones()
    crossed = {name: _crossed(ridge, zone & known) for name, zone in zones.items()}
    arms = crossed["right arm"], crossed["left arm"]
    wears = crossed["bridge"] > _BRIDGE and min(arms) > _ARM and max(arms) > _BRIDGE
    frame_depth = float(np.median(ridge[zones["bridge"] & (ridge > _PASSES)])) if wears else 0.0
    limit = np.where(worn & wears, max(_FAINT, 0.4 * frame_depth), _CLEAR)
    lines = (ridge > limit) & (lower() < 0.5) & (wears | ~_under_eyes())
    rims = lines & worn & darker & (frame_depth > _DARK_RIM)
    drawn = np.maximum(lines * np.float32(0.5), rims.astype(np.float32))
    return np.asarray(cv2.dilate(drawn, np.ones((3, 3), np.uint8)), np.float32), wears


def _crossed(ridge: F32, zone: NDArray[np.bool_]) -> float:
    """In what share of a zone's columns some line passes."""
    columns = zone.any(axis=0)
    return float((np.where(zone, ridge, 0).max(axis=0)[columns] > _PASSES).mean()) if columns.any() else 0.0


@lru_cache(maxsize=1)
def _glasses_zones() -> tuple[dict[str, NDArray[np.bool_]], NDArray[np.bool_]]:
    """Where glasses cross a face in any case: bridge and arms; and all of where they may lie."""
    points = texels(SIDE)
    eye = float(np.linalg.norm(points[33] - points[263]))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    bridge = (columns > points[133, 0]) & (columns < points[362, 0])
    bridge &= (rows > points[9, 1] + 0.03 * eye) & (rows < points[197, 1])
    level = (rows > points[33, 1] - 0.16 * eye) & (rows < points[33, 1] + 0.10 * eye)
    right_end, left_end = (points[33, 0] + points[127, 0]) / 2, (points[263, 0] + points[356, 0]) / 2
    right = level & (columns >= right_end - 8) & (columns < points[33, 0])
    left = level & (columns > points[263, 0]) & (columns <= left_end + 8)
    lids = float(points[[145, 374], 1].mean())
    worn = (rows > points[9, 1] - 0.02 * eye) & (rows < lids + 0.42 * eye)
    return {"bridge": bridge, "right arm": right, "left arm": left}, worn


def _carried(values: F32, known: NDArray[np.bool_]) -> F32:
    """Values `(S, S, c)` spread from where they are known to where they are not, fading with the distance."""
    weight = known.astype(np.float32)
    total = cv2.GaussianBlur(values.astype(np.float32) * weight[..., None], (0, 0), SIDE / 32)
    share = cv2.GaussianBlur(weight, (0, 0), SIDE / 32)
    return np.asarray(total.reshape(values.shape) / (share[..., None] + 0.01), np.float32)


def _polygon(loop: Sequence[int], grow: float) -> F32:
    """1 inside the hull of mesh points, grown around its middle `(S, S)`."""
    points = cv2.convexHull(texels(SIDE)[list(loop)])[:, 0]
    centre = points.mean(axis=0)
    canvas: U8 = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(canvas, [np.rint(centre + (points - centre) * grow).astype(np.int32)], 1)
    return np.asarray(canvas, np.float32)


@lru_cache(maxsize=1)
def _weights() -> csr_matrix:
    """Each texel as a mixture of its triangle's three points `(S·S, 468)`."""
    shares, valid = spread(texels(SIDE), triangles(), np.eye(POINTS, dtype=np.float32), (SIDE, SIDE), coarse=1)
    flat = shares.reshape(-1, POINTS) * valid.reshape(-1, 1)
    flat[np.abs(flat) < 1e-5] = 0
    return csr_matrix(flat)


@lru_cache(maxsize=1)
def _basis() -> F32:
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) / (SIDE / 2) - 1
    return np.stack([np.ones_like(x), x, y, x * x - 1 / 3, x * y, y * y - 1 / 3], axis=2)


def _median(values: F32, seen: NDArray[np.bool_]) -> F32:
    """Per texel over the samples `(k, S, S, 3)` that are `seen` there; 0 where none is."""
    count = seen.sum(axis=0)
    ordered = np.sort(np.where(seen[..., None], values, np.inf), axis=0)
    low, high = (
        np.take_along_axis(ordered, np.clip(index, 0, len(seen) - 1)[None, :, :, None], axis=0)[0]
        for index in ((count - 1) // 2, count // 2)
    )
    return np.where(count[..., None] > 0, (low + high) / 2, 0).astype(np.float32)
