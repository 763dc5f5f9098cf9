from __future__ import annotations

from pathlib import Path

import pytest
from soundtracked import tone, write_master, write_sound

from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.soundtracks import SoundTrack, channel_numbers, sound_tracks

SURROUND = SoundTrack(0, ("FL", "FR", "FC", "LFE", "BL", "BR"), "", "", False)
FOUR = SoundTrack(0, ("FL", "FR", "BL", "BR"), "", "", False)


@pytest.mark.parametrize(
    ("told", "wordless"),
    [
        ({"title": "M&E"}, True),
        ({"title": "Stereo M & E, 48 kHz"}, True),
        ({"title": "M+E"}, True),
        ({"title": "Music and Effects"}, True),
        ({"title": "IT-Band"}, True),
        ({"title": "International Sound"}, True),
        ({"language": "zxx"}, True),
        ({"title": "English"}, False),
        ({"title": "Time and effort"}, False),
        ({"title": "Stereo"}, False),
        ({}, False),
    ],
)
def test_a_track_tells_by_its_name_that_it_has_no_dialogue(
    tmp_path: Path, told: dict[str, str], wordless: bool
) -> None:
    path = write_master(tmp_path / "m.mkv", [(tone(200, 0.2), {}), (tone(300, 0.2, 2), told)], pictures=5)
    first, second = sound_tracks(path)
    assert not first.wordless and second.wordless is wordless
    assert (first.channels, second.channels) == (("FC",), ("FL", "FR")) and second.number == 1


def test_a_programme_without_words_is_not_taken_for_music_and_effects(tmp_path: Path) -> None:
    path = write_master(tmp_path / "m.mkv", [(tone(200, 0.2), {"language": "zxx"})], pictures=5)
    assert [track.wordless for track in sound_tracks(path)] == [False]


def test_each_track_can_be_read(tmp_path: Path) -> None:
    path = write_master(tmp_path / "m.mkv", [(tone(200, 0.2), {}), (tone(300, 0.2, 2), {})], pictures=5)
    for track, channels in ((0, 1), (1, 2)):
        samples = read_audio(path, track=track)
        assert samples is not None and samples.shape[1] == channels
    with pytest.raises(InputError, match=r"has 2 audio track\(s\), counted from 0: there is no track 2"):
        read_audio(path, track=2)


def test_the_programme_is_the_first_track_even_beside_one_with_more_channels(tmp_path: Path) -> None:
    path = write_master(tmp_path / "m.mkv", [(tone(200, 0.5), {}), (tone(300, 0.5, 2), {"title": "M&E"})], pictures=5)
    samples = read_audio(path)
    assert samples is not None and samples.shape[1] == 1


def test_channels_are_found_by_short_and_long_names_and_numbers() -> None:
    assert channel_numbers(SURROUND, ["L", "R", "LFE", "Ls", "Rs"]) == (0, 1, 3, 4, 5)
    assert channel_numbers(SURROUND, ["FC"]) == (2,) and channel_numbers(FOUR, ["3", "4"]) == (2, 3)


@pytest.mark.parametrize("name", ["C", "5", "0", "left"])
def test_a_channel_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(InputError, match=r"has no channel .* it has 1 \(FL\), 2 \(FR\), 3 \(BL\), 4 \(BR\)"):
        channel_numbers(FOUR, [name])


def test_what_is_no_media_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(InputError, match="cannot be read"):
        sound_tracks(tmp_path / "text.mp4")
    assert sound_tracks(write_sound(tmp_path / "s.wav", tone(200, 0.1)))[0].channels == ("FC",)
