"""The site as strangers read it: a strict HTML parser, an XML parser, and the rules of search engines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest

from countenance.delivery.addresses import alternates, site_of
from countenance.delivery.site import write_site
from countenance.delivery.sitemap import SITEMAP, VIDEO
from countenance.delivery.watch import Watch, read_package, seconds_of
from countenance.errors import InputError

BASE = "https://example.org/espresso/"
TEXT = "It's ready </script><b>& served</b> in thirty seconds."


def _package(folder: Path, language: str, face: str = "keep", **record: Any) -> Watch:
    """A package on disk with all that a site reads of one."""
    variant = f"01VARIANT{language}{face}".upper()
    place = folder / variant
    place.mkdir(parents=True)
    for name in ("video.mp4", "poster.jpg", "captions.vtt"):
        (place / name).write_bytes(name.encode())
    jsonld = {
        "@context": "https://schema.org", "@type": "VideoObject", "name": "espresso-launch", "description": TEXT,
        "thumbnailUrl": ["poster.jpg"], "contentUrl": "video.mp4", "uploadDate": "2026-11-21T10:00:00+00:00",
        "duration": "PT1M2.5S", "inLanguage": language, "transcript": TEXT, "regionsAllowed": ["DE", "AT"],
        "caption": {"@type": "MediaObject", "contentUrl": "captions.vtt", "inLanguage": language},
        "width": {"value": 1280}, "height": {"value": 720},
    }  # fmt: skip
    receipt = {
        "receipt": {
            "campaign": "espresso-launch", "variant": {"face": face}, "review": {"in_one_go": False, **record}
        },
        "record": {
            "variant_id": variant, "release_id": "01RELEASE", "language": language, "released_at": "2026-11-21T10:00Z",
        },
        "disclosure": {"sentence": "Changed with AI.", "player_note": "AI modified.", "parts": ["mouth", "voice"]},
    }  # fmt: skip
    (place / "video.jsonld").write_text(json.dumps(jsonld))
    (place / "receipt.json").write_text(json.dumps(receipt))
    return read_package(place)


@pytest.fixture
def watches(tmp_path: Path) -> list[Watch]:
    pairs = [("en", "keep"), ("de", "keep"), ("ar", "keep"), ("ja", "keep"), ("en", "ben"), ("de", "ben")]
    return [_package(tmp_path / "out", language, face) for language, face in pairs]


@pytest.fixture
def site(tmp_path: Path, watches: list[Watch]) -> Path:
    write_site(tmp_path / "site", watches, BASE, "https://verify.example.org/verify")
    return tmp_path / "site"


def _html(path: Path) -> Any:
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(path.read_text(encoding="utf-8"))


def _watch_pages(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("index.html")) if path.parent.name != "made" and path.parent != site]


def test_every_page_is_correct_html_with_a_title_of_its_own(site: Path) -> None:
    for path in site.rglob("index.html"):
        _html(path)
    titles = [_html(path).find(".//title").text for path in _watch_pages(site)]
    assert len(set(titles)) == len(titles) == 6


def test_versions_name_each_other_in_both_directions(site: Path) -> None:
    """What a page gives for a language is that page's own canonical address, for every pair."""
    told, canonical = {}, {}
    for path in _watch_pages(site):
        page = _html(path)
        links = page.findall(".//link")
        canonical[path] = next(one.get("href") for one in links if one.get("rel") == "canonical")
        told[path] = {one.get("hreflang"): one.get("href") for one in links if one.get("rel") == "alternate"}
    places = {url: path for path, url in canonical.items()}
    for path, versions in told.items():
        assert canonical[path] in versions.values()
        for url in versions.values():
            assert told[places[url]] == versions


def test_structured_data_is_json_with_absolute_addresses_whatever_the_text_holds(site: Path) -> None:
    source = (site / "en" / "index.html").read_text()
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', source, re.DOTALL)
    video, work = json.loads(text)["@graph"]
    assert video["transcript"] == TEXT
    assert video["contentUrl"] == f"{BASE}media/01VARIANTENKEEP/video.mp4"
    assert all(url.startswith(BASE) for url in (*video["thumbnailUrl"], video["url"], video["caption"]["contentUrl"]))
    assert {one["@id"] for one in work["workTranslation"]} == {f"{BASE}{code}/#work" for code in ("de", "ar", "ja")}
    assert "<b>& served" not in source


