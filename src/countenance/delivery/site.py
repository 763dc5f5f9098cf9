"""A small static site of released videos: a watch page for each, how it was made, and what search engines read.

Pages stand at `LANGUAGE/` for the first face of each language and at `LANGUAGE/FACE/` for the others; the media lie
once, below `media/`. All versions of one face name each other as translations (hreflang), in both directions.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from countenance.delivery.sitemap import Entry, video_sitemap
from countenance.delivery.watch import MEDIA, Watch
from countenance.errors import InputError
from countenance.quality.page import environment, face_name
from countenance.store.files import write_bytes

RIGHT_TO_LEFT = ("ar", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi")
LONGEST_SUMMARY = 155  # characters that search engines show
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Page:
    """A watch page: the video, its path below the base, such as "de/" or "de/ben/", and its absolute address."""

    watch: Watch
    path: str
    url: str


def write_site(out: Path, watches: Sequence[Watch], base_url: str, verify_url: str | None = None) -> list[Page]:
    """Write the site into a folder and return its pages; what lay there of an older site goes.

    `base_url` is where the folder will be served, `verify_url` where `countenance serve` answers. InputError for an
    address that is none, for nothing to show, and for a folder that holds other things than a site.
    """
    base = _base(base_url)
    pages = pages_of(watches, base)
    if not pages:
        raise InputError("there is no released video to show; `countenance serving` tells why.")
    _clear(out)
    for page in pages:
        media = out / "media" / page.watch.variant
        media.mkdir(parents=True)
        for name in MEDIA:
            shutil.copyfile(page.watch.folder / name, media / name)
        write_bytes(out / page.path / "index.html", watch_page(page, pages, base, verify_url).encode())
        write_bytes(out / page.path / "made" / "index.html", made_page(page, base, verify_url).encode())
    write_bytes(out / "index.html", _front(pages).encode())
    write_bytes(out / "sitemap.xml", video_sitemap(_entry(page, base) for page in pages))
    write_bytes(out / "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n".encode())
    return pages


def pages_of(watches: Sequence[Watch], base: str) -> list[Page]:
    """Where each video's page stands. InputError when two would stand at one place."""
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
    return list(pages.values())


def alternates(page: Page, pages: Sequence[Page]) -> list[tuple[str, str]]:
    """(hreflang, address) of a page and all its translations, the same list on each of them, with a default."""
    family = [one for one in pages if one.watch.face == page.watch.face]
    found = [(one.watch.language, one.url) for one in family]
    default = next((one for one in family if one.watch.language == DEFAULT_LANGUAGE), family[0])
    return [*found, ("x-default", default.url)]


def watch_page(page: Page, pages: Sequence[Page], base: str, verify_url: str | None) -> str:
    """The HTML of a watch page."""
    watch = page.watch
    others = [one for one in pages if one.watch.face == watch.face and one is not page]
    versions = [one for one in pages if one.watch.language == watch.language and one is not page]
    return _render(
        "watch.html.j2",
        watch.language,
        page=page,
        watch=watch,
        title=_title(page, pages),
        summary=_summary(watch),
        media=_media(watch, base),
        local=f"{'../' * page.path.count('/')}media/{watch.variant}/",
        alternates=alternates(page, pages),
        locales=[one.watch.language.replace("-", "_") for one in others],
        jsonld=Markup(_script_json(page_data(page, pages, base))),  # escaped for scripts
        languages=[(one.watch.language, _words(one.watch.language)["name"], one.url) for one in others],
        versions=[(face_name(one.watch.face), one.url) for one in versions],
        verify_url=verify_url,
    )


def made_page(page: Page, base: str, verify_url: str | None) -> str:
    """The HTML of the page that tells how a video was made."""
    return _render(
        "made.html.j2", page.watch.language, page=page, watch=page.watch, title=page.watch.title, verify_url=verify_url
    )


def page_data(page: Page, pages: Sequence[Page], base: str) -> dict[str, Any]:
    """The page's structured data: the video with absolute addresses, and the work that it is a version of."""
    media = _media(page.watch, base)
    described = {name: value for name, value in page.watch.jsonld.items() if name != "@context"}
    video = {
        **described,
        "@id": f"{page.url}#video",
        "name": _title(page, pages),
        "url": page.url,
        "thumbnailUrl": [media["poster"]],
        "contentUrl": media["video"],
        "caption": {**described["caption"], "contentUrl": media["captions"]},
    }
    family = [one for one in pages if one.watch.face == page.watch.face and one is not page]
    work = {
        "@type": "CreativeWork",
        "@id": f"{page.url}#work",
        "name": page.watch.title,
        "url": page.url,
        "inLanguage": page.watch.language,
        "video": {"@id": video["@id"]},
        "workTranslation": [{"@type": "CreativeWork", "@id": f"{one.url}#work"} for one in family],
    }
    return {"@context": "https://schema.org", "@graph": [video, {k: v for k, v in work.items() if v != []}]}


def _entry(page: Page, base: str) -> Entry:
    watch, media = page.watch, _media(page.watch, base)
    return Entry(
        page.url, media["video"], media["poster"], watch.title, watch.jsonld["description"], watch.duration_s,
        watch.jsonld["uploadDate"], watch.markets,
    )  # fmt: skip


def _media(watch: Watch, base: str) -> dict[str, str]:
    folder = f"{base}media/{quote(watch.variant)}/"
    return {"video": f"{folder}video.mp4", "poster": f"{folder}poster.jpg", "captions": f"{folder}captions.vtt"}


def _title(page: Page, pages: Sequence[Page]) -> str:
    """Unique on the site: the campaign, the face where there are several, and the language."""
    faces = {one.watch.face for one in pages}
    parts = [page.watch.title, *([face_name(page.watch.face)] if len(faces) > 1 else [])]
    return " · ".join([*parts, _words(page.watch.language)["name"]])


def _summary(watch: Watch) -> str:
    """The first words of what is said, as much as search engines show."""
    text = " ".join(watch.text.split())
    if len(text) <= LONGEST_SUMMARY:
        return text
    cut = text[: LONGEST_SUMMARY - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut else cut}…"


def _front(pages: Sequence[Page]) -> str:
    """The page at the root: it names every video and sends nobody anywhere by themselves."""
    links = [(page.watch.language, _title(page, pages), page.path) for page in pages]
    return _render("front.html.j2", DEFAULT_LANGUAGE, title=pages[0].watch.title, links=links)


def _render(template: str, language: str, **values: Any) -> str:
    direction = "rtl" if language.split("-")[0] in RIGHT_TO_LEFT else "ltr"
    words = _words(language)
    return environment("countenance.delivery").get_template(template).render(
        language=language, direction=direction, words=words, **values
    )  # fmt: skip


@cache
def _all_words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("countenance.delivery").joinpath("site_words.toml").read_text(encoding="utf-8"))


def _words(language: str) -> Mapping[str, str]:
    every = _all_words()
    base = language.split("-")[0]
    return every[base] if base in every else {**every[DEFAULT_LANGUAGE], "name": language}


def _script_json(value: Any) -> str:
    """JSON that nothing in it can end the script element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _slug(face: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", face.lower()).strip("-")


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise InputError(f"'{url}' is no address of a site; write for example https://example.org/espresso/.")
    return url.rstrip("/") + "/"


def _clear(out: Path) -> None:
    """Remove an older site of ours; never anything else."""
    if out.exists() and any(out.iterdir()):
        if not (out / "sitemap.xml").is_file() or not (out / "media").is_dir():
            raise InputError(f"{out} holds other things than a site; name an empty or new folder.")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
