from __future__ import annotations

from functools import cache
from pathlib import Path

import faces
import numpy as np
import pytest
import spoken

from countenance.media.audio import read_audio, resample
from countenance.media.frame import F32
from countenance.quality.meter import lip_gap
from countenance.quality.sync import RANGE_S, Offset, av_offset, loudness_curve
from countenance.speech.phones import Phone, covering

RATE_HZ = 48000


@cache
def speaking(path: Path) -> tuple[F32, F32, F32]:
    """Times, mouth opening and sound of a clip in which one person speaks."""
    frames, meshes = faces.meshes_of(path)
    sound = read_audio(path, RATE_HZ)
    assert sound is not None
    times = np.array([float(frame.time) for frame in frames], np.float32)
    return times, np.array([lip_gap(mesh) for mesh in meshes], np.float32), sound


def early(sound: F32, by_ms: float) -> F32:
    """The sound, that much earlier than it was (later where negative)."""
    count = round(abs(by_ms) / 1000 * RATE_HZ)
    silence = np.zeros((count, sound.shape[1]), np.float32)
    return sound[count:] if by_ms > 0 else np.concatenate([silence, sound])


@cache
def as_shot() -> Offset:
    return av_offset(*speaking(faces.MASTER), RATE_HZ)


def test_a_mouth_and_its_own_sound_are_found_together() -> None:
    offset = as_shot()
    assert offset.offset_ms is not None and abs(offset.offset_ms) < 30
    assert offset.confidence > 0.98 and offset.reason == ""


@pytest.mark.parametrize("planted_ms", [-200, -80, -40, 40, 80, 200])
def test_sound_that_is_moved_is_found_moved_by_that_much(planted_ms: int) -> None:
    times, opening, sound = speaking(faces.MASTER)
    before = as_shot().offset_ms
    after = av_offset(times, opening, early(sound, planted_ms), RATE_HZ).offset_ms
    assert before is not None and after is not None
    assert after - before == pytest.approx(planted_ms, abs=10)


def test_the_interval_holds_the_offset_and_says_how_sure_it_is() -> None:
    offset = as_shot()
    assert offset.offset_ms is not None and offset.low_ms is not None and offset.high_ms is not None
    assert offset.spread_ms is not None and 0 < offset.spread_ms < 20
    assert offset.low_ms < offset.offset_ms < offset.high_ms
    assert 25 < offset.high_ms - offset.low_ms < 100
    assert offset.by == ("loudness",) and not offset.drifts


def test_phones_are_a_second_witness_and_make_the_figure_surer() -> None:
    offset = av_offset(*speaking(faces.MASTER), RATE_HZ, spoken.ADA)
    alone = as_shot()
    assert offset.by == ("loudness", "phones")
    assert offset.offset_ms is not None and abs(offset.offset_ms) < 20
    assert offset.high_ms is not None and offset.low_ms is not None
    assert alone.high_ms is not None and alone.low_ms is not None
    assert offset.high_ms - offset.low_ms < alone.high_ms - alone.low_ms


@pytest.mark.parametrize("planted_ms", [-200, -80, -40, -20, 20, 40, 80, 200])
def test_with_phones_too_what_is_planted_is_found(planted_ms: int) -> None:
    times, opening, sound = speaking(faces.MASTER)
    moved = covering(
        [Phone(p.symbol, p.start_s - planted_ms / 1000, p.end_s - planted_ms / 1000) for p in spoken.ADA], 7
    )
    before = av_offset(times, opening, sound, RATE_HZ, spoken.ADA).offset_ms
    after = av_offset(times, opening, early(sound, planted_ms), RATE_HZ, moved).offset_ms
    assert before is not None and after is not None
    assert after - before == pytest.approx(planted_ms, abs=10)


