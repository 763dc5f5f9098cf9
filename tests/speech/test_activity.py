from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.media.audio import read_audio
from countenance.speech.activity import speech_segments, speech_span
from countenance.speech.espeak import speak
from countenance.speech.phones import place

RATE_HZ = 22050
TEXT = "Faces you can vouch for, every time you publish."


def spoken(start_s: float, duration_s: float = 5.0) -> tuple[NDArray[np.float32], tuple[float, float]]:
    speech = place(speak(TEXT, "en"), start_s, duration_s)
    return speech.samples, speech.span_s


def noise(level_db: float, length: int, seed: int = 1) -> NDArray[np.float32]:
    values = np.random.default_rng(seed).standard_normal(length)
    return (10 ** (level_db / 20) * values).astype(np.float32)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.0, 1.5), st.floats(0.05, 1.0), st.sampled_from([-120.0, -70.0, -50.0]))
def test_the_span_of_speech_is_found_at_any_place_level_and_floor(start_s: float, gain: float, floor_db: float) -> None:
    samples, (first_s, last_s) = spoken(start_s)
    found = speech_span(gain * (samples + noise(floor_db, len(samples))), RATE_HZ)
    assert found is not None
    assert found[0] == pytest.approx(first_s, abs=0.08) and found[1] == pytest.approx(last_s, abs=0.12)


def test_hum_and_clicks_do_not_count() -> None:
    samples, (first_s, last_s) = spoken(1.0)
    hum = 0.05 * np.sin(2 * np.pi * 50 * np.arange(len(samples)) / RATE_HZ).astype(np.float32)
    disturbed = samples + hum
    disturbed[8000:8050] += 0.8
    found = speech_span(disturbed, RATE_HZ)
    assert found is not None
    assert found[0] == pytest.approx(first_s, abs=0.1) and found[1] == pytest.approx(last_s, abs=0.15)


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0), np.zeros(RATE_HZ), noise(-75, RATE_HZ), noise(-20, RATE_HZ), np.ones((10, 2))],
    ids=["empty", "silence", "faint noise", "loud noise", "few samples"],
)
def test_where_nobody_speaks_there_is_no_span(samples: NDArray[np.float32]) -> None:
    assert speech_span(samples, RATE_HZ) is None
    assert speech_segments(samples, RATE_HZ) == ()


def test_two_sentences_are_two_stretches() -> None:
    one = place(speak("First sentence.", "en"), 0.2, 2.0).samples
    two = place(speak("Second sentence.", "en"), 0.5, 2.0).samples
    stretches = speech_segments(np.concatenate([one, two]), RATE_HZ)
    assert len(stretches) == 2
    assert stretches[0][0] == pytest.approx(0.2, abs=0.08) and stretches[1][0] == pytest.approx(2.5, abs=0.08)


def test_stereo_counts_like_mono() -> None:
    samples, _ = spoken(0.5)
    assert speech_span(np.stack([samples, samples], axis=1), RATE_HZ) == speech_span(samples, RATE_HZ)


@pytest.mark.footage
@pytest.mark.parametrize(
    ("clip", "first_s", "last_s"),
    [("grid/id2_vcd_swwp2s.mpg", 0.49, 2.21), ("speech-librivox/austen-0880.wav", 0.25, 2.8)],
)
def test_real_sentences_are_found(footage: Path, clip: str, first_s: float, last_s: float) -> None:
    samples = read_audio(footage / clip)
    assert samples is not None
    found = speech_span(samples, 48000)
    assert found is not None
    assert found[0] == pytest.approx(first_s, abs=0.1) and found[1] == pytest.approx(last_s, abs=0.1)


@pytest.mark.footage
@pytest.mark.parametrize("clip", ["liveportrait/d18.mp4", "pyfeat/single_face.mp4", "azure-avatar/Apologizing.mp4"])
def test_room_tone_and_silent_tracks_hold_no_speech(footage: Path, clip: str) -> None:
    samples = read_audio(footage / clip)
    assert samples is not None
    assert speech_span(samples, 48000) is None
