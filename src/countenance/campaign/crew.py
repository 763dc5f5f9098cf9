"""Everybody in the picture while one variant is painted: who is painted by what, in which order, and who never is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from countenance.campaign.plan import Part
from countenance.media.frame import F32, Box, Frame
from countenance.perception.tracks import Face, FaceTrack, Perception
from countenance.synthesis.compose import Compositor
from countenance.synthesis.engine import Laid, Painter
from countenance.synthesis.occlusion import Cover, Occlusion
from countenance.synthesis.overlap import may_touch, nearness, put_back, shield


@dataclass(frozen=True)
class Painted:
    """What became of one person in one picture: where the face lies now, and what was laid over it."""

    face: Face
    laid: tuple[Laid, ...] = ()


@dataclass
class Member:
    """One person who is painted. What is remembered from picture to picture is theirs, and ends with the shot."""

    part: Part
    tracks: tuple[FaceTrack, ...]
    painters: Sequence[Painter]
    _compositor: Compositor = field(default_factory=Compositor)
    _occlusion: Occlusion | None = None
    _hidden: Cover | None = None

    def start(self, shot: int) -> None:
        """Another shot has another light, and other things in front of the face."""
        self._compositor = Compositor()
        self._occlusion = Occlusion([track for track in self.tracks if track.shot == shot])

    def look(self, frame: Frame, face: Face) -> None:
        """See what stands in front of the face, before anybody is painted."""
        self._hidden = self._occlusion.see(frame, face) if self._occlusion else None

    def paint(self, frame: Frame, face: Face, number: int, shields: Sequence[Cover]) -> Painted:
        """Paint into the frame, but not over what hides the face."""
        hidden = [cover for cover in (self._hidden, *shields) if cover is not None]
        laid: list[Laid] = []
        for painter in self.painters:
            patch = painter.paint(frame, face, number)
            if patch is None:
                continue
            patch = replace(patch, mask=patch.mask * _bare(hidden, patch.box))
            laid.append(self._compositor.compose(frame, patch, painter.name))
            face = patch.face
        return Painted(face, tuple(laid))


class Crew:
    """The people of one variant, painted picture by picture.

    Whoever stands farther off is painted first, and nobody is painted over a nearer face. The faces of those who
    are not painted keep every bit.
    """

    def __init__(self, perception: Perception, members: Sequence[Member]) -> None:
        self._perception = perception
        self._members = {member.part.track: member for member in members}
        self._near = _nearness(perception)
        self._shot = -1

    def paint(self, frame: Frame, before: Frame, source: int, number: int) -> Mapping[int, Painted]:
        """Paint output picture `number`, the master's picture `source`, in place; returns the painted, by track.

        `before` is the same picture as it stays.
        """
        shot = bisect_right(self._perception.shots, source) - 1
        if shot != self._shot:
            self._shot = shot
            for member in self._members.values():
                member.start(shot)
        faces = self._faces(source)
        wanted = sorted(self._members.keys() & faces.keys(), key=lambda track: self._near[shot, track])
        for track in wanted:
            self._members[track].look(frame, faces[track])
        kept = [face for track, face in faces.items() if track not in self._members]
        kept = [face for face in kept if any(may_touch(faces[track], face) for track in wanted)]
        done: dict[int, Painted] = {}
        for place, track in enumerate(wanted):
            nearer = [faces[other] for other in wanted[place + 1 :] if may_touch(faces[track], faces[other])]
            shields = [cover for face in (*nearer, *kept) if (cover := shield(face, frame.size))]
            done[track] = self._members[track].paint(frame, faces[track], number, shields)
        for face in kept:
            put_back(frame, before, face)
        return done

    def _faces(self, source: int) -> dict[int, Face]:
        found = {track.person: face for track in self._perception.tracks if (face := track.at(source)) is not None}
        return dict(sorted(found.items()))


def _nearness(perception: Perception) -> dict[tuple[int, int], float]:
    """How near each person stands in each shot: one value for the whole of it, so that no order flickers."""
    groups: dict[tuple[int, int], list[FaceTrack]] = {}
    for track in perception.tracks:
        groups.setdefault((track.shot, track.person), []).append(track)
    return {group: nearness(tracks) for group, tracks in groups.items()}


def _bare(covers: Sequence[Cover], box: Box) -> F32:
    """The share `(h, w)` of each pixel of a box that none of the covers hides."""
    bare: F32 = np.ones((box.height, box.width), np.float32)
    for cover in covers:
        bare *= 1 - cover.on(box)
    return bare
