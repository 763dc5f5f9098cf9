"""Where the pages of a site stand, and how the versions of one video name each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlsplit

from countenance.delivery.watch import Watch
from countenance.errors import InputError

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Page:
    """A watch page: the video, its path below the base, such as "de/" or "de/ben/", and its absolute address."""

    watch: Watch
    path: str
    url: str


@dataclass(frozen=True)
class Site:
    """All pages of a site, and which of them belong together."""

    base: str
    pages: tuple[Page, ...]

    def family(self, page: Page) -> Sequence[Page]:
        """The page and its translations: the same face in all languages."""
        return self._by_face[page.watch.face]

    def translations(self, page: Page) -> list[Page]:
        """The same face in other languages."""
        return [one for one in self.family(page) if one is not page]

    def versions(self, page: Page) -> list[Page]:
        """Other faces in the same language."""
        return [one for one in self._by_language[page.watch.language] if one is not page]

    @property
    def several_faces(self) -> bool:
        return len(self._by_face) > 1

    @cached_property
    def _by_face(self) -> Mapping[str, Sequence[Page]]:
        return _grouped(self.pages, lambda page: page.watch.face)

    @cached_property
    def _by_language(self) -> Mapping[str, Sequence[Page]]:
        return _grouped(self.pages, lambda page: page.watch.language)


@dataclass(frozen=True)
class Media:
    """Absolute addresses of a video's files. The thumbnail is one and the same wherever a picture is named."""

    video: str
    poster: str
    captions: str
    thumbnail: str
    thumbnail_size: tuple[int, int]


def base_of(url: str) -> str:
    """A site's address with one slash at its end; InputError for what is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise InputError(f"'{url}' is no address of a site; write for example https://example.org/espresso/.")
    return url.rstrip("/") + "/"


def site_of(watches: Sequence[Watch], base_url: str) -> Site:
    """Where each video's page stands. InputError when two would stand at one place, or the address is none."""
    base = base_of(base_url)
    first: dict[str, str] = {}
    pages: dict[str, Page] = {}
    for watch in watches:
        main = first.setdefault(watch.language, watch.face) == watch.face
        path = f"{watch.language.lower()}/" if main else f"{watch.language.lower()}/{_slug(watch.face)}/"
        if path in pages:
            raise InputError(
                f"variants {pages[path].watch.variant} and {watch.variant} are both {watch.face} in "
                f"{watch.language}: give the packages of one campaign alone."
            )
        pages[path] = Page(watch, path, f"{base}{path}")
    return Site(base, tuple(pages.values()))


def alternates(page: Page, site: Site) -> list[tuple[str, str]]:
    """(hreflang, address) of a page and all its translations, the same list on each of them, with a default."""
    family = site.family(page)
    # Of two versions that search engines cannot tell apart (es-419 beside es) the plain language is the one they mean.
    codes = dict.fromkeys(hreflang(one.watch.language) for one in family)
    told = {code: _of_code(family, code).url for code in codes}
    default = told.get(DEFAULT_LANGUAGE, next(iter(told.values())))
    return [*told.items(), ("x-default", default)]


def hreflang(language: str) -> str:
    """A language as search engines take it: without a region of many countries, such as the 419 of es-419."""
    return "-".join(part for part in language.split("-") if not part.isdigit())


def media_of(watch: Watch, base: str) -> Media:
    """The addresses of a video's files on the site."""
    folder = f"{base}media/{quote(watch.variant)}/"
    chosen = watch.extras.thumbnail
    return Media(
        video=f"{folder}video.mp4",
        poster=f"{folder}poster.jpg",
        captions=f"{folder}captions.vtt",
        thumbnail=f"{folder}{quote(chosen.path)}" if chosen else f"{folder}poster.jpg",
        thumbnail_size=(chosen.width, chosen.height) if chosen else watch.size,
    )


def _grouped(pages: Sequence[Page], key: Callable[[Page], str]) -> Mapping[str, Sequence[Page]]:
    found: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        found[key(page)].append(page)
    return found


def _of_code(family: Sequence[Page], code: str) -> Page:
    exact = next((one for one in family if one.watch.language == code), None)
    return exact or next(one for one in family if hreflang(one.watch.language) == code)


def _slug(face: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", face.lower()).strip("-")
