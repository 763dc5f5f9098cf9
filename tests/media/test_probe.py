from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import EXAMPLES, picture, turned, write_clip
from media_files import cut_by_edit_list

from countenance.errors import InputError
from countenance.media.frame import Frame
from countenance.media.probe import matrix_of, probe

PICTURES = [picture(number) for number in range(24)]


def test_the_example_master_is_read_exactly() -> None:
    master = probe(EXAMPLES / "ada" / "master.mp4")
    assert (master.width, master.height, master.frames, master.frame_rate) == (720, 720, 163, 25)
    assert master.duration == Fraction(163, 25)
    assert (master.matrix, master.full_range, master.variable) == ("bt709", False, False)
    assert (master.audio_codec, master.audio_rate_hz) == ("aac", 48000)
    assert master.describe()["timing"] == "constant"


@pytest.mark.parametrize(
    ("name", "rate", "codec"),
    [
        ("a.mp4", Fraction(25), "libx264"),
        ("a.mp4", Fraction(24000, 1001), "libx264"),
        ("a.mkv", Fraction(24000, 1001), "libx264"),  # whose clock counts milliseconds
        ("a.ts", Fraction(24000, 1001), "libx264"),  # whose clock starts late
        ("a.mov", Fraction(30000, 1001), "libx264"),
        ("a.webm", Fraction(50), "libvpx"),
        ("a.avi", Fraction(25), "mpeg4"),
        ("a.mpg", Fraction(25), "mpeg1video"),
    ],
)
def test_constant_rates_are_exact_fractions_from_zero(tmp_path: Path, name: str, rate: Fraction, codec: str) -> None:
    master = probe(write_clip(tmp_path / name, PICTURES, rate=rate, codec=codec))
    assert master.frame_rate == rate
    assert not master.variable
    assert master.frames == 24
    assert master.pts[0] == 0
    for number, pts in enumerate(master.pts):
        assert abs(pts * master.time_base - number / rate) <= master.time_base
    assert abs(master.duration - 24 / rate) <= master.time_base


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_variable_rates_keep_every_time_stamp(tmp_path: Path, name: str) -> None:
    times_ms = [0, 40, 53, 120, 121, 240, 500]
    path = write_clip(tmp_path / name, PICTURES[:7], pts=times_ms, time_base=Fraction(1, 1000))
    master = probe(path)
    assert master.variable
    assert [pts * master.time_base * 1000 for pts in master.pts] == times_ms
    assert master.describe()["timing"] == "variable"


def test_reordered_pictures_are_listed_as_shown(tmp_path: Path) -> None:
    options = {"bf": "3", "b_strategy": "0"}
    master = probe(write_clip(tmp_path / "b.mp4", PICTURES, options=options))
    assert [pts * master.time_base for pts in master.pts] == [Fraction(n, 25) for n in range(24)]


def test_pictures_that_an_edit_list_cuts_away_are_not_counted(tmp_path: Path) -> None:
    master = probe(cut_by_edit_list(tmp_path, PICTURES, first=7))
    assert [pts * master.time_base for pts in master.pts] == [Fraction(n, 25) for n in range(17)]


def test_odd_sizes_are_cut_to_even_ones(tmp_path: Path) -> None:
    odd = [Frame.from_rgb(np.zeros((480, 854, 3), np.uint8))]
    path = write_clip(tmp_path / "odd.mkv", odd, codec="ffv1", size=(853, 479))
    master = probe(path)
    assert (master.width, master.height) == (852, 478)


@pytest.mark.parametrize(("degrees", "size"), [(90, (180, 320)), (180, (320, 180)), (270, (180, 320))])
def test_the_size_is_the_size_as_shown(tmp_path: Path, degrees: int, size: tuple[int, int]) -> None:
    path = turned(write_clip(tmp_path / "turned.mp4", PICTURES[:3]), degrees)
    master = probe(path)
    assert (master.width, master.height) == size
    assert master.rotation in (degrees, 360 - degrees)


