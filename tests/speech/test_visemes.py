from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.speech.arkit import ARKIT_NAMES
from countenance.speech.espeak import speak
from countenance.speech.ipa import VISEMES
from countenance.speech.phones import Phone, Phones
from countenance.speech.visemes import VisemeCurve, mouth_targets

APERTURE, WIDTH, PRESS, TUCK = range(4)
SYMBOLS = [
    "",
    "p",
    "b",
    "m",
    "f",
    "v",
    "a",
    "iː",
    "u",
    "oʊ",
    "aɪ",
    "s",
    "ʃ",
    "t",
    "n",
    "k",
    "w",
    "h",
    "ə",
    "ɹ",
]


def sequence(*timed: tuple[str, float]) -> Phones:
    ends = np.cumsum([0.0, *(length for _, length in timed)])
    return tuple(Phone(s, float(a), float(b)) for (s, _), (a, b) in zip(timed, pairwise(ends), strict=True))


utterances = st.lists(st.tuples(st.sampled_from(SYMBOLS), st.floats(0.03, 0.4)), min_size=1, max_size=14).map(
    lambda timed: sequence(*timed)
)


def centre(phone: Phone) -> float:
    return (phone.start_s + phone.end_s) / 2


@settings(deadline=None, max_examples=80)
@given(utterances)
def test_lips_are_shut_at_the_centre_of_every_p_b_m(phones: Phones) -> None:
    closures = [phone for phone in phones if phone.symbol in ("p", "b", "m")]
    rows = mouth_targets(phones, [centre(phone) for phone in closures]).reshape(-1, 4)
    assert np.all(rows[:, APERTURE] < 0.01) and np.all(rows[:, PRESS] > 0.99)


@settings(deadline=None, max_examples=80)
@given(utterances)
def test_the_lip_is_tucked_at_the_centre_of_every_f_v(phones: Phones) -> None:
    tucks = [phone for phone in phones if phone.symbol in ("f", "v")]
    rows = mouth_targets(phones, [centre(phone) for phone in tucks]).reshape(-1, 4)
    assert np.all(rows[:, TUCK] > 0.99) and np.all(rows[:, APERTURE] < 0.06)


@settings(deadline=None, max_examples=80)
@given(utterances)
def test_curves_stay_in_bounds_and_never_jump(phones: Phones) -> None:
    times = np.arange(-0.5, phones[-1].end_s + 0.5, 0.002)
    rows = mouth_targets(phones, times)
    assert rows.shape == (len(times), 4) and rows.dtype == np.float32
    assert np.all(rows[:, [APERTURE, PRESS, TUCK]] >= 0) and np.all(np.abs(rows) <= 1)
    fine = np.abs(np.diff(rows, axis=0)).max(axis=0)
    assert np.all(fine < 0.07)
    frame = np.abs(rows[20:] - rows[:-20]).max(axis=0)
    assert frame[APERTURE] < 0.9 and frame[WIDTH] < 0.9


@settings(deadline=None, max_examples=60)
@given(utterances)
def test_pauses_and_the_time_around_speech_close_the_mouth(phones: Phones) -> None:
    pauses = [p for p in phones if p.silent and p.end_s - p.start_s >= 0.25]
    sounding = [p for p in phones if not p.silent]
    first_s = sounding[0].start_s if sounding else 0.0
    last_s = sounding[-1].end_s if sounding else 0.0
    times = [*(centre(p) for p in pauses), first_s - 0.3, last_s + 0.3, first_s - 9.0, last_s + 9.0]
    assert np.all(np.abs(mouth_targets(phones, times)) < 0.02)


@settings(deadline=None, max_examples=30)
@given(utterances, st.floats(-0.5, 4.0))
def test_moving_the_phones_moves_the_curves(phones: Phones, shift_s: float) -> None:
    moved = tuple(Phone(p.symbol, p.start_s + shift_s, p.end_s + shift_s) for p in phones)
    times = np.arange(0, 1, 0.04)
    assert mouth_targets(moved, times + shift_s) == pytest.approx(mouth_targets(phones, times), abs=1e-3)


def test_vowels_open_and_shape_the_mouth() -> None:
    phones = sequence(("", 0.3), ("a", 0.3), ("iː", 0.3), ("u", 0.3), ("", 0.3))
    a, i, u = mouth_targets(phones, [0.42, 0.7, 1.0])
    assert a[APERTURE] > 0.7 > i[APERTURE] > 0.15 and u[APERTURE] < 0.3
    assert u[WIDTH] < -0.6 and i[WIDTH] > 0.4 and abs(a[WIDTH]) < 0.3


