"""How good each picture of a video would be as its still: eyes, smile, pose, size and calm of the faces in it, from
what was perceived; sharpness and light, from the picture itself.

Everybody is measured by themselves: eyes are open or closed against how far they usually are, a smile is what is
wider and higher than the person's usual mouth, and pictures are sharp or blurred against the clip's sharpest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.delivery.sightings import F64
from countenance.delivery.viewing import View
from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Frame
from countenance.media.probe import Master
from countenance.perception.pose import rotation_of
from countenance.perception.topology import POINTS

# upper and lower lid in three places, and the corners, of both eyes
_LIDS = (((160, 144), (159, 145), (158, 153), (33, 133)), ((387, 373), (386, 374), (385, 380), (263, 362)))
_CORNERS, _INNER = (61, 291), (13, 14)
_SEEN = 0.5  # score below which a face was filled in, not seen
_MOST = 3000  # pictures of a video that are weighed
_NEAR = 100  # pictures up to which reading on is quicker than seeking
_FACE_PX = 160  # width at which sharpness is measured, so that near and far faces compare

WEIGHTS = {
    "eyes": 0.24, "sharpness": 0.20, "smile": 0.16, "pose": 0.13, "stillness": 0.09, "size": 0.08, "mouth": 0.06,
    "light": 0.04,
}  # fmt: skip
_LEAST_EYES, _LEAST_SHARPNESS, _LEAST_STILLNESS = 0.45, 0.35, 0.2  # below these a picture is not offered


@dataclass(frozen=True)
class Looks:
    """Marks 0..1 of some pictures `numbers` `(n,)`, each `(n,)` by the name of what was weighed; `faces` tells in which
    pictures somebody is seen."""

    numbers: NDArray[np.int64]
    marks: dict[str, F64]
    faces: NDArray[np.bool_]

    @property
    def score(self) -> F64:
        """The weighted mean of what was weighed, 0..1; what no picture can have is left out."""
        total = sum(WEIGHTS[name] for name in self.marks)
        return np.asarray(sum(WEIGHTS[name] * mark for name, mark in self.marks.items()) / total, np.float64)

    @property
    def fit(self) -> NDArray[np.bool_]:
        """Which pictures are fit to be offered: no eyes closed or half closed, no blur."""
        fit = np.ones(len(self.numbers), bool)
        for name, least in (("eyes", _LEAST_EYES), ("sharpness", _LEAST_SHARPNESS), ("stillness", _LEAST_STILLNESS)):
            if name in self.marks:
                fit &= self.marks[name] >= least
        return fit

    def of(self, chosen: NDArray[np.int64]) -> Looks:
        """Some of the pictures, by their places."""
        marks = {name: mark[chosen] for name, mark in self.marks.items()}
        return Looks(self.numbers[chosen], marks, self.faces[chosen])


def face_looks(looked: View, numbers: NDArray[np.int64]) -> Looks:
    """Marks from what was perceived alone. Where several people are seen, the worst eyes count, else the larger face
    counts more."""
    people = [_Person(looked, person, numbers) for person in range(looked.seen.people)]
    size = np.stack([one.size for one in people]) if people else np.zeros((0, len(numbers)))
    known = size > 0
    share = size / np.maximum(size.sum(axis=0), 1e-9)

    def mean(name: str) -> F64:
        rows = np.stack([getattr(one, name) for one in people])
        return np.asarray((np.where(known, rows, 0) * share).sum(axis=0), np.float64)

    if not known.any():
        return Looks(numbers, {}, np.zeros(len(numbers), bool))
    eyes = np.where(known, np.stack([one.eyes for one in people]), 1.0).min(axis=0)
    faces = np.asarray(known.any(axis=0), np.bool_)
    marks = {name: mean(name) for name in ("smile", "pose", "stillness", "mouth")}
    marks["size"] = np.clip(size.max(axis=0) / (0.45 * looked.seen.size[1]), 0, 1)
    marks["eyes"] = np.where(faces, eyes, 0)
    return Looks(numbers, marks, faces)


class _Person:
    """Marks of one person in some pictures, 0 where they are not seen; `size` is their face's height in pixels."""

    def __init__(self, looked: View, person: int, numbers: NDArray[np.int64]) -> None:
        raw = np.full((len(numbers), 8), np.nan)
        where = {int(number): place for place, number in enumerate(numbers)}
        for track in looked.perception.of_person(person):
            for number in track.frames.tolist():
                place = where.get(number)
                face = track.at(number) if place is not None else None
                if place is not None and face is not None and face.score >= _SEEN:
                    before = track.at(number - 1) or track.at(number + 1)
                    moved = 0.0 if before is None else float(np.linalg.norm(_nose(face.mesh) - _nose(before.mesh)))
                    raw[place] = (*_measured(face.mesh), moved / face.eye_distance_px, *face.pose[:2], 0)
        known = np.isfinite(raw[:, 0])
        boxes = looked.seen.faces[person, numbers]
        self.size = np.where(known, boxes[:, 3] - boxes[:, 1], 0.0)
        if not known.any():
            self.eyes = self.smile = self.pose = self.stillness = self.mouth = np.zeros(len(numbers))
            return
        lids, width, lift, gap, moved_by, yaw, pitch = raw[:, :7].T
        usual = np.percentile(lids[known], 75)
        self.eyes = _mark(lids / usual, 0.55, 0.95)
        wider = width / np.median(width[known]) - 1
        higher = lift - np.median(lift[known])
        self.smile = _mark(3.0 * wider + 5.0 * higher, -0.1, 0.9)
        self.pose = 1 - _mark(np.hypot(yaw, pitch - np.median(pitch[known])), 6, 40)
        self.stillness = 1 - _mark(moved_by, 0.015, 0.12)
        self.mouth = 1 - _mark(gap - 0.25 * self.smile, 0.05, 0.35)


