"""The sitemap of a site of videos, as search engines want it (sitemaps.org 0.9 with Google's video extension 1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
LONGEST_DESCRIPTION = 2048  # characters
LONGEST_S = 28_800


@dataclass(frozen=True)
class Entry:
    """One watch page and its video; all addresses absolute. `markets`: where it may be seen, none for everywhere.

    `expires` is the last day on which it may be shown, ISO 8601, None where there is none.
    """

    page: str
    video: str
    thumbnail: str
    title: str
    description: str
    duration_s: float
    published: str
    markets: tuple[str, ...]
    expires: str | None = None


def video_sitemap(entries: Iterable[Entry]) -> bytes:
    """The XML document, UTF-8. What a tag may not hold is cut: 2048 characters of text, 8 hours of length."""
    ElementTree.register_namespace("", SITEMAP)
    ElementTree.register_namespace("video", VIDEO)
    whole = ElementTree.Element(f"{{{SITEMAP}}}urlset")
    for entry in entries:
        url = ElementTree.SubElement(whole, f"{{{SITEMAP}}}url")
        _add(url, SITEMAP, "loc", entry.page)
        _add(url, SITEMAP, "lastmod", entry.published)
        video = ElementTree.SubElement(url, f"{{{VIDEO}}}video")
        _add(video, VIDEO, "thumbnail_loc", entry.thumbnail)
        _add(video, VIDEO, "title", entry.title)
        _add(video, VIDEO, "description", entry.description[:LONGEST_DESCRIPTION])
        _add(video, VIDEO, "content_loc", entry.video)
        _add(video, VIDEO, "duration", str(max(1, min(LONGEST_S, round(entry.duration_s)))))
        if entry.expires:
            _add(video, VIDEO, "expiration_date", entry.expires)
        _add(video, VIDEO, "publication_date", entry.published)
        if entry.markets:
            allowed = _add(video, VIDEO, "restriction", " ".join(entry.markets))
            allowed.set("relationship", "allow")
    return bytes(ElementTree.tostring(whole, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add(parent: ElementTree.Element, namespace: str, name: str, text: str) -> ElementTree.Element:
    found = ElementTree.SubElement(parent, f"{{{namespace}}}{name}")
    found.text = text
    return found