def test_the_same_film_at_another_frame_rate_has_the_same_offset() -> None:
    """Every picture shown twice, and pictures at the uneven times of a rate that does not divide theirs."""
    times, opening, sound = speaking(faces.MASTER)
    whole = as_shot().offset_ms
    twice = np.sort(np.concatenate([times, times + 0.02]))
    thirty = np.arange(0, 6.5, 1001 / 30000)
    source = np.clip(np.rint(thirty * 25).astype(int), 0, len(opening) - 1)
    for shown, mouth in ((twice, np.repeat(opening, 2)), (thirty, opening[source])):
        assert av_offset(shown, mouth, sound, RATE_HZ).offset_ms == pytest.approx(whole, abs=5)


@pytest.mark.parametrize("per_minute_ms", [0, 100, -100])
def test_sound_that_runs_away_is_said_to_drift(per_minute_ms: int) -> None:
    times, opening, sound = speaking(faces.MASTER)
    times, opening, heard = looped(times, opening, sound, 60)
    offset = av_offset(times, opening, stretched(heard, per_minute_ms / 60000), 16000)
    assert offset.drifts == (per_minute_ms != 0)
    assert offset.drift_ms == pytest.approx(per_minute_ms, abs=30)
    known = [value for _, value in offset.curve if value is not None]
    assert known[-1] - known[0] == pytest.approx(per_minute_ms, abs=50)


def test_a_long_film_is_measured_in_parts() -> None:
    times, opening, sound = speaking(faces.MASTER)
    times, opening, heard = looped(times, opening, sound, 180)
    steady = av_offset(times, opening, heard, 16000)
    assert steady.offset_ms == pytest.approx(as_shot().offset_ms, abs=10) and not steady.drifts
    drifting = av_offset(times, opening, stretched(heard, 0.1 / 60), 16000)
    assert drifting.drifts and drifting.drift_ms == pytest.approx(300, abs=40)
    backwards = av_offset(times, opening, np.ascontiguousarray(heard[::-1]), 16000)
    assert backwards.offset_ms is None and backwards.reason


def looped(times: F32, opening: F32, sound: F32, seconds: int) -> tuple[F32, F32, F32]:
    heard = resample(sound.mean(axis=1), RATE_HZ, 16000)
    length = len(times) / 25
    rounds = int(seconds / length) + 1
    shown = np.concatenate([times.astype(np.float64) + length * turn for turn in range(rounds)])
    once = np.resize(heard, round(length * 16000))
    kept = shown < seconds
    return shown[kept], np.tile(opening, rounds)[kept], np.resize(once, seconds * 16000)


def stretched(sound: F32, by: float) -> F32:
    at = np.arange(len(sound)) * (1 + by)
    return np.interp(at, np.arange(len(sound)), sound).astype(np.float32)


def test_bad_sound_gives_the_same_figure() -> None:
    """Six channels, one, 8 kHz, clipped, and sound that ends before or after the picture."""
    times, opening, sound = speaking(faces.MASTER)
    whole = as_shot().offset_ms
    one = sound.mean(axis=1)
    cases = {
        "mono": (one, RATE_HZ),
        "5.1": (np.stack([0 * one, 0 * one, one, 0 * one, 0 * one, 0 * one], axis=1), RATE_HZ),
        "8 kHz": (resample(one, RATE_HZ, 8000), 8000),
        "clipped": (np.clip(8 * one, -1, 1), RATE_HZ),
        "shorter": (one[: 5 * RATE_HZ], RATE_HZ),
        "longer": (np.concatenate([one, np.zeros(20 * RATE_HZ, np.float32)]), RATE_HZ),
    }
    for name, (heard, rate_hz) in cases.items():
        found = av_offset(times, opening, heard, rate_hz).offset_ms
        assert found == pytest.approx(whole, abs=20), name


def test_ten_minutes_of_silence_have_no_offset() -> None:
    times, opening, _ = speaking(faces.MASTER)
    offset = av_offset(times, opening, np.zeros(600 * 8000, np.float32), 8000)
    assert (offset.offset_ms, offset.reason) == (None, "nobody is heard to speak")


