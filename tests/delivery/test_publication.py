"""What of a package goes out, under which names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from outside import released, variant_id

from countenance.delivery.manifest import JSONLD, index_of, manifest_of, media_type, placed_jsonld, places_of, points
from countenance.errors import InputError
from countenance.store.project import init_project


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return released(init_project(tmp_path / "studio"), tmp_path / "out", film_bytes=3000)


def test_viewers_get_media_and_nothing_that_names_people(package: Path) -> None:
    names = {one.name for one in manifest_of(package, variant_id(), "de", "media", "https://cdn.example").parts}
    every = {one.name for one in manifest_of(package, variant_id(), "de", "all", "https://cdn.example").parts}
    assert every - names == {"qc.json", "qc.html", "receipt.json", "patches/ben.png"}
    (package / "notes.json").write_text("{}")
    (package / ".hidden.mp4").write_text("")
    assert "notes.json" not in places_of(package, variant_id(), "de", "media", "ab" * 32)
    assert ".hidden.mp4" not in places_of(package, variant_id(), "de", "all", "ab" * 32)


def test_names_hold_the_variant_and_the_content(package: Path) -> None:
    found = manifest_of(package, variant_id(), "de", "media", "https://cdn.example")
    start = f"{variant_id()}/{found.digest[:12]}/"
    places = {one.name: one.place for one in found.parts}
    assert places["video.mp4"] == f"{start}{variant_id()}-de.mp4"
    assert places["hls/low/0.m4s"] == f"{start}hls/low/0.m4s"
    assert places == places_of(package, variant_id(), "de", "media", found.digest)
    assert len(set(places.values())) == len(places)
    (package / "poster.jpg").write_bytes(b"another")
    changed = manifest_of(package, variant_id(), "de", "media", "https://cdn.example")
    elsewhere = manifest_of(package, variant_id(), "de", "media", "https://else.example")
    assert len({found.digest, changed.digest, elsewhere.digest}) == 3


def test_what_names_others_is_known(package: Path) -> None:
    found = manifest_of(package, variant_id(), "de", "media", "x")
    assert {one.name for one in found.parts if one.pointing} == {
        "hls/master.m3u8", "hls/low/index.m3u8", "video.jsonld",
    }  # fmt: skip
    assert points("stream/main.mpd") and not points("video.mp4")


def test_structured_data_gets_whole_addresses_and_is_else_the_same(package: Path) -> None:
    addresses = {"video.mp4": "https://cdn.example/v.mp4", "captions.vtt": "https://cdn.example/c.vtt"}
    before, after = json.loads((package / JSONLD).read_text()), json.loads(placed_jsonld(package, addresses))
    assert after["contentUrl"] == "https://cdn.example/v.mp4"
    assert after["caption"]["contentUrl"] == "https://cdn.example/c.vtt"
    before |= {"contentUrl": after["contentUrl"], "caption": after["caption"]}
    assert before == after


def test_an_index_is_json_of_a_known_format() -> None:
    told = json.loads(index_of({"variant": "01"}, [{"name": "video.mp4"}]))
    assert (told["format"], told["variant"], told["files"][0]["name"]) == ("countenance index 1", "01", "video.mp4")


@pytest.mark.parametrize("name", ["a.mp4", "a.M3U8", "a.mpd", "a.m4s", "a.vtt", "a.jpg", "a.unknown"])
def test_every_file_has_a_media_type(name: str) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+(; charset=utf-8)?", media_type(name))


def test_what_is_no_package_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no package any more"):
        manifest_of(tmp_path, variant_id(), "de", "media", "x")
