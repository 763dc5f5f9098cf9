from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import BriefError
from countenance.store.documents import Section, nearest, read_document


def read(tmp_path: Path, text: str) -> Section:
    path = tmp_path / "doc.yaml"
    path.write_text(text, encoding="utf-8")
    return read_document(path)


@pytest.mark.parametrize("word", ["no", "NO", "on", "off", "yes", "y", "Off"])
def test_words_that_yaml_1_1_takes_for_booleans_stay_words(tmp_path: Path, word: str) -> None:
    assert read(tmp_path, f"a: {word}\nb: [{word}]").values == {"a": word, "b": [word]}


def test_true_and_false_are_still_booleans(tmp_path: Path) -> None:
    assert read(tmp_path, "a: true\nb: False").values == {"a": True, "b": False}


def test_days_are_read_as_dates(tmp_path: Path) -> None:
    assert read(tmp_path, "from: 2026-01-31").day("from") == datetime.date(2026, 1, 31)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "doc.yaml, line 2: 'a' stands here twice: keep one of the two"),
        ("a: 1\n3: 2", "doc.yaml, line 2: the key 3 is not a word: put it in quotes"),
        ("a: [1, 2", "doc.yaml, line 1: this is not YAML"),
        ("a: 1\nb: {c: 1, c: 2}", "doc.yaml, line 2: 'c' stands here twice"),
        ("- a\n- b", "doc.yaml, line 1: the document must be a mapping"),
        ("", "doc.yaml, line 1: the document must be a mapping"),
        ("a: !!python/object/apply:os.system [ls]", "doc.yaml, line 1: this is not YAML"),
        ("a: 2026-13-45", "doc.yaml: this is not YAML"),
        ("a: &x [*x]", "doc.yaml, line 1: this is not YAML"),
        ("a: \x00", "doc.yaml: this is not YAML"),
    ],
)
def test_what_is_no_document_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BriefError) as refusal:
        read(tmp_path, text)
    assert message in str(refusal.value)


def test_an_absent_file_and_a_file_that_is_not_utf_8_are_named(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match=r"gone.yaml cannot be read .*: check the path"):
        read_document(tmp_path / "gone.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: grün".encode("latin-1"))
    with pytest.raises(BriefError, match=r"latin.yaml is not UTF-8"):
        read_document(latin)


def test_unknown_keys_are_answered_with_the_nearest_known_one(tmp_path: Path) -> None:
    section = read(tmp_path, "a: 1\nb:\n  langauge: de").section("b")
    with pytest.raises(BriefError) as refusal:
        section.only(("face", "language"))
    assert str(refusal.value) == "doc.yaml, line 3: unknown key 'langauge' in b: did you mean 'language'?"


def test_a_far_off_key_gets_no_suggestion(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match=r"line 1: unknown key 'zebra'$"):
        read(tmp_path, "zebra: 1").only(("face", "language"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k: a", r"'k' must be a list: write \[a\]"),
        ("k: []", "'k' must be a list with at least one entry, not nothing"),
        ("k: [a, 3]", "'k' must hold texts only, not 3"),
        ("k: [a, b, a]", "'k' names 'a' twice"),
        ("k: [no, No]", None),
        ("z: 1", "'k' is missing"),
    ],
)
def test_lists_of_texts(tmp_path: Path, text: str, message: str | None) -> None:
    section = read(tmp_path, text)
    if message is None:
        assert section.texts("k") == ("no", "No")
        return
    with pytest.raises(BriefError, match=message):
        section.texts("k")


@pytest.mark.parametrize(
    ("text", "method", "message"),
    [
        ("k: 3", "text", "'k' must be a text, not 3"),
        ("k: '  '", "text", "'k' must be a text"),
        ("k: one", "whole", "'k' must be a whole number, not 'one'"),
        ("k: true", "whole", "'k' must be a whole number, not True"),
        ("k: 1.5", "whole", "'k' must be a whole number, not 1.5"),
        ("k: someday", "day", "'k' must be a day such as 2026-01-31, not 'someday'"),
        ("k: 2026-01-31 10:00:00", "day", "'k' must be a day"),
        ("k: 3", "section", r"'k' must be a mapping \(key: value\) with at least one entry, not 3"),
        ("k: {}", "section", "'k' must be a mapping"),
        ("k: 3", "sections", "'k' must be a list, not 3"),
        ("k: [3]", "sections", "'k' must be a mapping"),
    ],
)
def test_wrong_types_are_named(tmp_path: Path, text: str, method: str, message: str) -> None:
    section = read(tmp_path, text)
    with pytest.raises(BriefError, match=message):
        getattr(section, method)("k")


@given(st.sampled_from(["language", "face", "exclude"]), st.data())
def test_one_slip_of_the_finger_still_finds_the_word(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    slipped = word[:at] + word[at + 1 :]
    assert nearest(slipped, ["language", "face", "exclude"]) == f": did you mean '{word}'?"
