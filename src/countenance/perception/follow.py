"""Following faces from picture to picture, and newcomers back to the picture in which they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from countenance.media.beside import Beside
from countenance.media.frame import F32, U8, Frame
from countenance.perception.attention import MESH_PX
from countenance.perception.crop import Square, cut_square, square_around
from countenance.perception.gallery import Gallery
from countenance.perception.identity import chip, sharpness
from countenance.perception.networks import Detection, FaceNetworks, overlap
from countenance.perception.pose import pose_of
from countenance.perception.scout import GUESS
from countenance.perception.spool import Spool
from countenance.perception.strand import Strand

FACE_SCORE = 0.5  # below it, a face is lost
_DETECT_ALONE = 4  # pictures between looks for faces while none is followed; whoever is found is followed back
_BACK = 12  # pictures kept for that
_SAME_PLACE = 0.2  # overlap (intersection over union) from which a detection is of a face already followed
_SAME_FACE = 0.4  # overlap of two meshes that lie on one face
_WITHIN = 0.5  # of a newcomer's box, or of the box that it lies on: no face of its own
_MOVED, _GREW = 0.05, 1.1  # of the square: where a face turns out to lie so far off, it is looked at once more
_CHIP_EVERY = 10
_CHIPS, _SMALL_CHIPS = 3, 8  # sharp pictures that vote on a track's identity; more where the face is small
_SMALL_FACE = 80  # pixels
_LOOK_EVERY = 2  # pictures between closer looks where lids and lips are calm
_LIVELY = 0.02  # eye distances that one of these may have changed since the picture before, to be calm
_GAPS = np.array([(13, 14), (61, 291), (0, 17), (159, 145), (386, 374)])  # of lips and lids

Where = tuple[float, float, float, float]  # a box: x, y, width, height


@dataclass(eq=False)
class Trace:
    """One face followed without a gap, forwards and backwards from the picture in which it was found.

    Its rows lie in two strands: `later` from the found picture on, `earlier` from the one before it backwards.
    """

    shot: int
    found: int
    square: Square  # where it is expected in the next picture
    box: Where  # where it was in the last one
    later: Strand
    earlier: Strand
    gallery: Gallery
    starts: Where = (0.0, 0.0, 0.0, 0.0)  # where it was in the first one
    first: int = 0
    last: int = 0
    weight: float = 0.0  # how much picture the face fills over its life, in pixels · pictures
    gaps: F32 | None = None  # of lips and lids in the picture last seen
    chips: list[tuple[float, U8]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.last - self.first + 1

    def keep(self, networks: FaceNetworks, frame: Frame, picture: int, sight: Sight, close: bool) -> None:
        """What following does not wait for: a closer look, now and then a chip for the identity or a texture."""
        look = networks.closeup(sight.crop, sight.square) if close else None
        mesh = (self.later if picture >= self.found else self.earlier).add(sight.points, sight.score, look)
        if mesh is None:
            return
        if (picture - self.found) % _CHIP_EVERY == 0:
            face = chip(frame, mesh)
            yaw, pitch, _roll = pose_of(mesh)
            facing = float(np.cos(np.radians(yaw)) * np.cos(np.radians(pitch)))
            best = [*self.chips, (sight.score * facing * sharpness(face), face)]
            wanted = _SMALL_CHIPS if max(sight.box[2:]) < _SMALL_FACE else _CHIPS
            self.chips = sorted(best, key=lambda item: -item[0])[:wanted]
        self.gallery.see(picture, frame, mesh)

    def finish(self) -> None:
        self.later.finish()
        self.earlier.finish()

    def rows(self, start: int, stop: int) -> F32:
        """The rows of pictures `start` to `stop` (exclusive), counted in the master."""
        turn = min(max(start, self.found), stop)
        before = self.earlier.table.read(self.found - turn, self.found - start)[::-1] if start < turn else None
        after = self.later.table.read(turn - self.found, stop - self.found)
        return after if before is None else np.concatenate([before, after])


@dataclass
class _Seen:
    """A picture that newcomers may be followed back to, and where faces are known in it."""

    picture: int
    frame: Frame
    boxes: list[Where]


@dataclass(frozen=True)
class Sight:
    """What following found in one picture."""

    crop: U8
    square: Square
    points: F32
    score: float

    @cached_property
    def own(self) -> Square:
        """The square around what was found."""
        return square_around(self.points)

    @cached_property
    def box(self) -> Where:
        low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])

    @property
    def gaps(self) -> F32:
        """How far lips and lids are open, in eye distances."""
        between = self.points[_GAPS[:, 0], :2] - self.points[_GAPS[:, 1], :2]
        eyes = float(np.hypot(*(self.points[263, :2] - self.points[33, :2])))
        return np.asarray(np.hypot(between[:, 0], between[:, 1]) / max(eyes, 1.0), np.float32)


class Follower:
    """Follows faces on this thread and looks closer at them on another."""

    def __init__(self, networks: FaceNetworks, beside: Beside, spool: Spool) -> None:
        self._networks = networks
        self._beside = beside
        self._spool = spool
        self._recent: deque[_Seen] = deque(maxlen=_BACK)
        self._active: list[Trace] = []
        self._done: list[Trace] = []
        self._looked = 0  # the picture in which faces were last looked for
        self._shot = 0

    def finish(self) -> list[Trace]:
        """There are no more pictures: all faces that were followed, once what is done beside is done."""
        self._end(self._active)
        self._active = []
        self._beside.wait()
        return self._done

    def cut(self) -> None:
        """The next picture starts a new shot."""
        self._end(self._active)
        self._active = []
        self._recent.clear()
        self._shot += 1

    def see(self, picture: int, frame: Frame, found: list[Detection] | None) -> None:
        """The next picture of the shot, with the faces that were found in it, if they were looked for."""
        kept = self._follow(picture, frame)
        lost = len(kept) < len(self._active)
        self._end([trace for trace in self._active if trace not in kept])
        self._active = kept
        if found is None and (lost or (not kept and picture - self._looked >= _DETECT_ALONE)):
            found = self._networks.detect(frame, threshold=GUESS)
        if found is not None:
            self._looked = picture
            for trace in self._newcomers(picture, frame, found):
                self._back(trace)
        self._recent.append(_Seen(picture, frame, [trace.box for trace in self._active]))

    def _follow(self, picture: int, frame: Frame) -> list[Trace]:
        """Those of the active that are seen here too."""
        sights = [(trace, self._sight(frame, trace.square)) for trace in self._active]
        seen = [(trace, sight) for trace, sight in sights if sight.score >= FACE_SCORE]
        # Where two have come to lie on one face, the one that jumped there has lost its own.
        steady = sorted(seen, key=lambda one: _jump(one[0].box, one[1].box))
        kept: list[tuple[Trace, Sight]] = []
        for trace, sight in steady:
            if not _meets(sight.box, (other.box for _trace, other in kept), _SAME_FACE):
                kept.append((trace, sight))
        for trace, sight in kept:
            self._keep(trace, picture, frame, sight)
            trace.square = _onward(trace.box, sight)
            trace.last, trace.box = picture, sight.box
        return [trace for trace in self._active if any(trace is one for one, _sight in kept)]

    def _end(self, traces: Sequence[Trace]) -> None:
        self._done += traces
        for trace in traces:
            self._beside.do(trace.finish)

    def _newcomers(self, picture: int, frame: Frame, found: list[Detection]) -> list[Trace]:
        new = []
        for one in found:
            if _meets(one.box, (trace.box for trace in self._active), _SAME_PLACE):
                continue
            sight = self._sight(frame, one.square)
            known = [trace.box for trace in self._active]
            if sight.score < FACE_SCORE or any(_covered(sight.box, box) > _WITHIN for box in known):
                continue
            later = Strand(self._spool)
            earlier = Strand(self._spool, later)
            trace = Trace(self._shot, picture, sight.own, sight.box, later, earlier, Gallery(picture))
            trace.first, trace.last, trace.starts = picture, picture, sight.box
            self._keep(trace, picture, frame, sight)
            self._active.append(trace)
            new.append(trace)
        return new

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

    def _sight(self, frame: Frame, square: Square) -> Sight:
        """What is seen in a square; where that is not the face's own, in its own: the network sees best what it
        sees in the middle, and what moves fast would be followed ever farther behind."""
        sight = self._glance(frame, square)
        own = sight.own
        off = np.hypot(own.x - square.x, own.y - square.y)
        if off > _MOVED * square.side or not square.side / _GREW < own.side < square.side * _GREW:
            return self._glance(frame, own)
        return sight

    def _glance(self, frame: Frame, square: Square) -> Sight:
        crop = cut_square(frame, square, MESH_PX)
        return Sight(crop, square, *self._networks.follow(crop, square))

    def _keep(self, trace: Trace, picture: int, frame: Frame, sight: Sight) -> None:
        trace.weight += sight.box[2] * sight.box[3]
        gaps = sight.gaps
        lively = trace.gaps is not None and float(np.abs(gaps - trace.gaps).max()) > _LIVELY
        trace.gaps = gaps
        close = lively or (picture - trace.found) % _LOOK_EVERY == 0
        self._beside.do(trace.keep, self._networks, frame, picture, sight, close)


def _onward(before: Where, sight: Sight) -> Square:
    """Where a face is expected next, when it goes on as it went since it was in the box before."""
    square, way = sight.own, _centre(sight.box) - _centre(before)
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
