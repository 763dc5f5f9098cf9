"""What stands in front of a face (a hand, hair, glasses, a microphone), so that nothing is painted over it.

Each picture's face is compared with the track's own look, texel by texel, in the light of the moment. What
differs in colour by more than expression and shading explain, over a coherent patch, is a stranger. Doubt is
settled over time, in the head's own frame; borders are then drawn along the picture's own edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.hands import Hand
from countenance.perception.layout import texels
from countenance.perception.raster import spread
from countenance.perception.topology import LEFT_EYE, LIPS_INNER, POINTS, RIGHT_EYE, triangles
from countenance.perception.tracks import Face, FaceTrack
from countenance.synthesis.occlusion_hands import HandWatch, hand_share
from countenance.synthesis.occlusion_lines import lines
from countenance.synthesis.occlusion_look import (
    SIDE,
    Look,
    expression,
    grown,
    holes_filled,
    light,
    look_of,
    matter,
    seen_face,
)

# Spreads from the own look: what makes a stranger, and what it takes to stay one or to belong to one; for single
# texels, and on average over a blob of so many texels' side.
_SURE, _STAY = 4.0, 2.6
_BLOB, _SURE_BLOB, _STAY_BLOB = 9, 2.4, 1.7
_RISE, _FALL = 0.75, 0.5  # share of a picture's news that is believed at once
_RIM_GAP = np.ones((3, 13), np.uint8)  # texels
_REDDER = 0.5  # redder than before is more often blood, lips or shadow than something else
_STIR, _STIR_SHARE = 2.2, 0.0012  # spreads, and share of the texels: then it is worth while to look for a hand
_LIKELY = 0.35
_SPECK = 14  # texels: smaller is noise, a spot or a glint
_FACING = (0.12, 0.30)  # how squarely a texel must be seen: trust grows in between
_LIGHT_LAG = 0.88  # share of the last picture's soft light that stays
_REACH = 0.018  # of the face's width: how far the border may look for an edge
_EDGE = 0.0016  # variance of brightness (0..1) that counts as an edge
_EXPECTED = 2.0  # how much more is believed where something thin lies all the time
_NEIGHBOURS = np.ones((3, 3), np.uint8)
_MARGIN = 0.006  # of the face's width: rather a rim of plate than paint on the stranger
_RIM = 0.03  # of the face's width: looked at around it
_STRANDS_LAG = 0.6  # share of the memory of thin things that stays from picture to picture
_LEAST = 0.2  # a share below is nothing


@dataclass(frozen=True)
class Cover:
    """In `box`, the share `(h, w)` float32 0..1 of each pixel that is hidden by something in front of the face."""

    box: Box
    alpha: F32

    def on(self, box: Box) -> F32:
        """The same on another box's pixels `(h, w)`, 0 where this one does not reach."""
        there = np.zeros((box.height, box.width), np.float32)
        x0, x1 = max(box.x, self.box.x), min(box.x + box.width, self.box.x + self.box.width)
        y0, y1 = max(box.y, self.box.y), min(box.y + box.height, self.box.y + self.box.height)
        if x0 < x1 and y0 < y1:
            own = self.alpha[y0 - self.box.y : y1 - self.box.y, x0 - self.box.x : x1 - self.box.x]
            there[y0 - box.y : y1 - box.y, x0 - box.x : x1 - box.x] = own
        return there


