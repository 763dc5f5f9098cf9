"""What perception hands on: the people of a master and their faces over time, as plain arrays.

The meshes are the bulk of it, 5.6 KiB a face and picture. They are written to a file of their own and read from
there as they are used, so that memory does not grow with the clip.
"""

from __future__ import annotations

import mmap
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8
from countenance.perception.gallery import no_textures
from countenance.perception.topology import IRIS_POINTS, POINTS
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
    """One face through one shot, without gaps: up to six pictures in which it was hidden are filled in, with a score
    of 0.25, where no face that was seen has less than 0.5.

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
        mesh = np.array(self.mesh[index])
        if index % _FORGET_EVERY == 0:
            _forget(self.mesh)
        return Face(mesh, float(self.score[index]), self.pose[index], frame_number)


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


_FORGET_EVERY = 256  # pictures
_MESHES, LAST_FILE = "meshes.npy", "tracks.npz"
_SMALL = ("frames", "score", "pose", "embedding", "textures", "texture_frames")


def save_perception(folder: Path, seen: Perception) -> None:
    """Write two files into a folder, the meshes of all tracks and then the rest, each whole or not at all.

    The rest is what counts: without it nothing was saved (`is_saved`). The same content gives the same bytes.
    """
    shape = (sum(len(track.frames) for track in seen.tracks), POINTS + IRIS_POINTS, 3)
    with atomic_path(folder / _MESHES) as part, part.open("wb") as file:
        facts = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, facts)
        for track in seen.tracks:
            for start in range(0, len(track.mesh), _FORGET_EVERY):
                file.write(np.ascontiguousarray(track.mesh[start : start + _FORGET_EVERY], np.float32).tobytes())
                _forget(track.mesh)
    arrays: dict[str, Any] = {"frames": seen.frames, "shots": np.array(seen.shots, np.int64)}
    for number, track in enumerate(seen.tracks):
        arrays |= {f"{number}.{name}": getattr(track, name) for name in _SMALL}
        arrays[f"{number}.place"] = np.array([track.shot, track.person], np.int64)
    with atomic_path(folder / LAST_FILE) as part:
        _write_arrays(part, arrays)


def is_saved(folder: Path) -> bool:
    return (folder / LAST_FILE).is_file()


def load_perception(folder: Path) -> Perception:
    """What `save_perception` wrote; the meshes stay in their file until they are used."""
    meshes = np.load(folder / _MESHES, mmap_mode="r", allow_pickle=False)
    with np.load(folder / LAST_FILE, allow_pickle=False) as data:
        tracks: list[FaceTrack] = []
        start = 0
        while f"{len(tracks)}.place" in data:
            small = {name: data[f"{len(tracks)}.{name}"] for name in _SMALL}
            shot, person = data[f"{len(tracks)}.place"].tolist()
            stop = start + len(small["frames"])
            tracks.append(FaceTrack(shot=shot, person=person, mesh=np.asarray(meshes[start:stop]), **small))
            start = stop
        return Perception(int(data["frames"]), tuple(data["shots"].tolist()), tuple(tracks))


def _write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """As `np.savez_compressed`, but without the time of day in it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)


def _forget(array: F32) -> None:
    """Let go of the memory that reading from a mapped file has taken; it is read again where it is used again."""
    base: Any = array
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    if base is not None and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
