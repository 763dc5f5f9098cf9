from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.loudness import integrated_lufs, k_weighting, measure_loudness, normalise, true_peak_dbtp

RATE_HZ = 48000


def sine(seconds: float, amplitude: float = 1.0, hz: float = 997.0, phase: float = 0.0) -> NDArray[np.float64]:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return amplitude * np.sin(2 * np.pi * hz * time_s + phase)


def test_a_full_scale_sine_in_one_channel_measures_minus_three() -> None:
    assert integrated_lufs(sine(2.0), RATE_HZ) == pytest.approx(-3.01, abs=0.05)


def test_two_channels_are_three_decibels_louder_than_one() -> None:
    stereo = np.stack([sine(2.0, 0.1)] * 2, axis=1)
    assert integrated_lufs(stereo, RATE_HZ) == pytest.approx(-20.0, abs=0.05)


def test_the_weighting_at_48_khz_is_that_of_the_recommendation() -> None:
    """ITU-R BS.1770-4, tables 1 and 2."""
    shelf, cut = k_weighting(48_000)
    assert shelf == pytest.approx(
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585], abs=1e-8
    )
    assert cut == pytest.approx([1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621], abs=1e-8)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 96000])
def test_loudness_is_the_same_at_every_sample_rate(rate_hz: int) -> None:
    time_s = np.arange(3 * rate_hz) / rate_hz
    assert integrated_lufs(0.1 * np.sin(2 * np.pi * 997 * time_s), rate_hz) == pytest.approx(-23.01, abs=0.05)


def test_a_sound_that_comes_in_blocks_measures_as_in_one_piece() -> None:
    sound = np.stack([bursts(5, 0.4), 0.3 * bursts(6, 0.2)], axis=1).astype(np.float32)
    edges = [0, 1, 1025, 30_000, 30_000, 77_777, len(sound)]
    blocks = [sound[a:b] for a, b in itertools.pairwise(edges)]
    found = measure_loudness(iter(blocks), RATE_HZ)
    assert found.lufs == pytest.approx(integrated_lufs(sound, RATE_HZ), abs=1e-9)
    assert found.peak_dbtp == pytest.approx(true_peak_dbtp(sound, RATE_HZ), abs=1e-4)
    assert found.peak_dbtp > 20 * math.log10(np.abs(sound).max())


def test_no_block_at_all_is_silence() -> None:
    found = measure_loudness([], RATE_HZ)
    assert (found.lufs, found.peak_dbtp) == (-math.inf, -math.inf)


def test_pauses_do_not_count() -> None:
    speech = sine(2.0, 0.1)
    with_pause = np.concatenate([speech, np.zeros(4 * RATE_HZ), speech])
    assert integrated_lufs(with_pause, RATE_HZ) == pytest.approx(integrated_lufs(speech, RATE_HZ), abs=0.4)


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.39, 0.41])
def test_a_very_short_sound_is_as_loud_as_a_long_one(seconds: float) -> None:
    assert integrated_lufs(sine(seconds, 0.2), RATE_HZ) == pytest.approx(
        integrated_lufs(sine(3.0, 0.2), RATE_HZ), abs=0.3
    )


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(RATE_HZ), np.zeros((100, 2))])
def test_silence_has_no_loudness_and_no_peak(samples: NDArray[np.float64]) -> None:
    assert integrated_lufs(samples, RATE_HZ) == -math.inf
    assert true_peak_dbtp(samples, RATE_HZ) == -math.inf
    assert np.array_equal(normalise(samples, RATE_HZ), samples)


def test_the_low_frequency_channel_of_surround_is_left_out() -> None:
    surround = np.zeros((RATE_HZ, 6))
    surround[:, 3] = sine(1.0)
    assert integrated_lufs(surround, RATE_HZ) == -math.inf
    surround[:, 2] = sine(1.0, 0.1)
    assert integrated_lufs(surround, RATE_HZ) == pytest.approx(-23.0, abs=0.1)


def test_more_channels_than_surround_are_refused() -> None:
    with pytest.raises(InputError, match="8 channels"):
        integrated_lufs(np.ones((RATE_HZ, 8)), RATE_HZ)


def test_the_true_peak_sees_between_the_samples() -> None:
    quarter_rate = sine(0.5, 1.0, RATE_HZ / 4, np.pi / 4)
    assert 20 * math.log10(np.abs(quarter_rate).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(quarter_rate[2000:-2000], RATE_HZ) == pytest.approx(0.0, abs=0.3)


def test_a_sound_with_room_is_only_turned_up() -> None:
    quiet = sine(2.0, 0.01)
    result = normalise(quiet, RATE_HZ)
    assert integrated_lufs(result, RATE_HZ) == pytest.approx(-16.0, abs=0.06)
    ratio = result[100:200] / quiet[100:200]
    assert ratio.std() < 1e-3 * ratio.mean()


def bursts(seed: int, crest: float) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    sound = 0.02 * generator.standard_normal(2 * RATE_HZ)
    for place in generator.integers(0, len(sound) - 400, 12):
        sound[place : place + 200] += crest * np.hanning(200) * np.sign(generator.standard_normal())
    return sound


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 1000), st.floats(0.0, 3.0))
def test_the_ceiling_always_holds(seed: int, crest: float) -> None:
    result = normalise(bursts(seed, crest), RATE_HZ)
    assert true_peak_dbtp(result, RATE_HZ) <= -1.0 + 1e-3


def test_peaky_speech_reaches_the_target_under_the_ceiling() -> None:
    result = normalise(bursts(7, 0.5), RATE_HZ)
    assert integrated_lufs(result, RATE_HZ) == pytest.approx(-16.0, abs=0.15)
    assert true_peak_dbtp(result, RATE_HZ) <= -1.0 + 1e-3


def test_stereo_is_limited_alike_on_both_sides() -> None:
    left = bursts(3, 0.5)
    result = normalise(np.stack([left, 0.5 * left], axis=1), RATE_HZ)
    assert result.dtype == np.float32
    assert result[:, 1] == pytest.approx(0.5 * result[:, 0], abs=1e-6)
