"""The HTML of a site's pages."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from markupsafe import Markup

from countenance.delivery.addresses import DEFAULT_LANGUAGE, Page, Site, alternates, media_of
from countenance.delivery.bidi import is_right_to_left
from countenance.delivery.opengraph import link_tags
from countenance.delivery.pagedata import page_data
from countenance.delivery.site_words import day, words_of
from countenance.delivery.transcript import clock
from countenance.delivery.watch import Watch
from countenance.quality.page import environment, face_name

LONGEST_SUMMARY = 155  # characters that search engines show
SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "2")
WIDE, TALL = Fraction(5, 4), Fraction(4, 5)  # a wide picture fills the page; others have the text beside them


def watch_page(page: Page, site: Site, verify_url: str | None, script: str) -> str:
    """The HTML of a watch page; `script` is where the player's script lies, below the site."""
    watch = page.watch
    others = site.translations(page)
    title, summary = title_of(page, site), _summary(watch)
    up = "../" * page.path.count("/")
    return _render(
        "watch.html.j2",
        watch.language,
        page=page,
        watch=watch,
        title=title,
        summary=summary,
        tags=link_tags(page, media_of(watch, site.base), title, summary, [one.watch.language for one in others]),
        local=f"{up}media/{watch.variant}/",
        script=f"{up}{script}",
        alternates=alternates(page, site) if others else [],
        jsonld=Markup(_script_json(page_data(page, site, title))),  # escaped for scripts
        languages=[(one.watch.language, words_of(one.watch.language)["name"], _relative(page, one)) for one in others],
        versions=[(_face(one.watch), _relative(page, one)) for one in site.versions(page)],
        chapters=[(_seconds(one.start_ms), clock(one.start_ms), one.title) for one in watch.extras.chapters],
        transcript=Markup(watch.extras.transcript),  # checked when it was read: nothing but a transcript's elements
        released=day(watch.released_at, watch.language),
        length=clock(round(watch.duration_s * 1000)),
        shape=_shape(Fraction(*watch.size)),
        speeds=SPEEDS,
        verify_url=verify_url,
    )


def made_page(page: Page, verify_url: str | None) -> str:
    """The HTML of the page that tells how a video was made."""
    return _render(
        "made.html.j2", page.watch.language, page=page, watch=page.watch, title=page.watch.title, verify_url=verify_url
    )


def front_page(site: Site) -> str:
    """The page at the root: it names every video and sends nobody anywhere by themselves."""
    cards = [
        {
            "path": page.path,
            "language": page.watch.language,
            "name": words_of(page.watch.language)["name"],
            "face": _face(page.watch) if site.several_faces else "",
            "picture": f"media/{page.watch.variant}/poster.jpg",
            "size": page.watch.size,
        }
        for page in site.pages
    ]
    return _render("front.html.j2", DEFAULT_LANGUAGE, title=site.pages[0].watch.title, cards=cards)


def title_of(page: Page, site: Site) -> str:
    """Unique on the site: the campaign, the face where there are several, and the language."""
    parts = [page.watch.title, *([_face(page.watch)] if site.several_faces else [])]
    return " · ".join([*parts, words_of(page.watch.language)["name"]])


def _face(watch: Watch) -> str:
    """Whose face a version shows, in its own language."""
    return words_of(watch.language)["as_shot"] if watch.face == "keep" else face_name(watch.face)


def _summary(watch: Watch) -> str:
    """The first words of what is said, as much as search engines show."""
    text = " ".join(watch.text.split())
    if len(text) <= LONGEST_SUMMARY:
        return text
    cut = text[: LONGEST_SUMMARY - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut else cut}…"


def _relative(page: Page, other: Page) -> str:
    """From one page to another, so that a copy of the site elsewhere leads to its own pages."""
    return f"{'../' * page.path.count('/')}{other.path}"


def _shape(ratio: Fraction) -> str:
    return "wide" if ratio >= WIDE else "narrow tall" if ratio <= TALL else "narrow"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g}"


def _render(template: str, language: str, **values: Any) -> str:
    words = words_of(language)
    # Our own words may be in another language than the page: then they say so, and which way they run.
    spoken = (
        Markup("") if words["lang"] == language.split("-")[0] else Markup(' lang="{0}" dir="ltr"').format(words["lang"])
    )
    direction = "rtl" if is_right_to_left(language) else "ltr"
    return environment("countenance.delivery").get_template(template).render(
        language=language, direction=direction, words=words, ours=spoken, **values
    )  # fmt: skip


def _script_json(value: Any) -> str:
    """JSON that nothing in it can end the script element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
