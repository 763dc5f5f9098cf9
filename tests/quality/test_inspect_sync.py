"""Offsets of whole files as they are delivered: encoded, muxed, at other rates and sizes, with other sound."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from campaigns import duet_master
from clips import EXAMPLES, frames_of, write_clip
from remux import remuxed

from countenance.media.audio import read_audio
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.quality.inspect import inspect_file

MASTER = EXAMPLES / "ada" / "master.mp4"
QUICK = Picture(preset="ultrafast", crf=26)


@cache
def inspected(path: Path) -> dict[str, Any]:
    return inspect_file(path)


@cache
def own_ms() -> float:
    value = inspected(MASTER)["people"][0]["av_offset_ms"]
    assert isinstance(value, float)
    return value


def sound() -> np.ndarray[Any, Any]:
    samples = read_audio(MASTER)
    assert samples is not None
    return samples


def written(path: Path, samples: np.ndarray[Any, Any] | None, every: int = 1, side: int = 360) -> Path:
    """The example master, smaller, with other sound, and with every picture or every second one."""
    master = probe(MASTER)
    frames = (
        Frame.from_rgb(cv2.resize(frame.rgb(), (side, side), interpolation=cv2.INTER_AREA), frame.pts, frame.time_base)
        for number, frame in enumerate(frames_of(MASTER))
        if number % every == 0
    )
    heard = None if samples is None else Sound(samples=samples)
    encode(
        path, frames, size=(side, side), time_base=master.time_base, frame_rate=master.frame_rate / every,
        sound=heard, picture=QUICK,
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("name", "options", "moved_ms"),
    [
        ("a.mov", {}, -58.7),  # pictures wait for two others: 80 ms, the sound for 1024 samples
        ("b.mkv", {}, 0.0),
        pytest.param("c.mp4", {"use_editlist": "0"}, 0.0, marks=pytest.mark.long),
        pytest.param("d.mp4", {"movflags": "+negative_cts_offsets"}, 21.3, marks=pytest.mark.long),
    ],
)
def test_the_container_does_not_matter_but_a_player_without_edit_lists_is_told_of(
    tmp_path: Path, name: str, options: dict[str, str], moved_ms: float
) -> None:
    seen = inspect_file(remuxed(MASTER, tmp_path / name, **options))
    assert seen["people"][0]["av_offset_ms"] == pytest.approx(own_ms(), abs=1)
    assert seen["sound"]["without_edit_list_ms"] == pytest.approx(moved_ms, abs=0.1)


@pytest.mark.parametrize("planted_ms", [pytest.param(-80, marks=pytest.mark.long), 80])
def test_what_was_planted_is_found_in_the_encoded_file(tmp_path: Path, planted_ms: int) -> None:
    count = abs(planted_ms) * 48
    still = np.zeros((count, sound().shape[1]), np.float32)
    moved = sound()[count:] if planted_ms > 0 else np.concatenate([still, sound()])
    seen = inspect_file(written(tmp_path / "moved.mp4", moved))
    assert seen["people"][0]["av_offset_ms"] - own_ms() == pytest.approx(planted_ms, abs=10)


@pytest.mark.long
def test_half_the_pictures_are_seen_later_by_half_a_picture_on_average(tmp_path: Path) -> None:
    seen = inspect_file(written(tmp_path / "half.mp4", sound(), every=2))
    assert seen["people"][0]["av_offset_ms"] - own_ms() == pytest.approx(20, abs=10)


@pytest.mark.long
def test_a_voice_in_the_centre_of_surround_is_heard(tmp_path: Path) -> None:
    mono = sound().mean(axis=1)
    clip = written(
        tmp_path / "surround.mp4", np.stack([0 * mono, 0 * mono, mono, 0 * mono, 0 * mono, 0 * mono], axis=1)
    )
    seen = inspect_file(clip)
    assert seen["people"][0]["av_offset_ms"] == pytest.approx(own_ms(), abs=8)
    assert seen["sound"]["loudness_range_lu"] > 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda samples: np.zeros_like(samples), "nobody is heard to speak", marks=pytest.mark.long),
        pytest.param(lambda samples: samples[::-1].copy(), "do not agree", marks=pytest.mark.long),
        pytest.param(lambda samples: samples[:48000], "less than 1.5 s", marks=pytest.mark.long),
        pytest.param(lambda samples: melody(len(samples)), "do not agree"),
    ],
    ids=["silence", "other speech", "sound that soon ends", "music"],
)
def test_no_figure_where_there_is_nothing_to_measure(
    tmp_path: Path, change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]], reason: str
) -> None:
    (person,) = inspect_file(written(tmp_path / "none.mp4", change(sound())))["people"]
    assert person["av_offset_ms"] is None and reason in person["av_reason"]
    assert "av_curve" not in person and "av_tolerances" not in person


def test_a_still_picture_with_speech_has_no_offset(tmp_path: Path) -> None:
    still = frames_of(MASTER, stop=1)[0]
    frames = [Frame(number, Fraction(1, 25), still.copy().planes) for number in range(60)]
    clip = tmp_path / "still.mp4"
    encode(
        clip, frames, size=(720, 720), time_base=Fraction(1, 25), frame_rate=Fraction(25), sound=Sound(samples=sound()),
        picture=QUICK,
    )  # fmt: skip
    (person,) = inspect_file(clip)["people"]
    assert person["av_offset_ms"] is None and person["av_reason"] == "the mouth does not move"


def test_with_the_script_the_phones_are_a_witness_too() -> None:
    seen = inspect_file(MASTER, script=((EXAMPLES / "ada" / "script.txt").read_text(), "en"))
    (person,) = seen["people"]
    alone = inspected(MASTER)["people"][0]
    assert person["av_by"] == ["loudness", "phones"]
    assert person["av_high_ms"] - person["av_low_ms"] < alone["av_high_ms"] - alone["av_low_ms"]


def test_limits_of_the_field_stand_beside_the_figure() -> None:
    (person,) = inspected(MASTER)["people"]
    kept = {limit["name"]: limit["kept"] for limit in person["av_tolerances"]}
    assert kept["ITU-R BT.1359, acceptable"] is True and kept["EBU R37"] is True


def test_two_people_without_sound_have_no_turns(tmp_path: Path) -> None:
    seen = inspect_file(duet_master(tmp_path / "two.mp4", pictures=6))
    assert seen["turns"] == [] and [one["av_offset_ms"] for one in seen["people"]] == [None, None]


def test_a_file_whose_sound_never_says_a_thing_is_measured_all_the_same(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "no sound.mp4", frames_of(MASTER, stop=4))
    assert inspect_file(clip)["sound"] is None


def melody(count: int) -> np.ndarray[Any, Any]:
    """Notes of half a second with soft attacks."""
    time = np.arange(count) / 48000
    note = np.floor(time / 0.5)
    pitch = 220 * 2 ** (np.array([0, 4, 7, 12, 7, 4])[(note % 6).astype(int)] / 12)
    shape = np.minimum(1, (time % 0.5) / 0.05) * np.exp(-3 * (time % 0.5))
    wave = sum(np.sin(2 * np.pi * pitch * harmonic * time) / harmonic for harmonic in range(1, 8))
    return (0.1 * shape * wave).astype(np.float32)[:, None]
