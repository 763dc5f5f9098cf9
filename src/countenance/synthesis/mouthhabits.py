"""How one person shapes the mouth for each sound, learnt from footage of theirs.

The first guess is the general table: what sounds ask of gap and width, within this person's range, and how the rest of
the lower face goes with these two. Where the footage's words are known, what the guess leaves over is explained by what
the sounds ask for (four targets, the weights of 15 visemes, the jaw) and by the turn of the head, in a ridge regression
(Hoerl and Kennard 1970). So a few seconds of speech are enough, and what was never said stays as in the table.

Footage whose sound runs ahead of its picture would teach the wrong mouths. By how much it does is found first, from
footage and phones alone: the shift with which one part of the clip predicts another best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from countenance.media.frame import F32
from countenance.perception.topology import LIPS_INNER, LIPS_OUTER
from countenance.speech.phones import Phone, Phones
from countenance.speech.visemes import VisemeCurve, jaw_opening, mouth_targets

F64 = NDArray[np.float64]
SOUNDS, REST = 20, 4  # columns of `sounds`, and the one that is 1 in silence
_LIPS = np.array(LIPS_OUTER + LIPS_INNER)
_BELIEFS = (3.0, 10.0, 30.0, 100.0)  # in the table, in pictures, per unit of what is asked
_LEAST_PICTURES, _LEAST_TOLD = 20, 30
_POSE_UNIT = 10.0  # degrees of yaw and pitch that weigh as much as a full opening
_FURTHEST = 1.5  # of the poses that were seen: nothing is known of how the face looks beyond
_LIVELIER = (1.0, 1.5)
_NEXT_S = 0.1  # pictures farther apart are not neighbours
_RESTING = 0.9  # of the weight of silence
_SHUT_SHARE = 0.15  # of this person's range of gaps: lips that are this close are shut
_SHIFTS_S = np.arange(-6, 7) * 0.02
_PARTS, _SURE = 5, 0.95  # parts of a clip that predict each other, and the share of error that a shift must leave


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
    """One person's mouth as a linear function of sounds and pose.

    `usual` `(468, 2)`, `by_sound` `(20, 468, 2)` and `by_pose` `(2, 468, 2)`, all in eye distances; `posed` `(2,)` is
    the usual pose and `reach` `(2,)` how far from it others were seen; `told` whether any words were known.
    """

    usual: F32
    by_sound: F32
    by_pose: F32
    posed: F32
    reach: F32
    told: bool

    def shapes(self, phones: Phones, times_s: ArrayLike) -> F32:
        """The lower face `(n, 468, 2)` in eye distances that this person would show in their usual pose."""
        return self.asked(sounds(phones, times_s))

    def asked(self, wants: F32) -> F32:
        """The same for what sounds ask `(n, 20)`."""
        return np.asarray(self.usual + np.tensordot(wants, self.by_sound, 1), np.float32)

    def turned(self, poses: F32) -> F32:
        """What turning the head from the usual pose to others `(n, 3)` does to the face in face space `(n, 468, 2)`."""
        away = np.clip(poses[:, :2] / _POSE_UNIT - self.posed, -self.reach, self.reach)
        return np.asarray(np.tensordot(away.astype(np.float32), self.by_pose, 1), np.float32)


def sounds(phones: Phones, times_s: ArrayLike) -> F32:
    """What the sounds ask of the mouth `(n, 20)`: the four targets, 15 visemes and the jaw."""
    times = np.asarray(times_s, np.float64)
    columns = [mouth_targets(phones, times), VisemeCurve(phones).visemes(times), jaw_opening(phones, times)[:, None]]
    return np.concatenate(columns, axis=1).astype(np.float32)


def learn(lessons: Sequence[Lesson]) -> Habits:
    """The habits that explain the lessons best; at least one must hold a picture."""
    guess = _guessed(lessons)
    told = [lesson for lesson in lessons if lesson.phones is not None and len(lesson.times_s)]
    if sum(len(lesson.times_s) for lesson in told) < _LEAST_PICTURES:
        return guess
    belief = _belief(told)
    return _lively(_corrected(guess, told, belief), told, belief)


def in_time(lesson: Lesson) -> tuple[Lesson, float]:
    """The lesson with its phones on the clock of its pictures, and by how many seconds they were too early.

    The shift is 0 unless another one predicts unseen parts of the clip better by a twentieth.
    """
    if lesson.phones is None or len(lesson.times_s) < _LEAST_TOLD:
        return lesson, 0.0
    errors = np.array([_unseen_error(replace(lesson, times_s=lesson.times_s - shift)) for shift in _SHIFTS_S])
    best = int(errors.argmin())
    if errors[best] > _SURE * errors[len(errors) // 2]:
        return lesson, 0.0
    shift = float(_SHIFTS_S[best])
    return replace(lesson, phones=shifted(lesson.phones, shift)), shift


def shifted(phones: Phones, later_s: float) -> Phones:
    """Phones that begin later, the first one still where it did, so that nothing is left without one."""
    moved = [Phone(phone.symbol, phone.start_s + later_s, phone.end_s + later_s) for phone in phones]
    return (replace(moved[0], start_s=min(phones[0].start_s, moved[0].start_s)), *moved[1:]) if moved else ()


def _belief(lessons: Sequence[Lesson]) -> float:
    """How much the table is to be believed: as much as lets parts of the lessons tell others best."""
    enough = [one for one in lessons if len(one.times_s) >= _LEAST_TOLD]
    if not enough:
        return _BELIEFS[-1]
    errors = [sum(len(one.times_s) * _unseen_error(one, belief) for one in enough) for belief in _BELIEFS]
    return _BELIEFS[int(np.argmin(errors))]


def _unseen_error(lesson: Lesson, belief: float = _BELIEFS[0]) -> float:
    """The lips' mean squared error where each fifth of a clip is told by the rest."""
    return float(((_unseen(lesson, belief) - lesson.shapes)[:, _LIPS] ** 2).mean())