@pytest.mark.parametrize(
    ("colour", "pixel_format", "matrix", "full_range"),
    [
        ({"colorspace": 1, "color_range": 1}, "yuv420p", "bt709", False),
        ({"colorspace": 5, "color_range": 1}, "yuv420p", "bt601", False),
        ({"colorspace": 6, "color_range": 1}, "yuv420p10le", "bt601", False),
        ({"colorspace": 9, "color_range": 1}, "yuv420p", "bt2020", False),
        ({"colorspace": 1, "color_range": 2}, "yuvj420p", "bt709", True),
        ({}, "yuv420p", "bt601", False),  # untagged and small
    ],
)
def test_colour_is_described_as_tagged(
    tmp_path: Path, colour: dict[str, int], pixel_format: str, matrix: str, full_range: bool
) -> None:
    path = write_clip(tmp_path / "colour.mp4", PICTURES[:2], colour=colour, pixel_format=pixel_format)
    master = probe(path)
    assert (master.matrix, master.full_range, master.pixel_format) == (matrix, full_range, pixel_format)


@pytest.mark.parametrize(
    ("colorspace", "width", "height", "matrix"),
    [
        (2, 720, 576, "bt601"),
        (2, 640, 480, "bt601"),
        (2, 1280, 720, "bt709"),
        (2, 720, 1280, "bt709"),
        (1, 320, 240, "bt709"),
        (6, 1920, 1080, "bt601"),
        (0, 320, 240, "bt709"),
    ],
)
def test_the_matrix_is_the_tag_or_what_players_assume(colorspace: int, width: int, height: int, matrix: str) -> None:
    assert matrix_of(colorspace, width, height) == matrix


def absent(folder: Path) -> Path:
    return folder / "absent.mp4"


def a_folder(folder: Path) -> Path:
    return folder


def empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def text(folder: Path) -> Path:
    path = folder / "text.mp4"
    path.write_text("this is no video\n" * 100)
    return path


def text_with_its_own_name(folder: Path) -> Path:
    return text(folder).rename(folder / "text.txt")


def sound_only(folder: Path) -> Path:
    path = folder / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def no_pictures(folder: Path) -> Path:
    """A file whose head announces a video stream, and nothing follows."""
    path = write_clip(folder / "none.mp4", PICTURES, muxer={"movflags": "empty_moov+frag_keyframe"})
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moof") - 4])
    return path


def half(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def truncated(folder: Path) -> Path:
    return half(write_clip(folder / "half.mp4", PICTURES))


def truncated_with_its_index(folder: Path) -> Path:
    return half(write_clip(folder / "half.mp4", PICTURES, muxer={"movflags": "faststart"}))


def truncated_matroska(folder: Path) -> Path:
    return half(write_clip(folder / "half.mkv", PICTURES * 2))


def a_still(folder: Path) -> Path:
    return EXAMPLES / "ada" / "refs" / "1_front_neutral.jpg"


def hdr_pq(folder: Path) -> Path:
    colour = {"color_trc": 16, "color_primaries": 9, "colorspace": 9}
    return write_clip(folder / "pq.mp4", PICTURES[:2], pixel_format="yuv420p10le", colour=colour)


def hdr_hlg(folder: Path) -> Path:
    colour = {"color_trc": 18, "color_primaries": 9, "colorspace": 9}
    return write_clip(folder / "hlg.mp4", PICTURES[:2], pixel_format="yuv420p10le", colour=colour)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (absent, "there is no such file"),
        (a_folder, "there is no such file"),
        (empty, "not a video file that can be read"),
        (text, "not a video file that can be read"),
        (text_with_its_own_name, "no video stream"),
        (sound_only, "no video stream"),
        (no_pictures, "zero frames"),
        (truncated, "may be truncated"),
        (truncated_with_its_index, "is truncated"),
        (truncated_matroska, "is truncated"),
        (a_still, "a still picture"),
        (hdr_pq, "PQ"),
        (hdr_hlg, "HLG"),
    ],
)
def test_what_cannot_be_a_master_is_refused_in_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError) as refused:
        probe(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert message.endswith(".")
    assert "\n" not in message
