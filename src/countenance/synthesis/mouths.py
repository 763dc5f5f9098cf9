"""A talent's own mouths: every way the lips stood in the master and in other clips of the same person.

All shapes live in one face space: a mesh of the track, onto whose steady points (bone, not muscle) every frame
is brought by a similarity. The unit is that mesh's distance of the outer eye corners.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Box
from countenance.media.probe import Master
from countenance.perception.pose import apply, steady_frame
from countenance.perception.tracks import FaceTrack
from countenance.speech.phones import Phones
from countenance.synthesis.mouthclips import MOST, Filmed, Footage, filmed, kept
from countenance.synthesis.mouthhabits import Habits, Lesson, in_time, learn, sounds

_TOUCHING = 0.014  # eye distances: see quality.articulation
_BETWEEN_CLIPS = 1000  # pictures, so that no mouth of one clip follows on one of another
_LOOK_PX = (24, 18)


@dataclass(frozen=True)
class Mouth:
    """One picture of the talent's lower face.

    `frame` counts pictures over all clips, with a gap between two clips; `pixels` `(h, w, 3)` uint8 RGB of `box`;
    `mesh` `(468, 3)` in picture pixels; `shape` `(468, 2)` in face space; `to_face` `(2, 3)` from picture to it;
    `gap` and `width` of the inner lips in eye distances; `sound` `(20,)` is what was being said (`mouthhabits.sounds`),
    None where the words are not known; `look` `(18, 24, 3)` uint8 is the mouth in small, by which teeth and light are
    compared.
    """

    frame: int
    pixels: U8
    box: Box
    mesh: F32
    shape: F32
    to_face: F32
    gap: float
    width: float
    pose: F32
    look: U8
    sound: F32 | None = None


@dataclass(frozen=True)
class MouthLibrary:
    """The talent's mouths in the order of the footage, with the face space they share and how they speak.

    `reference` `(468, 3)` is the mesh that spans the face space, `unit` its eye distance in pixels; `gap` and
    `width` are the (5th, 50th, 95th) percentiles of all that was seen, in eye distances; `early_s` is by how much each
    clip's sound was found to run ahead of its picture.
    """

    mouths: tuple[Mouth, ...]
    reference: F32
    unit: float
    gap: tuple[float, float, float]
    width: tuple[float, float, float]
    habits: Habits
    early_s: tuple[float, ...]

    @property
    def shut(self) -> float:
        """The gap that the mesh shows when the lips touch: it is not quite zero, and differs between people.

        Where the footage never shows them touch, it is the most that the mesh shows for touching lips.
        """
        return min(float(np.mean(sorted(mouth.gap for mouth in self.mouths)[:3])), _TOUCHING)


def gap_and_width(shape: F32, unit: float) -> tuple[float, float]:
    """Inner lip gap and mouth width of a shape in face space, in eye distances."""
    gap = float(np.linalg.norm(shape[14] - shape[13])) / unit
    return gap, float(np.linalg.norm(shape[291] - shape[61])) / unit


def collect_mouths(master: Master, tracks: Sequence[FaceTrack]) -> MouthLibrary:
    """The talent's mouths of one master. Raises InputError when no face is tracked."""
    return library_of([filmed(Footage(master, tracks))])


def library_of(clips: Sequence[Filmed]) -> MouthLibrary:
    """The library of one person from clips of theirs; the first is the clip that will be painted.

    Of the others together as many mouths are kept as of one clip.
    """
    reference = np.array(clips[0].faces[len(clips[0].faces) // 2])
    unit = float(np.linalg.norm(reference[33, :2] - reference[263, :2]))
    taught = [in_time(_lesson(clip, reference, unit)) for clip in clips]
    lessons = [lesson for lesson, _shift in taught]
    measured = np.array([gap_and_width(shape, 1.0) for lesson in lessons for shape in lesson.shapes])
    mouths: list[Mouth] = []
    first = place = 0
    others = sum(len(clip.numbers) for clip in clips[1:])
    for clip, lesson in zip(clips, lessons, strict=True):
        count = len(clip.numbers)
        wanted = [one for one in range(count) if not first or kept(place + one, others, MOST)]
        place += count if first else 0
        mouths += _mouths(clip, wanted, first, lesson.phones, reference, unit)
        first += clip.pictures + _BETWEEN_CLIPS
    early_s = tuple(shift for _lesson, shift in taught)
    ranges = _range(measured[:, 0]), _range(measured[:, 1])
    return MouthLibrary(tuple(mouths), reference, unit, *ranges, learn(lessons), early_s)


def _lesson(clip: Filmed, reference: F32, unit: float) -> Lesson:
    """A clip's lower faces in face space."""
    shapes = [apply(steady_frame(mesh, reference), mesh[:, :2]) / unit for mesh in clip.faces]
    return Lesson(np.array(shapes, np.float32), clip.face_poses, clip.face_times_s, clip.phones)


def _mouths(
    clip: Filmed, wanted: Sequence[int], first: int, phones: Phones | None, reference: F32, unit: float
) -> Iterator[Mouth]:
    """Some of a clip's mouths; `first` is the number of its first picture."""
    said = None if phones is None else sounds(phones, clip.times_s)
    for one in wanted:
        mesh, pixels, box = clip.meshes[one], clip.pixels[one], clip.boxes[one]
        to_face = steady_frame(mesh, reference)
        shape = apply(to_face, mesh[:, :2])
        gap, width = gap_and_width(shape, unit)
        yield Mouth(
            first + int(clip.numbers[one]), pixels, box, mesh, shape, to_face, gap, width, clip.poses[one],
            _look(pixels, box, to_face, reference, unit), None if said is None else said[one],
        )  # fmt: skip


def _look(pixels: U8, box: Box, to_face: F32, reference: F32, unit: float) -> U8:
    """The mouth and what is around it, 0.9 by 0.675 eye distances, upright and small."""
    centre = reference[[61, 291], :2].mean(axis=0)
    scale = _LOOK_PX[0] / (0.9 * unit)
    from_box = to_face.copy()
    from_box[:, 2] += to_face[:, :2] @ np.array([box.x, box.y], np.float32)
    matrix = from_box * scale
    matrix[:, 2] += np.array(_LOOK_PX, np.float32) / 2 - centre * scale
    size = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    calm = cv2.GaussianBlur(pixels, (0, 0), max(0.3, 0.4 / size)) if size < 1 else pixels
    return np.asarray(cv2.warpAffine(calm, matrix, _LOOK_PX, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _range(values: NDArray[np.float64]) -> tuple[float, float, float]:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return float(low), float(middle), float(high)
