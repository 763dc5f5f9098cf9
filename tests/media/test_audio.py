from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import (
    at_most_stereo,
    columns,
    mono,
    read_audio,
    read_mono,
    resample,
    resampled,
    sound_blocks,
    write_wav,
)

RATE_HZ = 48000


def tone(seconds: float, rate_hz: int = RATE_HZ, hz: float = 440.0) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def click(at_s: float, seconds: float, rate_hz: int) -> NDArray[np.float32]:
    sound = np.zeros(round(seconds * rate_hz), np.float32)
    first = round(at_s * rate_hz)
    sound[first : first + 8] = 0.9
    return sound


def encode(
    path: Path,
    sound: NDArray[np.float32],
    rate_hz: int,
    codec: str,
    layout: str = "mono",
    sample_format: str = "fltp",
    starts_s: Fraction = Fraction(0),
    gap: tuple[float, float] | None = None,
    audio: bool = True,
    video: bool = False,
) -> None:
    """Write sound (n, channels) frame by frame; `gap` = (from, length) shifts the later timestamps."""
    table = columns(sound)
    with av.open(str(path), "w") as out:
        picture = out.add_stream("mpeg4", rate=25) if video else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        if audio:
            stream = out.add_stream(codec, rate=rate_hz, layout=layout)
            stream.time_base = Fraction(1, rate_hz)
            size = 1024
            for first in range(0, len(table), size):
                block = np.ascontiguousarray(table[first : first + size].T)
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
                frame.sample_rate = rate_hz
                shift = gap[1] if gap and first >= gap[0] * rate_hz else 0.0
                frame.pts = first + round((starts_s + Fraction(shift)) * rate_hz)
                frame.time_base = Fraction(1, rate_hz)
                converted = av.AudioResampler(format=sample_format, layout=layout, rate=rate_hz).resample(frame)
                for piece in converted:
                    out.mux(stream.encode(piece))
            out.mux(stream.encode(None))
        if picture is not None:
            for index in range(5):
                black = av.VideoFrame.from_ndarray(np.zeros((96, 64), np.uint8), format="yuv420p")
                black.pts, black.time_base = index, Fraction(1, 25)
                out.mux(picture.encode(black))
            out.mux(picture.encode(None))


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_a_click_comes_back_from_aac_at_its_time(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    path = tmp_path / f"click.{suffix}"
    encode(path, click(0.5, 1.2, rate_hz), rate_hz, "aac", video=True)
    samples = read_audio(path)
    assert samples is not None
    found_s = float(np.argmax(np.abs(samples[:, 0]))) / RATE_HZ
    assert found_s == pytest.approx(0.5, abs=0.001)


def test_a_late_stream_is_padded_so_that_index_zero_is_time_zero(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    encode(path, click(0.1, 0.5, RATE_HZ), RATE_HZ, "pcm_s16le", sample_format="s16", starts_s=Fraction(1, 4))
    samples = read_audio(path)
    assert samples is not None
    assert np.flatnonzero(samples[:, 0] > 0.5)[0] / RATE_HZ == pytest.approx(0.35, abs=0.001)


def test_the_origin_can_be_another_moment_of_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    encode(path, click(0.1, 0.5, RATE_HZ), RATE_HZ, "pcm_s16le", sample_format="s16", starts_s=Fraction(1, 4))
    early, trimmed = read_audio(path, origin_s=Fraction(1, 5)), read_audio(path, origin_s=0.3)
    assert early is not None and trimmed is not None
    assert np.flatnonzero(early[:, 0] > 0.5)[0] / RATE_HZ == pytest.approx(0.15, abs=0.001)
    assert np.flatnonzero(trimmed[:, 0] > 0.5)[0] / RATE_HZ == pytest.approx(0.05, abs=0.001)


def test_a_gap_in_the_timestamps_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "gap.mkv"
    sound = np.full(RATE_HZ, 0.5, np.float32)
    encode(path, sound, RATE_HZ, "pcm_s16le", sample_format="s16", gap=(0.5, 0.3))
    samples = read_audio(path)
    assert samples is not None
    assert len(samples) / RATE_HZ == pytest.approx(1.3, abs=0.002)
    assert np.count_nonzero(samples[:, 0] == 0) / RATE_HZ == pytest.approx(0.3, abs=0.002)


@pytest.mark.parametrize(
    ("codec", "sample_format", "suffix", "layout", "channels"),
    [
        ("pcm_u8", "u8", "wav", "mono", 1),
        ("pcm_s16le", "s16", "wav", "stereo", 2),
        ("pcm_s24le", "s32", "wav", "stereo", 2),
        ("pcm_s32le", "s32", "wav", "5.1", 6),
        ("pcm_f32le", "flt", "wav", "mono", 1),
        ("pcm_f64le", "dbl", "wav", "stereo", 2),
        ("flac", "s16", "flac", "5.1", 6),
    ],
)
def test_every_sample_format_gives_the_same_floats(
    tmp_path: Path, codec: str, sample_format: str, suffix: str, layout: str, channels: int
) -> None:
    path = tmp_path / f"sound.{suffix}"
    gains = np.linspace(0.3, 1.0, channels, dtype=np.float32)
    sound = tone(0.2)[:, None] * gains
    encode(path, sound, RATE_HZ, codec, layout=layout, sample_format=sample_format)
    samples = read_audio(path)
    assert samples is not None and samples.dtype == np.float32
    assert samples.shape == sound.shape
    assert np.abs(samples - sound).max() < (0.012 if codec == "pcm_u8" else 1e-4)


def test_a_film_without_sound_has_none(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    encode(path, np.zeros(0, np.float32), RATE_HZ, "aac", audio=False, video=True)
    assert read_audio(path) is None


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.mp4"):
        read_audio(tmp_path / "nowhere.mp4")
    (tmp_path / "text.mp4").write_text("not a film")
    with pytest.raises(InputError, match=r"text\.mp4"):
        read_audio(tmp_path / "text.mp4")


def test_a_wave_file_keeps_what_was_written(tmp_path: Path) -> None:
    sound = np.stack([tone(0.1), -tone(0.1, hz=300)], axis=1)
    write_wav(tmp_path / "a.wav", sound, RATE_HZ)
    back = read_audio(tmp_path / "a.wav")
    assert back is not None and np.abs(back - sound).max() < 1 / 32768
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_too_loud_samples_are_clipped_not_wrapped(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([2.0, -2.0, 1.0, -1.0]), 8000)
    back = read_audio(tmp_path / "a.wav", 8000)
    assert back is not None
    assert back[:, 0].tolist() == pytest.approx([1, -1, 1, -1], abs=1e-4)


def test_nothing_is_left_when_the_folder_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_wav(tmp_path / "absent" / "a.wav", tone(0.1), RATE_HZ)
    assert list(tmp_path.iterdir()) == []


def test_resampling_does_not_move_a_click() -> None:
    fast = resample(click(0.25, 0.5, 22050), 22050, 48000)
    assert np.argmax(fast) / 48000 == pytest.approx(0.25, abs=0.0004)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([8000, 16000, 22050, 24000, 44100, 48000, 96000]), st.integers(0, 4000))
def test_resampling_keeps_the_duration(from_hz: int, length: int) -> None:
    result = resample(np.zeros((length, 2), np.float32), from_hz, RATE_HZ)
    assert abs(len(result) - length * RATE_HZ / from_hz) < 1
    assert result.shape[1] == 2 and result.dtype == np.float32


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from([(44100, 48000), (48000, 16000), (48000, 44100), (8000, 32000), (22050, 16000)]),
    st.lists(st.integers(0, 60_000), max_size=6),
)
def test_blocks_are_resampled_as_if_they_were_one_sound(rates: tuple[int, int], lengths: list[int]) -> None:
    sound = np.random.default_rng(sum(lengths)).normal(0, 0.2, (sum(lengths), 1)).astype(np.float32)
    blocks = np.split(sound, np.cumsum(lengths)[:-1]) if lengths else []
    pieces = list(resampled(iter(blocks), *rates))
    whole = resample(sound, *rates)
    assert sum(map(len, pieces)) == len(whole)
    if pieces:
        assert np.allclose(np.concatenate(pieces), whole, atol=1e-6)


def test_a_sound_is_read_bit_by_bit(tmp_path: Path) -> None:
    encode(tmp_path / "long.wav", tone(12.0, 44100), 44100, "pcm_s16le", sample_format="s16")
    blocks = list(sound_blocks(tmp_path / "long.wav"))
    assert max(map(len, blocks)) <= 1.5 * RATE_HZ
    whole, listened = read_audio(tmp_path / "long.wav"), read_mono(tmp_path / "long.wav", RATE_HZ)
    assert whole is not None and listened is not None
    assert np.array_equal(np.concatenate(blocks), whole)
    assert np.array_equal(listened, whole[:, 0])


@pytest.mark.parametrize(
    ("channel", "left", "right"),
    [
        pytest.param(0, 1.0, 0.0, id="left"),
        pytest.param(1, 0.0, 1.0, id="right"),
        pytest.param(2, 0.707, 0.707, id="centre, where people speak"),
        pytest.param(3, 0.0, 0.0, id="low frequencies"),
        pytest.param(4, 0.707, 0.0, id="left surround"),
        pytest.param(5, 0.0, 0.707, id="right surround"),
    ],
)
def test_surround_becomes_stereo(channel: int, left: float, right: float) -> None:
    surround = np.zeros((4, 6), np.float32)
    surround[:, channel] = 1.0
    gain = 1 + 2 * 0.5**0.5
    assert at_most_stereo(surround)[0].tolist() == pytest.approx([left / gain, right / gain], abs=1e-3)


def test_mono_is_the_mean_of_the_channels() -> None:
    assert mono(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist() == [0.5, 0.5]
    assert mono(np.array([0.1, 0.2], np.float32)).shape == (2,)


@pytest.mark.footage
def test_real_films_are_as_long_as_their_sound(footage: Path) -> None:
    samples = read_audio(footage / "grid" / "sbwe5n.mpg")
    assert samples is not None and samples.shape[1] == 2
    assert len(samples) / RATE_HZ == pytest.approx(2.98, abs=0.03)
    assert read_audio(footage / "roop-pair" / "target.mp4") is None
