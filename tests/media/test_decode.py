from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.video.reformatter import Colorspace
from clips import EXAMPLES, bits, frames_of, picture, psnr_db, turned, write_clip
from media_files import cut_by_edit_list

from countenance.errors import InputError
from countenance.media.decode import decode
from countenance.media.frame import Frame
from countenance.media.probe import probe

LOSSLESS = {"qp": "0", "preset": "ultrafast"}
PICTURES = [picture(number) for number in range(24)]
PALETTE = np.array(
    [
        [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)],
        [(0, 0, 0), (128, 128, 128), (200, 120, 90), (20, 160, 220)],
    ],
    np.uint8,
)


def test_pictures_in_the_house_format_keep_their_bits(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES, options=LOSSLESS)
    assert [bits(frame) for frame in frames_of(path)] == [bits(frame) for frame in PICTURES]


def test_frames_carry_their_time_on_the_files_clock(tmp_path: Path) -> None:
    for name, rate in (("a.mp4", Fraction(24000, 1001)), ("a.ts", Fraction(25))):
        master = probe(write_clip(tmp_path / name, PICTURES, rate=rate))
        frames = list(decode(master))
        assert [frame.pts for frame in frames] == list(master.pts)
        assert frames[0].time == 0
        assert abs(frames[10].time - 10 / rate) <= master.time_base


def test_variable_time_stamps_come_through(tmp_path: Path) -> None:
    times_ms = [0, 40, 53, 120, 121, 240, 500]
    path = write_clip(tmp_path / "v.mp4", PICTURES[:7], pts=times_ms, time_base=Fraction(1, 1000))
    assert [frame.time * 1000 for frame in frames_of(path)] == times_ms


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {"bf": "3", "b_strategy": "0", "g": "8"}),
        ("a.mkv", {"bf": "3", "b_strategy": "0", "g": "8"}),
        ("a.ts", {"bf": "2", "g": "8"}),
        ("a.mp4", {"bf": "0", "g": "100"}),
    ],
)
@pytest.mark.parametrize(("start", "stop"), [(0, None), (0, 5), (7, 20), (8, 9), (13, None), (20, 99), (5, 5)])
def test_any_part_is_the_same_as_in_the_whole(
    tmp_path: Path, name: str, options: dict[str, str], start: int, stop: int | None
) -> None:
    master = probe(write_clip(tmp_path / name, PICTURES, options=options))
    whole = list(decode(master))
    part = list(decode(master, start=start, stop=stop))
    assert [(frame.pts, bits(frame)) for frame in part] == [(frame.pts, bits(frame)) for frame in whole[start:stop]]


def test_what_an_edit_list_cuts_away_does_not_show(tmp_path: Path) -> None:
    frames = frames_of(cut_by_edit_list(tmp_path, PICTURES, first=7))
    assert len(frames) == 17
    assert frames[0].time == 0
    assert psnr_db(frames[0].planes[0], PICTURES[7].planes[0]) > 35


def test_odd_sizes_lose_their_last_row_and_column_only(tmp_path: Path) -> None:
    shown = picture(3, 854, 480)
    path = write_clip(tmp_path / "odd.mkv", [shown], codec="ffv1", size=(853, 479))
    (frame,) = frames_of(path)
    assert frame.size == (852, 478)
    assert [plane.shape for plane in frame.planes] == [(478, 852), (239, 426), (239, 426)]
    for plane, whole in zip(frame.planes, shown.planes, strict=True):
        assert np.array_equal(plane, whole[: plane.shape[0], : plane.shape[1]])
        assert plane.flags.c_contiguous


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_pictures_are_turned_as_they_are_to_be_shown(tmp_path: Path, degrees: int) -> None:
    path = turned(write_clip(tmp_path / "t.mp4", PICTURES[:2], options=LOSSLESS), degrees)
    for frame, upright in zip(frames_of(path), PICTURES, strict=False):
        for plane, original in zip(frame.planes, upright.planes, strict=True):
            assert np.array_equal(plane, np.rot90(original, -degrees // 90))


@pytest.mark.parametrize(
    ("name", "how", "tolerance"),
    [
        ("709.mp4", {}, 2),
        ("601.mp4", {"matrix": Colorspace.ITU601, "colour": {"colorspace": 6, "color_range": 1}}, 6),
        ("untagged.mp4", {"matrix": Colorspace.ITU601, "colour": {}}, 6),
        ("full.mp4", {"pixel_format": "yuvj420p", "colour": {"colorspace": 1, "color_range": 2}}, 3),
        ("ten.mp4", {"pixel_format": "yuv420p10le"}, 2),
        ("422.mp4", {"pixel_format": "yuv422p"}, 2),
        ("444.mp4", {"pixel_format": "yuv444p"}, 2),
        (
            "2020.mp4",
            {
                "matrix": Colorspace.BT2020,
                "pixel_format": "yuv420p10le",
                "colour": {"colorspace": 9, "color_range": 1, "color_primaries": 1},
            },
            6,
        ),
        ("rgb.mp4", {"codec": "libx264rgb", "pixel_format": "bgr24", "colour": {}}, 4),
        ("bgr0.mkv", {"codec": "ffv1", "pixel_format": "bgr0", "colour": {}}, 4),
        ("prores.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le", "options": {}}, 3),
        (
            "mpeg1.mpg",
            {"codec": "mpeg1video", "matrix": Colorspace.ITU601, "colour": {}, "options": {"qscale": "2"}},
            6,
        ),
        (
            "motion.mov",
            {
                "codec": "mjpeg",
                "pixel_format": "yuvj420p",
                "matrix": Colorspace.ITU601,
                "colour": {},
                "options": {"qscale": "1"},
            },
            6,
        ),
    ],
)
def test_colours_come_out_right_whatever_the_coding(
    tmp_path: Path, name: str, how: dict[str, Any], tolerance: int
) -> None:
    """Tolerances are of 255 and allow for the conversion and coding on the way in."""
    patches = Frame.from_rgb(np.repeat(np.repeat(PALETTE, 80, axis=0), 80, axis=1))
    path = write_clip(tmp_path / name, [patches] * 2, **{"options": {"crf": "4"}, **how})
    frames = frames_of(path)
    assert len(frames) == 2
    for frame in frames:
        assert frame.size == (320, 160)
        seen = frame.rgb()[40::80, 40::80].astype(int)
        assert np.abs(seen - PALETTE).max() <= tolerance


def test_full_range_becomes_limited(tmp_path: Path) -> None:
    ends = Frame.from_rgb(np.repeat(np.array([0, 255], np.uint8), 64)[:, None, None].repeat(64, 1).repeat(3, 2))
    colour = {"colorspace": 1, "color_range": 2}
    path = write_clip(tmp_path / "f.mp4", [ends], pixel_format="yuvj420p", colour=colour, options={"crf": "1"})
    (frame,) = frames_of(path)
    assert (int(frame.planes[0][20, 30]), int(frame.planes[0][100, 30])) == pytest.approx((16, 235), abs=1)


def test_a_file_that_breaks_off_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES, muxer={"movflags": "faststart"})
    master = probe(path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match="decoding broke off") as refused:
        list(decode(master))
    assert str(path) in str(refused.value)


def test_only_one_picture_is_held_at_a_time() -> None:
    frames = decode(probe(EXAMPLES / "ada" / "master.mp4"))
    first = next(frames)
    second = next(frames)
    assert first.pts < second.pts
    assert not any(np.shares_memory(a, b) for a, b in zip(first.planes, second.planes, strict=True))
    frames.close()  # type: ignore[attr-defined]
