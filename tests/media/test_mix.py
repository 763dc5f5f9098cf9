from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.loudness import integrated_lufs, true_peak_dbtp
from countenance.media.mix import (
    Ducking,
    Stretch,
    dialogue_lufs,
    ducking_gain,
    follow,
    gain_to,
    looped,
    mastered,
    placed,
    profile_named,
    profiles,
    summed,
    widened,
)

HZ = 8000
F32 = NDArray[np.float32]


def tone(seconds: float, hz: float = 220.0, level: float = 0.3, channels: int = 1, rate_hz: int = HZ) -> F32:
    wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def hiss(seconds: float, level: float = 0.1, channels: int = 2, seed: int = 1) -> F32:
    noise = np.random.default_rng(seed).normal(0, level, (round(seconds * HZ), channels))
    return np.clip(noise, -1, 1).astype(np.float32)


def jumps(sound: F32) -> float:
    """The largest step between samples."""
    return float(np.abs(np.diff(sound, axis=0)).max())


spans = st.lists(st.tuples(st.floats(0, 3), st.floats(0.02, 1)), max_size=6).map(
    lambda pairs: sorted((start, start + length) for start, length in pairs)
)
duckings = st.builds(Ducking, st.floats(0, 40), st.floats(0, 0.5), st.floats(0, 1.5), st.floats(0, 0.5))


@given(spans, duckings)
def test_ducking_never_lifts_and_is_all_the_way_down_under_speech(
    speech: list[tuple[float, float]], how: Ducking
) -> None:
    gain = ducking_gain(speech, 4 * HZ, HZ, how)
    down = 10 ** (-how.depth_db / 20)
    assert gain.max(initial=0) <= 1 and gain.min() >= down * 0.999
    for start_s, end_s in speech:
        inside = gain[int(start_s * HZ) + 1 : int(end_s * HZ)]
        assert inside.max(initial=0) <= down * 1.001


@given(spans)
def test_away_from_speech_nothing_is_ducked(speech: list[tuple[float, float]]) -> None:
    how = Ducking(12, 0.1, 0.2, 0.1)
    gain, times = ducking_gain(speech, 4 * HZ, HZ, how), np.arange(4 * HZ) / HZ
    away = np.ones(len(times), bool)
    for start_s, end_s in speech:
        away &= (times < start_s - 0.101) | (times > end_s + 0.301)
    assert np.all(gain[away] == 1)


def test_ducking_looks_ahead_and_holds_through_the_gaps_of_a_sentence() -> None:
    gain = ducking_gain([(1.0, 1.5), (1.8, 2.0)], 4 * HZ, HZ, Ducking(20, 0.2, 0.5, 0.4))
    assert gain[int(0.79 * HZ)] == 1 and 0.1 < gain[int(0.9 * HZ)] < 1
    assert np.all(gain[HZ : 2 * HZ] < 0.101)
    assert np.abs(np.diff(gain)).max() < 0.005 and gain[int(2.95 * HZ)] == 1


def test_no_speech_ducks_nothing() -> None:
    assert np.all(ducking_gain([], HZ, HZ, Ducking()) == 1)


