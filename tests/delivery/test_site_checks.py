"""A site in six languages before independent judges, without an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sitechecks
from browsers import Job, needs_browser, needs_java, served
from sites import LANGUAGES, make_film, make_watch

from countenance.delivery.site import write_site

pytestmark = needs_browser
PAGES = [f"{language}/" for language in LANGUAGES]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A served site of six languages, of a second face, and of a video with nothing beside it, and its address."""
    folder = tmp_path_factory.mktemp("published")
    film = make_film(folder / "film", (480, 480))
    watches = [make_watch(folder / "out", film, language) for language in LANGUAGES]
    watches.append(make_watch(folder / "out", film, "en", "ben", parts=("face",), extras=False))
    watches.append(make_watch(folder / "out", film, "de", "cleo", parts=(), expires="2027-01-31"))
    (folder / "site").mkdir()
    with served(folder / "site") as url:
        write_site(folder / "site", watches, url, "https://verify.example.org/verify")
        yield folder / "site", url


def test_every_page_is_correct_html_for_two_checkers(site: tuple[Path, str]) -> None:
    assert sitechecks.html_problems(site[0]) == []


@needs_java
def test_every_page_is_correct_html_and_css_for_the_nu_checker(site: tuple[Path, str]) -> None:
    assert sitechecks.nu_problems(site[0]) == []


def test_structured_data_is_schema_org_and_has_what_search_engines_require(site: tuple[Path, str]) -> None:
    pages = [path for path in sitechecks.pages_in(site[0]) if path.parent.name != "made" and path.parent != site[0]]
    assert len(pages) == 8
    assert sitechecks.data_problems([sitechecks.data_of(page) for page in pages]) == []


def test_the_judges_of_structured_data_see_mistakes(site: tuple[Path, str]) -> None:
    document = sitechecks.data_of(site[0] / "en" / "index.html")
    video, work = document["@graph"]
    mistaken = {**document, "@graph": [{**video, "thumbnailsUrl": "x"}, work]}
    del mistaken["@graph"][0]["name"]
    told = sitechecks.data_problems([mistaken])
    assert len(told) == 2
    assert "thumbnailsUrl" in told[0] and '"name" is missing' in told[1]


def test_the_sitemap_keeps_to_its_schemas(site: tuple[Path, str]) -> None:
    assert sitechecks.sitemap_problems(site[0] / "sitemap.xml") == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("<video:duration>3<", "<video:duration>0<"),  # Case 1: a second at least
        ('relationship="allow"', 'relationship="maybe"'),  # Case 2: only allow or deny
        ("<video:title>", "<video:name>"),  # Case 3: a title is required
        ("T10:00:00+00:00</video:publication", "T10:00</video:publication"),  # Case 4: a time needs its zone
    ],
)
def test_the_judge_of_sitemaps_sees_mistakes(site: tuple[Path, str], tmp_path: Path, good: str, bad: str) -> None:
    text = (site[0] / "sitemap.xml").read_text(encoding="utf-8")
    assert good in text
    text = text.replace(good, bad).replace("</video:title>", "</video:name>" if "name" in bad else "</video:title>")
    (tmp_path / "sitemap.xml").write_text(text, encoding="utf-8")
    assert sitechecks.sitemap_problems(tmp_path / "sitemap.xml") != []


def test_the_browser_reads_every_track_as_another_parser_does(site: tuple[Path, str]) -> None:
    assert sitechecks.captions_problems(site[1], site[0], [*PAGES, "en/ben/"]) == []


def test_nothing_keeps_anybody_out(site: tuple[Path, str]) -> None:
    """axe-core, in both colour schemes and directions, on a telephone, without a script, with all menus open."""
    paths = ["", *PAGES, "en/made/", "ar/made/", "en/ben/", "de/cleo/"]
    jobs = [Job(site[1] + path) for path in paths]
    jobs += [Job(site[1] + path, dark=True, width=320, touch=True) for path in ("", "en/", "ar/", "en/made/")]
    assert sitechecks.access_problems(jobs) == []


def test_lighthouse_finds_nothing_to_improve_but_speed_which_is_measured_elsewhere(site: tuple[Path, str]) -> None:
    (told,) = sitechecks.lighthouse([f"{site[1]}ar/"])
    scores = {name: told["scores"][name] for name in ("accessibility", "best-practices", "seo")}
    assert scores == {"accessibility": 100, "best-practices": 100, "seo": 100}, told["failed"]
    assert told["shift"] == 0
    assert told["bytes"] < 300_000
