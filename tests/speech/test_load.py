"""Whether a text fits into the master's time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.speech.fit import fit_speech
from countenance.speech.load import LIMIT, VERDICTS, Load, predict, spans_of
from countenance.speech.phones import Word
from countenance.speech.sentences import sentences

TEXT = "Diese Maschine brüht in 30 Sekunden eine Tasse. Sie passt auf jedes Regal."


def test_a_prediction_is_what_fitting_finds() -> None:
    for available_s in (2.0, 4.0, 9.0):
        load = predict(TEXT, "de", available_s).whole
        fitted = fit_speech(TEXT.replace("30", "dreißig"), "de", available_s)
        assert load.shortfall_s == pytest.approx(fitted.shortfall_s, abs=0.06 * available_s)
        assert (load.verdict in ("fits", "tight")) is (abs(fitted.shortfall_s) < 0.05)


def test_figures_are_counted_as_they_are_said() -> None:
    assert predict("1234567", "en", 5.0).whole.syllables > 15


def test_sentences_are_held_against_the_master_s() -> None:
    load = predict(
        "Kurz. Und hier kommt ein deutlich längerer zweiter Satz mit 5 km.", "de", 6.0, [(0.0, 3.0), (3.2, 6.0)]
    )
    assert [one.available_s for one in load.sentences] == [3.2, pytest.approx(2.8)]
    assert [one.verdict for one in load.sentences] == ["too short", "too long"]
    assert [one.text[:4] for one in load.crowded] == ["Und "]


def test_another_number_of_sentences_is_held_against_the_whole_alone() -> None:
    assert predict(TEXT, "de", 6.0, [(0.0, 6.0)]).sentences == ()


def test_the_words_of_a_text_give_the_times_of_its_sentences() -> None:
    parts = sentences("Ja bitte. Nein!", "de")
    words = (Word("Ja", 0.0, 0.2), Word("bitte.", 0.3, 0.6), Word("Nein!", 1.0, 1.4))
    assert spans_of(parts, words) == ((0.0, 0.6), (1.0, 1.4))
    assert spans_of(parts, words[:2]) == ()


@given(st.floats(0.1, 100), st.floats(0.1, 100))
def test_a_verdict_follows_from_the_rate(available_s: float, needed_s: float) -> None:
    load = Load("", available_s, needed_s, 10)
    assert load.verdict in VERDICTS
    assert (load.verdict.startswith("too")) is (abs(load.rate - 1) > LIMIT)
    if not load.verdict.startswith("too"):
        assert load.shortfall_s == pytest.approx(0.0, abs=1e-6)
    if abs(load.shortfall_s) > 1e-3:
        assert load.verdict == ("too short" if load.shortfall_s > 0 else "too long")


def test_no_time_is_never_enough() -> None:
    assert Load("", 0.0, 1.0, 3).verdict == "too long"
