from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lists import LONGEST, ladder, sound

from countenance.media.hls import (
    Captions,
    captions_playlist,
    main_playlist,
    target_duration,
    timed_captions,
    track_playlist,
)

PICTURES = [(track, f"{track.path.stem}.m3u8") for track in ladder()]
SOUND = (sound(), "audio.m3u8")
CAPTIONS = [Captions("captions-ar.m3u8", "ar", "العربية")]


def test_a_reader_of_playlists_finds_every_size_with_its_sound_and_captions() -> None:
    read = m3u8.loads(main_playlist(PICTURES, SOUND, CAPTIONS, "ar", "العربية"))
    assert read.is_variant and read.is_independent_segments and read.version == 7
    assert [one.uri for one in read.playlists] == [uri for _track, uri in PICTURES]
    for (track, _uri), one in zip(PICTURES, read.playlists, strict=True):
        told = one.stream_info
        assert told.resolution == track.size
        assert told.frame_rate == pytest.approx(25)
        assert told.codecs == f"{track.codecs},mp4a.40.2"
        assert told.bandwidth == track.peak_bps + SOUND[0].peak_bps
        assert told.average_bandwidth == track.mean_bps + SOUND[0].mean_bps
        assert (told.audio, told.subtitles, told.closed_captions) == ("audio", "captions", "NONE")
    (heard,) = [one for one in read.media if one.type == "AUDIO"]
    assert (heard.uri, heard.language, heard.default, heard.channels) == ("audio.m3u8", "ar", "YES", "2")
    (texts,) = [one for one in read.media if one.type == "SUBTITLES"]
    assert (texts.uri, texts.name, texts.forced) == ("captions-ar.m3u8", "العربية", "NO")


def test_a_film_without_sound_and_captions_names_none() -> None:
    read = m3u8.loads(main_playlist(PICTURES, None, [], "en", "English"))
    assert not read.media
    assert all(one.stream_info.audio is None and one.stream_info.subtitles is None for one in read.playlists)
    assert read.playlists[0].stream_info.codecs == PICTURES[0][0].codecs


def test_a_track_is_listed_byte_by_byte() -> None:
    track = PICTURES[0][0]
    read = m3u8.loads(track_playlist(track, "video.mp4", 2))
    assert (read.playlist_type, read.is_endlist, read.media_sequence) == ("vod", True, 0)
    (header,) = read.segment_map
    assert (header.uri, header.byterange) == ("video.mp4", f"{track.header[1]}@0")
    assert [one.byterange for one in read.segments] == [f"{one.size}@{one.offset}" for one in track.segments]
    assert sum(one.duration for one in read.segments) == pytest.approx(float(track.duration), abs=1e-5)


@given(st.lists(st.fractions(Fraction(1, 10), 12), min_size=1, max_size=9))
def test_no_segment_is_longer_than_the_target_says(durations: list[Fraction]) -> None:
    """RFC 8216, 4.3.3.1: rounded to whole seconds, none is longer than the target; all playlists share it."""
    track = ladder(durations)[0]
    target_s = target_duration([track, SOUND[0]])
    assert target_s >= 1
    for one in (track, SOUND[0]):
        read = m3u8.loads(track_playlist(one, "a.mp4", target_s))
        assert read.target_duration == target_s
        assert all(int(segment.duration + 0.5) <= target_s or segment.duration <= target_s for segment in read.segments)


def test_the_longest_segment_decides() -> None:
    assert target_duration([*(track for track, _uri in PICTURES), SOUND[0]]) == round(LONGEST)


def test_captions_are_one_segment_as_long_as_the_film() -> None:
    read = m3u8.loads(captions_playlist("captions-ar.vtt", Fraction(163, 25)))
    (only,) = read.segments
    assert (only.uri, only.duration, read.target_duration) == ("captions-ar.vtt", 6.52, 7)


def test_captions_are_tied_to_the_clock_of_the_pictures() -> None:
    timed = timed_captions("WEBVTT\n\nNOTE made\n\n00:00:00.500 --> 00:00:01.000\nHi\n")
    assert timed.splitlines()[:3] == ["WEBVTT", "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000", ""]


@given(st.text(max_size=30))
def test_no_name_breaks_a_playlist(name: str) -> None:
    text = main_playlist(PICTURES, SOUND, [Captions("c.m3u8", "en", name)], "en", name)
    lines = [line for line in text.split("\n") if line]
    assert all(line.startswith("#EXT") or line.endswith(".m3u8") for line in lines)
    assert len(lines) == 3 + 2 + 2 * len(PICTURES)
    assert all(line.count('"') % 2 == 0 for line in lines)


def test_the_first_size_named_is_the_largest(tmp_path: Path) -> None:
    read = m3u8.loads(main_playlist(PICTURES, SOUND, [], "en", "English"))
    heights = [one.stream_info.resolution[1] for one in read.playlists]
    assert heights == sorted(heights, reverse=True)
