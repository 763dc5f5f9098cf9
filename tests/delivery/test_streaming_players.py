"""A sealed ladder in a real browser: hls.js and dash.js play what was exported, to the end."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import m3u8
import pytest
from browsers import needs_browser
from exports import make_released
from players import heights, played

from countenance.campaign.exporting import export_variant
from countenance.media.export import export_profile

pytestmark = [needs_browser, pytest.mark.long]

SECONDS = Fraction(5)


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ladder of three sizes."""
    released = make_released(tmp_path_factory.mktemp("streaming"), SECONDS)
    profile = export_profile("streaming")
    quick = replace(profile, picture=replace(profile.picture, preset="superfast"))
    return export_variant(released.project, released.package, quick, "ops@example.org").path


def test_both_players_show_every_size_and_the_captions_and_play_to_the_end(streaming: Path) -> None:
    for name, visit in played(streaming).items():
        told = visit.value
        assert visit.problems == [], name
        assert told["errors"] == [] and told["stalls"] == 0, name
        assert heights(told) == {720, 480, 360}, name
        assert told["duration"] == pytest.approx(float(SECONDS), abs=0.05), name
        assert told["tracks"] == ["de"], name
        assert "Frischer Kaffee" in " ".join(told["captions"]).replace("\n", " "), name


def test_every_file_that_a_playlist_names_is_there(streaming: Path) -> None:
    main = m3u8.load(str(streaming / "main.m3u8"))
    for uri in [*(one.uri for one in main.playlists), *(one.uri for one in main.media)]:
        listed = m3u8.load(str(streaming / uri))
        for segment in listed.segments:
            path = streaming / segment.uri
            assert path.is_file()
            if segment.byterange:
                size, _, offset = segment.byterange.partition("@")
                assert int(offset) + int(size) <= path.stat().st_size
