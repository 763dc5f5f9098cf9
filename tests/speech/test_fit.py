from __future__ import annotations

import numpy as np
import pytest

from countenance.errors import InputError
from countenance.media.loudness import integrated_lufs, true_peak_dbtp
from countenance.speech.espeak import speak
from countenance.speech.fit import fit_speech

ENGLISH = "This coffee machine makes a fresh cup in thirty seconds, and it fits on almost any kitchen shelf."
GERMAN = "Diese Kaffeemaschine macht in dreißig Sekunden eine frische Tasse und passt in fast jedes Regal."


def natural_s(text: str, language: str) -> float:
    start_s, end_s = speak(text, language).span_s
    return end_s - start_s


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (GERMAN, "de"), ("Hello.", "en")])
@pytest.mark.parametrize("stretch", [0.9, 1.0, 1.1])
def test_speech_is_spoken_to_the_length_that_is_wanted(text: str, language: str, stretch: float) -> None:
    target_s = natural_s(text, language) * stretch
    fitted = fit_speech(text, language, target_s)
    start_s, end_s = fitted.span_s
    assert end_s - start_s == pytest.approx(target_s, abs=max(0.01, 0.008 * target_s))
    assert fitted.shortfall_s == pytest.approx(target_s - (end_s - start_s), abs=1e-9)
    assert abs(fitted.rate_factor - 1 / stretch) < 0.06


def test_beyond_the_limit_the_rest_is_told() -> None:
    length_s = natural_s(ENGLISH, "en")
    long, short = fit_speech(ENGLISH, "en", length_s * 2), fit_speech(ENGLISH, "en", length_s / 2)
    assert long.rate_factor == pytest.approx(0.85) and long.shortfall_s > 0.6 * length_s
    assert short.rate_factor == pytest.approx(1.15) and short.shortfall_s < -0.3 * length_s


def test_a_tighter_limit_is_kept() -> None:
    assert fit_speech(ENGLISH, "en", 1.0, limit=0.05).rate_factor == pytest.approx(1.05)
    assert fit_speech(ENGLISH, "en", 1.0, limit=0.0).rate_factor == 1.0


def test_the_sound_is_ready_for_a_film() -> None:
    fitted = fit_speech(GERMAN, "de", 5.5, voice="f2")
    assert fitted.rate_hz == 48000 and fitted.audio.dtype == np.float32 and fitted.audio.ndim == 1
    assert integrated_lufs(fitted.audio, 48000) == pytest.approx(-16, abs=0.2)
    assert true_peak_dbtp(fitted.audio, 48000) <= -0.999
    assert fitted.phones[-1].end_s == pytest.approx(len(fitted.audio) / 48000, abs=1e-4)
    assert " ".join(word.text for word in fitted.words) == GERMAN
    assert fitted.speech.span_s == fitted.span_s


def test_phones_still_lie_on_the_sound_after_resampling() -> None:
    fitted = fit_speech("Stop. Stop. Stop.", "en", 2.0)
    pauses = [p for p in fitted.phones if p.silent and p.end_s - p.start_s > 0.1]
    assert len(pauses) == 2
    for pause in pauses:
        inside = fitted.audio[round((pause.start_s + 0.02) * 48000) : round((pause.end_s - 0.02) * 48000)]
        assert np.abs(inside).max() < 0.001


def test_equal_wishes_give_equal_speech() -> None:
    first, second = fit_speech(ENGLISH, "en", 5.0), fit_speech(ENGLISH, "en", 5.0)
    assert np.array_equal(first.audio, second.audio) and first.phones == second.phones


def test_a_length_must_be_positive() -> None:
    with pytest.raises(InputError, match="length of the master"):
        fit_speech(ENGLISH, "en", 0.0)
