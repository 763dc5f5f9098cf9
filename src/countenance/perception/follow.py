"""Following faces from picture to picture, and newcomers back to the picture in which they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from countenance.media.beside import Beside
from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.attention import MESH_PX
from countenance.perception.crop import Square, cut_square, square_around
from countenance.perception.gallery import Gallery
from countenance.perception.identity import chip, sharpness
from countenance.perception.networks import Detection, FaceNetworks, overlap, without_overlaps
from countenance.perception.pose import pose_of
from countenance.perception.refine import REFINED, refined
from countenance.perception.spool import Spool, Table
from countenance.perception.topology import IRIS_POINTS, POINTS

FACE_SCORE = 0.5  # below it, a face is lost
_DETECT_EVERY = 12  # pictures between looks for new faces while others are being followed
_DETECT_ALONE = 4  # and while there are none; whoever is found is followed back
_BACK = 12  # pictures kept for that
_SMALL_PICTURE = 800  # pixels: in larger ones small faces are looked for in four parts
_PART = 0.6  # of the picture's sides
_GUESS = 0.3  # score from which the detector is heard: the mesh network has the last word
_SAME_PLACE = 0.2  # overlap (intersection over union) from which a detection is of a face already followed
_SAME_FACE = 0.4  # overlap of two meshes that lie on one face
_WITHIN = 0.5  # of a newcomer's box, or of the box that it lies on: no face of its own
_MOVED, _GREW = 0.05, 1.1  # of the square: where a face turns out to lie so far off, it is looked at once more
_CHIP_EVERY = 10
_CHIPS = 3  # sharp pictures that vote on a track's identity
_MESH_NUMBERS = (POINTS + IRIS_POINTS) * 3
ROW = _MESH_NUMBERS + len(REFINED) + 1  # mesh, slip along the eyes' axis, score

Where = tuple[float, float, float, float]  # a box: x, y, width, height


@dataclass(eq=False)
class Trace:
    """One face followed without a gap, forwards and backwards from the picture in which it was found.

    Its rows lie in two tables: `later` from the found picture on, `earlier` from the one before it backwards.
    """

    shot: int
    found: int
    square: Square  # where it is expected in the next picture
    box: Where
    later: Table
    earlier: Table
    gallery: Gallery
    starts: Where = (0.0, 0.0, 0.0, 0.0)  # boxes in its first and last picture
    first: int = 0
    last: int = 0
    weight: float = 0.0  # how much picture the face fills over its life, in pixels · pictures
    chips: list[tuple[float, U8]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.last - self.first + 1

    def look_closer(
        self, networks: FaceNetworks, frame: Frame, picture: int, crop: U8, square: Square, points: F32, score: float
    ) -> None:
        """What following does not wait for: lips, lids, irises, now and then a chip for the identity or a texture."""
        mesh, slip = refined(points, networks.closeup(crop, square))
        table = self.later if picture >= self.found else self.earlier
        table.append(np.concatenate([mesh.ravel(), slip, np.array([score], np.float32)]))
        if (picture - self.found) % _CHIP_EVERY == 0:
            face = chip(frame, mesh)
            yaw, pitch, _roll = pose_of(mesh)
            facing = float(np.cos(np.radians(yaw)) * np.cos(np.radians(pitch)))
            best = [*self.chips, (score * facing * sharpness(face), face)]
            self.chips = sorted(best, key=lambda item: -item[0])[:_CHIPS]
        self.gallery.see(picture, frame, mesh)

    def rows(self, start: int, stop: int) -> F32:
        """The rows of pictures `start` to `stop` (exclusive), counted in the master."""
        turn = min(max(start, self.found), stop)
        before = self.earlier.read(self.found - turn, self.found - start)[::-1] if start < turn else None
        after = self.later.read(turn - self.found, stop - self.found)
        return after if before is None else np.concatenate([before, after])


@dataclass
class _Seen:
    """A picture that newcomers may be followed back to, and where faces are known in it."""

    picture: int
    frame: Frame
    boxes: list[Where]


@dataclass(frozen=True)
class _Sight:
    """What following found in one picture."""

    crop: U8
    square: Square
    points: F32
    score: float

    @property
    def box(self) -> Where:
        low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


class Follower:
    """Follows faces on this thread and looks closer at them on another."""

    def __init__(self, networks: FaceNetworks, beside: Beside, spool: Spool) -> None:
        self._networks = networks
        self._beside = beside
        self._spool = spool
        self._recent: deque[_Seen] = deque(maxlen=_BACK)
        self._active: list[Trace] = []
        self._done: list[Trace] = []
        self._looked: int | None = None
        self._looks = 0  # in this shot
        self._shot = 0

    @property
    def traces(self) -> list[Trace]:
        """All faces followed so far."""
        return self._done + self._active

    def cut(self) -> None:
        """The next picture starts a new shot."""
        self._done += self._active
        self._active = []
        self._recent.clear()
        self._looked, self._looks = None, 0
        self._shot += 1

    def see(self, picture: int, frame: Frame) -> None:
        """The next picture of the shot."""
        kept = self._follow(picture, frame)
        lost = len(kept) < len(self._active)
        self._done += [trace for trace in self._active if trace not in kept]
        self._active = kept
        pause = _DETECT_EVERY if kept else _DETECT_ALONE
        if lost or self._looked is None or picture - self._looked >= pause:
            self._looked = picture
            for trace in self._newcomers(picture, frame):
                self._back(trace)
        self._recent.append(_Seen(picture, frame, [trace.box for trace in self._active]))

    def _follow(self, picture: int, frame: Frame) -> list[Trace]:
        """Those of the active that are seen here too."""
        sights = [(trace, self._sight(frame, trace.square)) for trace in self._active]
        seen = [(trace, sight) for trace, sight in sights if sight.score >= FACE_SCORE]
        # Where two have come to lie on one face, the one that jumped there has lost its own.
        steady = sorted(seen, key=lambda one: _jump(one[0].box, one[1].box))
        kept: list[tuple[Trace, _Sight]] = []
        for trace, sight in steady:
            if not _meets(sight.box, (other.box for _trace, other in kept), _SAME_FACE):
                kept.append((trace, sight))
        for trace, sight in kept:
            self._keep(trace, picture, frame, sight)
            trace.square = _onward(trace.box, sight)
            trace.last, trace.box = picture, sight.box
        return [trace for trace in self._active if any(trace is one for one, _sight in kept)]

    def _newcomers(self, picture: int, frame: Frame) -> list[Trace]:
        new = []
        for found in self._detect(frame):
            if _meets(found.box, (trace.box for trace in self._active), _SAME_PLACE):
                continue
            sight = self._sight(frame, found.square)
            known = [trace.box for trace in self._active]
            if sight.score < FACE_SCORE or any(_covered(sight.box, box) > _WITHIN for box in known):
                continue
            later, earlier = (Table(self._spool, ROW) for _ in range(2))
            square = square_around(sight.points)
            trace = Trace(self._shot, picture, square, sight.box, later, earlier, Gallery(picture))
            trace.first, trace.last, trace.starts = picture, picture, sight.box
            self._keep(trace, picture, frame, sight)
            self._active.append(trace)
            new.append(trace)
        return new

    def _detect(self, frame: Frame) -> list[Detection]:
        """Faces in the picture; small ones when the shot begins, and then in one part of it every second time."""
        parts = _parts(frame.size) if max(frame.size) > _SMALL_PICTURE else []
        if parts and self._looks:
            parts = [parts[self._looks // 2 % len(parts)]] if self._looks % 2 else []
        self._looks += 1
        looks = [self._networks.detect(frame, threshold=_GUESS, part=part) for part in (None, *parts)]
        return without_overlaps(found for look in looks for found in look)

    def _back(self, trace: Trace) -> None:
        """Follow a newcomer backwards to where it came from, or to a face known there."""
        square = trace.square
        for seen in reversed(self._recent):
            sight = self._sight(seen.frame, square)
            if sight.score < FACE_SCORE or _meets(sight.box, seen.boxes, _SAME_PLACE):
                return
            self._keep(trace, seen.picture, seen.frame, sight)
            seen.boxes.append(sight.box)
            square = _onward(trace.starts, sight)
            trace.first, trace.starts = seen.picture, sight.box

    def _sight(self, frame: Frame, square: Square) -> _Sight:
        """What is seen in a square; where that is not the face's own, in its own: the network sees best what it
        sees in the middle, and what moves fast would be followed ever farther behind."""
        sight = self._glance(frame, square)
        own = square_around(sight.points)
        off = np.hypot(own.x - square.x, own.y - square.y)
        if off > _MOVED * square.side or not square.side / _GREW < own.side < square.side * _GREW:
            return self._glance(frame, own)
        return sight

    def _glance(self, frame: Frame, square: Square) -> _Sight:
        crop = cut_square(frame, square, MESH_PX)
        return _Sight(crop, square, *self._networks.follow(crop, square))

    def _keep(self, trace: Trace, picture: int, frame: Frame, sight: _Sight) -> None:
        trace.weight += sight.box[2] * sight.box[3]
        self._beside.do(
            trace.look_closer, self._networks, frame, picture, sight.crop, sight.square, sight.points, sight.score
        )


def _parts(size: tuple[int, int]) -> list[Box]:
    """Four even boxes that cover the picture and overlap in its middle."""
    (width, height), (part_width, part_height) = size, (int(side * _PART) // 2 * 2 for side in size)
    return [
        Box(x, y, part_width, part_height)
        for y in (0, (height - part_height) // 2 * 2)
        for x in (0, (width - part_width) // 2 * 2)
    ]


def _onward(before: Where, sight: _Sight) -> Square:
    """Where a face is expected next, when it goes on as it went since it was in the box before."""
    square, way = square_around(sight.points), _centre(sight.box) - _centre(before)
    return Square(square.x + float(way[0]), square.y + float(way[1]), square.side, square.angle)


def _meets(box: Where, others: Iterable[Where], share: float) -> bool:
    return any(overlap(box, other) > share for other in others)


def _covered(one: Where, other: Where) -> float:
    """Which share of the smaller of two boxes lies in the other."""
    shared = overlap(one, other)
    areas = one[2] * one[3], other[2] * other[3]
    return shared * sum(areas) / (1 + shared) / max(min(areas), 1.0)


def _jump(before: Where, now: Where) -> float:
    """How far a box has moved, in its own sizes."""
    return float(np.hypot(*(_centre(now) - _centre(before))) / max(before[2], before[3], 1.0))


def _centre(box: Sequence[float]) -> F32:
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2], np.float32)
