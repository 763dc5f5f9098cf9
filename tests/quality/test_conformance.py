from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from clips import EXAMPLES, frames_of, write_clip

from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.encode import Sound, encode
from countenance.media.export import export_profile, export_profiles
from countenance.media.ladder import picture_count, renditions, retimed
from countenance.media.levelling import levelled
from countenance.media.mix import profile_named
from countenance.media.recode import write_film
from countenance.quality.conformance import Finding, broken, check_export

SECONDS = 2
MASTER = EXAMPLES / "ada" / "master.mp4"
FILES = [name for name, profile in export_profiles().items() if not profile.streams]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of ada with her voice, as a release has them."""
    target = tmp_path_factory.mktemp("film") / "film.mp4"
    samples = read_audio(MASTER)
    assert samples is not None
    frames = frames_of(MASTER, stop=25 * SECONDS)
    encode(
        target, frames, size=frames[0].size, time_base=frames[0].time_base, frame_rate=Fraction(25),
        sound=Sound(samples=samples[: 48_000 * SECONDS]),
    )  # fmt: skip
    return target


def _exported(film: Path, folder: Path, name: str) -> Path:
    profile = export_profile(name)
    made = renditions(profile, (720, 720), Fraction(25))[0]
    frames = retimed(frames_of(film), made.rate, picture_count(Fraction(SECONDS), made.rate))
    loudness = profile_named(profile.sound.loudness)
    sound = levelled(film, profile.sound.rate_hz, profile.sound.channels, loudness)
    target = folder / f"{name}{profile.suffix}"
    write_film(target, frames, profile, made, sound())
    return target


def _checked(path: Path, name: str) -> tuple[Finding, ...]:
    profile = export_profile(name)
    made = renditions(profile, (720, 720), Fraction(25))[0]
    return check_export(path, profile, made, sound=True, duration=Fraction(SECONDS))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if "broadcast" in name else name for name in FILES]
)
def test_an_export_is_what_its_profile_says_also_to_a_reader_that_did_not_write_it(
    film: Path, tmp_path: Path, name: str
) -> None:
    found = _checked(_exported(film, tmp_path, name), name)
    assert broken(found) == ()
    assert len(found) >= 24


def test_what_a_release_is_as_it_stands_is_no_export(film: Path) -> None:
    """The sound comes early without edit lists, and keyframes come where the encoder likes."""
    told = " ".join(broken(_checked(film, "web-h264")))
    assert "sound without edit lists" in told
    assert "channels" in told


def test_each_thing_that_is_otherwise_is_found(film: Path, tmp_path: Path) -> None:
    path = _exported(film, tmp_path, "web-h264")
    profile = export_profile("web-h264")
    made = renditions(profile, (720, 720), Fraction(25))[0]

    def wrong(**changes: object) -> str:
        other = replace(profile, **{key: value for key, value in changes.items() if key != "rendition"})
        rendition = changes.get("rendition", made)
        return "; ".join(broken(check_export(path, other, rendition, sound=True, duration=Fraction(SECONDS))))  # type: ignore[arg-type]

    assert wrong() == ""
    assert wrong(container="mov").startswith("the container is Base Media, not QuickTime")
    assert "the codec is AVC, not HEVC" in wrong(picture=replace(profile.picture, codec="hevc"))
    assert "profile is High, not Main" in wrong(picture=replace(profile.picture, profile="main"))
    assert "bits is 8, not 10" in wrong(picture=replace(profile.picture, pixel_format="yuv420p10le"))
    assert "loudness is" in wrong(sound=replace(profile.sound, loudness="broadcast"))
    assert "rate is 48000, not 44100" in wrong(sound=replace(profile.sound, rate_hz=44_100))
    assert "size is 720x720, not 360x360" in wrong(rendition=replace(made, size=(360, 360)))
    assert "frame rate is 25.000, not 50.000" in wrong(rendition=replace(made, rate=Fraction(50)))
    assert "keyframe is at 0" in wrong(rendition=replace(made, keyframe=12))
    assert "buffer is" in wrong(rendition=replace(made, max_kbps=100, buffer_kbit=100))
    assert "number of pictures is 50, not 75" in "; ".join(
        broken(check_export(path, profile, made, sound=True, duration=Fraction(3)))
    )


def test_pictures_without_colour_tags_are_found(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "plain.mp4", frames_of(MASTER, stop=10), colour={})
    profile = export_profile("web-h264")
    made = renditions(profile, (720, 720), Fraction(25))[0]
    told = "; ".join(broken(check_export(path, profile, made, sound=False, duration=Fraction(10, 25))))
    assert "the primaries is None, not BT.709" in told


def test_a_file_without_the_track_is_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "silent.mp4", frames_of(MASTER, stop=5))
    profile = export_profile("web-h264")
    with pytest.raises(InputError, match="0 tracks of sound, not one"):
        check_export(path, profile, None, sound=True, duration=Fraction(1))
    with pytest.raises(InputError, match="cannot be read"):
        check_export(tmp_path / "nowhere.mp4", profile, None, sound=True, duration=Fraction(1))
