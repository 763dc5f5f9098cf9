"""Everybody in the picture while one variant is painted: who is painted by what, in which order, and who never is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from countenance.campaign.plan import Part
from countenance.media.frame import F32, Box, Frame
from countenance.perception.tracks import Face, FaceTrack, Perception
from countenance.synthesis.compose import Compositor
from countenance.synthesis.engine import Laid, Painter, Patch
from countenance.synthesis.fade import Fade, fades_of
from countenance.synthesis.occlusion import Cover
from countenance.synthesis.overlap import may_touch, nearness, put_back, shield
from countenance.synthesis.patchfile import union
from countenance.synthesis.reshape import Ground

Hidden = Mapping[int, Cover | None]  # by track, what stands in front of the face in one picture


@dataclass(frozen=True)
class Painted:
    """What became of one person in one picture: where the face lies now, and what was laid over it."""

    face: Face
    laid: tuple[Laid, ...]


@dataclass
class Member:
    """One person who is painted. What is remembered from picture to picture is theirs, and ends with the shot."""

    part: Part
    tracks: tuple[FaceTrack, ...]
    painters: Sequence[Painter]
    _compositor: Compositor = field(default_factory=Compositor)

    @cached_property
    def fades(self) -> Mapping[int, Fade]:
        return fades_of(self.tracks)

    def start_painting(self) -> None:
        """Another shot has another light."""
        self._compositor = Compositor()

    def paint(self, frame: Frame, face: Face, number: int, hidden: Cover | None, shields: Sequence[Cover]) -> Painted:
        """Paint into the frame, but not over what hides the face, and not at all where it could not be done well."""
        fade = self.fades.get(face.picture, Fade())
        if fade.strength == 0:
            return Painted(face, (_nothing(face, frame.size, fade.why),))
        laid: list[Laid] = []
        for painter in self.painters:
            patch = painter.paint(frame, face, number)
            if patch is None:
                continue
            cover = _cover(patch, hidden, shields)
            patch = replace(patch, ground=_grounded(patch.ground, shields))
            laid.append(
                self._compositor.compose(frame, patch, painter.name, cover=cover, strength=fade.strength, why=fade.why)
            )
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

    def paint(self, frame: Frame, before: Frame, source: int, number: int, hidden: Hidden) -> Mapping[int, Painted]:
        """Paint output picture `number`, the master's picture `source`, in place; returns the painted, by track.

        `before` is the same picture as it stays, `hidden` what stands in front of faces in it.
        """
        shot = self._shot_of(source)
        if shot != self._shot:
            self._shot = shot
            for member in self._members.values():
                member.start_painting()
        faces = self._faces(source)
        wanted = sorted(self._members.keys() & faces.keys(), key=lambda track: self._near[shot, track])
        kept = [face for track, face in faces.items() if track not in self._members]
        kept = [face for face in kept if any(may_touch(faces[track], face) for track in wanted)]
        done: dict[int, Painted] = {}
        for place, track in enumerate(wanted):
            nearer = [faces[other] for other in wanted[place + 1 :] if may_touch(faces[track], faces[other])]
            shields = [cover for face in (*nearer, *kept) if (cover := shield(face, frame.size))]
            done[track] = self._members[track].paint(frame, faces[track], number, hidden.get(track), shields)
        for face in kept:
            put_back(frame, before, face)
        return done

    def _shot_of(self, source: int) -> int:
        return bisect_right(self._perception.shots, source) - 1

    def _faces(self, source: int) -> dict[int, Face]:
        found = {track.person: face for track in self._perception.tracks if (face := track.at(source)) is not None}
        return dict(sorted(found.items()))


def _nearness(perception: Perception) -> dict[tuple[int, int], float]:
    """How near each person stands in each shot: one value for the whole of it, so that no order flickers."""
    groups: dict[tuple[int, int], list[FaceTrack]] = {}
    for track in perception.tracks:
        groups.setdefault((track.shot, track.person), []).append(track)
    return {group: nearness(tracks) for group, tracks in groups.items()}


def _nothing(face: Face, frame_size: tuple[int, int], why: str) -> Laid:
    """The record that a face was left as it is on purpose."""
    last = np.array(frame_size) - 2
    x, y = (int(value) // 2 * 2 for value in np.clip(face.mesh[:, :2].mean(axis=0), 0, last))
    return Laid(Box(x, y, 2, 2), np.zeros((2, 2), np.float32), 0.0, why)


def _cover(patch: Patch, hidden: Cover | None, shields: Sequence[Cover]) -> Cover | None:
    """Everything that hides a face as one, wherever its patch and the ground under it reach."""
    covers = [*shields, *([hidden] if hidden else ())]
    if not covers:
        return None
    box = union(patch.box, patch.ground.box) if patch.ground else patch.box
    return Cover(box, 1 - _bare(covers, box))


def _grounded(ground: Ground | None, shields: Sequence[Cover]) -> Ground | None:
    """The ground's movement without other people's faces, which stay where they are."""
    if ground is None or not shields:
        return ground
    return replace(ground, field=ground.field * _bare(shields, ground.box)[..., None])


def _bare(covers: Sequence[Cover], box: Box) -> F32:
    """The share `(h, w)` of each pixel of a box that none of the covers hides."""
    bare: F32 = np.ones((box.height, box.width), np.float32)
    for cover in covers:
        bare *= 1 - cover.on(box)
    return bare