def test_a_mouth_that_is_hidden_for_half_the_clip_is_measured_in_the_other_half() -> None:
    times, opening, sound = speaking(faces.MASTER)
    half = np.where(np.arange(len(opening)) < len(opening) // 2, np.nan, opening).astype(np.float32)
    offset = av_offset(times, half, sound, RATE_HZ)
    assert offset.offset_ms == pytest.approx(as_shot().offset_ms, abs=25) or "agree" in offset.reason


def test_pictures_need_not_come_evenly() -> None:
    times, opening, sound = speaking(faces.MASTER)
    kept = np.random.default_rng(0).random(len(times)) < 0.8
    whole = as_shot().offset_ms
    part = av_offset(times[kept], opening[kept], sound, RATE_HZ).offset_ms
    assert whole is not None and part == pytest.approx(whole, abs=10)


def test_what_is_not_seen_for_a_moment_does_not_matter() -> None:
    times, opening, sound = speaking(faces.MASTER)
    gappy = opening.copy()
    gappy[40:52] = np.nan
    whole = as_shot().offset_ms
    part = av_offset(times, gappy, sound, RATE_HZ).offset_ms
    assert whole is not None and part == pytest.approx(whole, abs=20)


def test_no_offset_where_there_is_nothing_to_compare() -> None:
    times, opening, sound = speaking(faces.MASTER)
    still = opening[:1] + np.random.default_rng(0).normal(0, 1e-3, len(times)).astype(np.float32)
    backwards = np.ascontiguousarray(sound[::-1])
    cases = [
        (times, opening, np.zeros_like(sound), "nobody is heard to speak"),
        (times, opening, sound[:0], "nobody is heard to speak"),
        (times, still, sound, "the mouth does not move"),
        (times, np.full_like(opening, np.nan), sound, "the mouth is not seen long enough"),
        (times[:30], opening[:30], sound, "mouth and sound run together for less than 1.5 s"),
        (times, opening, backwards, "the mouth and the sound do not agree enough to compare their times"),
    ]
    for when, mouth, heard, reason in cases:
        offset = av_offset(when, mouth, heard, RATE_HZ)
        assert offset.offset_ms is None and offset.reason == reason


def test_an_offset_beyond_the_range_is_not_mistaken_for_another() -> None:
    times, opening, sound = speaking(faces.MASTER)
    offset = av_offset(times, opening, early(sound, -1000 * (RANGE_S + 0.4)), RATE_HZ)
    assert offset.offset_ms is None and offset.reason


def test_loudness_is_told_at_any_time() -> None:
    sound = np.zeros(2 * RATE_HZ, np.float32)
    tone = 0.5 * np.sin(2 * np.pi * 1500 * np.arange(RATE_HZ) / RATE_HZ)
    sound[RATE_HZ // 2 : 3 * RATE_HZ // 2] = tone
    level = loudness_curve(sound, RATE_HZ, np.array([-1.0, 0.1, 1.0, 1.9, 5.0]))
    assert level == pytest.approx([-60, -60, 20 * np.log10(0.5 / np.sqrt(2)), -60, -60], abs=0.5)
    assert loudness_curve(sound[:0], RATE_HZ, np.array([0.0])) == pytest.approx([-60])


def test_long_sound_is_heard_without_seams() -> None:
    random = np.random.default_rng(1)
    sound = random.normal(0, 0.1, 16000 * 130).astype(np.float32)
    times = np.arange(1, 129, 0.01)
    level = loudness_curve(sound, 16000, times)
    near = np.abs(times[:, None] - np.array([60.0, 120.0])).min(axis=1) < 0.05
    assert level[near].mean() == pytest.approx(level.mean(), abs=1.0)
    assert level[near].min() > level.min() - 1


@pytest.mark.footage
@pytest.mark.parametrize("clip", ["grid/id2_vcd_swwp2s.mpg", "grid/sbia1a.mpg", "grid/sbwe5n.mpg"])
def test_people_who_were_recorded_in_sync_are_found_in_sync(footage: Path, clip: str) -> None:
    offset = av_offset(*speaking(footage / clip), RATE_HZ)
    assert offset.offset_ms is not None and abs(offset.offset_ms) < 45
