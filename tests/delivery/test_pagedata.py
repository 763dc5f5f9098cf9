"""The structured data of a page: absolute, whole, and with moments told in one way only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sites import Film, make_watch

from countenance.delivery.addresses import Site, site_of
from countenance.delivery.chapters import Chapter
from countenance.delivery.extras import Extras
from countenance.delivery.pagedata import page_data

BASE = "https://example.org/espresso/"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    for name in ("video.mp4", "poster.jpg", "thumbnail.jpg"):
        (tmp_path / name).write_bytes(b"x")
    film = Film(tmp_path / "video.mp4", tmp_path / "poster.jpg", tmp_path / "thumbnail.jpg", (640, 360))
    return site_of([make_watch(tmp_path / "out", film, language) for language in ("en", "ar")], BASE)


def test_the_video_and_the_work_name_each_other(site: Site) -> None:
    video, work = page_data(site.pages[1], site, "Title")["@graph"]
    assert (video["isPartOf"]["@id"], work["video"]["@id"]) == (work["@id"], video["@id"])
    assert work["workTranslation"] == [
        {"@type": "CreativeWork", "@id": f"{BASE}en/#work", "url": f"{BASE}en/", "inLanguage": "en"}
    ]
    assert (video["inLanguage"], work["inLanguage"], work["text"]) == ("ar", "ar", video["transcript"])
    assert video["digitalSourceType"].startswith("https://schema.org/")
    assert video["regionsAllowed"] == ["EG", "AE"]


def test_chapters_are_clips_of_the_page(site: Site) -> None:
    video, _ = page_data(site.pages[0], site, "Title")["@graph"]
    assert "potentialAction" not in video
    assert video["hasPart"] == [
        {"@type": "Clip", "name": "Thirty seconds", "startOffset": 0, "endOffset": 2, "url": f"{BASE}en/?t=0"},
        {"@type": "Clip", "name": "Fits any shelf", "startOffset": 2, "endOffset": 3, "url": f"{BASE}en/?t=2"},
    ]
    starts = [clip["startOffset"] for clip in video["hasPart"]]
    assert len(set(starts)) == len(starts)


@pytest.mark.parametrize(("duration", "told"), [("PT29.9S", False), ("PT30S", True)])
def test_a_long_video_without_chapters_says_how_to_jump(site: Site, duration: str, told: bool) -> None:
    plain = replace(
        site.pages[0],
        watch=replace(
            site.pages[0].watch, extras=Extras(), jsonld={**site.pages[0].watch.jsonld, "duration": duration}
        ),
    )
    video, _ = page_data(plain, Site(BASE, (plain,)), "Title")["@graph"]
    assert "hasPart" not in video
    assert ("potentialAction" in video) is told
    if told:
        assert video["potentialAction"]["target"] == f"{BASE}en/?t={{seek_to_second_number}}"
        assert video["potentialAction"]["startOffset-input"] == "required name=seek_to_second_number"


def test_one_chapter_per_second_at_most(site: Site) -> None:
    close = Extras(chapters=(Chapter(0, 400, "a"), Chapter(400, 900, "b"), Chapter(900, 3000, "c")))
    page = replace(site.pages[0], watch=replace(site.pages[0].watch, extras=close))
    video, _ = page_data(page, Site(BASE, (page,)), "Title")["@graph"]
    assert [clip["startOffset"] for clip in video["hasPart"]] == [0, 1]
