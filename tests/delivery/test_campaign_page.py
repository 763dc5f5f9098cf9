from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from countenance.delivery.campaign_page import Showing, write_campaign_page
from countenance.delivery.labels import FIGURES, LABELS, STATES
from countenance.errors import InputError
from countenance.quality.gate import judge, kinds


def showing(out: Path, face: str, language: str, state: str = "released", jitter: float = 1.1) -> Showing:
    """A variant with a package on disk."""
    key = f"{face}-{language}"
    folder = out / key
    folder.mkdir(parents=True)
    (folder / "video.mp4").write_bytes(b"video")
    (folder / "captions.vtt").write_text(f"WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.000\n{key} ä\n", encoding="utf-8")
    (folder / "video.jsonld").write_text(json.dumps({"width": {"value": 720}, "height": {"value": 540}}))
    verdict = judge({"jitter_ratio": jitter, "loudness_lufs": -16.0, "true_peak_dbtp": -2.0}, "standard")
    qc = {"verdict": verdict.record(), "figures": [figure.record() for figure in verdict.figures]}
    shown = "ada" if face == "keep" else face
    return Showing(f"id-{key}", face, (shown,), language, state, f"Disclosure of {key}.", qc, key)


def cards(page: str) -> dict[str, str]:
    return {match[1]: match[0] for match in re.finditer(r'<article id="([^"]+)".*?</article>', page, re.S)}


def test_all_variants_stand_side_by_side_with_picture_captions_and_disclosure(tmp_path: Path) -> None:
    showings = [showing(tmp_path, face, language) for face in ("keep", "ben") for language in ("en", "de")]
    path = write_campaign_page(tmp_path, "espresso-launch", showings)
    page = path.read_text(encoding="utf-8")
    assert path == tmp_path / "campaign.html"
    assert list(cards(page)) == ["keep-en", "keep-de", "ben-en", "ben-de"]
    assert "4 variants of one master: 4 released." in page and "<h1>Espresso launch</h1>" in page
    for key, card in cards(page).items():
        assert f'src="{key}/video.mp4"' in card and f'poster="{key}/poster.jpg"' in card
        assert f'href="{key}/qc.html"' in card and f'href="{key}/receipt.json"' in card
        assert f'<p class="disclosure" id="{key}-note"><b class="ai">AI</b> Disclosure of {key}.</p>' in card
        assert f'aria-describedby="{key}-note"' in card  # screen readers tell it with the player
        assert 'width="720" height="540"' in card
        inlined = re.search(r'<track [^>]*src="data:text/vtt;base64,([^"]+)"', card)
        assert inlined and f"{key} ä" in base64.b64decode(inlined[1]).decode()
    assert [re.search(r"--column: (\w+)", card)[1] for card in cards(page).values()] == ["1", "2", "1", "2"]  # type: ignore[index]


def test_a_variant_that_waits_says_how_to_approve_it(tmp_path: Path) -> None:
    waiting = replace(showing(tmp_path, "ben", "de", "in_review"), folder=None)
    page = write_campaign_page(tmp_path, "c", [showing(tmp_path, "ben", "en"), waiting]).read_text(encoding="utf-8")
    card = cards(page)["ben-de"]
    assert "countenance review approve id-ben-de --as NAME" in card
    assert "<video" not in card and "qc.html" not in card
    assert "2 variants of one master: 1 released, 1 in review." in page
    assert "<script>" not in page, "there is nothing to play together"


def test_key_figures_and_those_that_failed_are_shown(tmp_path: Path) -> None:
    card = cards(write_campaign_page(tmp_path, "c", [showing(tmp_path, "ben", "de", jitter=1.9)]).read_text())["ben-de"]
    assert "1.90×" in card and 'class="failed"' in card and "Does not pass the standard gate" in card
    assert "Loudness" in card and "Highest peak" not in card


def test_several_people_are_named_together(tmp_path: Path) -> None:
    one = replace(showing(tmp_path, "presenter=ben+guest=ada", "en"), shown=("ben", "ada"), disclosure="")
    card = cards(write_campaign_page(tmp_path, "c", [one]).read_text())["presenter=ben+guest=ada-en"]
    assert "Ben &amp; Ada, English" in card and "Faces replaced" in card


def test_the_page_speaks_german(tmp_path: Path) -> None:
    showings = [showing(tmp_path, "keep", "en"), showing(tmp_path, "ben", "de", "withdrawn")]
    page = write_campaign_page(tmp_path, "c", showings, "de").read_text(encoding="utf-8")
    assert '<html lang="de">' in page
    for words in ("Ben, Deutsch", "Ada, Englisch", "1,10×", "−16,0\u00a0LUFS", "zurückgezogen"):
        assert words in page
    assert "2 Varianten eines Drehs: 1 veröffentlicht, 1 zurückgezogen." in page
    for english in LABELS["en"].values():
        assert english not in re.sub(r"<style>.*?</style>", "", page, flags=re.S) or "{" in english


def test_both_languages_know_the_same_words() -> None:
    assert LABELS["en"].keys() == LABELS["de"].keys()
    assert STATES["en"].keys() == STATES["de"].keys()
    assert set(FIGURES["en"]) == set(FIGURES["de"]) == set(kinds())
    for key, text in LABELS["en"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", LABELS["de"][key]))


def test_text_from_outside_is_escaped_and_folders_are_quoted(tmp_path: Path) -> None:
    base = showing(tmp_path, "ben", "de")
    (tmp_path / "ben-de").rename(tmp_path / "a b#1")
    hostile = replace(base, disclosure="<img src=x onerror=alert(1)>", folder="a b#1")
    page = write_campaign_page(tmp_path, "c", [hostile]).read_text()
    assert "<img" not in page and 'src="a%20b%231/video.mp4"' in page


def test_an_incomplete_package_is_refused_and_the_old_page_stays(tmp_path: Path) -> None:
    good = showing(tmp_path, "ben", "de")
    before = write_campaign_page(tmp_path, "c", [good]).read_text()
    (tmp_path / "ben-de" / "captions.vtt").unlink()
    with pytest.raises(InputError, match=r"ben-de has no captions.vtt: package variant id-ben-de again"):
        write_campaign_page(tmp_path, "c", [good])
    assert (tmp_path / "campaign.html").read_text() == before


def test_an_unknown_page_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no words in 'fr' \(it has en, de\)"):
        write_campaign_page(tmp_path, "c", [], "fr")


@pytest.mark.parametrize(("languages", "columns"), [(1, 1), (2, 2), (4, 4), (6, 3)])
def test_columns_follow_the_languages_when_they_fit(tmp_path: Path, languages: int, columns: int) -> None:
    codes = ["en", "de", "es", "fr", "it", "pl"][:languages]
    page = write_campaign_page(tmp_path, "c", [showing(tmp_path, "ben", code) for code in codes]).read_text()
    assert f"repeat({columns}, minmax(0, 1fr))" in page


def test_the_tags_of_the_page_are_balanced(tmp_path: Path) -> None:
    page = write_campaign_page(
        tmp_path,
        "c",
        [showing(tmp_path, "ben", "de"), replace(showing(tmp_path, "keep", "en"), folder=None, qc=None)],
    ).read_text()
    balance: dict[str, int] = {}

    class Count(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            balance[tag] = balance.get(tag, 0) + 1

        def handle_endtag(self, tag: str) -> None:
            balance[tag] = balance.get(tag, 0) - 1

    Count().feed(page)
    void = {"meta", "source", "track", "path"}
    assert {tag: count for tag, count in balance.items() if count and tag not in void} == {}
