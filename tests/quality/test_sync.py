from __future__ import annotations

from functools import cache
from pathlib import Path

import faces
import numpy as np
import pytest

from countenance.media.audio import read_audio
from countenance.media.frame import F32
from countenance.quality.meter import lip_gap
from countenance.quality.sync import RANGE_S, Offset, av_offset, loudness_curve

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
    assert offset.confidence > 0.98


@pytest.mark.parametrize("planted_ms", [-200, -80, -40, 40, 80, 200])
def test_sound_that_is_moved_is_found_moved_by_that_much(planted_ms: int) -> None:
    times, opening, sound = speaking(faces.MASTER)
    before = as_shot().offset_ms
    after = av_offset(times, opening, early(sound, planted_ms), RATE_HZ).offset_ms
    assert before is not None and after is not None
    assert after - before == pytest.approx(planted_ms, abs=10)


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
@pytest.mark.parametrize("clip", ["grid/id2_vcd_swwp2s.mpg", "grid/pwij3p.mpg", "grid/sbwe5n.mpg"])
def test_people_who_were_recorded_in_sync_are_found_in_sync(footage: Path, clip: str) -> None:
    offset = av_offset(*speaking(footage / clip), RATE_HZ)
    assert offset.offset_ms is not None and abs(offset.offset_ms) < 45
