"""One streaming pass over a master: shots, faces, and who is who."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from countenance.media.beside import Beside, ahead
from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Frame
from countenance.media.probe import Master
from countenance.perception.attention import MESH_PX
from countenance.perception.crop import Square, cut_square, square_around
from countenance.perception.gallery import Gallery
from countenance.perception.identity import chip, distance, embed, sharpness
from countenance.perception.networks import FaceNetworks, overlap
from countenance.perception.pose import pose_of
from countenance.perception.shots import ShotDetector
from countenance.perception.smooth import smooth_track
from countenance.perception.topology import IRIS_POINTS, LEFT_EYE, RIGHT_EYE
from countenance.perception.tracks import FaceTrack, Perception

_DETECT_EVERY = 12  # frames between looks for new faces while others are being followed
_LOST_SCORE = 0.5
_CHIP_EVERY = 10
_IRIS_EVERY = 2  # pictures between looks at the irises
_EYES = (list(RIGHT_EYE), list(LEFT_EYE))
_CHIPS = 3  # sharp frames that vote on a track's identity
_SAME_TRACKED_PERSON = 0.5  # stricter than the network's 0.6: joining two people is worse than splitting one
_SHORTEST = 3  # frames; shorter sightings are false alarms


def perceive(master: Master, progress: Callable[[int], None] = lambda _frame: None) -> Perception:
    """Follow every face through the whole master. Memory grows with the tracks only, never with the pictures.

    `progress` is called with the number of pictures seen so far.
    """
    cuts = ShotDetector()
    shots, active, done = [0], list[_Trace](), list[_Trace]()
    seen = 0
    with Beside() as beside:
        follower = _Follower(FaceNetworks(), beside)
        for number, frame in enumerate(ahead(decode(master))):
            if cuts.is_cut(frame):
                shots.append(number)
                done += active
                active = []
            kept = [trace for trace in active if follower.follow(trace, frame)]
            lost = len(kept) < len(active)
            done += [trace for trace in active if trace not in kept]
            active = kept
            if lost or not active or (number - shots[-1]) % _DETECT_EVERY == 0:
                active += follower.newcomers(active, frame, number, len(shots) - 1)
            seen = number + 1
            progress(seen)
    traces = [trace for trace in done + active if len(trace.points) >= _SHORTEST]
    return Perception(seen, tuple(shots), _tracks(traces))


@dataclass(eq=False)
class _Trace:
    """A face being followed: its growing arrays and its best chips (quality, picture)."""

    shot: int
    first: int
    square: Square
    points: list[F32] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    irises: list[F32] = field(default_factory=list)
    seen_closely: int = 0
    chips: list[tuple[float, U8]] = field(default_factory=list)
    gallery: Gallery = field(init=False)

    def __post_init__(self) -> None:
        self.gallery = Gallery(self.first)

    def add(self, points: F32, score: float) -> None:
        self.points.append(points)
        self.score.append(score)
        self.square = square_around(points)

    def look_closer(self, networks: FaceNetworks, frame: Frame, points: F32, score: float) -> None:
        """What following does not need: the irises, and now and then a chip for the identity and a texture."""
        self.gallery.see(self.first + self.seen_closely, frame, points)
        self.seen_closely += 1
        if self.seen_closely % _IRIS_EVERY == 1:
            self.irises.append(networks.irises(frame, points))
        if self.seen_closely % _CHIP_EVERY == 1:
            picture = chip(frame, points)
            yaw, pitch, _roll = pose_of(points)
            facing = float(np.cos(np.radians(yaw)) * np.cos(np.radians(pitch)))
            best = [*self.chips, (score * facing * sharpness(picture), picture)]
            self.chips = sorted(best, key=lambda item: -item[0])[:_CHIPS]

    @property
    def mesh(self) -> F32:
        """All meshes with their irises `(n, 478, 3)`; between two looks irises move with the eyes, in a line."""
        points = np.stack(self.points)
        eyes = np.repeat(np.stack([points[:, eye].mean(axis=1) for eye in _EYES], axis=1), IRIS_POINTS // 2, axis=1)
        looked = np.arange(0, len(points), _IRIS_EVERY)
        inside = np.stack(self.irises) - eyes[looked]
        before = np.minimum(np.arange(len(points)) // _IRIS_EVERY, len(looked) - 1)
        after = np.minimum(before + 1, len(looked) - 1)
        share = ((np.arange(len(points)) % _IRIS_EVERY) / _IRIS_EVERY)[:, None, None]
        irises = eyes + inside[before] * (1 - share) + inside[after] * share
        return np.concatenate([points, irises.astype(np.float32)], axis=1)

    @property
    def box(self) -> tuple[float, float, float, float]:
        low, high = self.points[-1][:, :2].min(axis=0), self.points[-1][:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])

    @property
    def weight(self) -> float:
        """How much picture the face fills over its life, in pixel·frames."""
        return len(self.points) * self.square.side**2


@dataclass(frozen=True)
class _Follower:
    """Follows faces on this thread and looks closer at them on another."""

    networks: FaceNetworks
    beside: Beside

    def follow(self, trace: _Trace, frame: Frame) -> bool:
        points, score = self.networks.follow(cut_square(frame, trace.square, MESH_PX), trace.square)
        if score < _LOST_SCORE:
            return False
        trace.add(points, score)
        self.beside.do(trace.look_closer, self.networks, frame, points, score)
        return True

    def newcomers(self, active: list[_Trace], frame: Frame, number: int, shot: int) -> list[_Trace]:
        new: list[_Trace] = []
        for found in self.networks.detect(frame):
            if any(overlap(found.box, trace.box) > 0.2 for trace in active + new):
                continue
            trace = _Trace(shot, number, found.square)
            if self.follow(trace, frame) and all(overlap(trace.box, other.box) < 0.4 for other in active + new):
                new.append(trace)
        return new


def _tracks(traces: list[_Trace]) -> tuple[FaceTrack, ...]:
    """Number the people, the most prominent first, and smooth their tracks."""
    vectors = [embed([picture for _, picture in trace.chips]).mean(axis=0) for trace in traces]
    people = _people(vectors, [trace.weight for trace in traces])
    tracks = []
    for trace, vector, person in zip(traces, vectors, people, strict=True):
        mesh = smooth_track(trace.mesh)
        tracks.append(
            FaceTrack(
                shot=trace.shot,
                person=person,
                frames=np.arange(trace.first, trace.first + len(mesh)),
                mesh=mesh,
                score=np.array(trace.score, np.float32),
                pose=np.stack([pose_of(m) for m in mesh]),
                embedding=vector,
                textures=trace.gallery.textures,
                texture_frames=trace.gallery.frames,
            )
        )
    return tuple(sorted(tracks, key=lambda track: (track.person, int(track.frames[0]))))


def _people(vectors: list[F32], weights: list[float]) -> list[int]:
    """A person number for each embedding: tracks join the nearest known person, heaviest tracks first."""
    groups: list[list[int]] = []
    for index in sorted(range(len(vectors)), key=lambda i: -weights[i]):
        near = [distance(vectors[index], np.stack([vectors[i] for i in group])) for group in groups]
        if near and min(near) < _SAME_TRACKED_PERSON:
            groups[int(np.argmin(near))].append(index)
        else:
            groups.append([index])
    groups.sort(key=lambda group: -sum(weights[i] for i in group))
    return [next(n for n, group in enumerate(groups) if i in group) for i in range(len(vectors))]