def test_the_sitemap_has_what_is_required_and_the_same_picture_as_the_page(site: Path) -> None:
    root = ElementTree.parse(site / "sitemap.xml").getroot()
    urls = root.findall(f"{{{SITEMAP}}}url")
    assert len(urls) == 6
    for url in urls:
        page = url.findtext(f"{{{SITEMAP}}}loc")
        video = url.find(f"{{{VIDEO}}}video")
        assert page is not None and video is not None
        for tag in ("thumbnail_loc", "title", "description", "content_loc"):
            assert video.findtext(f"{{{VIDEO}}}{tag}")
        assert video.findtext(f"{{{VIDEO}}}content_loc") != page
        assert video.findtext(f"{{{VIDEO}}}duration") == "62"
        restriction = video.find(f"{{{VIDEO}}}restriction")
        assert restriction is not None and restriction.get("relationship") == "allow" and restriction.text == "DE AT"
        source = (site / page.removeprefix(BASE) / "index.html").read_text()
        assert source.count(str(video.findtext(f"{{{VIDEO}}}thumbnail_loc"))) >= 3  # Open Graph, card, JSON-LD


def test_arabic_runs_from_right_to_left_in_its_own_words(site: Path) -> None:
    page = _html(site / "ar" / "index.html")
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    assert "النص" in (site / "ar" / "index.html").read_text()


def test_a_language_without_words_of_ours_gets_the_english_ones(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [_package(tmp_path / "out", "fi")], BASE)
    assert "Transcript" in (tmp_path / "site" / "fi" / "index.html").read_text()


def test_it_is_not_said_that_a_person_looked_where_nobody_did(tmp_path: Path, site: Path) -> None:
    told = "A person looked at this version"
    assert told in (site / "en" / "made" / "index.html").read_text()
    write_site(tmp_path / "other", [_package(tmp_path / "o", "en", in_one_go=True)], BASE)
    assert told not in (tmp_path / "other" / "en" / "made" / "index.html").read_text()


def test_what_was_taken_out_is_gone_from_the_next_site(site: Path, watches: list[Watch]) -> None:
    write_site(site, watches[:1], BASE)
    assert not (site / "de").exists()
    assert [path.name for path in (site / "media").iterdir()] == [watches[0].variant]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, watches: list[Watch]) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("x")
    with pytest.raises(InputError, match="holds other things than a site"):
        write_site(tmp_path / "letters", watches, BASE)
    assert (tmp_path / "letters" / "dear.txt").exists()


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org/", "https://", "https://example.org/?a=1"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, watches: list[Watch], url: str) -> None:
    with pytest.raises(InputError, match="is no address of a site"):
        write_site(tmp_path / "site", watches, url)


def test_nothing_to_show_is_an_error_not_an_empty_site(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no released video"):
        write_site(tmp_path / "site", [], BASE)


def test_two_campaigns_cannot_share_one_place(watches: list[Watch]) -> None:
    with pytest.raises(InputError, match="both ben in"):
        site_of([*watches, watches[-1]], BASE)


def test_the_default_version_is_the_english_one(watches: list[Watch]) -> None:
    site = site_of(watches, BASE)
    assert alternates(site.pages[1], site)[-1] == ("x-default", f"{BASE}en/")


def test_what_a_package_holds_besides_comes_along(tmp_path: Path) -> None:
    place = _package(tmp_path / "out", "en").folder
    (place / "streaming" / "720").mkdir(parents=True)
    (place / "streaming" / "720" / "1.m4s").write_bytes(b"x")
    (place / "streaming" / "main.m3u8").write_text("#EXTM3U")
    (place / "chapters.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nFirst &amp; last\n")
    (place / "thumbnails").mkdir()
    (place / "thumbnails" / "a.jpg").write_bytes(b"x")
    listing = {"thumbnails": [{"file": "a.jpg", "width": 1280, "height": 720}]}
    (place / "thumbnails" / "thumbnails.json").write_text(json.dumps(listing))
    (page,) = write_site(tmp_path / "site", [read_package(place)], BASE)
    media = tmp_path / "site" / "media" / page.watch.variant
    assert (media / "streaming" / "720" / "1.m4s").is_file() and (media / "chapters.vtt").is_file()
    source = (tmp_path / "site" / "en" / "index.html").read_text()
    assert source.index("streaming/main.m3u8") < source.index('video.mp4" type')  # what adapts comes first
    assert "First &amp; last" in source
    thumbnail = f"{BASE}media/{page.watch.variant}/thumbnails/a.jpg"
    assert source.count(thumbnail) >= 3 and thumbnail in (tmp_path / "site" / "sitemap.xml").read_text()


def test_the_player_script_is_named_by_its_content(site: Path) -> None:
    (script,) = (site / "assets").iterdir()
    assert re.fullmatch(r"player\.[0-9a-f]{12}\.js", script.name)
    assert f'src="../assets/{script.name}"' in (site / "en" / "index.html").read_text()


def test_the_last_day_is_in_the_sitemap(tmp_path: Path) -> None:
    watch = _package(tmp_path / "out", "en")
    watch.jsonld["expires"] = "2027-01-31"
    write_site(tmp_path / "site", [watch], BASE)
    assert "<video:expiration_date>2027-01-31<" in (tmp_path / "site" / "sitemap.xml").read_text()


def test_durations_are_read_as_they_were_written() -> None:
    assert seconds_of("PT1H2M3.5S") == 3723.5
