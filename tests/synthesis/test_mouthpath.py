from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from countenance.speech.phones import Phone, Phones, covering
from countenance.synthesis.mouthpath import (
    FOOTAGE,
    MADE,
    MouthPlan,
    gaps_and_widths,
    plan_mouths,
    with_gap,
    with_gaps,
)
from countenance.synthesis.mouths import MouthLibrary

PACE_S = 0.04


def said(words: str, start_s: float = 0.4, long_s: float = 0.12, rest_s: float = 0.6) -> Phones:
    phones = [
        Phone(symbol, start_s + long_s * number, start_s + long_s * (number + 1))
        for number, symbol in enumerate(words.split())
    ]
    return covering(phones, phones[-1].end_s + rest_s)


def planned(library: MouthLibrary, phones: Phones) -> tuple[MouthPlan, np.ndarray]:
    times = np.arange(PACE_S / 2, phones[-1].end_s, PACE_S)
    poses = np.tile(library.mouths[0].pose, (len(times), 1))
    return plan_mouths(library, phones, times, poses), times


def gaps(plan: MouthPlan, library: MouthLibrary) -> np.ndarray:
    return gaps_and_widths(plan.shapes / np.float32(library.unit))[0]


def during(times: np.ndarray, phone: Phone) -> np.ndarray:
    return (times + PACE_S / 2 > phone.start_s) & (times - PACE_S / 2 < phone.end_s)


@pytest.mark.parametrize("closure", ["p", "b", "m"])
def test_lips_close_on_every_closure(ada_mouths: MouthLibrary, closure: str) -> None:
    phones = said(f"a {closure} a i {closure} o {closure} u")
    plan, times = planned(ada_mouths, phones)
    for phone in phones:
        if phone.symbol == closure:
            assert gaps(plan, ada_mouths)[during(times, phone)].min() < ada_mouths.shut + 0.004


def test_a_vowel_opens_the_mouth_far(ada_mouths: MouthLibrary) -> None:
    plan, _times = planned(ada_mouths, said("m ɑː m ɑː m", long_s=0.2))
    assert gaps(plan, ada_mouths).max() > ada_mouths.gap[1]


def test_in_a_pause_nothing_moves(ada_mouths: MouthLibrary) -> None:
    """Not a pixel of the plan: the same mouth, the same shape, picture after picture, and the lips are shut."""
    phones = said("h ɛ l oʊ", rest_s=2.0)
    plan, times = planned(ada_mouths, phones)
    quiet = times > phones[-1].start_s + 0.4
    assert quiet.sum() > 30
    assert np.ptp(plan.shapes[quiet], axis=0).max() < 1e-3 * ada_mouths.unit
    assert gaps(plan, ada_mouths)[quiet].max() < ada_mouths.shut + 0.004


def test_ten_minutes_of_silence_are_one_held_mouth(ada_mouths: MouthLibrary) -> None:
    phones = (Phone("", 0.0, 600.0),)
    times = np.arange(0.25, 600, 0.5)
    plan = plan_mouths(ada_mouths, phones, times, np.tile(ada_mouths.mouths[0].pose, (len(times), 1)))
    assert len(set(plan.path[5:-5].tolist())) == 1 and plan.made_share == 0


@pytest.mark.parametrize("pictures", [1, 2, 3, 4])
def test_a_clip_of_a_few_pictures_is_planned(ada_mouths: MouthLibrary, pictures: int) -> None:
    times = 0.02 + 0.04 * np.arange(pictures)
    plan = plan_mouths(ada_mouths, said("a m a"), times, np.zeros((pictures, 3), np.float32))
    assert plan.path.shape == (pictures,) and plan.shapes.shape == (pictures, 468, 2) and len(plan.origin) == pictures
    assert np.isfinite(plan.shapes).all()


def test_the_same_speech_is_planned_alike(ada_mouths: MouthLibrary) -> None:
    one, other = (planned(ada_mouths, said("b uː t s"))[0] for _ in range(2))
    assert np.array_equal(one.path, other.path) and np.array_equal(one.shapes, other.shapes)


def test_what_the_footage_does_not_hold_is_made_and_marked(ada_mouths: MouthLibrary) -> None:
    """Only open mouths were filmed, and a closure is asked for: it is closed, and the plan says that it was made."""
    wide = tuple(mouth for mouth in ada_mouths.mouths if mouth.gap > 0.6 * ada_mouths.gap[2])
    library = replace(ada_mouths, mouths=wide)
    phones = said("ɑː m ɑː m ɑː")
    plan, times = planned(library, phones)
    closed = during(times, phones[2])
    assert (plan.origin[closed] == MADE).any() and gaps(plan, library)[closed].min() < 0.02
    kept, _times = planned(ada_mouths, said("ɑː m ɑː m ɑː"))
    assert (plan.origin == MADE).sum() > (kept.origin == MADE).sum()
    assert set(plan.origin.tolist()) <= {MADE, FOOTAGE}


def test_mouths_of_the_same_moment_are_preferred(ada_mouths: MouthLibrary) -> None:
    """The same mouth twice, filmed far apart: each picture takes the one of its own time."""
    first = ada_mouths.mouths
    later = tuple(replace(mouth, frame=mouth.frame + 900) for mouth in first)
    library = replace(ada_mouths, mouths=first + later)
    phones = said("h ɛ l oʊ m aɪ")
    times = np.arange(PACE_S / 2, phones[-1].end_s, PACE_S)
    poses = np.tile(first[0].pose, (len(times), 1))
    for source, half in ((np.arange(len(times)), 0), (900 + np.arange(len(times)), 1)):
        plan = plan_mouths(library, phones, times, poses, source)
        assert (plan.path // len(first) == half).all()


def test_gaps_are_set_exactly_and_lips_never_cross(ada_mouths: MouthLibrary) -> None:
    shapes = np.stack([mouth.shape for mouth in ada_mouths.mouths]) / np.float32(ada_mouths.unit)
    for wanted in (0.0, 0.02, 0.1):
        made = with_gaps(shapes, np.full(len(shapes), wanted))
        assert gaps_and_widths(made)[0] == pytest.approx(wanted, abs=2e-3)
    upper, lower = made[:, [82, 13, 312]], made[:, [87, 14, 317]]
    assert ((lower - upper)[..., 1] > -0.01).all()
    one = with_gap(ada_mouths.mouths[3].shape, 0.05, ada_mouths.unit)
    assert gaps_and_widths(one[None] / np.float32(ada_mouths.unit))[0] == pytest.approx(0.05, abs=2e-3)


def test_a_long_speech_is_planned_like_a_short_one(ada_mouths: MouthLibrary) -> None:
    """Faces are worked out block by block: nothing may be seen of it, and the end is spoken as the beginning."""
    words = said(" ".join(["m ɑː n iː f oʊ"] * 40), rest_s=0.1)
    times = np.arange(PACE_S / 2, words[-1].end_s, PACE_S)
    assert len(times) > 700
    plan = plan_mouths(ada_mouths, words, times, np.tile(ada_mouths.mouths[0].pose, (len(times), 1)))
    steps = np.abs(np.diff(gaps(plan, ada_mouths)))
    assert steps[505:520].max() <= np.percentile(steps, 99.5)
