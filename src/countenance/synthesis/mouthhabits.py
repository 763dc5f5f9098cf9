"""How one person shapes the mouth for each sound, learnt from footage whose words are known.

The lower face is a linear function of what the sounds ask for (aperture, width, press, tuck, the weights of the 15
visemes, the jaw) and of how the head is turned, fitted by ridge regression (Hoerl and Kennard 1970): a few seconds
of speech are enough, and what was never said falls back to this person's usual mouth. Lips of some people run
farther ahead of the sound than those of others, so the lead that explains the footage best is found, too.

Footage without words teaches only how the face goes with gap and width of the lips; what these are for a sound is then
taken from the general table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from countenance.media.frame import F32
from countenance.perception.topology import LIPS_INNER, LIPS_OUTER
from countenance.speech.phones import Phones
from countenance.speech.visemes import VisemeCurve, jaw_opening, mouth_targets

F64 = NDArray[np.float64]
_LIPS = np.array(LIPS_OUTER + LIPS_INNER)
_RIDGE = 0.5  # pictures' worth of belief in the usual mouth, per unit of what is asked
_LEADS_S = (-0.04, -0.02, 0.0, 0.02, 0.04)  # more than this is no habit but a fault of the footage
_LEAST_PICTURES = 20
_POSE_UNIT = 10.0  # degrees of yaw and pitch that weigh as much as a full opening
_FURTHEST = 1.5  # of the poses that were seen: nothing is known of how the face looks beyond


@dataclass(frozen=True, eq=False)
class Lesson:
    """Footage to learn from: lower faces `(n, 468, 2)` in face space over eye distances, poses `(n, 3)` in degrees,
    times `(n,)` on the clock of the phones, None where the words are not known."""

    shapes: F32
    poses: F32
    times_s: F64
    phones: Phones | None


@dataclass(frozen=True, eq=False)
class Habits:
    """One person's mouth as a function of sounds and pose.

    `usual` `(468, 2)` and `by_sound` `(20, 468, 2)`, `by_pose` `(2, 468, 2)`, all in eye distances; `asked` `(20,)` and
    `posed` `(2,)` are what they belong to on average; `reach` `(2,)` the poses' range; `lead_s` is how much later than
    usual this person's lips move. `known` tells whether words were known; else `by_sound` stands on gap and width.
    """

    usual: F32
    by_sound: F32
    by_pose: F32
    asked: F32
    posed: F32
    reach: F32
    lead_s: float
    known: bool

    def shapes(self, phones: Phones, times_s: ArrayLike) -> F32:
        """The lower face `(n, 468, 2)` in eye distances that this person would show in their usual pose."""
        wants = sounds(phones, np.asarray(times_s, np.float64) - self.lead_s)
        moved = np.tensordot(wants - self.asked, self.by_sound, 1)
        return np.asarray(self.usual + moved, np.float32)

    def turned(self, poses: F32) -> F32:
        """What turning the head from the usual pose to others `(n, 3)` does to the face in face space `(n, 468, 2)`."""
        return np.asarray(np.tensordot(self._pose(poses), self.by_pose, 1), np.float32)

    def _pose(self, poses: F32) -> F32:
        return np.clip(poses[:, :2] / _POSE_UNIT - self.posed, -self.reach, self.reach).astype(np.float32)


def sounds(phones: Phones, times_s: ArrayLike) -> F32:
    """What the sounds ask of the mouth `(n, 20)`: the four targets, 15 visemes and the jaw."""
    times = np.asarray(times_s, np.float64)
    columns = [mouth_targets(phones, times), VisemeCurve(phones).visemes(times), jaw_opening(phones, times)[:, None]]
    return np.concatenate(columns, axis=1).astype(np.float32)


def learn(lessons: Sequence[Lesson]) -> Habits:
    """The habits that explain the lessons best. At least one lesson must hold a picture."""
    told = [lesson for lesson in lessons if lesson.phones is not None and len(lesson.times_s)]
    if sum(len(lesson.times_s) for lesson in told) < _LEAST_PICTURES:
        return _untold(lessons)
    fits = [_fitted(told, lead) for lead in _LEADS_S]
    errors = [error * (1 + 0.5 * abs(lead)) for (_habits, error), lead in zip(fits, _LEADS_S, strict=True)]
    return fits[int(np.argmin(errors))][0]


def _fitted(lessons: Sequence[Lesson], lead_s: float) -> tuple[Habits, float]:
    """Habits with a given lead, and the lips' mean squared error on the lessons themselves."""
    wants = np.concatenate([sounds(one.phones, one.times_s - lead_s) for one in lessons if one.phones is not None])
    return _ridge(wants, lessons, lead_s, known=True)


def _ridge(wants: F32, lessons: Sequence[Lesson], lead_s: float, *, known: bool) -> tuple[Habits, float]:
    faces = np.concatenate([one.shapes for one in lessons]).astype(np.float64)
    poses = np.concatenate([one.poses for one in lessons])[:, :2].astype(np.float64) / _POSE_UNIT
    columns = np.concatenate([wants, poses], axis=1).astype(np.float64)
    usual, mean = faces.mean(axis=0), columns.mean(axis=0)
    centred = columns - mean
    flat = (faces - usual).reshape(len(faces), -1)
    weights = np.linalg.solve(centred.T @ centred + _RIDGE * np.eye(centred.shape[1]), centred.T @ flat)
    left = (flat - centred @ weights).reshape(faces.shape)[:, _LIPS]
    table = weights.reshape(-1, *usual.shape).astype(np.float32)
    count = wants.shape[1]
    reach = _FURTHEST * np.abs(centred[:, count:]).max(axis=0)
    made = Habits(
        usual.astype(np.float32), table[:count], table[count:],
        mean[:count].astype(np.float32), mean[count:].astype(np.float32), reach.astype(np.float32), lead_s, known,
    )  # fmt: skip
    return made, float((left**2).mean())


def _untold(lessons: Sequence[Lesson]) -> Habits:
    """Without words: how the face goes with the lips' gap and width, and the general table for what sounds ask of
    these two."""
    faces = np.concatenate([one.shapes for one in lessons])
    gap = np.linalg.norm(faces[:, 14] - faces[:, 13], axis=1)
    width = np.linalg.norm(faces[:, 291] - faces[:, 61], axis=1)
    low, high = np.percentile(gap, [5, 95])
    narrow, rest, wide = np.percentile(width, [5, 50, 95])
    aperture = (gap - low) / max(high - low, 0.03)
    spread = np.where(width > rest, (width - rest) / max(wide - rest, 0.02), (width - rest) / max(rest - narrow, 0.02))
    wants = np.zeros((len(faces), SOUNDS), np.float32)
    wants[:, 0], wants[:, 1] = np.clip(aperture, -0.2, 1.5), np.clip(spread, -1.5, 1.5)
    return _ridge(wants, lessons, 0.0, known=False)[0]


SOUNDS = 20  # columns of `sounds`
