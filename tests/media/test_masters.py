"""Masters as they come: what goes in with a film's peculiarities comes out with the same pictures, times and sound."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import begun_later, turned
from media_files import flash_and_click

from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.encode import Picture, encode, sound_of
from countenance.media.probe import Master, probe

RATE_HZ = 48_000
FILM = Fraction(24000, 1001)


def released(master: Master, target: Path) -> Master:
    """The master through decoder and encoder, as a release is made."""
    encode(
        target,
        decode(master),
        size=(master.width, master.height),
        time_base=master.time_base,
        frame_rate=master.frame_rate,
        sound=sound_of(master),
        picture=Picture(preset="ultrafast"),
    )
    return probe(target)


def flash_s(master: Master) -> float:
    """When the white picture appears, on the clock that starts with the file."""
    (flash,) = [frame.time for frame in decode(master) if frame.planes[0].mean() > 128]
    return float(flash)


def click_s(master: Master) -> float:
    samples = read_audio(master.path, RATE_HZ, master.origin_s)
    assert samples is not None
    return float(np.argmax(np.abs(samples[:, 0]) > 0.3)) / RATE_HZ


def sound_length_s(master: Master) -> float:
    samples = read_audio(master.path, RATE_HZ, master.origin_s)
    return 0.0 if samples is None else len(samples) / RATE_HZ


def film_with_b_pictures(folder: Path) -> Path:
    return flash_and_click(folder / "film.mp4", rate=FILM, at=26, sound_s=2.2, options={"bf": "3", "b_strategy": "0"})


def cut_by_edit_lists(folder: Path) -> Path:
    """23.976, B-pictures, and edit lists that cut the first ten pictures and their sound off."""
    options = {"bf": "3", "b_strategy": "0", "g": "100"}
    whole = flash_and_click(folder / "whole.mp4", rate=FILM, at=26, sound_s=2.2, options=options)
    return begun_later(whole, folder / "cut.mp4", 10 / FILM)


def variable(folder: Path) -> Path:
    steps = [1, 2, 1, 3, 1, 1, 4, 2] * 6
    pts = [0, *np.cumsum(steps).tolist()]
    return flash_and_click(
        folder / "vfr.mp4", pictures=len(pts), at=20, pts=pts, time_base=Fraction(1, 60), sound_s=2.0
    )


def variable_in_milliseconds(folder: Path) -> Path:
    pts = [0, 41, 83, 125, 140, 200, 201, 260, 400, 433, 466, 500, 600, 900, 1000]
    return flash_and_click(
        folder / "vfr.mkv", pictures=len(pts), at=8, pts=pts, time_base=Fraction(1, 1000), sound_s=1.1
    )


def longer_sound(folder: Path) -> Path:
    return flash_and_click(folder / "long.mp4", sound_s=3.5)


def shorter_sound(folder: Path) -> Path:
    return flash_and_click(folder / "short.mp4", sound_s=1.3)


def late_picture(folder: Path) -> Path:
    return flash_and_click(folder / "late.mp4", sound_s=2.5, late_s=Fraction(3, 10))


def uncompressed_sound(folder: Path) -> Path:
    return flash_and_click(folder / "pcm.mov", sound_codec="pcm_s16le", sound_s=2.6)


def transport_stream(folder: Path) -> Path:
    return flash_and_click(folder / "late.ts", rate=FILM, at=24, sound_s=2.0)


def transport_stream_with_mp2(folder: Path) -> Path:
    return flash_and_click(folder / "old.ts", codec="mpeg2video", sound_codec="mp2", sound_s=2.0)


def flac_in_matroska(folder: Path) -> Path:
    return flash_and_click(folder / "flac.mkv", sound_codec="flac", sound_s=1.5)


def portrait(folder: Path) -> Path:
    return turned(flash_and_click(folder / "phone.mp4", size=(128, 64)), 90)


@pytest.mark.parametrize(
    "make",
    [
        film_with_b_pictures,
        cut_by_edit_lists,
        variable,
        variable_in_milliseconds,
        longer_sound,
        shorter_sound,
        late_picture,
        uncompressed_sound,
        transport_stream,
        transport_stream_with_mp2,
        flac_in_matroska,
        portrait,
    ],
)
def test_a_release_has_its_masters_pictures_times_and_sound(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    master = probe(make(tmp_path))
    release = released(master, tmp_path / "release.mp4")
    assert release.frames == master.frames
    assert (release.width, release.height, release.rotation) == (master.width, master.height, 0)
    assert release.variable == master.variable
    # One tick of the master's clock at most, counted from the first picture.
    steps = [[float((pts - film.pts[0]) * film.time_base) for pts in film.pts] for film in (release, master)]
    assert np.abs(np.subtract(*steps)).max() <= float(master.time_base) / 2 + 1e-9
    assert flash_s(release) - click_s(release) == pytest.approx(flash_s(master) - click_s(master), abs=0.0015)
    assert sound_length_s(release) - click_s(release) == pytest.approx(
        sound_length_s(master) - click_s(master), abs=1.5 * 1024 / RATE_HZ
    )


@pytest.mark.parametrize("make", [film_with_b_pictures, cut_by_edit_lists, late_picture, transport_stream])
def test_flash_and_click_come_together_in_these_masters(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Or the test above would prove nothing."""
    master = probe(make(tmp_path))
    assert flash_s(master) == pytest.approx(click_s(master), abs=0.0015)


def test_a_film_without_sound_stays_without(tmp_path: Path) -> None:
    release = released(probe(flash_and_click(tmp_path / "a.mp4", sound_s=None)), tmp_path / "release.mp4")
    assert release.audio_codec is None
    assert release.frames == 50


def test_a_release_of_a_film_cut_by_edit_lists_starts_where_it_was_cut(tmp_path: Path) -> None:
    master = probe(cut_by_edit_lists(tmp_path))
    release = released(master, tmp_path / "release.mp4")
    assert master.frames == 40  # of 50
    assert flash_s(release) == pytest.approx(float(16 / FILM), abs=0.0015)


def test_odd_sizes_are_released_even(tmp_path: Path) -> None:
    path = flash_and_click(tmp_path / "odd.mkv", size=(853, 479), codec="ffv1", pictures=30, sound_s=1.2)
    release = released(probe(path), tmp_path / "release.mp4")
    assert (release.width, release.height, release.frames) == (852, 478, 30)


def test_a_film_that_broke_off_while_it_was_copied_is_refused_by_name(tmp_path: Path) -> None:
    path = flash_and_click(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(InputError, match=r"a\.mp4: .*export or copy it again\.$"):
        probe(path)
