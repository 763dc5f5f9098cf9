"""What a link to a watch page looks like in other places: Open Graph (ogp.me) and card tags.

Order carries meaning there: a structured property belongs to the nearest root property above it, and of several
values the first wins, so the tags come as a list that a page writes as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from babel.core import get_global

from countenance.delivery.addresses import Media, Page


@dataclass(frozen=True)
class Tag:
    """A meta element: `kind` is the attribute that names it, "property" for Open Graph, "name" for cards."""

    kind: str
    name: str
    content: str


def link_tags(page: Page, media: Media, title: str, summary: str, others: Sequence[str]) -> tuple[Tag, ...]:
    """The tags of one page; `others` are the languages of its translations."""
    watch = page.watch
    secure = media.video.startswith("https:")
    width, height = (str(side) for side in watch.size)
    picture_width, picture_height = (str(side) for side in media.thumbnail_size)
    graph: list[tuple[str, str]] = [
        ("og:title", title),
        ("og:type", "video.other"),
        ("og:url", page.url),
        ("og:image", media.thumbnail),
        *([("og:image:secure_url", media.thumbnail)] if secure else []),
        ("og:image:type", "image/jpeg"),
        ("og:image:width", picture_width),
        ("og:image:height", picture_height),
        ("og:image:alt", watch.note or title),
        ("og:video", media.video),
        *([("og:video:secure_url", media.video)] if secure else []),
        ("og:video:type", "video/mp4"),
        ("og:video:width", width),
        ("og:video:height", height),
        ("og:video:alt", watch.note or title),
        ("og:description", summary),
        ("og:site_name", watch.title),
        ("og:locale", locale_of(watch.language)),
        *(("og:locale:alternate", code) for code in _unique(map(locale_of, others), locale_of(watch.language))),
        ("video:duration", str(max(1, round(watch.duration_s)))),
        ("video:release_date", str(watch.jsonld["uploadDate"])),
    ]
    card = [
        ("twitter:card", "summary_large_image"),
        ("twitter:title", title),
        ("twitter:description", summary),
        ("twitter:image", media.thumbnail),
        ("twitter:image:alt", watch.note or title),
    ]
    return (*(Tag("property", *pair) for pair in graph), *(Tag("name", *pair) for pair in card))


def locale_of(language: str) -> str:
    """A language with its country, as Open Graph wants it; the likeliest country (CLDR) where none is named.

    "de-AT" -> "de_AT", "ar" -> "ar_EG"; a language that CLDR does not know stays alone.
    """
    base, *rest = language.split("-")
    region = next((part.upper() for part in rest if len(part) == 2), "")
    if not region:
        likely = get_global("likely_subtags").get(base, "").split("_")
        region = likely[-1] if len(likely) > 1 else ""
    return f"{base}_{region}" if region else base


def _unique(codes: Iterable[str], own: str) -> list[str]:
    return [code for code in dict.fromkeys(codes) if code != own]
