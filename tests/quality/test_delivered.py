from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES
from remux import remuxed

from countenance.media.audio import Samples, read_mono, resample
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.quality.delivered import Clocks, clocks_of

MASTER = EXAMPLES / "ada" / "master.mp4"
TIMES = [number / 25 for number in range(163)]


def heard() -> Samples:
    sound = read_mono(MASTER, 16000)
    assert sound is not None
    return sound


def encoded(path: Path, sound: Samples) -> Path:
    frames = [Frame.from_rgb(np.zeros((90, 160, 3), np.uint8), number) for number in range(163)]
    time_base = frames[0].time_base
    encode(
        path, frames, size=(160, 90), time_base=time_base, frame_rate=1 / time_base,
        sound=Sound(samples=resample(sound, 16000, 48000)), picture=Picture(preset="ultrafast", crf=40),
    )  # fmt: skip
    return path


def test_our_encode_moves_nothing(tmp_path: Path) -> None:
    found = clocks_of(encoded(tmp_path / "a.mp4", heard()), TIMES, [heard()])
    assert found.sound_ms == pytest.approx(0, abs=0.1) and found.picture_ms == 0
    assert abs(found.apart_ms) < 0.1


@pytest.mark.parametrize("by_ms", [-60, -21.33, 21.33, 100])
def test_priming_that_nobody_minded_would_be_seen(tmp_path: Path, by_ms: float) -> None:
    """Sound that is 1024 samples late is what a file without its edit list has."""
    count = round(abs(by_ms) * 16)
    moved = heard()[count:] if by_ms < 0 else np.concatenate([np.zeros(count, np.float32), heard()])
    found = clocks_of(encoded(tmp_path / "a.mp4", moved), TIMES, [heard()])
    assert found.sound_ms == pytest.approx(by_ms, abs=0.1)
    assert found.apart_ms == pytest.approx(-by_ms, abs=0.1)


def test_pictures_that_come_later_are_seen(tmp_path: Path) -> None:
    clip = encoded(tmp_path / "a.mp4", heard())
    found = clocks_of(clip, [time - 0.04 for time in TIMES], [heard()])
    assert found.picture_ms == pytest.approx(40) and found.apart_ms == pytest.approx(40, abs=0.1)


def test_a_container_that_counts_milliseconds_is_near_enough(tmp_path: Path) -> None:
    found = clocks_of(remuxed(MASTER, tmp_path / "a.mkv"), TIMES, [heard()])
    assert abs(found.apart_ms) <= 22  # its clock may begin with the priming; both move together
    assert probe(tmp_path / "a.mkv").frames == 163


def test_where_nothing_or_something_else_is_heard_the_sound_has_no_place(tmp_path: Path) -> None:
    clip = encoded(tmp_path / "a.mp4", heard())
    for other in ([], [0 * heard()], [heard()[::-1].copy()]):
        assert clocks_of(clip, TIMES, other).sound_ms is None
    assert Clocks(None, 40.0).apart_ms == 0.0
