"""A campaign in six languages, made by the product itself, published, and judged by everybody: no error anywhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sitechecks
from browsers import Job, needs_browser, needs_java, served
from campaigns import grant, write_campaign
from sites import CHAPTERS, LANGUAGES, MARKETS, make_film

from countenance.store.files import read_json

pytestmark = [needs_browser, pytest.mark.long, pytest.mark.timeout(1500)]

SAID = {
    "en": "This coffee machine makes a fresh cup.",
    "de": "Diese Maschine brüht eine frische Tasse.",
    "es": "Esta cafetera prepara una taza fresca.",
    "fr": "Cette machine prépare une tasse de café.",
    "ar": "هذه الآلة تُعدّ فنجان قهوة طازجًا.",
    "ja": "このマシンはコーヒーをいれます。",
}


@dataclass(frozen=True)
class Published:
    site: Path
    packages: Path
    url: str


def _countenance(project: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "countenance.cli", "--project", str(project), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Six released variants of a short master; two with thumbnails, one with streams."""
    folder = tmp_path_factory.mktemp("six")
    master = make_film(folder / "film", (480, 480)).video
    brief = write_campaign(
        folder / "brief", master, faces=("keep",), languages=LANGUAGES,
        translations={language: f"script.{language}.txt" for language in LANGUAGES[1:]},
        markets={language: list(MARKETS[language]) for language in LANGUAGES},
        grants={"ada": grant("ada", languages=["*"], markets=["*"])},
        chapters=[
            {"title": {language: CHAPTERS[language][number] for language in LANGUAGES}, "at": at_s}
            for number, at_s in enumerate((0, 1.6))
        ],
    )  # fmt: skip
    for language, text in SAID.items():
        name = "script.txt" if language == "en" else f"script.{language}.txt"
        (brief.parent / name).write_text(text, encoding="utf-8")
    project, out = folder / "studio", folder / "packages"
    _countenance(project, "produce", str(brief), "--out", str(out), "--approve-as", "Ina Weber")
    made = {read_json(path)["record"]["language"]: path.parent.name for path in out.glob("*/receipt.json")}
    assert set(made) == set(LANGUAGES)
    for language in ("en", "ja"):
        _countenance(project, "thumbnails", made[language], "--count", "1")
    _countenance(project, "export", made["ar"], "--profile", "streaming")
    with served(folder / "site") as url:
        _countenance(project, "site", str(out), "--base-url", url, "--out", str(folder / "site"))
        yield Published(folder / "site", out, url)


@needs_java
def test_every_page_package_and_list_is_without_an_error(published: Published) -> None:
    site, url = published.site, published.url
    pages = [f"{language}/" for language in LANGUAGES]
    documents = [sitechecks.data_of(site / page / "index.html") for page in pages]
    found = {
        "HTML": sitechecks.html_problems(site),
        "Nu checker": sitechecks.nu_problems(site),
        "JSON-LD": sitechecks.data_problems(documents),
        "sitemap": sitechecks.sitemap_problems(site / "sitemap.xml"),
        "WebVTT": sitechecks.captions_problems(url, site, pages),
        "access": sitechecks.access_problems([Job(url + page) for page in ["", *pages, "ar/made/", "ja/made/"]]),
    }
    assert {name: told for name, told in found.items() if told} == {}


def test_every_package_plays_to_its_end(published: Published) -> None:
    """Also the one that streams, by the browser's own means."""
    assert sitechecks.playback_problems([f"{published.url}{language}/" for language in LANGUAGES]) == []
    assert (published.site / "ar" / "index.html").read_text(encoding="utf-8").count("streaming/main.m3u8") == 1


def test_lighthouse_finds_no_fault_with_any_language(published: Published) -> None:
    told = sitechecks.lighthouse([f"{published.url}{language}/" for language in LANGUAGES])
    for one in told:
        assert {one["scores"][name] for name in ("accessibility", "best-practices", "seo")} == {100}, one
        assert one["shift"] == 0 and one["error"] is None