def test_the_mouth_opens_between_two_quick_closures() -> None:
    phones = sequence(("m", 0.07), ("a", 0.09), ("m", 0.07), ("a", 0.09), ("p", 0.08))
    assert mouth_targets(phones, [0.115])[0, APERTURE] > 0.35


def test_tongue_sounds_keep_the_lips_of_their_neighbours() -> None:
    round_t, spread_t = (
        mouth_targets(sequence((v, 0.15), ("t", 0.07), (v, 0.15)), [0.185])[0, WIDTH] for v in ("u", "iː")
    )
    assert round_t < -0.6 and spread_t > 0.4


def test_rounding_begins_before_the_rounded_vowel() -> None:
    early = mouth_targets(sequence(("s", 0.12), ("t", 0.08), ("u", 0.2)), [0.17])[0, WIDTH]
    late = mouth_targets(sequence(("u", 0.2), ("t", 0.08), ("s", 0.12)), [0.23])[0, WIDTH]
    assert early < -0.4 and early < late + 0.05


def test_an_utterance_of_one_short_sound_or_none() -> None:
    assert mouth_targets(sequence(("m", 0.02)), [0.01])[0, PRESS] > 0.99
    assert mouth_targets(sequence(("a", 0.03)), [0.0])[0, APERTURE] > 0.05
    assert np.all(mouth_targets((), [0.0, 1.0]) == 0)
    assert np.all(mouth_targets(sequence(("", 2.0)), np.arange(0, 2, 0.1)) == 0)
    assert mouth_targets(sequence(("a", 0.3)), []).shape == (0, 4)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Peter saw my baby bump into a lovely map, before five."),
        ("de", "Mein Bruder kam am Abend, aber die Mappe blieb vor dem Haus."),
        ("fr", "Papa a bu un bon vin avec mon ami Philippe."),
        ("es", "Mi mamá compró pan para la fiesta, por favor."),
        ("pl", "Mama kupiła babci piękny fotel."),
    ],
)
def test_real_speech_closes_on_every_bilabial_and_opens_between(language: str, text: str) -> None:
    phones = speak(text, language).phones
    shut = [p for p in phones if p.symbol[:1] in ("p", "b", "m") and p.symbol[1:2] != "f"]
    assert len(shut) >= 3
    rows = mouth_targets(phones, [centre(p) for p in shut])
    assert np.all(rows[:, APERTURE] < 0.01) and np.all(rows[:, PRESS] > 0.99)
    for p in shut:  # some frame of a 25 frames a second film shows the closure, whatever its phase
        frames = mouth_targets(phones, np.arange(p.start_s - 0.02, p.end_s + 0.02, 0.04))
        assert frames[:, PRESS].max() > 0.9
    wide = [p for p in phones if p.symbol[:1] in ("a", "æ", "ɑ") and p.end_s - p.start_s > 0.08]
    assert np.median(mouth_targets(phones, [centre(p) - 0.02 for p in wide])[:, APERTURE]) > 0.4


def test_visemes_sum_to_one_and_arkit_stays_in_bounds() -> None:
    curve = VisemeCurve(speak("Fresh coffee machines make five cups.", "en").phones)
    times = np.arange(-0.5, 4, 0.01)
    visemes, arkit = curve.visemes(times), curve.arkit(times)
    assert visemes.shape == (len(times), len(VISEMES)) and arkit.shape == (len(times), 52)
    assert visemes.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert arkit.min() >= 0 and arkit.max() <= 1
    assert np.all(arkit[times < -0.35] < 0.01)


def test_arkit_shapes_follow_the_sounds() -> None:
    curve = VisemeCurve(sequence(("m", 0.1), ("a", 0.3), ("f", 0.1), ("u", 0.3)))
    pressed, opened, tucked, rounded = (curve.at(t) for t in (0.05, 0.24, 0.45, 0.62))
    assert "jawOpen" not in pressed and pressed["mouthPressLeft"] > 0.3
    assert opened["jawOpen"] > 0.4
    assert tucked["mouthRollLower"] > 0.45 and tucked["jawOpen"] < 0.06
    assert rounded["mouthPucker"] > 0.5
    assert set(opened) <= set(ARKIT_NAMES)
    assert json.loads(json.dumps(opened)) == opened


def test_there_are_52_names_and_each_once() -> None:
    assert len(ARKIT_NAMES) == 52 == len(set(ARKIT_NAMES))