def _unseen(lesson: Lesson, belief: float) -> F32:
    """The faces of a clip `(n, 468, 2)`, each fifth of it as told by the rest."""
    part = np.arange(len(lesson.times_s)) * _PARTS // len(lesson.times_s)
    made = np.empty_like(lesson.shapes)
    for number in range(_PARTS):
        known, asked = _some(lesson, part != number), _some(lesson, part == number)
        assert asked.phones is not None
        habits = _corrected(_guessed([known]), [known], belief)
        made[part == number] = habits.shapes(asked.phones, asked.times_s) + habits.turned(asked.poses)
    return made


def _some(lesson: Lesson, which: NDArray[np.bool_]) -> Lesson:
    return Lesson(lesson.shapes[which], lesson.poses[which], lesson.times_s[which], lesson.phones)


def _guessed(lessons: Sequence[Lesson]) -> Habits:
    """The general table within this person's range, and how the face goes with the lips' gap and width."""
    faces = np.concatenate([one.shapes for one in lessons]).astype(np.float64)
    turns = np.concatenate([one.poses for one in lessons])[:, :2].astype(np.float64) / _POSE_UNIT
    gap = np.linalg.norm(faces[:, 14] - faces[:, 13], axis=1)
    width = np.linalg.norm(faces[:, 291] - faces[:, 61], axis=1)
    low, high = np.percentile(gap, [2, 95])
    narrow, rest, wide = np.percentile(width, [5, 50, 95])
    aperture = (gap - low) / max(high - low, 0.03)
    side = np.where(width > rest, max(wide - rest, 0.02), max(rest - narrow, 0.02))
    asked = np.stack([np.clip(aperture, -0.2, 1.5), np.clip((width - rest) / side, -1.5, 1.5)], axis=1)
    weights, mean = _ridge(np.concatenate([asked, turns], axis=1), faces - faces.mean(axis=0), 1.0)
    by_sound = np.zeros((SOUNDS, *faces.shape[1:]))
    by_sound[:2] = weights[:2]
    usual = faces.mean(axis=0) - np.tensordot(mean[:2], weights[:2], 1)
    reach = _FURTHEST * np.abs(turns - mean[2:]).max(axis=0)
    usual, by_sound, by_pose, posed, reach = (
        table.astype(np.float32) for table in (usual, by_sound, weights[2:], mean[2:], reach)
    )
    return Habits(usual, by_sound, by_pose, posed, reach, told=False)


