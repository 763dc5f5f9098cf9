from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from exports import Released, make_released
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.rights.register import withdraw_grant

OWN = """
means = "A small one."
channel = "web"
container = "mp4"
source = "our own"
verified_by = "nobody"
[picture]
codec = "h264"
profile = "high"
pixel_format = "yuv420p"
preset = "veryfast"
crf = 26
keyframe_s = 1.0
[sound]
codec = "aac"
rate_hz = 48000
kbps = 96
channels = 1
loudness = "web"
[[rungs]]
short_px = 240
max_kbps = 600
buffer_kbit = 1200
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    return make_released(tmp_path_factory.mktemp("export"), Fraction(1))


def _run(released: Released, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments, "--project", str(released.project.root)])
    return done.exit_code, done.output


def test_profiles_are_listed_with_where_they_are_for() -> None:
    done = CliRunner().invoke(app, ["profiles", "--json"])
    known = {one["name"]: one["channel"] for one in json.loads(done.output)}
    assert (known["youtube"], known["broadcast-25"], known["streaming"]) == ("youtube", "tv", "web")
    assert "HLS and DASH" in CliRunner().invoke(app, ["profiles"]).output


def test_a_profile_of_ones_own_is_exported_and_told(released: Released, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(OWN)
    status, said = _run(
        released, "export", str(released.package), "--profile", str(tmp_path / "small.toml"), "--out", str(tmp_path),
        "--json",
    )  # fmt: skip
    assert status == 0
    (told,) = json.loads(said)
    assert told["path"] == str(tmp_path / released.variant / "small.mp4")
    assert told["files"][0]["size"] == [240, 240]
    assert Path(told["path"]).is_file()


def test_an_unknown_profile_or_channel_is_wrong_use(released: Released) -> None:
    assert _run(released, "export", str(released.package), "--profile", "vimeo")[0] == 2
    status, said = _run(released, "export", str(released.package), "--profile", "web-h264", "--channel", "youtub")
    assert (status, "did you mean 'youtube'" in said) == (2, True)


def test_what_may_not_be_shown_ends_with_status_3(tmp_path: Path) -> None:
    released = make_released(tmp_path, Fraction(1, 5))
    withdraw_grant(released.project, "ben", "ops", "asked for it")
    status, said = _run(released, "export", str(released.package), "--profile", "web-h264")
    assert (status, "the release was withdrawn" in said) == (3, True)
