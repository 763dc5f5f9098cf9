from __future__ import annotations

import html5lib

from countenance.delivery.captions import cues, spread_words
from countenance.delivery.cue import Cue
from countenance.delivery.transcript import clock, timed_transcript, transcript, transcript_html
from countenance.speech.phones import Word


def test_the_transcript_keeps_paragraphs() -> None:
    assert transcript("One\ntwo.\r\n\r\n  Three. \n\n\n\nFour") == "One two.\n\nThree.\n\nFour\n"


def test_times_stand_before_whole_sentences_though_captions_break_within() -> None:
    text = "This is a rather long sentence that takes more than a single caption to be shown in full. And a second one."
    shown = cues(spread_words(text, 62.0, 70.0), "en")
    assert len(shown) > 2
    first, second = timed_transcript(shown, "en").splitlines()
    assert first == f"[1:02] {text.split('. ')[0]}."
    assert second.endswith("] And a second one.") and second > first


def test_speakers_are_named_when_they_change() -> None:
    shown = [
        Cue(0, 900, ("Ready?",), "Ada"), Cue(1000, 2000, ("Yes.",), "Ben"),
        Cue(2000, 3000, ("[music]",), sound=True), Cue(3000, 4000, ("Go!",), "Ben"),
    ]  # fmt: skip
    assert timed_transcript(shown, "en") == "[0:00] Ada: Ready?\n[0:01] Ben: Yes.\n[0:02] [music]\n[0:03] Go!\n"


def test_nothing_said_is_an_empty_transcript() -> None:
    assert timed_transcript([], "en") == ""
    assert "<p>" not in transcript_html([], "en")


def test_japanese_sentences_are_put_together_without_spaces() -> None:
    text = "このコーヒーメーカーは、三十秒で新鮮なコーヒーを淹れます。ほとんどのキッチンの棚に置けます。"
    told = timed_transcript(cues([Word(text, 0.0, 9.0)], "ja"), "ja")
    assert "".join(line.split("] ")[1] for line in told.splitlines()) == text


def test_the_fragment_for_pages_is_sound_html_in_its_own_language_and_direction() -> None:
    shown = [Cue(500, 1500, ("مرحبا <b> & 5.",), "Ada & Co"), Cue(1500, 2500, ("نعم!",), "Ada & Co")]
    fragment = transcript_html(shown, "ar")
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree = parser.parseFragment(fragment)
    (division,) = [child for child in tree if child.tag == "div"]
    assert division.attrib == {"class": "transcript", "lang": "ar", "dir": "rtl"}
    (paragraph,) = division.findall("p")
    spans = paragraph.findall("span")
    assert [(span.attrib["data-start"], span.text) for span in spans] == [
        ("0.500", "مرحبا <b> & 5."), ("1.500", "نعم!"),
    ]  # fmt: skip
    assert paragraph.find("b/bdi").text == "Ada & Co"


def test_a_clock_shows_hours_only_where_there_are_any() -> None:
    assert [clock(ms) for ms in (5_400, 754_000, 3_723_000)] == ["0:05", "12:34", "1:02:03"]
