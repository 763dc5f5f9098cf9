"""The mix of a dub, from masters whose dialogue, music and effects can be told apart by their pitch."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from soundtracked import RATE_HZ, Sound, level_at, tone, write_master, write_sound

from countenance.campaign.brief import Brief
from countenance.campaign.sound_wish import SoundWish
from countenance.campaign.soundtrack import Soundtrack, soundtrack
from countenance.campaign.stages import Dub, Seen
from countenance.campaign.timeline import Timeline, as_shot
from countenance.errors import InputError
from countenance.media.loudness import integrated_lufs, true_peak_dbtp
from countenance.media.mix import Ducking
from countenance.media.probe import probe
from countenance.perception.tracks import Perception
from countenance.speech.phones import Phone, Speech

SECONDS = 2.0
OLD_HZ, NEW_HZ, MUSIC_HZ, RUMBLE_HZ = 400.0, 900.0, 1500.0, 150.0
OLD, MUSIC = tone(OLD_HZ, SECONDS), tone(MUSIC_HZ, SECONDS, 2, 0.03)
PLAIN = Ducking(depth_db=0.0)


def mixed(
    folder: Path, master: Path, wish: SoundWish, timeline: Timeline | None = None, voice: Sound | None = None
) -> Soundtrack:
    """The sound of a dub that says `NEW_HZ` from 0.6 to 1.2 s."""
    seen = Seen(probe(master), "0" * 64, Perception(0, (0,), ()))
    line = timeline or as_shot(seen.master)
    length = round(float(line.duration) * RATE_HZ)
    said = np.zeros(length, np.float32)
    said[round(0.6 * RATE_HZ) : round(1.2 * RATE_HZ)] = tone(NEW_HZ, 0.6, level=0.2)[:, 0]
    phones = (Phone("", 0, 0.6), Phone("a", 0.6, 1.2), Phone("", 1.2, float(line.duration)))
    (folder / "speech").mkdir(exist_ok=True)
    speech = Speech(said if voice is None else voice, RATE_HZ, phones, ())
    made: Any = object.__new__(Dub)  # of which the mix reads three
    for name, value in {"speech": speech, "timeline": line, "sound": folder / "speech" / "dub.wav"}.items():
        object.__setattr__(made, name, value)
    return soundtrack(brief(wish), seen, made)


def brief(wish: SoundWish) -> Brief:
    made: Any = object.__new__(Brief)  # the mix reads nothing else of it
    object.__setattr__(made, "sound", wish)
    return made


def two_tracks(folder: Path, **told: str) -> Path:
    programme = np.repeat(OLD * np.float32(0.5**0.5), 2, axis=1) + MUSIC
    return write_master(folder / "master.mkv", [(programme, {}), (MUSIC, told)])


def surround(folder: Path, leak: float = 0.0) -> Path:
    sound = np.zeros((len(OLD), 6), np.float32)
    sound[:, :2] = MUSIC + leak * OLD
    sound[:, 2], sound[:, 3] = OLD[:, 0], tone(RUMBLE_HZ, SECONDS)[:, 0]
    return write_master(folder / "surround.mkv", [(sound, {})])


def test_a_marked_track_is_kept_under_the_new_voice_and_the_old_one_is_gone(tmp_path: Path) -> None:
    made = mixed(tmp_path, two_tracks(tmp_path, title="M&E"), SoundWish(ducking=PLAIN))
    spoken = np.asarray(made.samples[round(0.7 * RATE_HZ) : round(1.1 * RATE_HZ)])
    assert made.under == "effects" and "track 1" in made.facts["music_and_effects"] and made.samples.shape[1] == 2
    assert level_at(spoken, OLD_HZ).max() < 0.01 * level_at(spoken, NEW_HZ).min()
    # Voice and music stand to each other as they did in the master.
    new = level_at(spoken, NEW_HZ) / level_at(spoken, MUSIC_HZ)
    assert 20 * np.log10(new / (0.1 * 0.5**0.5 / 0.03)) == pytest.approx([0, 0], abs=1.5)
    assert integrated_lufs(made.samples, RATE_HZ) == pytest.approx(-16, abs=0.1)
    assert true_peak_dbtp(made.samples, RATE_HZ) <= -1.0


def test_a_track_that_says_nothing_of_itself_is_used_only_when_the_brief_names_it(tmp_path: Path) -> None:
    master = two_tracks(tmp_path)
    alone = mixed(tmp_path, master, SoundWish())
    assert alone.under == "" and alone.samples.shape[1] == 1 and "music_and_effects" not in alone.facts
    named = mixed(tmp_path, master, SoundWish(1))
    assert named.under == "effects" and level_at(np.asarray(named.samples), MUSIC_HZ).min() > 0.01


def test_of_surround_the_centre_is_replaced_and_the_rest_kept(tmp_path: Path) -> None:
    made = mixed(tmp_path, surround(tmp_path), SoundWish(ducking=PLAIN))
    spoken = np.asarray(made.samples[round(0.7 * RATE_HZ) : round(1.1 * RATE_HZ)])
    assert made.facts["channels"] == "5.1" and made.samples.shape[1] == 6
    assert np.flatnonzero(level_at(spoken, NEW_HZ) > 0.01).tolist() == [2]
    assert np.flatnonzero(level_at(spoken, MUSIC_HZ) > 0.005).tolist() == [0, 1]
    assert np.flatnonzero(level_at(spoken, RUMBLE_HZ) > 0.005).tolist() == [3]
    assert level_at(spoken, OLD_HZ).max() < 1e-3


def test_surround_whose_sides_hold_the_dialogue_too_is_not_kept(tmp_path: Path) -> None:
    made = mixed(tmp_path, surround(tmp_path, leak=0.7), SoundWish())
    assert made.under == "" and "the old voice may be heard in it" in made.facts["left_out"]


def test_channels_of_a_stereo_master_that_has_its_dialogue_left(tmp_path: Path) -> None:
    split = np.column_stack([OLD[:, 0], MUSIC[:, 0]])
    master = write_master(tmp_path / "split.mkv", [(split, {})])
    made = mixed(tmp_path, master, SoundWish(("R",)))
    whole = np.asarray(made.samples)
    assert level_at(whole, OLD_HZ).max() < 1e-3 and level_at(whole, MUSIC_HZ).min() > 0.01 and whole.shape[1] == 2
    with pytest.raises(InputError, match="has no channel 'C'"):
        mixed(tmp_path, master, SoundWish(("C",)))
    with pytest.raises(InputError, match="names every channel"):
        mixed(tmp_path, master, SoundWish(("L", "R")))
    with pytest.raises(InputError, match="track 0 is the master's programme"):
        mixed(tmp_path, master, SoundWish(0))
    with pytest.raises(InputError, match="there is no track 3"):
        mixed(tmp_path, master, SoundWish(3))


@pytest.mark.parametrize("seconds", [0.5, 2.0, 5.0])
@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 8000), (2, 44100), (6, 48000)])
def test_music_and_effects_from_any_file(tmp_path: Path, seconds: float, channels: int, rate_hz: int) -> None:
    path = write_sound(tmp_path / "me.wav", tone(MUSIC_HZ, seconds, channels, 0.05, rate_hz), rate_hz)
    made = mixed(tmp_path, two_tracks(tmp_path), SoundWish(path))
    assert made.samples.shape == (round(SECONDS * RATE_HZ), 6 if channels == 6 else 2)
    early = np.asarray(made.samples[: round(0.4 * RATE_HZ)])
    assert level_at(early, MUSIC_HZ).max() > 0.005 and "the file me.wav" in made.facts["music_and_effects"]


def test_a_master_without_sound_and_one_that_is_silent(tmp_path: Path) -> None:
    silent = write_master(tmp_path / "silent.mkv", [(np.zeros_like(MUSIC), {})])
    mute = write_master(tmp_path / "mute.mkv", [])
    path = write_sound(tmp_path / "me.wav", MUSIC)
    for master in (silent, mute):
        assert mixed(tmp_path, master, SoundWish()).under == ""
        assert mixed(tmp_path, master, SoundWish(path)).under == "effects"


def test_a_bed_lies_as_far_below_the_voice_as_was_asked_and_ducks(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "bed.wav", tone(MUSIC_HZ, 0.8, 2, 0.5))
    master = two_tracks(tmp_path, title="M&E")
    voice = tone(NEW_HZ, SECONDS, level=0.2)[:, 0]
    made = mixed(tmp_path, master, SoundWish(bed=path, level_lu=-12, ducking=PLAIN), voice=voice)
    middle = np.asarray(made.samples[RATE_HZ // 2 : round(1.0 * RATE_HZ)])
    ratio = level_at(middle, MUSIC_HZ) / level_at(middle, NEW_HZ)
    assert made.under == "bed" and 20 * np.log10(ratio) == pytest.approx([-12, -12], abs=2.5)
    ducked = mixed(tmp_path, master, SoundWish(bed=path))
    before, under = (np.asarray(ducked.samples)[round(a * RATE_HZ) : round((a + 0.1) * RATE_HZ)] for a in (0.31, 0.9))
    assert 20 * np.log10(level_at(under, MUSIC_HZ) / level_at(before, MUSIC_HZ)).max() < -8


def test_effects_follow_a_held_picture(tmp_path: Path) -> None:
    click = MUSIC.copy()
    click[round(1.5 * RATE_HZ) : round(1.5 * RATE_HZ) + 48] = 0.9
    master = write_master(tmp_path / "m.mkv", [(OLD, {}), (click, {"title": "M&E"})])
    shot = probe(master)
    step, still = shot.pts[1] - shot.pts[0], 30
    source = (*range(still + 1), *([still] * 10), *range(still + 1, 50))
    pts = tuple(step * number for number in range(60))
    held = Timeline(source, pts, shot.time_base, shot.duration + Fraction(10, 25), "held")
    made = mixed(tmp_path, master, SoundWish(), held)
    loudest = int(np.abs(np.asarray(made.samples)[RATE_HZ:]).max(axis=1).argmax()) + RATE_HZ
    assert len(made.samples) == round(2.4 * RATE_HZ) and made.facts["follows_the_picture"]
    assert loudest / RATE_HZ == pytest.approx(1.9, abs=0.003)


def test_the_mix_is_made_once_and_anew_when_its_inputs_change(tmp_path: Path) -> None:
    master = two_tracks(tmp_path, title="M&E")
    first = mixed(tmp_path, master, SoundWish())
    kept = sorted((tmp_path / "speech").iterdir())
    times = [path.stat().st_mtime_ns for path in kept]
    again = mixed(tmp_path, master, SoundWish())
    assert [path.stat().st_mtime_ns for path in kept] == times and np.array_equal(first.samples, again.samples)
    louder = mixed(tmp_path, master, replace(SoundWish(), profile="youtube"))
    assert integrated_lufs(louder.samples, RATE_HZ) == pytest.approx(-14, abs=0.1)
    assert louder.facts["profile"] == "youtube" and louder.facts["target_lufs"] == -14


def test_the_voice_alone_is_as_loud_as_its_profile_with_the_pauses_around_it(tmp_path: Path) -> None:
    master = two_tracks(tmp_path)
    voice = tone(NEW_HZ, SECONDS, level=0.2)[:, 0]
    voice[: len(voice) // 2] = 0  # speech was brought to its loudness before it was placed among pauses
    made = mixed(tmp_path, master, SoundWish(), voice=voice).samples
    assert integrated_lufs(made, RATE_HZ) == pytest.approx(-16, abs=0.1)
    assert not made[: len(voice) // 2].any()
