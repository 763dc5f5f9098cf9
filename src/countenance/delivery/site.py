"""A small static site of released videos: a watch page for each, how it was made, and what search engines read.

Pages stand at `LANGUAGE/` for the first face of each language and at `LANGUAGE/FACE/` for the others; the media lie
once, below `media/`. All versions of one face name each other as translations (hreflang), in both directions.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from countenance.delivery.addresses import Page, Site, media_of, site_of
from countenance.delivery.site_pages import front_page, made_page, title_of, watch_page
from countenance.delivery.sitemap import Entry, video_sitemap
from countenance.delivery.watch import Watch
from countenance.errors import InputError
from countenance.store.files import write_bytes


def write_site(out: Path, watches: Sequence[Watch], base_url: str, verify_url: str | None = None) -> list[Page]:
    """Write the site into a folder and return its pages; what lay there of an older site goes.

    `base_url` is where the folder will be served, `verify_url` where `countenance serve` answers. InputError for an
    address that is none, for nothing to show, and for a folder that holds other things than a site.
    """
    site = site_of(watches, base_url)
    if not site.pages:
        raise InputError("there is no released video to show; `countenance serving` tells why.")
    _clear(out)
    script = _write_script(out)
    for page in site.pages:
        _copy_media(page.watch, out / "media" / page.watch.variant)
        write_bytes(out / page.path / "index.html", watch_page(page, site, verify_url, script).encode())
        write_bytes(out / page.path / "made" / "index.html", made_page(page, verify_url).encode())
    write_bytes(out / "index.html", front_page(site).encode())
    write_bytes(out / "sitemap.xml", video_sitemap(_entry(page, site) for page in site.pages))
    write_bytes(out / "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {site.base}sitemap.xml\n".encode())
    return list(site.pages)


def _write_script(out: Path) -> str:
    """The player's script under a name made of its content, so that it may be kept for ever; returns where it lies."""
    content = files("countenance.delivery").joinpath("pages/player.js").read_bytes()
    name = f"assets/player.{hashlib.sha256(content).hexdigest()[:12]}.js"
    write_bytes(out / name, content)
    return name


def _copy_media(watch: Watch, target: Path) -> None:
    for name in watch.files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(watch.folder / name, target / name)
    if watch.extras.stream:
        stream = Path(watch.extras.stream).parent
        shutil.copytree(watch.folder / stream, target / stream)


def _entry(page: Page, site: Site) -> Entry:
    watch, media = page.watch, media_of(page.watch, site.base)
    return Entry(
        page.url, media.video, media.thumbnail, title_of(page, site), watch.jsonld["description"], watch.duration_s,
        watch.jsonld["uploadDate"], watch.markets, watch.jsonld.get("expires"),
    )  # fmt: skip


def _clear(out: Path) -> None:
    """Remove an older site of ours; never anything else."""
    if out.exists() and any(out.iterdir()):
        if not (out / "sitemap.xml").is_file() or not (out / "media").is_dir():
            raise InputError(f"{out} holds other things than a site; name an empty or new folder.")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