def _mark(values: F64, none: float, full: float) -> F64:
    """0 at `none` and 1 at `full`, in a line between; 0 where nothing is known."""
    return np.nan_to_num(np.clip((values - none) / (full - none), 0, 1))


def _nose(mesh: F32) -> F32:
    return mesh[1, :2]


def _measured(mesh: F32) -> tuple[float, float, float, float]:
    """How far the lids are open (over the eye's width), the mouth's width, how much its corners are lifted above its
    middle, and how far the lips are apart, in distances of the outer eye corners."""
    points = mesh[:POINTS]
    unit = float(np.linalg.norm(points[33] - points[263]))
    lids = []
    for *pairs, (outer, inner) in _LIDS:
        wide = float(np.linalg.norm(points[outer] - points[inner]))
        lids.append(sum(float(np.linalg.norm(points[a] - points[b])) for a, b in pairs) / (3 * wide))
    down = rotation_of(mesh)[1]
    middle = points[list(_INNER)].mean(axis=0) @ down
    corners = points[list(_CORNERS)].mean(axis=0) @ down
    width = float(np.linalg.norm(points[_CORNERS[0]] - points[_CORNERS[1]]))
    gap = float(np.linalg.norm(points[_INNER[0]] - points[_INNER[1]]))
    return sum(lids) / 2, width / unit, float(middle - corners) / unit, gap / unit


def picture_looks(looked: View, looks: Looks) -> Looks:
    """The same pictures with sharpness and light, measured where the faces are, else in the whole picture."""
    sharp, light = np.zeros(len(looks.numbers)), np.zeros(len(looks.numbers))
    for place, frame in enumerate(pictures_at(looked.master, looks.numbers.tolist())):
        part = _part(frame, looked, int(looks.numbers[place]))
        sharp[place] = _sharpness(part)
        light[place] = _light(part)
    best = float(np.percentile(sharp, 95)) if len(sharp) else 1.0
    marks = {**looks.marks, "sharpness": np.clip(sharp / max(best, 1e-9), 0, 1), "light": light}
    return Looks(looks.numbers, marks, looks.faces)


def pictures_at(master: Master, numbers: Sequence[int]) -> Iterator[Frame]:
    """The pictures of these numbers, which must rise; far apart they are sought, near ones read through."""
    start = 0
    while start < len(numbers):
        stop = start + 1
        while stop < len(numbers) and numbers[stop] - numbers[stop - 1] <= _NEAR:
            stop += 1
        wanted = set(numbers[start:stop])
        frames = decode(master, start=numbers[start], stop=numbers[stop - 1] + 1)
        for number, frame in enumerate(frames, numbers[start]):
            if number in wanted:
                yield frame
        start = stop


def weighed(master: Master) -> NDArray[np.int64]:
    """The numbers of the pictures that are weighed: all of a short video, evenly spread ones of a long one."""
    return np.unique(np.linspace(0, master.frames - 1, min(master.frames, _MOST)).astype(np.int64))


def _part(frame: Frame, looked: View, number: int) -> U8:
    """The luma of the largest face, at a fixed width if it is larger; of the whole picture where there is none."""
    luma = frame.planes[0]
    boxes = looked.seen.faces[:, number]
    boxes = boxes[np.isfinite(boxes[:, 0])]
    if len(boxes):
        left, top, right, bottom = boxes[np.argmax(boxes[:, 3] - boxes[:, 1])]
        part = luma[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
        luma = part if min(part.shape) >= 8 else luma
    scale = _FACE_PX / luma.shape[1]
    if scale >= 1:
        return luma
    size = (_FACE_PX, max(8, round(luma.shape[0] * scale)))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sharpness(part: U8) -> float:
    """The mean strength of edges over the contrast (after the Tenengrad measure; Pertuz et al. 2013)."""
    plane = part.astype(np.float32)
    across, down = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    return float(np.mean(across**2 + down**2) / (np.var(plane) + 25.0))


def _light(part: U8) -> float:
    """1 where the middle brightness is comfortable and nothing is clipped."""
    middle = float(np.median(part))
    clipped = float(np.mean((part <= 18) | (part >= 233)))
    comfortable = min(1.0, max(0.0, (middle - 30) / 50)) * min(1.0, max(0.0, (225 - middle) / 30))
    return comfortable * max(0.0, 1 - 3 * clipped)
