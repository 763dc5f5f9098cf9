"""Where pages stand: every version names itself and all others, and each of these says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.addresses import alternates, base_of, hreflang, media_of, site_of
from countenance.delivery.extras import Extras, Thumbnail
from countenance.delivery.watch import Watch

BASE = "https://example.org/espresso/"
LANGUAGES = ["en", "de", "ar", "ja", "fr", "es", "es-MX", "es-419", "zh-Hant", "zh-Hant-TW", "de-AT", "pt-BR", "fi"]


def watch(language: str, face: str = "keep", extras: Extras | None = None) -> Watch:
    return Watch(
        folder=Path("."), variant=f"V-{language}-{face}", release="R", campaign="c", face=face, language=language,
        text="", sentence="", note="", parts=(), released_at="2026-11-20T10:00:00Z", looked_at=True, markets=(),
        size=(640, 360), jsonld={}, extras=extras or Extras(),
    )  # fmt: skip


versions = st.lists(
    st.tuples(st.sampled_from(LANGUAGES), st.sampled_from(["keep", "ben", "ada"])), min_size=1, max_size=20, unique=True
)


@given(versions)
def test_what_a_page_says_of_another_is_what_the_other_says_of_itself(chosen: list[tuple[str, str]]) -> None:
    site = site_of([watch(language, face) for language, face in chosen], BASE)
    at = {page.url: page for page in site.pages}
    assert len(at) == len(chosen)
    for page in site.pages:
        told = alternates(page, site)
        codes = [code for code, _ in told]
        assert len(set(codes)) == len(codes)
        assert codes[-1] == "x-default" and told[-1][1] in dict(told[:-1]).values()
        for code, url in told[:-1]:
            assert hreflang(at[url].watch.language) == code
            assert alternates(at[url], site) == told  # closed: the same set on every version
        spoken = [language for language, face in chosen if face == page.watch.face]
        assert set(codes[:-1]) == set(map(hreflang, spoken))


def test_of_versions_that_search_engines_cannot_tell_apart_the_plain_language_is_named() -> None:
    site = site_of([watch("es-419"), watch("es")], BASE)
    assert alternates(site.pages[0], site) == [("es", f"{BASE}es/"), ("x-default", f"{BASE}es/")]


@pytest.mark.parametrize(
    ("language", "code"), [("es-419", "es"), ("zh-Hant-TW", "zh-Hant-TW"), ("pt-BR", "pt-BR"), ("de", "de")]
)
def test_a_region_of_many_countries_is_not_told(language: str, code: str) -> None:
    assert hreflang(language) == code


def test_the_thumbnail_is_the_best_wide_one_and_else_the_poster() -> None:
    square, wide = Thumbnail("thumbnails/s.jpg", 1080, 1080), Thumbnail("thumbnails/w 1.jpg", 1280, 720)
    with_some = media_of(watch("de", extras=Extras(thumbnails=(square, wide))), BASE)
    assert with_some.thumbnail == f"{BASE}media/V-de-keep/thumbnails/w%201.jpg"
    assert with_some.thumbnail_size == (1280, 720)
    assert media_of(watch("de"), BASE).thumbnail == media_of(watch("de"), BASE).poster


def test_an_address_ends_in_one_slash() -> None:
    assert base_of("https://example.org/a//") == "https://example.org/a/"
