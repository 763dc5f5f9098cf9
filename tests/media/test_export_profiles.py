from __future__ import annotations

from pathlib import Path

import pytest

from countenance.campaign.brief import CHANNELS
from countenance.errors import InputError
from countenance.media.export import export_profile, export_profiles

OWN = """
means = "An intranet."
channel = "internal"
container = "mp4"
source = "our own"
verified_by = "nobody"
[picture]
codec = "h264"
profile = "main"
pixel_format = "yuv420p"
crf = 24
keyframe_s = 1.0
rates = [25, "30000/1001"]
[sound]
codec = "aac"
rate_hz = 48000
kbps = 96
channels = 1
loudness = "web"
[[rungs]]
short_px = 480
max_kbps = 900
buffer_kbit = 1800
"""


def test_the_house_has_a_profile_for_each_kind_of_place() -> None:
    names = set(export_profiles())
    assert names >= {"web-h264", "web-hevc", "web-av1", "youtube", "broadcast-25", "broadcast-50", "streaming"}


@pytest.mark.parametrize("name", export_profiles())
def test_a_house_profile_is_for_a_known_channel_and_says_where_its_figures_are_from(name: str) -> None:
    profile = export_profile(name)
    assert profile.channel in CHANNELS
    assert profile.source and profile.verified_by


def test_a_file_of_ones_own_is_a_profile(tmp_path: Path) -> None:
    path = tmp_path / "intranet.toml"
    path.write_text(OWN)
    profile = export_profile(str(path))
    assert (profile.name, profile.channel, profile.suffix) == ("intranet", "internal", ".mp4")
    assert [str(rate) for rate in profile.picture.rates] == ["25", "30000/1001"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('codec = "h264"', 'codec = "vp9"', "picture.codec cannot be 'vp9'"),
        ('container = "mp4"', 'container = "avi"', "container cannot be 'avi'"),
        ("crf = 24", "krf = 24", "it knows no krf"),
        ("crf = 24", "", "it lacks crf"),
        ("crf = 24", 'crf = "good"', "crf cannot be 'good'"),
        ("crf = 24", "crf = true", "crf cannot be True"),
        ("keyframe_s = 1.0", "keyframe_s = 0.0", "above 0"),
        ("short_px = 480", "short_px = 481", "even sizes"),
        ("max_kbps = 900", "max_kbps = 0", "above 0"),
        ('[25, "30000/1001"]', '["often"]', "a number in it is none"),
        ('loudness = "web"', 'loudness = "loud"', "no sound profile 'loud'"),
        ("crf = 24", 'crf = 24\nshape = "padded"', "frame_px"),
        ("crf = 24", 'crf = 24\nshape = "padded"\nframe_px = [1919, 1080]', "even numbers"),
        ("[[rungs]]", "[[rung]]", "at least one"),
        ("[sound]", "[sounds]", "it is not there as a table"),
        ('means = "An intranet."', "means = An intranet.", "is no TOML"),
    ],
)
def test_what_is_no_profile_is_refused_with_what_is_wrong(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "intranet.toml"
    assert old in OWN
    path.write_text(OWN.replace(old, new))
    with pytest.raises(InputError, match=told.replace("[", r"\[")):
        export_profile(str(path))


def test_the_profile_on_the_docs_page_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
    path = tmp_path / "lobby.toml"
    path.write_text(page.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    assert export_profile(str(path)).picture.frame_px == (1920, 1080)
    assert all(f"`{name}`" in page for name in export_profiles())


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no export profile 'vimeo': choose .*youtube"):
        export_profile("vimeo")


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match="cannot be read as a profile"):
        export_profile("nowhere.toml")
