"""Where heads, faces and lips are in each picture of a video: what a reframing and the labels on it go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32
from countenance.perception.topology import EYE_CORNERS, LIPS_OUTER, POINTS
from countenance.perception.tracks import Perception

F64 = NDArray[np.float64]

HAIR = 0.30  # of the mesh's height: what of a head is above the mesh
SIDES = 0.08  # of the mesh's width, on either side: ears and hair


@dataclass(frozen=True)
class Sightings:
    """Everybody in a video of `size` (width, height) whose `n` pictures are shown from `times_s` `(n,)`.

    `faces`, `lips` `(people, n, 4)`: left, top, right, bottom in pixels, NaN where somebody is not seen; `eyes_y`
    `(people, n)` their height in pixels, `yaw` `(people, n)` degrees; `starts` are the pictures that begin a shot,
    0 first.
    """

    size: tuple[int, int]
    times_s: F64
    starts: tuple[int, ...]
    faces: F64
    lips: F64
    eyes_y: F64
    yaw: F64

    @property
    def people(self) -> int:
        return len(self.faces)

    @property
    def pictures(self) -> int:
        return len(self.times_s)

    def only(self, picture: int) -> Sightings:
        """One picture, as a video of its own."""
        at = slice(picture, picture + 1)
        return Sightings(
            self.size, self.times_s[at], (0,), self.faces[:, at], self.lips[:, at], self.eyes_y[:, at], self.yaw[:, at]
        )

    @property
    def heads(self) -> F64:
        """As `faces`, with the hair and the ears, inside the picture."""
        high = self.faces[..., 3] - self.faces[..., 1]
        wide = self.faces[..., 2] - self.faces[..., 0]
        heads = self.faces + np.stack([-SIDES * wide, -HAIR * high, SIDES * wide, 0.04 * high], axis=-1)
        return np.clip(heads, 0, np.array([*self.size, *self.size], np.float64))


def sightings(
    seen: Perception, size: tuple[int, int], times_s: Sequence[float] | F64, source: Sequence[int] | None = None
) -> Sightings:
    """What was perceived in a master of `size`, for a video that shows its pictures number `source` at `times_s`.

    Without `source` the video is the master itself.
    """
    shown = np.arange(len(times_s)) if source is None else np.asarray(source, np.int64)
    rows = np.full((seen.people, seen.frames, 10), np.nan)
    for track in seen.tracks:
        for number in track.frames.tolist():
            face = track.at(number)
            if face is not None:
                rows[track.person, number] = _row(face.mesh, float(face.pose[0]))
    told = rows[:, shown]
    shot = np.searchsorted(np.asarray(seen.shots), shown, side="right")
    starts = (0, *(np.flatnonzero(np.diff(shot)) + 1).tolist())
    times = np.asarray(times_s, np.float64)
    return Sightings(size, times, starts, told[..., :4], told[..., 4:8], told[..., 8], told[..., 9])


def _row(mesh: F32, yaw: float) -> list[float]:
    eyes_y = float(mesh[list(EYE_CORNERS), 1].mean())
    return [*_box(mesh[:POINTS]), *_box(mesh[list(LIPS_OUTER)]), eyes_y, yaw]


def _box(points: NDArray[Any]) -> list[float]:
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return [float(low[0]), float(low[1]), float(high[0]), float(high[1])]
