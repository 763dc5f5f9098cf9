from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from countenance.campaign.chapter_wish import USUAL_CHAPTERS, ChapterMark, ChapterWish, read_chapter_wish
from countenance.errors import BriefError
from countenance.store.documents import read_document


def wish(folder: Path, said: Any, languages: tuple[str, ...] = ("en", "de")) -> ChapterWish:
    (folder / "brief.yaml").write_text(yaml.safe_dump({"chapters": said}), encoding="utf-8")
    return read_chapter_wish(read_document(folder / "brief.yaml"), languages)


def test_without_a_word_about_them_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "brief.yaml").write_text("campaign: x", encoding="utf-8")
    assert read_chapter_wish(read_document(tmp_path / "brief.yaml"), ("en",)) == USUAL_CHAPTERS


def test_chapters_begin_at_times_or_with_words_and_are_called_something_in_every_language(tmp_path: Path) -> None:
    read = wish(
        tmp_path,
        [
            {"title": {"en": "Hello", "de": "Hallo"}, "at": 0},
            {"title": {"en": "The machine", "de": "Die Maschine"}, "words": {"en": "it fits", "de": "sie passt"}},
        ],
    )
    assert not read.auto
    assert read.marks == (
        ChapterMark({"en": "Hello", "de": "Hallo"}, 0.0),
        ChapterMark({"en": "The machine", "de": "Die Maschine"}, None, {"en": "it fits", "de": "sie passt"}),
    )


def test_a_campaign_of_one_language_needs_no_names_of_languages(tmp_path: Path) -> None:
    assert wish(tmp_path, [{"title": "Hello", "at": "0:01"}], ("en",)).marks == (ChapterMark({"en": "Hello"}, 1.0),)


def test_they_can_be_found(tmp_path: Path) -> None:
    assert wish(tmp_path, "auto") == ChapterWish(auto=True)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("automatic", "does not know 'automatic': did you mean 'auto'?"),
        ([], "'chapters' is empty"),
        ([{"title": {"en": "a", "de": "b"}}], "takes either at .* or words"),
        ([{"title": {"en": "a", "de": "b"}, "at": 1, "words": {"en": "x", "de": "y"}}], "takes either"),
        ([{"title": {"en": "a"}, "at": 1}], r"'chapters\[0\].title.de' is missing"),
        ([{"title": {"en": "a", "fr": "b", "de": "c"}, "at": 1}], "unknown key 'fr'"),
        ([{"title": "a", "at": 1}], "must be a mapping"),
        ([{"title": {"en": "a", "de": "b"}, "at": "soon"}], "is 'soon': write seconds"),
    ],
)
def test_mistakes_are_answered_with_the_line_and_the_way_out(tmp_path: Path, said: Any, problem: str) -> None:
    with pytest.raises(BriefError, match=problem):
        wish(tmp_path, said)
