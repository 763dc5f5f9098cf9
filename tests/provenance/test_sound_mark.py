from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES, frames_of
from scipy.signal import stft
from sounds import Sound, voice

from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.encode import Sound as Track
from countenance.media.encode import encode
from countenance.media.loudness import true_peak_dbtp
from countenance.provenance.sound_mark import LEAST_SHARE, SoundMarker, mark_blocks, mark_sound
from countenance.provenance.sound_read import read_sound_mark

KEY = bytes(range(32))
MARK_ID = 0xFEDC_BA98_7654_3210
RATE_HZ = 48_000


@pytest.fixture(scope="module")
def plain() -> Sound:
    return voice()


@pytest.fixture(scope="module")
def marked(plain: Sound) -> Sound:
    return mark_sound(plain, RATE_HZ, KEY, MARK_ID)


def noise(seconds: float, channels: int, rate_hz: int = RATE_HZ, level: float = 0.05) -> Sound:
    rng = np.random.default_rng(7)
    return (level * rng.standard_normal((round(seconds * rate_hz), channels))).astype(np.float32)


def parts_of(sound: Sound, sizes: list[int]) -> Iterator[Sound]:
    start = 0
    for size in sizes:
        yield sound[start : start + size]
        start += size
    yield sound[start:]


def test_the_mark_is_far_below_the_sound_and_only_where_it_belongs(plain: Sound, marked: Sound) -> None:
    change = marked - plain
    assert 20 < 10 * np.log10(np.mean(plain**2) / np.mean(change**2)) < 35
    _, _, spectrum = stft(change, RATE_HZ, nperseg=4800)
    power = (np.abs(spectrum) ** 2).sum(axis=1)  # bins of 10 Hz
    assert power[150:722].sum() / power.sum() > 0.99


def test_digital_silence_stays_digital_silence(plain: Sound, marked: Sound) -> None:
    silent = np.convolve(np.abs(plain) > 0, np.ones(97), mode="same") < 0.5
    assert silent.sum() > RATE_HZ  # the voice does pause
    assert not marked[silent].any()
    assert not mark_sound(np.zeros((RATE_HZ, 2), np.float32), RATE_HZ, KEY, MARK_ID).any()


def test_what_is_added_before_a_sudden_sound_stays_below_it_and_close() -> None:
    sound = noise(1.0, 1)[:, 0]
    sound[: RATE_HZ // 2] *= np.float32(1e-3)
    change = mark_sound(sound, RATE_HZ, KEY, MARK_ID) - sound
    long_before = slice(RATE_HZ // 4, RATE_HZ // 2 - 480)  # up to 10 ms
    assert np.std(change[long_before]) < 0.5 * np.std(sound[long_before])


@pytest.mark.parametrize("sizes", [[1, 0, 7, 4800], [1024] * 300, [200_000], []])
def test_blocks_of_any_size_come_back_in_their_sizes_with_the_same_samples(plain: Sound, sizes: list[int]) -> None:
    sound = plain[: 8 * RATE_HZ, None]
    whole = mark_sound(sound, RATE_HZ, KEY, MARK_ID)
    given = list(parts_of(sound, sizes))
    got = list(SoundMarker(KEY, MARK_ID, RATE_HZ, 1).mark(given))
    assert [len(block) for block in got] == [len(block) for block in given]
    np.testing.assert_allclose(np.concatenate(got), whole, atol=2e-5)


@pytest.mark.parametrize("length", [0, 1, 37, 399, 4801])
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_the_shortest_sounds_keep_their_length(length: int, rate_hz: int) -> None:
    sound = noise(1.0, 2)[:length]
    assert mark_sound(sound, rate_hz, KEY, MARK_ID).shape == sound.shape
    assert mark_sound(sound[:, 0], rate_hz, KEY, MARK_ID).shape == (length,)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 96_000])
def test_every_rate_is_marked_and_read(rate_hz: int) -> None:
    sound = mark_sound(noise(15, 1, rate_hz), rate_hz, KEY, MARK_ID)
    reading = read_sound_mark(sound, rate_hz, KEY)
    assert reading is not None and reading.mark_id == MARK_ID