class Occlusion:
    """Watches one person through one shot, picture after picture in order."""

    def __init__(self, tracks: Sequence[FaceTrack]) -> None:
        self._look: Look | None = look_of(tracks)
        self._hands = HandWatch()
        self._belief = np.zeros((SIDE, SIDE), np.float32)
        self._strands = np.zeros((SIDE, SIDE), np.float32)
        self._soft = np.zeros((SIDE, SIDE, 3), np.float32)

    def see(self, frame: Frame, face: Face) -> Cover | None:
        """What hides the face in this picture; None if nothing does."""
        if self._look is None:
            return None
        mesh = face.mesh[:POINTS]
        box = Box.around(mesh[:, :2], 4 + _RIM * float(np.ptp(mesh[:, 0])), frame.size)
        if box is None:
            return None
        colours, facing, places = seen_face(frame, mesh)
        far = self._distance(self._look, colours, facing)
        strange = self._strangeness(far)
        self._belief += np.where(strange > self._belief, _RISE, _FALL) * (strange - self._belief)
        hidden = _without_specks(self._belief)
        if self._look.glasses:  # a rim goes on over the brow
            hidden = np.where(expression() > 0.3, cv2.morphologyEx(hidden, cv2.MORPH_CLOSE, _RIM_GAP), hidden)
        hands = self._hands.see(frame, mesh, stirred=float((cv2.blur(far, (5, 5)) > _STIR).mean()) > _STIR_SHARE)
        lined = np.maximum(self._look.lined, self._strands)
        layers = cv2.merge([holes_filled(hidden), self._look.smooth * _trust(facing), lined, far])
        thin, wide = _drawn(layers, hands, frame, box, mesh, glasses=self._look.glasses)
        self._remember(thin, box, places)
        found = [alpha for alpha in (thin, wide) if alpha is not None]
        return Cover(box, np.maximum.reduce(found)) if found else None

    def _remember(self, thin: F32 | None, box: Box, places: F32) -> None:
        """Where thin things lay in this picture, texel by texel: there less is enough in the next one."""
        self._strands *= _STRANDS_LAG
        if thin is not None:
            seen = cv2.remap(thin, places - np.array([box.x, box.y], np.float32), None, cv2.INTER_LINEAR)
            self._strands += (0.5 - 0.5 * _STRANDS_LAG) * cv2.dilate(seen, _NEIGHBOURS)

    def _distance(self, look: Look, colours: F32, facing: F32) -> F32:
        """How many spreads each texel differs from the face's own look in this light `(S, S)`."""
        trust = _trust(facing) * look.known
        seen = trust > 0
        gap = colours - look.middle
        gap -= light(gap, seen & (self._belief < 0.5), look.spread)
        rest = matter(gap - self._soft, look.middle) / look.spread
        red = np.where(rest[..., 1] > 0, rest[..., 1] * _REDDER, rest[..., 1])
        far = np.sqrt(rest[..., 0] ** 2 + red**2 + rest[..., 2] ** 2) * trust
        self._follow_light(gap, seen & (far < _STAY) & (self._belief < 0.2))
        return np.asarray(far, np.float32)

    def _strangeness(self, far: F32) -> F32:
        """0..1 `(S, S)`: how surely each texel shows something else than the face."""
        kept = cv2.dilate(self._belief, _NEIGHBOURS)
        limit = _SURE - (_SURE - _STAY) * kept
        clear = np.where(grown(far > limit, far > _STAY), np.clip((far - _STAY) / 1.2 + 0.5, 0, 1), 0)
        calm = cv2.blur(far, (3, 3))
        broad = cv2.blur(far, (_BLOB, _BLOB)) > _SURE_BLOB - (_SURE_BLOB - _STAY_BLOB) * kept
        vague = np.where(grown(broad, calm > _STAY_BLOB), np.clip((calm - _STAY_BLOB) / 0.8 + 0.5, 0, 1), 0)
        strange = np.maximum(clear, vague).astype(np.float32)
        return np.asarray(cv2.morphologyEx(strange, cv2.MORPH_CLOSE, _NEIGHBOURS), np.float32)

    def _follow_light(self, gap: F32, bare: F32) -> None:
        """Shadows and highlights that the broad light misses, learnt slowly where the face is bare."""
        weight = bare.astype(np.float32)
        size = (SIDE // 4, SIDE // 4)
        share = cv2.GaussianBlur(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), (0, 0), 2.0)
        part = cv2.GaussianBlur(cv2.resize(gap * weight[..., None], size, interpolation=cv2.INTER_AREA), (0, 0), 2.0)
        soft = cv2.resize(part / (share[..., None] + 0.05), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        self._soft = _LIGHT_LAG * self._soft + (1 - _LIGHT_LAG) * soft


def _trust(facing: F32) -> F32:
    return np.asarray(np.clip((facing - _FACING[0]) / (_FACING[1] - _FACING[0]), 0, 1), np.float32)


def _without_specks(belief: F32) -> F32:
    """The belief without blobs that are too small to be a thing."""
    if belief.max() <= _LIKELY:
        return np.zeros_like(belief)
    blobs = (belief > _LIKELY).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(blobs, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= _SPECK
    large[0] = False
    near = cv2.dilate(large[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(belief * near, np.float32)


def _drawn(
    layers: F32, hands: list[Hand], frame: Frame, box: Box, mesh: F32, *, glasses: bool
) -> tuple[F32 | None, F32 | None]:
    """What is believed, in the box's pixels: thin things, and wide ones with their borders on the picture's edges.

    `layers` `(S, S, 4)`: what is hidden, where the bare face is smooth, where lines lie all the time, and how far
    the picture is from the face's own look.
    """
    width = float(np.ptp(mesh[:, 0]))
    half = box.half
    local = ((mesh[:, :2] - (box.x, box.y) + 0.5) / 2 - 0.5).astype(np.float32)
    field, valid = spread(local, _closed(), texels(SIDE), (half.width, half.height), depth=mesh[:, 2])
    placed = cv2.remap(layers, field[..., 0], field[..., 1], cv2.INTER_LINEAR) * valid[..., None]
    rough, free, lined, far = cv2.split(placed)
    if hands:
        rough = np.maximum(rough, hand_share(hands, box, _halved(frame, box), far))
    luma = frame.planes[0][box.rows, box.columns]
    wanted = np.maximum(free * (1 + _EXPECTED * np.minimum(2 * lined, 1)), 2 * lined - 1)
    thin = lines(luma, np.where(valid, wanted, -1).astype(np.float32), width, strands=not glasses)
    return thin, _bordered(rough, luma, width) if rough.max() > _LEAST else None


def _bordered(rough: F32, luma: U8, width: float) -> F32:
    """A rough share at half size drawn along the edges of a box's luma, a little too wide rather than too narrow."""
    fine = _guided(rough, luma, max(2, round(_REACH * width / 2)))
    return np.asarray(np.clip((cv2.dilate(fine, _disc(_MARGIN * width)) - 0.15) / 0.5, 0, 1), np.float32)


def _halved(frame: Frame, box: Box) -> F32:
    """A box's Y'CbCr at half its size `(h/2, w/2, 3)`."""
    luma, cb, cr = frame.cut(box)
    small = cv2.resize(luma, cb.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.merge([small, cb, cr]), np.float32)


@lru_cache(maxsize=1)
def _closed() -> NDArray[np.int32]:
    """The mesh's triangles and a fan over each of its holes, wound alike."""
    fans = [(loop[0], a, b) for loop in (LEFT_EYE, RIGHT_EYE, LIPS_INNER) for a, b in pairwise(loop[1:])]
    flat = texels(SIDE)
    wound = []
    for one, two, three in fans:
        side, other = flat[two] - flat[one], flat[three] - flat[one]
        turn = side[0] * other[1] - side[1] * other[0]
        wound.append((one, two, three) if turn < 0 else (one, three, two))
    return np.concatenate([triangles(), np.array(wound, np.int32)])


def _guided(rough: F32, luma: U8, radius: int) -> F32:
    """A guided filter (He, Sun, Tang 2013; on half the pixels as in He, Sun 2015) of `rough` along `luma`'s edges."""
    guide = luma.astype(np.float32) / 255
    small = cv2.resize(guide, rough.shape[::-1], interpolation=cv2.INTER_AREA)
    side = (2 * radius + 1, 2 * radius + 1)
    mean, mean_rough = cv2.blur(small, side), cv2.blur(rough, side)
    slope = (cv2.blur(small * rough, side) - mean * mean_rough) / (cv2.blur(small * small, side) - mean * mean + _EDGE)
    offset = cv2.blur(mean_rough - slope * mean, side)
    slope = cv2.blur(slope, side)
    size = guide.shape[::-1]
    slope, offset = (cv2.resize(z, size, interpolation=cv2.INTER_LINEAR) for z in (slope, offset))
    return np.asarray(np.clip(slope * guide + offset, 0, 1), np.float32)


def _disc(radius: float) -> U8:
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
