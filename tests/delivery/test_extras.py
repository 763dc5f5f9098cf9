"""What a package may hold besides: read when it is there, refused when it cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.chapters import Chapter, chapters_vtt
from countenance.delivery.extras import Extras, Thumbnail, read_chapters, read_extras
from countenance.errors import InputError

lines = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)


def test_an_ordinary_package_has_none(tmp_path: Path) -> None:
    assert read_extras(tmp_path, "de") == Extras()
    assert read_extras(tmp_path, "de").thumbnail is None


@given(st.lists(lines, max_size=6), st.sampled_from(["en", "ar", "ja"]))
def test_chapters_come_back_as_they_were_written(titles: list[str], language: str) -> None:
    """Whatever the titles hold, such as arrows, tags and words of the other direction."""
    chapters = tuple(
        Chapter(number * 3_600_500, (number + 1) * 3_600_500, title) for number, title in enumerate(titles)
    )
    assert read_chapters(chapters_vtt(chapters, language, "a note")) == chapters


def test_thumbnails_of_the_language_and_the_widest_first(tmp_path: Path) -> None:
    (tmp_path / "thumbnails").mkdir()
    rows = [
        {"file": "tall.jpg", "width": 1080, "height": 1920},
        {"file": "french.jpg", "width": 1280, "height": 720, "language": "fr"},
        {"file": "german.jpg", "width": 1200, "height": 675, "language": "de"},
    ]
    for row in rows:
        (tmp_path / "thumbnails" / str(row["file"])).touch()
    (tmp_path / "thumbnails" / "thumbnails.json").write_text(json.dumps({"thumbnails": rows}))
    assert read_extras(tmp_path, "de").thumbnail == Thumbnail("thumbnails/german.jpg", 1200, 675)
    assert read_extras(tmp_path, "ja").thumbnail == Thumbnail("thumbnails/tall.jpg", 1080, 1920)


@pytest.mark.parametrize(
    ("listing", "told"),
    [
        ("{", "is no list of thumbnails"),
        ('{"pictures": []}', "is no list of thumbnails"),
        ('{"thumbnails": [{"file": "a.jpg", "width": 1, "height": 1}]}', "which is not there"),
    ],
)
def test_a_list_that_is_none_is_an_error(tmp_path: Path, listing: str, told: str) -> None:
    (tmp_path / "thumbnails").mkdir()
    (tmp_path / "thumbnails" / "thumbnails.json").write_text(listing)
    with pytest.raises(InputError, match=told):
        read_extras(tmp_path, "de")


@pytest.mark.parametrize(
    "fragment",
    [
        "<p><script>alert(1)</script></p>",
        '<p onclick="x()">a</p>',
        '<img src="x">',
        '<span class="a" style="b">c</span>',
    ],
)
def test_a_transcript_with_anything_but_text_in_it_is_refused(tmp_path: Path, fragment: str) -> None:
    (tmp_path / "transcript.html").write_text(f'<div class="transcript" lang="en" dir="ltr">{fragment}</div>')
    with pytest.raises(InputError, match="other elements than a transcript has"):
        read_extras(tmp_path, "en")


def test_a_stream_and_descriptions_are_found(tmp_path: Path) -> None:
    (tmp_path / "streaming").mkdir()
    (tmp_path / "streaming" / "main.m3u8").touch()
    (tmp_path / "descriptions.vtt").touch()
    found = read_extras(tmp_path, "en")
    assert (found.stream, found.descriptions) == ("streaming/main.m3u8", "descriptions.vtt")
