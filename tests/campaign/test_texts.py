"""A campaign's texts, before anything is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from campaigns import write_campaign
from clips import EXAMPLES

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.produce import Outcome, produce
from countenance.campaign.texts import read_texts, require_texts, weigh_texts
from countenance.campaign.variants import VariantRow, variant_rows
from countenance.errors import TextError
from countenance.speech.kanji import can_read
from countenance.store.project import Project, init_project

MASTER = EXAMPLES / "ada" / "master.mp4"
SCRIPT = (EXAMPLES / "ada" / "script.txt").read_text(encoding="utf-8").strip()
GERMAN = (EXAMPLES / "script.de.txt").read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("project"))


def brief_of(folder: Path, german: str = GERMAN, glossary: str | None = None, **changes: Any) -> Brief:
    folder.mkdir(exist_ok=True)
    if glossary is not None:
        (folder / "glossary.yaml").write_text(glossary, encoding="utf-8")
        changes["glossary"] = "glossary.yaml"
    path = write_campaign(folder, MASTER, faces=("keep",), **changes)
    (folder / "script.txt").write_text(SCRIPT, encoding="utf-8")
    (folder / "script.de.txt").write_text(german, encoding="utf-8")
    return load_brief(path)


def test_texts_that_fit_are_weighed_and_told_nothing_about(project: Project, tmp_path: Path) -> None:
    texts = weigh_texts(project, brief_of(tmp_path))
    (load,) = texts.loads
    assert (load.language, load.whole.verdict) == ("de", "fits")
    assert load.whole.rate == pytest.approx(1.0, abs=0.08)
    assert (texts.stops, texts.warnings, texts.fits) == ((), (), True)


@pytest.mark.parametrize(("german", "verdict"), [(GERMAN + " " + GERMAN, "too long"), ("Diese Maschine.", "too short")])
def test_a_text_that_cannot_fit_is_a_warning_with_the_way_out(
    project: Project, tmp_path: Path, german: str, verdict: str
) -> None:
    texts = weigh_texts(project, brief_of(tmp_path, german))
    (warning,) = texts.warnings
    assert warning.startswith(f"The text in de is {verdict}: it takes ")
    assert "syllables." in warning
    assert not texts.fits and texts.stops == ()


def test_a_sentence_too_long_for_the_master_s_is_told_although_the_whole_fits(project: Project, tmp_path: Path) -> None:
    script = SCRIPT.replace(", and it", ". It")
    brief = brief_of(
        tmp_path, "Gut. Und außerdem steht sie in dreißig Sekunden auf fast jedem alten Küchenregal bei uns."
    )
    (tmp_path / "script.txt").write_text(script, encoding="utf-8")
    warnings = weigh_texts(project, brief).warnings
    assert any(warning.startswith("A sentence in de is too long for the master's") for warning in warnings), warnings


@pytest.mark.parametrize(
    ("german", "glossary", "told"),
    [
        ("🎉🎉🎉", None, "has no words to say"),
        (SCRIPT, None, "The text in de is in English"),
        (GERMAN, "terms: [{must_not: Tasse, languages: [de]}]", "must not say 'Tasse'"),
        (GERMAN, "terms: [{must: Countenance}]", "must say 'Countenance'"),
    ],
)
def test_what_cannot_be_used_stops_before_anything_is_made(
    project: Project, tmp_path: Path, german: str, glossary: str | None, told: str
) -> None:
    brief = brief_of(tmp_path, german, glossary)
    with pytest.raises(TextError, match="Nothing was made for campaign 'espresso-launch'") as caught:
        produce(project, brief.path, tmp_path / "out")
    assert any(told in reason for reason in caught.value.reasons)
    assert all(reason.endswith(".") for reason in caught.value.reasons)
    assert variant_rows(project) == [] and not (tmp_path / "out").exists()


def test_a_warning_of_the_glossary_stops_nothing(project: Project, tmp_path: Path) -> None:
    told: list[str] = []
    brief = brief_of(tmp_path, GERMAN, "terms: [{must_not: Tasse, languages: [de], level: warn}]")
    require_texts(project, brief, told.append)
    assert told == ["The text in de must not say 'Tasse' (glossary) but says 'Tasse': write something else."]


def test_only_the_languages_that_are_wanted_are_looked_at(tmp_path: Path) -> None:
    brief = brief_of(tmp_path, "🎉", languages=("en",), translations={"de": "script.de.txt"})
    assert list(read_texts(brief).troubles) == ["en"]


def test_kanji_without_a_reading_stop_a_voice_that_cannot_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"languages": ("en", "ja"), "markets": {"en": ["IE"], "ja": ["JP"]}, "translations": {"ja": "ja.txt"}}
    (tmp_path / "ja.txt").write_text("このコーヒーマシンは三十秒で新鮮な一杯を入れます。", encoding="utf-8")
    brief = brief_of(tmp_path, **changes)
    if can_read():
        assert read_texts(brief).stops == ()
    monkeypatch.setattr("countenance.speech.kanji._tokenizer", lambda: None)
    (stop,) = read_texts(brief).stops
    assert stop.startswith("The text in ja has kanji whose reading is not known: run `pip install")


def test_a_job_tells_what_its_variants_warn_of_once() -> None:
    renders: list[dict[str, Any]] = [{"warnings": ["a", "b"]}, {"warnings": ["b"]}, {}]
    rows = [VariantRow(f"01{n}", "job", "it", "keep", "en", "in_review", one, {}) for n, one in enumerate(renders)]
    assert Outcome(Path("out"), tuple(rows)).warnings == ("a", "b")
