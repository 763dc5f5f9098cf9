from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.campaign.description_wish import Passage, passages, read_descriptions
from countenance.errors import BriefError, InputError
from countenance.store.documents import read_document

SCRIPT = """0:01
A kitchen in the
morning light.

after: thirty seconds
She presses the button.

1:02:03.5
Steam rises.

7.5 s
The end.
"""


def test_a_script_places_passages_by_time_or_after_words() -> None:
    assert passages(SCRIPT) == (
        Passage("A kitchen in the morning light.", 1.0),
        Passage("She presses the button.", None, "thirty seconds"),
        Passage("Steam rises.", 3723.5),
        Passage("The end.", 7.5),
    )


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59), st.text("abc dé", min_size=1).filter(str.strip))))
def test_every_passage_is_read_once_in_order(raw: list[tuple[int, int, str]]) -> None:
    blocks = [f"{minutes}:{seconds:02d}\n{text}" for minutes, seconds, text in raw]
    if not blocks:
        with pytest.raises(InputError, match="holds nothing to say"):
            passages("\n \n")
        return
    found = passages("\r\n\r\n".join(blocks))
    assert [(one.at_s, one.text) for one in found] == [(60 * m + s, " ".join(text.split())) for m, s, text in raw]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0:01\nHello.\n\nSomething else\nhere", "ad.txt, line 4: 'Something else' says no time"),
        ("\n\n0:01", "ad.txt, line 3: below '0:01' nothing is said"),
        ("0:1\nHello.", "says no time"),
        ("", "ad.txt holds nothing to say"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        passages(text, "ad.txt")


def test_a_brief_names_a_script_for_each_language(tmp_path: Path) -> None:
    (tmp_path / "ad.txt").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "brief.yaml").write_text("description: {en: ad.txt}", encoding="utf-8")
    assert read_descriptions(read_document(tmp_path / "brief.yaml"), ("en", "de")) == {"en": tmp_path / "ad.txt"}
    (tmp_path / "brief.yaml").write_text("campaign: x", encoding="utf-8")
    assert read_descriptions(read_document(tmp_path / "brief.yaml"), ("en",)) == {}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("{fr: ad.txt}", "does not know 'fr'"),
        ("{en: other.txt}", "other.txt, which does not exist: correct the path"),
        ("{en: bad.txt}", "line 1: bad.txt, line 1: 'Hello' says no time"),
        ("{en: latin.txt}", "is not UTF-8 text: save it as UTF-8"),
    ],
)
def test_mistakes_are_answered_with_the_line_and_the_way_out(tmp_path: Path, said: str, problem: str) -> None:
    (tmp_path / "bad.txt").write_text("Hello\nthere", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"0:01\n\xe4")
    (tmp_path / "brief.yaml").write_text(f"description: {said}", encoding="utf-8")
    with pytest.raises(BriefError, match=problem):
        read_descriptions(read_document(tmp_path / "brief.yaml"), ("en", "de"))
