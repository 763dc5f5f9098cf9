"""What a link to a page looks like elsewhere: required tags, each structured property under its root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sites import Film, make_watch

from countenance.delivery.addresses import Page, media_of, site_of
from countenance.delivery.opengraph import Tag, link_tags, locale_of

BASE = "https://example.org/espresso/"


@pytest.fixture
def page(tmp_path: Path) -> Page:
    for name in ("video.mp4", "poster.jpg", "thumbnail.jpg"):
        (tmp_path / name).write_bytes(b"x")
    film = Film(tmp_path / "video.mp4", tmp_path / "poster.jpg", tmp_path / "thumbnail.jpg", (640, 360))
    return site_of([make_watch(tmp_path / "out", film, "de")], BASE).pages[0]


def _tags(page: Page, base: str = BASE) -> tuple[Tag, ...]:
    return link_tags(page, media_of(page.watch, base), "Espresso", "Kaffee.", ["en", "ar", "de-AT", "en-US"])


def _of(tags: tuple[Tag, ...], name: str) -> list[str]:
    return [tag.content for tag in tags if tag.name == name]


def test_what_is_required_is_there_once(page: Page) -> None:
    tags = _tags(page)
    for name in ("og:title", "og:type", "og:image", "og:url", "og:video", "og:locale", "twitter:card"):
        assert len(_of(tags, name)) == 1
    assert _of(tags, "og:type") == ["video.other"]
    assert _of(tags, "og:url") == [f"{BASE}de/"]


def test_a_structured_property_follows_its_root(page: Page) -> None:
    names = [tag.name for tag in _tags(page)]
    for root in ("og:image", "og:video", "og:locale"):
        under = [number for number, name in enumerate(names) if name.startswith(f"{root}:")]
        first = names.index(root)
        assert under == list(range(first + 1, first + 1 + len(under)))


def test_the_thumbnail_is_the_same_everywhere_and_has_its_own_size(page: Page) -> None:
    tags = _tags(page)
    assert _of(tags, "og:image") == _of(tags, "twitter:image") == _of(tags, "og:image:secure_url")
    assert _of(tags, "og:image")[0].endswith("/thumbnails/a.jpg")
    assert (_of(tags, "og:image:width"), _of(tags, "og:video:width")) == (["1280"], ["640"])


def test_an_address_that_is_not_secure_is_not_called_so(page: Page) -> None:
    tags = _tags(page, "http://example.org/")
    assert _of(tags, "og:image:secure_url") == _of(tags, "og:video:secure_url") == []


def test_other_languages_are_named_once_each_and_never_the_own_one(page: Page) -> None:
    tags = _tags(replace(page, watch=replace(page.watch, language="de-DE")))
    assert _of(tags, "og:locale") == ["de_DE"]
    assert _of(tags, "og:locale:alternate") == ["en_US", "ar_EG", "de_AT"]


def test_a_picture_without_a_note_is_described_by_its_title(page: Page) -> None:
    assert "KI" in _of(_tags(page), "og:image:alt")[0]
    silent = replace(page, watch=replace(page.watch, note=""))
    assert _of(_tags(silent), "og:image:alt") == ["Espresso"]


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("de-AT", "de_AT"),  # Case 1: the country that is named
        ("ja", "ja_JP"),  # Case 2: the likeliest
        ("zh-Hant-TW", "zh_TW"),  # Case 3: a script is no country
        ("es-419", "es_ES"),  # Case 4: a region of many countries neither
        ("xx", "xx"),  # Case 5: nobody knows where it is spoken
    ],
)
def test_a_language_gets_its_country(language: str, locale: str) -> None:
    assert locale_of(language) == locale