def _corrected(guess: Habits, lessons: Sequence[Lesson], belief: float) -> Habits:
    """The guess with what it leaves over explained by the sounds.

    Lips that are parted in a pause, to breathe or to begin, are no habit of speech: such pictures are left out.
    """
    wants = np.concatenate([sounds(one.phones, one.times_s) for one in lessons if one.phones is not None])
    poses = np.concatenate([one.poses for one in lessons])
    faces = np.concatenate([one.shapes for one in lessons])
    gap = np.linalg.norm(faces[:, 14] - faces[:, 13], axis=1)
    low, high = np.percentile(gap, [2, 95])
    counts = (wants[:, REST] < _RESTING) | (gap < low + _SHUT_SHARE * (high - low))
    if counts.sum() < _LEAST_PICTURES:
        return guess
    wants, poses, faces = wants[counts], poses[counts], faces[counts]
    left = faces - guess.usual - np.tensordot(wants, guess.by_sound, 1) - guess.turned(poses)
    away = np.clip(poses[:, :2] / _POSE_UNIT - guess.posed, -guess.reach, guess.reach)
    columns = np.concatenate([wants, away], axis=1).astype(np.float64)
    usual = left.mean(axis=0, dtype=np.float64)
    weights, mean = _ridge(columns, left - usual, belief)
    usual -= np.tensordot(mean, weights, 1)
    return replace(
        guess,
        usual=(guess.usual + usual).astype(np.float32),
        by_sound=(guess.by_sound + weights[:SOUNDS]).astype(np.float32),
        by_pose=(guess.by_pose + weights[SOUNDS:]).astype(np.float32),
        told=True,
    )


def _lively(habits: Habits, lessons: Sequence[Lesson], belief: float) -> Habits:
    """The habits with as much motion as the lessons have: a least-squares answer is too tame.

    How tame is told by parts of the lessons that were not learnt from.
    """
    filmed = made = 0.0
    asked = np.zeros(SOUNDS)
    for one in lessons:
        assert one.phones is not None
        wants = sounds(one.phones, one.times_s)
        asked += wants.sum(axis=0)
        near = np.diff(one.times_s) < _NEXT_S
        filmed += float(_travel(one.shapes)[near].sum())
        told = _unseen(one, belief) if len(one.times_s) >= _LEAST_TOLD else habits.shapes(one.phones, one.times_s)
        made += float(_travel(told)[near].sum())
    asked /= sum(len(one.times_s) for one in lessons)
    gain = float(np.clip(filmed / max(made, 1e-9), *_LIVELIER))
    kept = np.tensordot((1 - gain) * asked, habits.by_sound, 1)
    return replace(
        habits, usual=(habits.usual + kept).astype(np.float32), by_sound=(gain * habits.by_sound).astype(np.float32)
    )


def _travel(shapes: F32) -> F64:
    """How far gap and width go from each picture to the next `(n - 1,)`."""
    gap = np.linalg.norm(shapes[:, 14] - shapes[:, 13], axis=1)
    width = np.linalg.norm(shapes[:, 291] - shapes[:, 61], axis=1)
    return np.asarray(np.hypot(np.diff(gap), np.diff(width)), np.float64)


def _ridge(columns: F64, faces: F64, belief: float) -> tuple[F64, F64]:
    """Weights `(k, 468, 2)` by which centred columns `(n, k)` explain centred faces, and the columns' means `(k,)`."""
    mean = columns.mean(axis=0)
    centred = columns - mean
    flat = faces.reshape(len(faces), -1)
    weights = np.linalg.solve(centred.T @ centred + belief * np.eye(centred.shape[1]), centred.T @ flat)
    return weights.reshape(-1, *faces.shape[1:]), mean
