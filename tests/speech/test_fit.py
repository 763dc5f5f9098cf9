from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.media.loudness import integrated_lufs, true_peak_dbtp
from countenance.speech.espeak import speak
from countenance.speech.espeak_voice import EspeakVoice
from countenance.speech.fit import FittedSpeech, fit_speech, fit_voice
from countenance.speech.phones import Speech
from countenance.speech.reading import reading
from countenance.speech.utterance import Utterance, utterance

ENGLISH = "This coffee machine makes a fresh cup in thirty seconds, and it fits on almost any kitchen shelf."
GERMAN = "Diese Kaffeemaschine macht in dreißig Sekunden eine frische Tasse und passt in fast jedes Regal."


@cache
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


THREE = "One cup of coffee is ready. Press the button twice. Then take your favourite mug from the shelf."


def three() -> list[float]:
    """The natural lengths of its sentences."""
    return [natural_s(f"{sentence.strip()}.", "en") for sentence in THREE.split(".")[:-1]]


def placed(slots: list[tuple[float, float]], text: str = THREE) -> FittedSpeech:
    return fit_voice(EspeakVoice(), utterance(text), "en", slots[-1][1], slots=slots)


def spans_of(fitted: FittedSpeech) -> list[tuple[float, float]]:
    """Start and end of each sentence, by its words."""
    found, start_s = [], None
    for word in fitted.words:
        start_s = word.start_s if start_s is None else start_s
        if word.text.endswith("."):
            found.append((start_s, word.end_s))
            start_s = None
    first_s = fitted.span_s[0]
    return [(start - first_s, end - first_s) for start, end in found]


def apart(spans: list[tuple[float, float]]) -> bool:
    return all(after[0] - before[1] > 0.1 for before, after in pairwise(spans))


def test_sentences_begin_where_the_masters_do() -> None:
    a, b, c = three()
    slots = [(0.0, a), (a + 0.8, a + 0.8 + b), (a + b + 2.0, a + b + 2.0 + c)]
    fitted = placed(slots)
    assert fitted.phrases == 3 and fitted.rate_factor == pytest.approx(1, abs=0.01)
    for span, slot in zip(spans_of(fitted), slots, strict=True):
        assert span[0] == pytest.approx(slot[0], abs=0.03) and span[1] == pytest.approx(slot[1], abs=0.03)
    assert " ".join(word.text for word in fitted.words) == THREE


def test_a_sentence_that_is_too_long_borrows_the_silence_after_it() -> None:
    a, b, c = three()
    slots = [(0.0, 0.7 * a), (a + 0.5, a + 0.5 + b), (a + b + 1.5, a + b + 1.5 + c)]
    fitted = placed(slots)
    spans = spans_of(fitted)
    assert spans[0][1] == pytest.approx(a, abs=0.03)  # at its natural tempo
    assert spans[1][0] == pytest.approx(slots[1][0], abs=0.03) and apart(spans)


def test_a_last_sentence_that_is_too_long_begins_earlier() -> None:
    a, b, c = three()
    slots = [(0.0, a), (a + 1.5, a + 1.5 + b), (a + b + 3.0, a + b + 3.0 + 0.6 * c)]
    fitted = placed(slots)
    spans = spans_of(fitted)
    assert spans[2][0] < slots[2][0] - 0.1 and apart(spans)
    assert spans[2][1] <= slots[2][1] + 0.05 and fitted.shortfall_s > -0.05


def test_too_much_for_the_room_runs_over_the_end_but_is_never_cut() -> None:
    a, b, c = three()
    slots = [(0.0, 0.5 * a), (0.55 * a, 0.55 * a + 0.5 * b), (0.6 * (a + b), 0.6 * (a + b) + 0.5 * c)]
    fitted = placed(slots)
    spans = spans_of(fitted)
    assert apart(spans) and fitted.shortfall_s < 0
    assert 1.1 < fitted.rate_factor < 1.16
    assert " ".join(word.text for word in fitted.words) == THREE
    tail = fitted.audio[round((fitted.span_s[1]) * 48000) :]
    assert len(tail) > 0 and np.abs(tail[-480:]).max() < 0.01


@pytest.mark.parametrize("slots", [[(0.0, 2.0), (2.5, 4.0)], [(0.0, 1.0), (1.5, 2.0), (2.5, 3.0), (4.0, 5.0)], []])
def test_another_number_of_phrases_is_fitted_as_one(slots: list[tuple[float, float]]) -> None:
    fitted = fit_voice(EspeakVoice(), utterance(THREE), "en", 5.0, slots=slots)
    assert fitted.phrases == 1
    assert np.array_equal(fitted.audio, fit_speech(THREE, "en", 5.0).audio)


@given(st.lists(st.tuples(st.floats(0.3, 4), st.floats(0.05, 2)), min_size=3, max_size=3))
@settings(max_examples=4)
def test_sentences_never_overlap_and_tempos_stay_in_bounds(lengths: list[tuple[float, float]]) -> None:
    slots, at = [], 0.0
    for length, gap in lengths:
        slots.append((at, at + length))
        at += length + gap
    spans = spans_of(placed(slots, "One cup. Two cups. Three more."))
    assert apart(spans)
    for span, natural in zip(spans, map(natural_s, ("One cup.", "Two cups.", "Three more."), ("en",) * 3), strict=True):
        assert 0.8 < natural / (span[1] - span[0]) < 1.2  # within 15 % as asked for; a phone has its own least length


def test_marks_and_manners_survive_the_fitting() -> None:
    text = "<speak>One cup is ready. <mark name='m'/>Press <prosody rate='80%'>twice</prosody>.</speak>"
    fitted = fit_voice(EspeakVoice(), reading(text, "en"), "en", 4.0, slots=[(0.0, 1.2), (2.0, 3.5)])
    press = next(word for word in fitted.words if word.text == "Press")
    assert fitted.phrases == 2 and [mark.at_s for mark in fitted.speech.marks] == [pytest.approx(press.start_s)]


class Counted:
    """A voice that counts how often it is asked."""

    name, of, facts = "counted", None, {"engine": "none"}

    def __init__(self, tempos: int) -> None:
        self.tempos, self.rates = tempos, list[float]()

    def say(
        self, said: Utterance, language: str, rate: float = 1.0, lexicon: Mapping[str, str] | None = None
    ) -> Speech:
        self.rates.append(rate)
        return EspeakVoice().say(said, language, rate, lexicon)


def test_a_dear_voice_is_asked_for_three_tempos_at_most() -> None:
    voice = Counted(3)
    fit_voice(voice, utterance(ENGLISH), "en", 0.9 * natural_s(ENGLISH, "en"))
    assert 2 <= len(voice.rates) <= 3 and len(set(voice.rates)) == len(voice.rates)


def test_a_voice_with_one_tempo_is_asked_once_and_never_cut_in_sentences() -> None:
    voice = Counted(1)
    fitted = fit_voice(voice, utterance(THREE), "en", 2.0, slots=[(0.0, 0.5), (0.6, 1.0), (1.2, 2.0)])
    assert voice.rates == [1.0] and fitted.rate_factor == 1.0 and fitted.shortfall_s < 0
