from __future__ import annotations

import io
import itertools
import re

import pytest
import webvtt as webvtt_parser
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.caption_breaks import tied
from countenance.delivery.caption_lines import Fabric, limits_of
from countenance.delivery.caption_words import columns, pieces_of
from countenance.delivery.captions import cues, problems, spread_words
from countenance.delivery.webvtt import srt, webvtt
from countenance.errors import InputError
from countenance.speech.phones import Word

GERMAN = (
    "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse, "
    "und sie passt auf fast jedes Küchenregal. Probieren Sie es einfach aus!"
)
NOTE = "Mit KI verändert: Stimme und Lippenbewegung sind synthetisch."


def test_captions_break_at_punctuation_and_can_be_read_in_time() -> None:
    shown = cues(spread_words(GERMAN, 0.5, 9.5))
    assert [cue.text for cue in shown] == [
        "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse,",
        "und sie passt auf fast jedes Küchenregal.",
        "Probieren Sie es einfach aus!",
    ]
    for cue in shown:
        assert columns(cue.text) / ((cue.end_ms - cue.start_ms) / 1000) <= 17.5


def test_a_caption_stays_long_enough_to_be_read_when_nothing_follows() -> None:
    (cue,) = cues([Word("Danke.", 2.0, 2.3)])
    assert (cue.start_ms, cue.end_ms) == (2000, 3000)


def test_a_long_pause_separates_captions() -> None:
    shown = cues([Word("Press", 0.0, 0.4), Word("here", 0.4, 0.8), Word("and", 4.0, 4.3), Word("wait", 4.3, 5.0)])
    assert [cue.text for cue in shown] == ["Press here", "and wait"]


def test_a_word_wider_than_a_line_is_cut() -> None:
    shown = cues([Word("鳥" * 50, 0.0, 8.0)])
    assert "".join(cue.text.replace(" ", "") for cue in shown) == "鳥" * 50
    assert all(columns(line) <= 42 for cue in shown for line in cue.lines)


def lines(text: str, language: str = "en") -> tuple[str, ...] | None:
    limits = limits_of(language)
    pieces = tied(pieces_of([Word(token, 0.0, 0.0) for token in text.split()], language, limits.columns), language)
    fabric = Fabric(pieces, limits)
    return fabric.lines(0, len(pieces)) if fabric.broken(0, len(pieces)) else None


def test_two_lines_are_balanced_and_prefer_punctuation() -> None:
    assert lines("A short line") == ("A short line",)
    assert lines("Just press the big button, move your cup under the spout") == (
        "Just press the big button,",
        "move your cup under the spout",
    )
    assert lines("word " * 20) is None


def test_scripts_without_spaces_stay_without_spaces() -> None:
    spoken = [Word(text, n * 0.4, n * 0.4 + 0.4, False) for n, text in enumerate(("这台", "咖啡机", "很快。"))]
    assert [cue.text for cue in cues(spoken)] == ["这台咖啡机很快。"]


def test_words_that_run_backwards_are_refused() -> None:
    with pytest.raises(InputError, match="'b' starts before"):
        cues([Word("a", 1.0, 2.0), Word("b", 0.5, 0.8)])


WORDS = st.lists(
    st.tuples(
        st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60),
        st.floats(0.0, 8.0),
        st.floats(0.0, 3.0),
    ),
    max_size=30,
)


def placed(raw: list[tuple[str, float, float]]) -> list[Word]:
    words, at = [], 0.0
    for text, gap_s, length_s in raw:
        words.append(Word(text, at + gap_s, at + gap_s + length_s))
        at += gap_s + length_s
    return words


@given(WORDS)
def test_captions_keep_every_word_and_every_limit(raw: list[tuple[str, float, float]]) -> None:
    words = placed(raw)
    shown = cues(words)
    squeezed = "".join(cue.text for cue in shown).replace(" ", "")
    assert squeezed == "".join("".join(word.text.split()) for word in words)
    for cue in shown:
        assert 1 <= len(cue.lines) <= 2
        assert all(columns(line) <= 42 for line in cue.lines)
        assert 0 < cue.end_ms - cue.start_ms <= 6001
    for before, after in itertools.pairwise(shown):
        assert before.end_ms <= after.start_ms


@given(WORDS)
def test_an_independent_parser_reads_back_what_was_written(raw: list[tuple[str, float, float]]) -> None:
    shown = cues(placed(raw))
    text = webvtt(shown, "de", NOTE)
    read = webvtt_parser.from_buffer(io.StringIO(text))
    assert len(read) == len(shown)
    for caption, cue in zip(read, shown, strict=True):
        unescaped = caption.raw_text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert unescaped == "\n".join(cue.lines)
        assert round(caption.start_in_seconds * 1000) // 1000 == cue.start_ms // 1000


def test_the_webvtt_discloses_and_names_the_voice() -> None:
    text = webvtt(cues([Word("Ja & nein", 0.0, 1.5)]), "de", NOTE + "\n\n--> second", voice="Ada <KI>")
    assert text == (
        "WEBVTT\n\nNOTE\nLanguage: de\nMit KI verändert: Stimme und Lippenbewegung sind synthetisch.\n"
        "→ second\n\n1\n00:00:00.000 --> 00:00:01.500\n<v Ada &lt;KI&gt;>Ja &amp; nein\n"
    )
    (caption,) = webvtt_parser.from_buffer(io.StringIO(text))
    assert caption.start == "00:00:00.000" and caption.end == "00:00:01.500"


def test_srt_uses_its_own_clock_and_plain_text() -> None:
    assert srt(cues([Word("Ja & nein", 3601.5, 3603.0)])) == "1\n01:00:01,500 --> 01:00:03,000\nJa & nein\n"
    assert srt([]) == ""


def test_the_file_without_speech_is_still_webvtt() -> None:
    text = webvtt([], "en", "AI modified")
    assert text.startswith("WEBVTT\n\nNOTE\n")
    assert not list(webvtt_parser.from_buffer(io.StringIO(text)))


@given(st.text(max_size=200), st.floats(0, 10), st.floats(0.1, 60))
def test_spread_words_stay_inside_the_speech(text: str, start_s: float, length_s: float) -> None:
    words = spread_words(text, start_s, start_s + length_s)
    assert [word.text for word in words] == text.split()
    for word in words:
        assert start_s - 1e-6 <= word.start_s < word.end_s <= start_s + length_s + 1e-6
    assert re.sub(r"\s+", "", text) == "".join(word.text for word in words)
