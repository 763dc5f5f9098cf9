from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import frames_of
from media_files import flash_and_click

from countenance.errors import InputError
from countenance.media.audio import read_mono
from countenance.media.decode import decode
from countenance.media.editlist import without_edit_list_ms
from countenance.media.export import ExportProfile, export_profile, export_profiles
from countenance.media.ladder import picture_count, renditions, retimed
from countenance.media.levelling import levelled
from countenance.media.mix import profile_named
from countenance.media.probe import probe
from countenance.media.recode import write_film, write_sound_track, write_tracks

FILES = [name for name, profile in export_profiles().items() if not profile.streams]
SMALL = [name for name in FILES if not name.startswith("broadcast")]


def export(source: Path, folder: Path, profile: ExportProfile) -> Path:
    """The source in the form of a profile of one file."""
    master = probe(source)
    made = renditions(profile, (master.width, master.height), master.frame_rate)[0]
    frames = retimed(decode(master), made.rate, picture_count(master.duration, made.rate))
    sound = levelled(source, profile.sound.rate_hz, profile.sound.channels, profile_named(profile.sound.loudness))
    target = folder / f"{profile.name}{profile.suffix}"
    write_film(target, frames, profile, made, sound())
    return target


@pytest.fixture(scope="module")
def flash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds in which number 25 of the pictures flashes as a click is heard."""
    return flash_and_click(tmp_path_factory.mktemp("flash") / "flash.mp4", options={"bf": "2"})


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name == "broadcast-50" else name for name in FILES]
)
def test_flash_and_click_stay_together_whether_edit_lists_are_minded_or_not(
    flash: Path, tmp_path: Path, name: str
) -> None:
    made = export(flash, tmp_path, export_profile(name))
    assert without_edit_list_ms(made) == pytest.approx(0, abs=0.01)
    assert _flash_s(made) == pytest.approx(1.0, abs=0.011)  # half a picture of 50 a second
    assert _click_s(made) == pytest.approx(1.0, abs=0.002)


def test_a_release_itself_plays_sound_early_where_edit_lists_are_ignored(flash: Path) -> None:
    """What the exports are free of."""
    assert without_edit_list_ms(flash) < -20


@pytest.mark.parametrize("name", SMALL)
def test_keyframes_come_as_the_profile_says_and_nowhere_else(flash: Path, tmp_path: Path, name: str) -> None:
    """The flash is a scene cut, where encoders like to put one."""
    profile = export_profile(name)
    made = export(flash, tmp_path, profile)
    with av.open(str(made)) as container:
        packets = [(one.pts, one.is_keyframe) for one in container.demux(container.streams.video[0]) if one.size]
    step = renditions(profile, (96, 64), Fraction(25))[0].keyframe
    keys = [number for number, (_pts, key) in enumerate(sorted(packets)) if key]
    assert keys == list(range(0, 50, step))


def test_a_variable_rate_becomes_constant_in_time(tmp_path: Path) -> None:
    times = [0, 40, 80, 200, 240, 500, 540, 580, 1000, 1040]
    source = flash_and_click(
        tmp_path / "vfr.mp4", pictures=10, at=8, pts=[90 * one for one in times], time_base=Fraction(1, 90_000)
    )
    profile = export_profile("web-h264")
    made = probe(export(source, tmp_path, profile))
    assert not made.variable
    assert _flash_s(made.path) == pytest.approx(1.0, abs=0.5 / float(made.frame_rate) + 0.001)


def test_a_picture_of_another_shape_stands_in_black(flash: Path, tmp_path: Path) -> None:
    made = export(flash, tmp_path, export_profile("broadcast-25"))
    frame = frames_of(made)[25]
    assert frame.size == (1920, 1080)
    luma = frame.planes[0].astype(int)
    assert luma[:, :140].max() <= 20 and luma[:, -140:].max() <= 20  # 1620 x 1080 of it is picture
    assert luma[540, 160:1760].min() > 200  # the flash


def test_tracks_of_a_ladder_cut_at_the_same_times_and_show_the_same_pictures(flash: Path, tmp_path: Path) -> None:
    profile = export_profile("streaming")
    master = probe(flash)
    sizes = renditions(profile, (1280, 720), Fraction(25))[1:]
    targets = [tmp_path / f"{one.short_px}.mp4" for one in sizes]
    assert write_tracks(targets, decode(master), profile, sizes) == 50
    keys = [_key_times(path) for path in targets]
    assert keys == [[0.0]] * len(targets) and len(keys) == 2
    assert {int(np.argmax([frame.planes[0].mean() for frame in frames_of(path)])) for path in targets} == {25}


def test_the_track_of_sound_begins_with_the_first_sample(flash: Path, tmp_path: Path) -> None:
    profile = export_profile("streaming")
    sound = levelled(flash, 48_000, 2, profile_named("web"))
    write_sound_track(tmp_path / "audio.m4a", profile, sound())
    assert _click_s(tmp_path / "audio.m4a") == pytest.approx(1.0, abs=0.002)


def test_a_film_without_sound_has_one_track(tmp_path: Path) -> None:
    profile = export_profile("web-h264")
    source = flash_and_click(tmp_path / "silent.mp4", sound_s=None)
    master = probe(source)
    made = renditions(profile, (master.width, master.height), master.frame_rate)[0]
    write_film(tmp_path / "made.mp4", decode(master), profile, made, None)
    assert probe(tmp_path / "made.mp4").audio_codec is None


def test_no_picture_is_an_error(tmp_path: Path) -> None:
    profile = export_profile("web-h264")
    made = renditions(profile, (96, 64), Fraction(25))[0]
    with pytest.raises(InputError, match="no picture"):
        write_film(tmp_path / "made.mp4", [], profile, made, None)


def _flash_s(path: Path) -> float:
    """When the brightest picture is shown, by the file's own clock."""
    frames = frames_of(path)
    brightest = max(frames, key=lambda frame: float(frame.planes[0].mean()))
    first = next(frame for frame in frames if frame.planes[0].mean() > 0.9 * brightest.planes[0].mean())
    return float(first.time)


def _click_s(path: Path) -> float:
    sound = read_mono(path, 48_000)
    assert sound is not None
    return float(np.argmax(np.abs(sound)) / 48_000)


def _key_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [one for one in container.demux(stream) if one.size]
        first = min(one.pts for one in packets)
        return [float((one.pts - first) * stream.time_base) for one in packets if one.is_keyframe]
