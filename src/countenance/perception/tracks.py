"""What perception hands on: the people of a master and their faces over time, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8
from countenance.perception.gallery import no_textures
from countenance.perception.visibility import visibility
from countenance.store.files import atomic_path


@dataclass(frozen=True)
class Face:
    """One face in one frame: mesh `(478, 3)` float32 in pixels (468 points and 10 of the irises), score 0..1,
    pose (yaw, pitch, roll) in degrees; `picture` is the number of the master's picture that it is seen in."""

    mesh: F32
    score: float
    pose: F32
    picture: int = 0

    @property
    def eye_distance_px(self) -> float:
        """Distance of the outer eye corners: the unit of face-relative errors."""
        return float(np.linalg.norm(self.mesh[33, :2] - self.mesh[263, :2]))

    @cached_property
    def visibility(self) -> F32:
        """How well the camera sees each of the 468 points, 0..1: see `perception.visibility`."""
        return visibility(self.mesh)


@dataclass(frozen=True)
class FaceTrack:
    """One face through one shot, without gaps.

    `frames` `(n,)` counts pictures of the master from 0; `mesh` `(n, 478, 3)`; `score` `(n,)`; `pose` `(n, 3)`;
    `embedding` `(128,)` of its sharpest frames; `person` numbers people by how much of the picture they fill.
    `textures` `(k, 128, 128, 3)` uint8 RGB show the face in the common layout in up to 16 evenly spread pictures,
    whose numbers are `texture_frames` `(k,)`; texels not seen squarely enough are 0 in all channels, others never.
    """

    shot: int
    person: int
    frames: NDArray[np.int64]
    mesh: F32
    score: F32
    pose: F32
    embedding: F32
    textures: U8 = field(default_factory=no_textures)
    texture_frames: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def at(self, frame_number: int) -> Face | None:
        """The face in a picture, or None where the track does not reach."""
        index = frame_number - int(self.frames[0])
        if not 0 <= index < len(self.frames):
            return None
        return Face(self.mesh[index], float(self.score[index]), self.pose[index], frame_number)


@dataclass(frozen=True)
class Perception:
    """Everything that was seen in a master: shot starts (frame numbers) and face tracks."""

    frames: int
    shots: tuple[int, ...]
    tracks: tuple[FaceTrack, ...]

    @property
    def people(self) -> int:
        return 1 + max((track.person for track in self.tracks), default=-1)

    def of_person(self, person: int) -> tuple[FaceTrack, ...]:
        return tuple(track for track in self.tracks if track.person == person)

    def face_of(self, person: int, frame_number: int) -> Face | None:
        """The person's face in one picture, or None where it is not seen."""
        for track in self.tracks:
            if track.person == person and (face := track.at(frame_number)) is not None:
                return face
        return None


def save_perception(path: Path, seen: Perception) -> None:
    """Write one compressed array file, whole or not at all."""
    arrays: dict[str, Any] = {"frames": seen.frames, "shots": np.array(seen.shots, np.int64)}
    for number, track in enumerate(seen.tracks):
        for name in ("frames", "mesh", "score", "pose", "embedding", "textures", "texture_frames"):
            arrays[f"{number}.{name}"] = getattr(track, name)
        arrays[f"{number}.place"] = np.array([track.shot, track.person], np.int64)
    with atomic_path(path) as part:
        np.savez_compressed(part, **arrays)


def load_perception(path: Path) -> Perception:
    with np.load(path, allow_pickle=False) as data:
        count = sum(name.endswith(".place") for name in data.files)
        tracks = tuple(
            FaceTrack(
                shot=int(data[f"{n}.place"][0]),
                person=int(data[f"{n}.place"][1]),
                frames=data[f"{n}.frames"],
                mesh=data[f"{n}.mesh"],
                score=data[f"{n}.score"],
                pose=data[f"{n}.pose"],
                embedding=data[f"{n}.embedding"],
                textures=data[f"{n}.textures"],
                texture_frames=data[f"{n}.texture_frames"],
            )
            for n in range(count)
        )
        return Perception(int(data["frames"]), tuple(int(s) for s in data["shots"]), tracks)
