from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES, picture, turned, write_clip

from countenance.errors import InputError
from countenance.media.sample import sample_lumas

PICTURES = [picture(number) for number in range(24)]


def test_the_sample_is_spread_over_the_whole_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES, options={"qp": "0"})
    lumas = sample_lumas(path, 6)
    assert len(lumas) == 6
    for luma, number in zip(lumas, range(0, 24, 4), strict=True):
        assert np.array_equal(luma, PICTURES[number].planes[0])


def test_a_short_file_gives_all_it_has(tmp_path: Path) -> None:
    assert len(sample_lumas(write_clip(tmp_path / "a.mp4", PICTURES[:5]), 60)) == 5


def test_a_long_file_gives_its_key_pictures_only(tmp_path: Path) -> None:
    frames = [picture(number, 32, 32) for number in range(20)] * 4
    path = write_clip(tmp_path / "a.mp4", frames, options={"qp": "0", "g": "10", "sc_threshold": "0"})
    lumas = sample_lumas(path, 5)
    assert len(lumas) == 5
    assert all(any(np.array_equal(luma, frames[n].planes[0]) for n in range(0, 80, 10)) for luma in lumas)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_long_file_is_looked_into_at_many_places(tmp_path: Path, name: str) -> None:
    frames = [picture(number, 32, 32) for number in range(120)]
    path = write_clip(tmp_path / name, frames, options={"qp": "0", "g": "20", "sc_threshold": "0", "bf": "0"})
    lumas = sample_lumas(path, 12)
    assert len(lumas) == 12
    numbers = [next(n for n in range(120) if np.array_equal(luma, frames[n].planes[0])) for luma in lumas]
    assert numbers == [start + step for start in range(0, 120, 20) for step in (0, 1)]


def test_a_long_file_that_breaks_off_gives_what_there_is(tmp_path: Path) -> None:
    frames = [picture(number, 32, 32) for number in range(120)]
    path = write_clip(tmp_path / "a.mp4", frames, options={"g": "20"}, muxer={"movflags": "faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    assert 4 <= len(sample_lumas(path, 12)) <= 12


def test_a_still_gives_one() -> None:
    (luma,) = sample_lumas(EXAMPLES / "ada" / "refs" / "1_front_neutral.jpg")
    assert (luma.shape, luma.dtype) == ((768, 768), np.uint8)


def test_pictures_are_turned_as_shown(tmp_path: Path) -> None:
    path = turned(write_clip(tmp_path / "t.mp4", PICTURES[:1], options={"qp": "0"}), 90)
    assert np.array_equal(sample_lumas(path)[0], np.rot90(PICTURES[0].planes[0], -1))


def test_what_came_before_the_end_of_a_truncated_file_counts(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", PICTURES, muxer={"movflags": "faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert 3 < len(sample_lumas(path)) < 24


def test_hdr_is_looked_at_too(tmp_path: Path) -> None:
    colour = {"color_trc": 16, "color_primaries": 9, "colorspace": 9}
    path = write_clip(tmp_path / "pq.mp4", PICTURES[:2], pixel_format="yuv420p10le", colour=colour)
    assert len(sample_lumas(path)) == 2


@pytest.mark.parametrize("content", [b"", b"plain text\n" * 50])
@pytest.mark.parametrize("name", ["x.mp4", "x.jpg", "x.txt"])
def test_what_holds_no_picture_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"picture|image"):
        sample_lumas(tmp_path / name)