def test_a_sound_follows_a_held_picture_in_sync_and_without_a_click() -> None:
    sound = tone(4.0, channels=2)
    marks = sound.copy()
    marks[HZ : HZ + 40] += 0.5  # at 1 s, before the hold
    marks[3 * HZ : 3 * HZ + 40] += 0.5  # at 3 s, after it
    stretches = [Stretch(0.0, 2.0, 0.0), Stretch(2.73, 4.73, 0.73)]
    heard = follow(marks, HZ, stretches, 4.73)
    assert heard.shape == (round(4.73 * HZ), 2)
    assert np.array_equal(heard[: 2 * HZ], marks[: 2 * HZ])
    assert np.array_equal(heard[round(2.73 * HZ) :], marks[2 * HZ :])
    assert jumps(follow(sound, HZ, stretches, 4.73)) < 1.3 * jumps(sound)
    held = follow(sound, HZ, stretches, 4.73)[2 * HZ : round(2.73 * HZ)]
    levels = np.sqrt((held.reshape(-1, 2)[: len(held) // 400 * 400].reshape(-1, 400, 2) ** 2).mean(axis=(1, 2)))
    assert levels.min() > 0.8 * 0.3 / np.sqrt(2)  # no hole where the two meet


def test_a_noisy_sound_keeps_its_level_through_a_hold() -> None:
    heard = follow(hiss(6.0), HZ, [Stretch(0.0, 3.0, 0.0), Stretch(4.0, 7.0, 1.0)], 7.0)
    levels = np.sqrt((heard[: len(heard) // 800 * 800].reshape(-1, 800, 2) ** 2).mean(axis=(1, 2)))
    assert levels.min() > 0.07 and levels.max() < 0.14


def test_a_sound_follows_a_trimmed_picture_and_fades_out() -> None:
    sound = hiss(4.0)
    heard = follow(sound, HZ, [Stretch(0.0, 2.5, 0.0)], 2.5)
    assert len(heard) == 2.5 * HZ and np.array_equal(heard[: 2 * HZ], sound[: 2 * HZ])
    assert np.abs(heard[-5:]).max() < 0.001


def test_a_sound_that_is_shorter_than_the_picture_ends_in_silence() -> None:
    heard = follow(tone(1.0), HZ, [Stretch(0.0, 3.0, 0.0)], 3.0)
    assert np.array_equal(heard[:HZ], tone(1.0)) and not heard[HZ:].any() and len(heard) == 3 * HZ


@pytest.mark.parametrize("hold_s", [0.04, 0.2, 3.0, 10.0])
def test_holds_of_any_length_keep_what_comes_after_in_sync(hold_s: float) -> None:
    sound = hiss(3.0, channels=1)
    heard = follow(sound, HZ, [Stretch(0, 2, 0), Stretch(2 + hold_s, 3 + hold_s, hold_s)], 3 + hold_s)
    assert np.array_equal(heard[: 2 * HZ], sound[: 2 * HZ])
    assert np.array_equal(heard[round((2 + hold_s) * HZ) + 1 :], sound[2 * HZ + 1 :])


@pytest.mark.parametrize("bed_s", [0.3, 2.0, 9.0])
def test_a_bed_is_as_long_as_the_picture_with_soft_ends_and_no_clicks(bed_s: float) -> None:
    bed = looped(tone(bed_s, hz=330.0, channels=2), HZ, 5.0)
    assert bed.shape == (5 * HZ, 2)
    assert abs(bed[0, 0]) < 1e-4 and abs(bed[-1, 0]) < 1e-3
    assert jumps(bed) < 1.6 * jumps(tone(1.0, hz=330.0))
    middle = bed[HZ : 3 * HZ].reshape(-1, 800, 2)
    assert np.sqrt((middle**2).mean(axis=(1, 2))).min() > 0.03


def test_an_empty_bed_is_refused() -> None:
    with pytest.raises(InputError, match="holds no sound"):
        looped(np.zeros((0, 2), np.float32), HZ, 3.0)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_voice_is_as_loud_in_any_number_of_channels(channels: int) -> None:
    voice = hiss(3.0, channels=1)
    assert integrated_lufs(placed(voice, channels), HZ) == pytest.approx(integrated_lufs(voice, HZ), abs=0.01)


def test_in_surround_the_voice_stands_in_the_centre_alone() -> None:
    assert np.flatnonzero(np.abs(placed(tone(0.1), 6)).max(axis=0)).tolist() == [2]


def test_channels_that_cannot_be_mixed_are_refused() -> None:
    with pytest.raises(InputError, match="7 channels"):
        placed(tone(0.1), 7)
    with pytest.raises(InputError, match="6 channels do not fit into 2"):
        widened(tone(0.1, channels=6), 2)


def test_silence_stays_silence() -> None:
    silent = np.zeros((HZ, 2), np.float32)
    whole = summed(
        [placed(np.zeros(HZ, np.float32), 2), silent * ducking_gain([(0.2, 0.5)], HZ, HZ, Ducking())[:, None]]
    )
    assert not mastered(whole, HZ, profile_named("web")).any()
    assert gain_to(silent, HZ, -16.0) == 1.0


def test_music_and_effects_outside_of_speech_are_the_source_after_one_gain() -> None:
    effects = hiss(6.0, level=0.02)
    voice = np.zeros(6 * HZ, np.float32)
    voice[2 * HZ : 3 * HZ] = hiss(1.0, level=0.05, channels=1)[:, 0]
    gain = ducking_gain([(2.0, 3.0)], 6 * HZ, HZ, Ducking(9, 0.15, 0.5, 0.4))
    whole = mastered(summed([placed(voice, 2), effects * gain[:, None]]), HZ, profile_named("broadcast"))
    away = np.r_[0 : round(1.8 * HZ), 4 * HZ : 6 * HZ]
    factor = float((whole[away] * effects[away]).sum() / (effects[away] ** 2).sum())
    assert np.abs(whole[away] - factor * effects[away]).max() < 1e-6


@settings(max_examples=30)
@given(
    st.sampled_from(sorted(profiles())),
    st.sampled_from([1, 2, 6]),
    st.floats(0.01, 3.0),
    st.floats(0.01, 3.0),
    st.integers(0, 99),
)
def test_the_sum_meets_its_profile_and_never_clips(
    name: str, channels: int, voice: float, effects: float, seed: int
) -> None:
    profile = profile_named(name)
    said, under = (
        hiss(2.0, 0.3, 1, seed) * voice,
        widened(hiss(2.0, 0.3, min(channels, 2), seed + 1) * effects, channels),
    )
    whole = mastered(summed([placed(said, channels), under]), HZ, profile)
    assert true_peak_dbtp(whole, HZ) <= profile.ceiling_dbtp + 0.01 <= -1.0
    assert integrated_lufs(whole, HZ) == pytest.approx(profile.lufs, abs=0.5)


def test_the_dialogue_is_what_the_whole_has_more() -> None:
    effects = hiss(4.0, 0.02, 2, 1)
    voice = placed(hiss(4.0, 0.06, 1, 2), 2)
    found = dialogue_lufs(integrated_lufs(effects + voice, HZ), integrated_lufs(effects, HZ))
    assert found == pytest.approx(integrated_lufs(voice, HZ), abs=0.3)
    assert dialogue_lufs(-20.0, -20.0) == -17.0  # nothing more to be heard: audible all the same
    assert dialogue_lufs(-20.0, -60.0) == -35.0 and dialogue_lufs(-20.0, float("-inf")) == -20.0


def test_profiles_are_told_by_name() -> None:
    assert {name: profile.lufs for name, profile in profiles().items()} == {
        "web": -16,
        "youtube": -14,
        "broadcast": -23,
    }
    assert all(profile.ceiling_dbtp <= -1 for profile in profiles().values())
    with pytest.raises(InputError, match="choose web, youtube, broadcast"):
        profile_named("cinema")