def test_all_channels_change_alike_so_that_any_mix_keeps_the_mark() -> None:
    sound = noise(12, 1) * np.array([1.0, 0.5, 0.7, 0.1, -0.3, 0.2], np.float32)
    sound[:, 3] = 0
    marked = mark_sound(sound, RATE_HZ, KEY, MARK_ID)
    change = marked - sound
    np.testing.assert_allclose(change[:, 1], 0.5 * change[:, 0], atol=1e-6)
    assert not change[:, 3].any()
    for mix in ([1, 1, 1, 0, 1, 1], [1, 0, 0, 0, 0, 0], [0.2, -0.4, 0, 0, 0.1, 0]):
        reading = read_sound_mark(marked @ np.array(mix, np.float32), RATE_HZ, KEY)
        assert reading is not None and reading.mark_id == MARK_ID


def test_a_steady_tone_is_hardly_touched() -> None:
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = (0.2 * np.sin(2 * np.pi * 3010 * t)).astype(np.float32)
    hiss = noise(4, 1)[:, 0]
    changes = [mark_sound(sound, RATE_HZ, KEY, MARK_ID) - sound for sound in (tone, hiss)]
    of_tone, of_hiss = (np.std(change) / np.std(sound) for change, sound in zip(changes, (tone, hiss), strict=True))
    assert of_tone < 1.2 * LEAST_SHARE * 0.22  # of the 0.22 nepers that noise gets at 3 kHz
    assert of_tone < of_hiss


@pytest.mark.parametrize("level", [0.1, 0.25, 0.6])
def test_the_mark_lifts_no_true_peak_over_the_ceiling(level: float) -> None:
    sound = np.clip(noise(6, 2, level=level), -0.95, 0.95)
    before, after = (true_peak_dbtp(part, RATE_HZ) for part in (sound, mark_sound(sound, RATE_HZ, KEY, MARK_ID)))
    assert after <= max(-1.0, before) + 0.02


def test_another_id_or_key_is_another_mark(plain: Sound, marked: Sound) -> None:
    for key, mark_id in ((KEY, MARK_ID ^ 1), (KEY[::-1], MARK_ID)):
        other = mark_sound(plain, RATE_HZ, key, mark_id)
        assert np.mean((other - marked) ** 2) > 0.1 * np.mean((marked - plain) ** 2)


def test_what_cannot_be_marked_is_refused() -> None:
    with pytest.raises(InputError, match="4000 Hz"):
        SoundMarker(KEY, MARK_ID, 4_000, 1)
    with pytest.raises(ValueError, match="64 bits"):
        SoundMarker(KEY, 1 << 64, RATE_HZ, 1)
    with pytest.raises(ValueError, match="32 bytes"):
        SoundMarker(b"short", MARK_ID, RATE_HZ, 1)
    with pytest.raises(ValueError, match="blocks are to be"):
        list(SoundMarker(KEY, MARK_ID, RATE_HZ, 2).mark([np.zeros((5, 1), np.float32)]))


def test_nothing_in_nothing_out() -> None:
    assert list(mark_blocks([], RATE_HZ, KEY, MARK_ID)) == []


def test_it_is_read_from_an_mp4_that_was_encoded_with_it(plain: Sound, tmp_path: Path) -> None:
    frames = frames_of(EXAMPLES / "ada" / "master.mp4", stop=2)
    work = partial(mark_blocks, rate_hz=RATE_HZ, key=KEY, mark_id=MARK_ID)
    height, width = frames[0].planes[0].shape
    encode(
        tmp_path / "v.mp4", frames, size=(width, height), time_base=frames[0].time_base, frame_rate=Fraction(25),
        sound=Track(samples=plain, work=work),
    )  # fmt: skip
    heard = read_audio(tmp_path / "v.mp4", RATE_HZ)
    assert heard is not None
    reading = read_sound_mark(heard, RATE_HZ, KEY)
    assert reading is not None and reading.mark_id == MARK_ID
