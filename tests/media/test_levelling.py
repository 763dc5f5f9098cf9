from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.media.audio import Samples, write_wav
from countenance.media.levelling import Sounds, levelled
from countenance.media.loudness import Loudness, measure_loudness
from countenance.media.mix import Profile, profile_named

RATE_HZ = 48_000


def _whole(sounds: Sounds) -> Samples:
    return np.concatenate(list(sounds()))


def _measured(sounds: Sounds) -> Loudness:
    return measure_loudness(sounds(), RATE_HZ)


def _speechlike(seconds: float, level: float) -> Samples:
    """Noise that swells four times a second, with a click now and then."""
    dice = np.random.default_rng(7)
    count = round(seconds * RATE_HZ)
    swell = 0.2 + np.abs(np.sin(np.arange(count) * 2 * np.pi * 2 / RATE_HZ))
    sound = level * swell * dice.normal(0, 0.2, count)
    sound[:: RATE_HZ // 2] += level
    return np.clip(sound, -0.99, 0.99).astype(np.float32)[:, None]


@pytest.mark.parametrize("name", ["web", "youtube", "broadcast"])
def test_a_presenter_s_voice_gets_the_loudness_of_each_profile(name: str) -> None:
    profile = profile_named(name)
    found = _measured(levelled(EXAMPLES / "ada" / "master.mp4", RATE_HZ, 2, profile))
    assert found.lufs == pytest.approx(profile.lufs, abs=0.1)
    assert found.peak_dbtp <= profile.ceiling_dbtp + 0.01


@pytest.mark.parametrize("seconds", [3, 11])
def test_peaks_keep_the_ceiling_where_the_gain_alone_would_break_it(tmp_path: Path, seconds: float) -> None:
    write_wav(tmp_path / "a.wav", _speechlike(seconds, 0.25), RATE_HZ)
    loud = Profile("loud", -11.0, -3.0, "")
    found = _measured(levelled(tmp_path / "a.wav", RATE_HZ, 1, loud))
    assert found.peak_dbtp <= -3.0 + 0.01
    assert found.lufs == pytest.approx(-11.0, abs=0.3)


def test_pieces_join_without_a_step(tmp_path: Path) -> None:
    """Where two pieces of ten seconds meet, the limiter's gain does not jump."""
    count = 12 * RATE_HZ
    tone = (0.3 * np.sin(np.arange(count) * 2 * np.pi * 997 / RATE_HZ)).astype(np.float32)[:, None]
    write_wav(tmp_path / "a.wav", tone, RATE_HZ)
    made = _whole(levelled(tmp_path / "a.wav", RATE_HZ, 1, Profile("loud", -3.0, -3.0, "")))[:, 0]
    steps = np.abs(np.diff(made))
    at = 10 * RATE_HZ
    assert steps[at - 5 : at + 5].max() <= steps[RATE_HZ : 2 * RATE_HZ].max() * 1.02


def test_mono_becomes_stereo_as_loud_and_stereo_mono(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", _speechlike(3, 0.2), RATE_HZ)
    wide = _whole(levelled(tmp_path / "a.wav", RATE_HZ, 2, profile_named("web")))
    assert wide.shape[1] == 2 and np.array_equal(wide[:, 0], wide[:, 1])
    assert measure_loudness([wide], RATE_HZ).lufs == pytest.approx(-16.0, abs=0.1)
    write_wav(tmp_path / "b.wav", wide, RATE_HZ)
    assert _whole(levelled(tmp_path / "b.wav", RATE_HZ, 1, profile_named("web"))).shape == (len(wide), 1)


def test_silence_stays_silence(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros((RATE_HZ, 1), np.float32), RATE_HZ)
    made = _whole(levelled(tmp_path / "a.wav", RATE_HZ, 2, profile_named("web")))
    assert made.shape == (RATE_HZ, 2) and not made.any()
