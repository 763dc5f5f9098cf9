from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from countenance.perception.topology import LIPS_INNER, LIPS_OUTER
from countenance.speech.phones import Phone, Phones
from countenance.synthesis.mouthhabits import Habits, Lesson, in_time, learn, shifted, sounds

LIPS = list(LIPS_OUTER + LIPS_INNER)
SAID = "p a l o m i f e t u b i s a n o w e k a m o l i v a t e"
LONG_S = 0.11


def speech(said: str, start_s: float = 0.3, end_s: float = 0.3) -> Phones:
    phones = [Phone("", 0.0, start_s)]
    for number, symbol in enumerate(said.split()):
        phones.append(Phone(symbol, start_s + LONG_S * number, start_s + LONG_S * (number + 1)))
    return (*phones, Phone("", phones[-1].end_s, phones[-1].end_s + end_s))


def face(gap: np.ndarray, width: np.ndarray, chin: np.ndarray) -> np.ndarray:
    """Faces `(n, 468, 2)` in eye distances of somebody whose chin does what it likes."""
    shapes = np.zeros((len(gap), 468, 2), np.float32)
    shapes[:, :, 1] = np.linspace(-1, 1, 468)
    shapes[:, 13], shapes[:, 14] = (0, 0), np.stack([0 * gap, gap], axis=1)
    shapes[:, 61], shapes[:, 291] = np.stack([-width / 2, 0 * gap], axis=1), np.stack([width / 2, 0 * gap], axis=1)
    shapes[:, 152, 1] = 1 + chin
    return shapes


def lesson(phones: Phones, late_s: float = 0.0, turn: float = 0.0) -> Lesson:
    """Somebody whose jaw follows the vowels and who smiles at every i, filmed at 25 pictures a second."""
    times = np.arange(0.02, phones[-1].end_s, 0.04)
    wants = sounds(phones, times - late_s)
    gap = 0.01 + 0.1 * np.clip(wants[:, 0], 0, 1)
    width = 0.5 + 0.02 * wants[:, 1] + 0.06 * wants[:, 4 + 12]  # the viseme of i
    poses = np.zeros((len(times), 3), np.float32)
    poses[:, 0] = turn * np.sin(times * 3)
    shapes = face(gap, width, 0.3 * gap)
    shapes[:, 152, 0] += 0.01 * poses[:, 0]
    return Lesson(shapes, poses, times, phones)


def widths(shapes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(shapes[:, 291] - shapes[:, 61], axis=1)


def gaps(shapes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(shapes[:, 14] - shapes[:, 13], axis=1)


@pytest.fixture(scope="module")
def taught() -> Habits:
    return learn([lesson(speech(SAID))])


def test_a_habit_is_learnt_and_shown_in_other_words(taught: Habits) -> None:
    other = lesson(speech("m i n a p i"))
    made = taught.shapes(speech("m i n a p i"), other.times_s)
    assert taught.told
    untold = learn([replace(lesson(speech(SAID)), phones=None)]).shapes(speech("m i n a p i"), other.times_s)
    assert (
        np.abs(widths(made) - widths(other.shapes)).mean() < 0.7 * np.abs(widths(untold) - widths(other.shapes)).mean()
    )
    assert np.corrcoef(gaps(made), gaps(other.shapes))[0, 1] > 0.95


def test_the_rest_of_the_face_goes_with_the_lips(taught: Habits) -> None:
    other = lesson(speech("a m a"))
    made = taught.shapes(speech("a m a"), other.times_s)
    assert np.corrcoef(made[:, 152, 1], other.shapes[:, 152, 1])[0, 1] > 0.95


def test_without_words_the_general_table_speaks_within_this_persons_range() -> None:
    silent = learn([replace(lesson(speech(SAID)), phones=None)])
    made = silent.shapes(speech("m a m"), np.arange(0.02, 0.9, 0.04))
    own = gaps(lesson(speech(SAID)).shapes)
    assert not silent.told
    assert gaps(made).min() < own.min() + 0.01 and np.percentile(own, 60) < gaps(made).max() < 1.2 * own.max()


def test_a_few_pictures_teach_nothing_but_the_range() -> None:
    assert not learn([lesson(speech("a", 0.0, 0.0))]).told


def test_lips_parted_in_a_pause_are_no_habit() -> None:
    """Many people wait for their turn with an open mouth: that must not be what silence looks like."""
    phones = speech(SAID, start_s=1.0)
    waiting = lesson(phones)
    shapes = waiting.shapes.copy()
    shapes[waiting.times_s < 0.8, 14, 1] = 0.09
    made = learn([replace(waiting, shapes=shapes)]).shapes(phones, np.array([0.4]))
    assert gaps(made)[0] < 0.05


@pytest.mark.parametrize("late_s", [-0.08, 0.04, 0.08])
def test_sound_that_runs_ahead_of_its_picture_is_found(late_s: float) -> None:
    early = lesson(speech(SAID), late_s=late_s)
    corrected, shift = in_time(early)
    assert shift == pytest.approx(late_s, abs=0.021)
    assert corrected.phones is not None and corrected.phones[1].start_s == pytest.approx(0.3 + shift)


def test_sound_in_time_stays_where_it_is() -> None:
    right = lesson(speech(SAID))
    assert in_time(right) == (right, 0.0)


def test_shifted_phones_still_begin_where_they_did() -> None:
    phones = shifted(speech("a"), 0.1)
    assert [phones[0].start_s, phones[1].start_s] == [0.0, pytest.approx(0.4)]
    assert shifted((), 0.1) == ()


def test_turning_the_head_is_learnt_apart_from_speaking() -> None:
    habits = learn([lesson(speech(f"{SAID} {SAID}"), turn=8.0)])
    turned = habits.turned(np.array([[5.0, 0, 0], [-5.0, 0, 0]], np.float32))
    assert turned[0, 152, 0] - turned[1, 152, 0] == pytest.approx(0.1, rel=0.2)
    assert np.abs(turned[:, LIPS]).max() < 0.005


def test_nobody_turns_farther_than_was_seen() -> None:
    habits = learn([lesson(speech(f"{SAID} {SAID}"), turn=8.0)])
    far, farther = habits.turned(np.array([[40.0, 0, 0], [80.0, 0, 0]], np.float32))
    assert np.array_equal(far, farther)
