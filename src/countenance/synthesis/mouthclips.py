"""Mouths out of one clip: the pictures that are kept, and how the face moved in all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Box
from countenance.media.probe import Master
from countenance.perception.topology import POINTS
from countenance.perception.tracks import FaceTrack
from countenance.speech.phones import Phones

MOST = 240  # mouths kept of one clip
_RUN = 12  # consecutive frames kept together, so that motion can be followed
_MOST_FACES = 3000  # meshes kept of one clip
_MARGIN = 0.75  # eye distances kept around the lower face
_SEEN = 0.5  # scores below are guesses where the face was hidden


@dataclass(frozen=True, eq=False)
class Footage:
    """A clip of one person to take mouths from.

    `tracks` are this person's; `phones` what they say in it, on the clock of the pictures, None where the words are not
    known; `span` the pictures that may be used (first, end), all by default.
    """

    master: Master
    tracks: Sequence[FaceTrack]
    phones: Phones | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Filmed:
    """What is kept of a clip; places are in its pictures' pixels, times the middle of a picture's time on the screen.

    Of the `k` mouths: `numbers` `(k,)` of their pictures, `pixels` `(h, w, 3)` uint8 RGB of `boxes`, `meshes`
    `(k, 468, 3)`, `poses` `(k, 3)`, `times_s` `(k,)`. Of `n` faces evenly spread over all that was seen: `faces`
    `(n, 468, 3)`, `face_poses` `(n, 3)`, `face_times_s` `(n,)`. The clip has `pictures`; `phones` as in `Footage`.
    """

    pictures: int
    numbers: NDArray[np.int64]
    pixels: tuple[U8, ...]
    boxes: tuple[Box, ...]
    meshes: F32
    poses: F32
    times_s: NDArray[np.float64]
    faces: F32
    face_poses: F32
    face_times_s: NDArray[np.float64]
    phones: Phones | None


def filmed(footage: Footage) -> Filmed:
    """Read a person's mouths out of a clip, in one pass. Raises InputError when the face is nowhere seen in it."""
    found = list(_sightings(footage))
    if not found:
        raise InputError(f"{footage.master.path}: there is no face to take mouths from; check `faces:` in the brief.")
    times = middles_s(footage.master)
    few = found[:: max(1, len(found) // _MOST_FACES)]
    wanted = {
        int(track.frames[index]): (track, index)
        for place, (track, index) in enumerate(found)
        if kept(place, len(found), MOST)
    }
    read = list(_read(footage.master, wanted))
    return Filmed(
        pictures=footage.master.frames,
        numbers=np.array([number for number, _pixels, _box in read], np.int64),
        pixels=tuple(pixels for _number, pixels, _box in read),
        boxes=tuple(box for _number, _pixels, box in read),
        meshes=_meshes([wanted[number] for number, _pixels, _box in read]),
        poses=_poses([wanted[number] for number, _pixels, _box in read]),
        times_s=times[[number for number, _pixels, _box in read]],
        faces=_meshes(few),
        face_poses=_poses(few),
        face_times_s=times[[int(track.frames[index]) for track, index in few]],
        phones=footage.phones,
    )


def kept(index: int, count: int, most: int) -> bool:
    """Runs of consecutive frames, evenly spread over all that was seen of the talent, until the library is full."""
    if count <= most:
        return True
    period = count / max(1, most // _RUN)
    return index % period < _RUN


def middles_s(master: Master) -> NDArray[np.float64]:
    """The middle of each picture's time on the screen `(n,)`: what a picture shows, it shows for that long."""
    starts = np.array(master.pts, np.float64) * float(master.time_base)
    if len(starts) < 2:
        return starts
    steps = np.diff(starts)
    return np.asarray(starts + np.append(steps, np.median(steps)) / 2)


def _sightings(footage: Footage) -> Iterator[tuple[FaceTrack, int]]:
    """Every picture in which the person is truly seen, as a track and a row of it."""
    first, end = footage.span or (0, footage.master.frames)
    for track in footage.tracks:
        for index, number in enumerate(track.frames):
            if first <= number < end and track.score[index] >= _SEEN:
                yield track, index


def _read(master: Master, wanted: dict[int, tuple[FaceTrack, int]]) -> Iterator[tuple[int, U8, Box]]:
    start, end = min(wanted), max(wanted) + 1
    for number, frame in enumerate(decode(master, start=start, stop=end), start=start):
        if number not in wanted:
            continue
        track, index = wanted[number]
        mesh = np.array(track.mesh[index])
        lower = mesh[mesh[:, 1] > mesh[5, 1]] if abs(track.pose[index, 2]) < 45 else mesh
        unit = float(np.linalg.norm(mesh[33, :2] - mesh[263, :2]))
        box = Box.around(lower[:, :2], _MARGIN * unit, frame.size)
        if box is not None:
            yield number, frame.rgb(box), box


def _meshes(found: Sequence[tuple[FaceTrack, int]]) -> F32:
    return np.array([track.mesh[index][:POINTS] for track, index in found], np.float32).reshape(-1, POINTS, 3)


def _poses(found: Sequence[tuple[FaceTrack, int]]) -> F32:
    return np.array([track.pose[index] for track, index in found], np.float32).reshape(-1, 3)
