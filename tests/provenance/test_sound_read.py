from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import resample_poly
from sounds import Sound, through_codec, voice

from countenance.media.audio import resample
from countenance.provenance.payload import Register
from countenance.provenance.sound_heard import listen
from countenance.provenance.sound_mark import mark_sound
from countenance.provenance.sound_pattern import keyed_sound_pattern
from countenance.provenance.sound_read import (
    PRESENT_PACED_Z,
    SoundReading,
    chance_of_false_alarm,
    paces,
    read_heard,
    read_sound_mark,
)

KEY = bytes(range(32))
OTHER_KEYS = [bytes([number]) * 32 for number in range(12)]
MARK_ID = 0x0123_4567_89AB_CDEF
OTHER_ID = 0xFEDC_BA98_7654_3210
RATE_HZ = 48_000


@pytest.fixture(scope="module")
def plain() -> Sound:
    return voice()[:, None]


@pytest.fixture(scope="module")
def marked(plain: Sound) -> Sound:
    return mark_sound(plain, RATE_HZ, KEY, MARK_ID)


def cut(sound: Sound, rate_hz: int, seconds: float, start_s: float = 1.234) -> Sound:
    return sound[round(start_s * rate_hz) : round((start_s + seconds) * rate_hz)]


def read(sound: Sound, rate_hz: int) -> SoundReading:
    reading = read_sound_mark(sound, rate_hz, KEY)
    assert reading is not None
    return reading


CODECS = [("aac", 64_000), ("libmp3lame", 64_000), ("libopus", 32_000)]


@pytest.mark.parametrize(("codec", "bit_rate"), CODECS)
def test_the_id_survives_codecs_in_fifteen_seconds_cut_from_anywhere(marked: Sound, codec: str, bit_rate: int) -> None:
    decoded, rate_hz = through_codec(marked, RATE_HZ, codec, bit_rate)
    for start_s in (0.0, 0.731, 2.5):
        reading = read(cut(decoded, rate_hz, 15, start_s), rate_hz)
        assert reading.mark_id == MARK_ID
        assert reading.confidence > 0.999_999


@pytest.mark.parametrize(("codec", "bit_rate"), CODECS)
def test_six_seconds_tell_that_there_is_a_mark(marked: Sound, codec: str, bit_rate: int) -> None:
    decoded, rate_hz = through_codec(marked, RATE_HZ, codec, bit_rate)
    for start_s in (0.0, 4.4, 9.1):
        assert read(cut(decoded, rate_hz, 6, start_s), rate_hz).mark_id in (MARK_ID, None)


@pytest.mark.parametrize("speed", [0.97, 0.985, 1.004, 1.03])
def test_another_speed_is_found(marked: Sound, speed: float) -> None:
    played = resample_poly(marked, 1000, round(1000 * speed), axis=0).astype(np.float32)
    reading = read(cut(played, RATE_HZ, 15), RATE_HZ)
    assert reading.mark_id == MARK_ID
    assert (reading.tempo, reading.pitch) == pytest.approx((speed, speed), abs=0.0045)


CHANGES: list[tuple[str, Callable[[Sound], Sound]]] = [
    ("polarity", lambda sound: -sound),
    ("soft", lambda sound: sound * np.float32(0.05)),
    ("loud", lambda sound: sound * np.float32(4)),
    ("priming", lambda sound: np.concatenate([np.zeros((2112, 1), np.float32), sound])),
    ("narrow", lambda sound: resample(resample(sound, RATE_HZ, 16_000), 16_000, RATE_HZ)),
    ("one side inverted", lambda sound: np.concatenate([sound, -sound], axis=1)),
]


@pytest.mark.parametrize("change", [change for _name, change in CHANGES], ids=[name for name, _change in CHANGES])
def test_what_leaves_the_sound_leaves_the_mark(marked: Sound, change: Callable[[Sound], Sound]) -> None:
    assert read(change(cut(marked, RATE_HZ, 15)), RATE_HZ).mark_id == MARK_ID


def test_a_mark_in_the_last_part_alone_is_found(plain: Sound, marked: Sound) -> None:
    sound = np.concatenate([plain] * 3 + [marked])
    reading = read(sound, RATE_HZ)
    assert reading.mark_id == MARK_ID
    assert reading.start_s >= 3 * len(plain) / RATE_HZ - 25


def test_nothing_is_read_from_unmarked_sound_or_with_another_key(plain: Sound, marked: Sound) -> None:
    assert read_sound_mark(plain, RATE_HZ, KEY) is None
    (heard,) = listen(marked, RATE_HZ)
    assert [read_heard(heard, key) for key in OTHER_KEYS] == [None] * len(OTHER_KEYS)
    assert read_heard(heard, KEY) is not None


@pytest.mark.parametrize("seconds", [0, 0.01, 1.0, 1.6])
def test_short_silent_and_toneless_sounds_have_no_mark(plain: Sound, seconds: float) -> None:
    some = plain[: round(seconds * RATE_HZ)]
    for sound in (some, np.zeros_like(some), np.full_like(some, 0.3)):
        assert read_sound_mark(sound, RATE_HZ, KEY) is None


def test_a_second_mark_leaves_the_first_and_each_key_reads_its_own(marked: Sound) -> None:
    both = mark_sound(marked, RATE_HZ, OTHER_KEYS[1], OTHER_ID)
    assert read(both, RATE_HZ).mark_id == MARK_ID
    other = read_sound_mark(both, RATE_HZ, OTHER_KEYS[1])
    assert other is not None and other.mark_id == OTHER_ID


def test_pilots_of_other_keys_stand_out_no_more_often_than_chance_has_it(plain: Sound) -> None:
    (heard,) = listen(plain, RATE_HZ)
    z = np.concatenate([heard.pilot_z(keyed_sound_pattern(key), pace) for key in OTHER_KEYS for pace in paces()[::9]])
    assert abs(float(z.mean())) < 0.1
    assert 0.9 < float(z.std()) < 1.1
    assert float(z.max()) < PRESENT_PACED_Z
    for least in (1.0, 2.0, 3.0):
        assert float((z >= least).mean()) < chance_of_false_alarm(least, 1)


def test_an_issued_id_is_recognised_in_less_sound_and_no_other_is(marked: Sound) -> None:
    decoded, rate_hz = through_codec(marked, RATE_HZ, "libopus", 32_000)
    others = list(range(1000, 3000))
    issued, wrong = Register([*others, MARK_ID]), Register(others)
    starts = [0.3 * number for number in range(12)]
    with_ids = [read_sound_mark(cut(decoded, rate_hz, 4, start), rate_hz, KEY, issued) for start in starts]
    alone = [read_sound_mark(cut(decoded, rate_hz, 4, start), rate_hz, KEY, wrong) for start in starts]
    named = [[one.mark_id for one in readings if one and one.mark_id is not None] for readings in (with_ids, alone)]
    assert len(named[0]) > len(named[1])
    assert set(named[0]) | set(named[1]) == {MARK_ID}
