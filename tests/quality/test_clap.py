from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES
from remux import remuxed

from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.quality.clap import measure_clap, write_clap

QUICK = Picture(preset="ultrafast", crf=30)


@pytest.fixture(scope="module")
def clap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clap") / "clap.mp4"
    write_clap(path, Fraction(25), 6)
    return path


def recorded(
    source: Path, target: Path, rate: Fraction, *, early_ms: float = 0.0, dim: float = 1.0, room: bool = False
) -> Path:
    """The clip filmed off a screen, small, at another rate, each picture a mean of what was on the screen meanwhile."""
    samples = read_audio(source)
    assert samples is not None
    heard = samples.mean(axis=1)
    if room:
        noise = np.random.default_rng(0).normal(0, 0.01, len(heard))
        heard = (0.4 * heard + 0.2 * np.roll(heard, 900) + noise).astype(np.float32)
    count = round(abs(early_ms) * 48)
    heard = heard[count:] if early_ms > 0 else np.concatenate([np.zeros(count, np.float32), heard])
    encode(
        target, _filmed(source, rate, dim), size=(160, 90), time_base=1 / rate, frame_rate=rate,
        sound=Sound(samples=heard), picture=QUICK,
    )  # fmt: skip
    return target


def _filmed(source: Path, rate: Fraction, dim: float) -> Iterator[Frame]:
    master = probe(source)
    shown = [cv2.resize(frame.rgb(), (160, 90), interpolation=cv2.INTER_AREA) for frame in decode(master)]
    for number in range(int(master.duration * rate)):
        start, end = float(number / rate) * 25, float((number + 1) / rate) * 25
        parts = range(int(start), min(int(np.ceil(end)), len(shown)))
        share = [min(end, part + 1) - max(start, part) for part in parts]
        mean = np.average([shown[part] for part in parts], axis=0, weights=share) * dim
        yield Frame.from_rgb(mean.astype(np.uint8), number, 1 / rate)


def test_its_own_sound_and_picture_belong_together_to_the_sample(clap: Path) -> None:
    found = measure_clap(clap)
    assert abs(found.offset_ms) < 0.03  # a sample of 48 kHz is 0.02 ms
    assert found.claps == 4 and found.spread_ms < 0.03 and abs(found.drift_ms_per_minute) < 1


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(50)])
def test_it_can_be_made_at_any_rate(tmp_path: Path, rate: Fraction) -> None:
    write_clap(tmp_path / "clap.mp4", rate, 6)
    assert probe(tmp_path / "clap.mp4").frame_rate == rate
    assert abs(measure_clap(tmp_path / "clap.mp4").offset_ms) < 0.03


def test_another_container_changes_nothing(clap: Path, tmp_path: Path) -> None:
    assert abs(measure_clap(remuxed(clap, tmp_path / "clap.mkv")).offset_ms) < 1  # its clock counts milliseconds


@pytest.mark.parametrize(
    ("rate", "early_ms"), [(Fraction(30000, 1001), 0), (Fraction(24), 60), (Fraction(25), -120), (Fraction(60), 33)]
)
def test_a_recording_is_measured_finer_than_its_pictures(
    clap: Path, tmp_path: Path, rate: Fraction, early_ms: float
) -> None:
    found = measure_clap(recorded(clap, tmp_path / "filmed.mp4", rate, early_ms=early_ms, dim=0.6, room=True))
    assert found.offset_ms == pytest.approx(early_ms, abs=4)
    assert found.claps >= 3


def test_sound_that_runs_away_is_told(clap: Path, tmp_path: Path) -> None:
    master = probe(clap)
    samples = read_audio(clap)
    assert samples is not None
    mono = samples.mean(axis=1)
    faster = np.interp(np.arange(len(mono)) * 1.002, np.arange(len(mono)), mono).astype(np.float32)
    frames = (Frame.from_rgb(frame.rgb()[::4, ::4].copy(), frame.pts, frame.time_base) for frame in decode(master))
    encode(
        tmp_path / "fast.mp4", frames, size=(320, 180), time_base=master.time_base, frame_rate=Fraction(25),
        sound=Sound(samples=faster), picture=QUICK,
    )  # fmt: skip
    assert measure_clap(tmp_path / "fast.mp4").drift_ms_per_minute == pytest.approx(120, abs=6)


def test_what_is_no_clap_clip_is_refused(clap: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 flashes are seen and"):
        measure_clap(EXAMPLES / "ada" / "master.mp4")
    silent = recorded(clap, tmp_path / "silent.mp4", Fraction(25), early_ms=6000)
    with pytest.raises(InputError, match="0 tones are heard"):
        measure_clap(silent)


@pytest.mark.parametrize(("rate", "seconds"), [(Fraction(5), 10), (Fraction(25), 2), (Fraction(240), 10)])
def test_a_clip_that_could_not_be_measured_is_not_made(tmp_path: Path, rate: Fraction, seconds: int) -> None:
    with pytest.raises(InputError, match="10 to 120 pictures a second"):
        write_clap(tmp_path / "clap.mp4", rate, seconds)
