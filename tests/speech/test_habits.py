from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.speech.espeak import speak
from countenance.speech.habits import style_of
from countenance.speech.phones import Phone, Phones
from countenance.speech.style import NEUTRAL, Style
from countenance.speech.visemes import mouth_targets

PRESENTERS = Path(__file__).resolve().parents[3] / "shared" / "presenters"
TEXT = (
    "Peter made a bowl of hot soup for you. The quick brown fox jumps over the lazy dog, and we saw a funny show. "
    "This coffee machine makes a fresh cup in thirty seconds."
)


def footage(style: Style, noise: float = 0.0, text: str = TEXT) -> tuple[Phones, Any, Any, Any]:
    """Phones, picture times, and the mouth of somebody who speaks in a style, in units of their own."""
    phones = speak(text, "en").phones
    times = np.arange(0, phones[-1].end_s, 0.04)
    targets = mouth_targets(phones, times, style)
    shaken = np.random.default_rng(5).normal(0, noise, (2, len(times)))
    return phones, times, 0.02 + 0.15 * targets[:, 0] + 0.15 * shaken[0], 0.7 + 0.06 * (targets[:, 1] + shaken[1])


def error(measured: NDArray[np.float32], phones: Phones, times: Any, habits: Any, style: Style) -> float:
    """Mean error of the opening, in shares of its range, of a style on somebody's scale."""
    made = habits.measured(mouth_targets(phones, times, style))[:, 0]
    return float(np.abs(made - measured).mean() / (habits.aperture[1] - habits.aperture[0]))


@pytest.mark.parametrize("lead_s", [-0.03, 0.0, 0.04, 0.1])
def test_the_lead_is_found(lead_s: float) -> None:
    found = style_of(*footage(Style(lead_s=lead_s), noise=0.05)).style
    assert found.lead_s == pytest.approx(lead_s, abs=0.021)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_style_that_was_learnt_is_nearer_to_the_person_than_the_table(noise: float) -> None:
    own = Style(jaw=0.8, lips=1.2, openings=(("I", 0.2), ("aa", -0.2)), widths=(("SS", 0.3),))
    phones, times, opened, spread = footage(own, noise)
    habits = style_of(phones, times, opened, spread)
    assert error(opened, phones, times, habits, habits.style) < 0.75 * error(opened, phones, times, habits, NEUTRAL)
    before, after = habits.likeness
    assert after[0] >= before[0] and after[1] >= before[1] - 0.02


def test_what_was_learnt_holds_for_words_that_were_not_heard() -> None:
    own = Style(jaw=0.9, openings=(("I", 0.2), ("SS", 0.15), ("DD", -0.15)))
    habits = style_of(*footage(own, 0.05))
    phones, times, opened, _ = footage(own, text="Every evening they drink warm tea at home, and talk about the news.")
    assert error(opened, phones, times, habits, habits.style) < 0.8 * error(opened, phones, times, habits, NEUTRAL)


def test_deviations_that_were_seen_go_in_their_direction_and_unseen_sounds_stay() -> None:
    phones, times, opened, spread = footage(Style(openings=(("aa", -0.3),)), text="Papa has a bad hat, Barbara.")
    habits = style_of(phones, times, opened, spread)
    shifts = dict(habits.style.openings)
    assert habits.seen["aa"] > 0.3 and habits.seen["U"] < 0.05
    assert shifts["aa"] < shifts["U"]


def test_pictures_without_a_mouth_do_not_count() -> None:
    phones, times, opened, spread = footage(Style(lead_s=0.03))
    hidden = opened.copy()
    hidden[::3] = np.nan
    assert style_of(phones, times, hidden, spread).style.lead_s == pytest.approx(0.03, abs=0.021)


def test_closures_stay_closed_in_any_style_that_was_learnt() -> None:
    phones, times, opened, spread = footage(Style(), noise=0.6)
    style = style_of(phones, times, opened, spread).style
    shut = [(p.start_s + p.end_s) / 2 for p in phones if p.symbol in ("p", "b", "m")]
    rows = mouth_targets(phones, shut, style)
    assert rows[:, 0].max() < 0.01 and rows[:, 2].min() > 0.99


def test_too_little_and_still_footage_is_refused() -> None:
    phones, times, opened, spread = footage(Style())
    with pytest.raises(InputError, match=r"Only 0\.8 s of speech show the mouth"):
        style_of(phones, times[:20], opened[:20], spread[:20])
    with pytest.raises(InputError, match="never opens"):
        style_of(phones, times, np.full(len(times), 0.3), spread)
    with pytest.raises(InputError, match=r"Only 0\.0 s"):
        style_of(phones, [], [], [])


def test_ben_learnt_from_half_his_clip_is_nearer_in_the_other_half() -> None:
    truth = PRESENTERS / "ben" / "truth.json"
    if not truth.is_file():
        pytest.skip("the presenters' truth is not in the repository")
    told = json.loads(truth.read_text(encoding="utf-8"))
    phones = tuple(Phone(p["ipa"], p["start"], p["end"]) for p in told["phones"])
    times = (np.arange(told["n_frames"]) + 0.5) / told["fps"]

    def apart(one: str, other: str) -> Any:
        ends = [np.array([f["points"][name]["xyz"] for f in told["frames"]]) for name in (one, other)]
        return np.linalg.norm(ends[0] - ends[1], axis=1)

    opened, spread = apart("upper_lip_inner", "lower_lip_inner"), apart("mouth_corner_left", "mouth_corner_right")
    half = len(times) // 2
    habits = style_of(phones, times[:half], opened[:half], spread[:half])
    rest = slice(half, half + 70)
    learnt, plain = (error(opened[rest], phones, times[rest], habits, style) for style in (habits.style, NEUTRAL))
    assert learnt < plain
