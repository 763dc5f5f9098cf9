from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import pytest
from clips import picture
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.media.cmaf import Track, read_track
from countenance.media.export import ExportProfile, PictureSpec, export_profile
from countenance.media.frame import Frame
from countenance.media.ladder import Rendition, renditions
from countenance.media.recode import write_tracks

PICTURES = 110  # 4.4 s: two whole segments and a short one


def _frames(count: int = PICTURES) -> list[Frame]:
    frames = []
    for number in range(count):
        still = picture(number // 10)
        frames.append(Frame(number, Fraction(1, 25), still.planes))
    return frames


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Track], list[Rendition]]:
    """Two sizes of a film of 320 x 180."""
    profile = export_profile("streaming")
    sizes = [Rendition(size, Fraction(25), 50, 400, 600) for size in ((320, 180), (160, 90))]
    folder = tmp_path_factory.mktemp("tracks")
    targets = [folder / f"{one.short_px}.mp4" for one in sizes]
    write_tracks(targets, _frames(), profile, sizes)
    return [read_track(path) for path in targets], sizes


def test_segments_follow_each_other_to_the_end_of_the_file(tracks: tuple[list[Track], list[Rendition]]) -> None:
    for track in tracks[0]:
        at = track.segments[0].offset
        for segment in track.segments:
            assert segment.offset == at
            at += segment.size
        assert at == track.path.stat().st_size


def test_segments_are_as_long_as_the_keyframes_are_apart(tracks: tuple[list[Track], list[Rendition]]) -> None:
    for track in tracks[0]:
        assert [segment.duration for segment in track.segments] == [2, 2, Fraction(2, 5)]
        assert [segment.start for segment in track.segments] == [0, 2, 4]
        assert track.duration == Fraction(PICTURES, 25)


def test_a_track_tells_its_coder_size_and_rate(tracks: tuple[list[Track], list[Rendition]]) -> None:
    large, small = tracks[0]
    assert (large.kind, large.size, large.rate) == ("video", (320, 180), 25)
    assert large.codecs.startswith("avc1.6400") and len(large.codecs) == len("avc1.64000C")
    assert large.peak_bps >= large.mean_bps > small.mean_bps > 0


def test_header_and_any_one_segment_can_be_decoded_alone(tracks: tuple[list[Track], list[Rendition]]) -> None:
    for track in tracks[0]:
        content = track.path.read_bytes()
        header = content[track.header[0] : track.header[1]]
        for segment in track.segments:
            alone = header + content[segment.offset : segment.offset + segment.size]
            with av.open(BytesIO(alone)) as container:
                shown = list(container.decode(container.streams.video[0]))
            assert len(shown) == segment.duration * 25
            assert shown[0].key_frame


def test_the_index_lies_where_it_is_said_to(tracks: tuple[list[Track], list[Rendition]]) -> None:
    for track in tracks[0]:
        offset, size = track.index
        content = track.path.read_bytes()
        assert content[offset + 4 : offset + 8] == b"sidx"
        assert int.from_bytes(content[offset : offset + 4], "big") == size


@pytest.mark.parametrize(
    ("codec", "profile", "tag", "wanted"),
    [("hevc", "main", "hvc1", r"hvc1\.1\.6\.L\d+\.[0-9A-F.]+"), ("av1", "main", "av01", r"av01\.0\.\d\dM\.08")],
)
def test_other_coders_have_names_by_which_browsers_know_them(
    tmp_path: Path, codec: str, profile: str, tag: str, wanted: str
) -> None:
    streaming = export_profile("streaming")
    spec = PictureSpec(codec, profile, "yuv420p", 30, 1.0, preset={"hevc": "ultrafast", "av1": "12"}[codec], tag=tag)
    other: ExportProfile = replace(streaming, picture=spec)
    made = renditions(other, (320, 180), Fraction(25))
    write_tracks([tmp_path / "a.mp4"], _frames(30), other, made)
    track = read_track(tmp_path / "a.mp4")
    assert re.fullmatch(wanted, track.codecs)
    assert [segment.duration for segment in track.segments] == [1, Fraction(1, 5)]


def test_a_film_that_is_no_track_is_told(ada_clip: Path) -> None:
    with pytest.raises(InputError, match="no CMAF track"):
        read_track(ada_clip)


@given(cut=st.integers(0, 900), at=st.integers(0, 900), value=st.integers(0, 255))
def test_damaged_files_are_told_or_read(
    tracks: tuple[list[Track], list[Rendition]], cut: int, at: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(tracks[0][1].path.read_bytes())
    content[at] = value
    path = tmp_path_factory.getbasetemp() / "damaged.mp4"
    path.write_bytes(bytes(content[: len(content) - cut] if value % 2 else content[:cut]))
    with contextlib.suppress(InputError):
        read_track(path)
