"""Caption files, read back by parsers that are not ours: webvtt-py, the W3C's own, and Chromium's."""

from __future__ import annotations

import html
import io
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import webvtt as webvtt_parser
from browsers import Job, needs_browser, run_node, served, visits
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.bidi import unmarked
from countenance.delivery.captions import cues, spread_words
from countenance.delivery.chapters import chapters_at, chapters_vtt
from countenance.delivery.cue import Cue
from countenance.delivery.descriptions import Described, descriptions_vtt
from countenance.delivery.webvtt import srt, webvtt

NOTE = "Mit KI verändert: Stimme und Lippenbewegung sind synthetisch.\nRelease 01J"
TEXTS = {
    "en": "This coffee machine makes a fresh cup in thirty seconds, and it fits on almost any shelf. Is 3 < 5 & 7 > 6?",
    "de": "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse. „Ja“, sagt Ben.",
    "ar": "تصنع آلة القهوة هذه فنجانًا طازجًا في ثلاثين ثانية. Nespresso C++ ممتازة!",
    "he": "מכונת הקפה הזו מכינה כוס טרייה בתוך 30 שניות.",
    "ja": "このコーヒーメーカーは、三十秒で新鮮なコーヒーを淹れます。",
    "th": "เครื่องชงกาแฟนี้ชงกาแฟสดในสามสิบวินาที",
}
LINES = (
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
CUES = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(1, 6000), st.lists(LINES, min_size=1, max_size=2), LINES), max_size=8
)


def placed(raw: list[tuple[int, int, list[str], str]]) -> list[Cue]:
    shown, at = [], 0
    for gap, length, lines, voice in raw:
        shown.append(Cue(at + gap, at + gap + length, tuple(lines), voice))
        at += gap + length
    return shown


def of(language: str) -> list[Cue]:
    return cues(spread_words(TEXTS[language], 0.5, 12.0), language)


@given(CUES, st.sampled_from(["en", "ar", "ja"]))
def test_an_independent_parser_reads_back_what_was_written(
    raw: list[tuple[int, int, list[str], str]], language: str
) -> None:
    shown = placed(raw)
    read = webvtt_parser.from_buffer(io.StringIO(webvtt(shown, language, NOTE)))
    assert len(read) == len(shown)
    for caption, cue in zip(read, shown, strict=True):
        told = re.fullmatch(r"<v (.*?)>(.*)", caption.raw_text, re.S)
        assert told is not None
        assert html.unescape(told[1]) == cue.voice
        assert unmarked(html.unescape(told[2])) == unmarked("\n".join(cue.lines))
        assert (_ms(caption.start), _ms(caption.end)) == (cue.start_ms, cue.end_ms)


@given(CUES)
def test_no_cue_breaks_the_rules_of_the_format(raw: list[tuple[int, int, list[str], str]]) -> None:
    text = webvtt(placed(raw), "de", NOTE)
    blocks = text.rstrip("\n").split("\n\n")
    assert blocks[0] == "WEBVTT" and blocks[1].startswith("NOTE\n")
    last = 0
    for number, block in enumerate(blocks[2:], 1):
        identifier, timing, *payload = block.split("\n")
        assert identifier == str(number)
        clocks = re.fullmatch(r"(\d\d:[0-5]\d:[0-5]\d\.\d{3}) --> (\d\d:[0-5]\d:[0-5]\d\.\d{3})", timing)
        assert clocks is not None
        assert last <= _ms(clocks[1]) < _ms(clocks[2])
        last = _ms(clocks[1])
        assert payload and all(payload)
        assert not any("-->" in line for line in payload)


def test_the_webvtt_discloses_and_names_the_voice() -> None:
    note = "Mit KI verändert: Stimme und Lippenbewegung sind synthetisch.\n\n--> second"
    text = webvtt([Cue(0, 1500, ("Ja & nein",))], "de", note, voice="Ada <KI>")
    assert text == (
        "WEBVTT\n\nNOTE\nLanguage: de\nMit KI verändert: Stimme und Lippenbewegung sind synthetisch.\n"
        "→ second\n\n1\n00:00:00.000 --> 00:00:01.500\n<v Ada &lt;KI&gt;>Ja &amp; nein\n"
    )


def test_notes_of_sounds_have_no_speaker() -> None:
    text = webvtt([Cue(0, 1500, ("[Musik]",), sound=True)], "de", NOTE, voice="Ada")
    assert text.endswith("\n[Musik]\n")


def test_srt_uses_its_own_clock_and_plain_text() -> None:
    assert srt([Cue(3_601_500, 3_603_000, ("Ja & nein",))]) == "1\n01:00:01,500 --> 01:00:03,000\nJa & nein\n"
    assert srt([]) == ""


def test_srt_names_speakers_only_where_there_are_several_and_they_change() -> None:
    one = [Cue(0, 1000, ("Hello.",), "Ada")]
    assert "Ada" not in srt(one)
    several = [*one, Cue(1000, 2000, ("Hi.",), "Ben"), Cue(2000, 3000, ("Well?",), "Ben")]
    assert [block.split("\n")[2] for block in srt(several).split("\n\n")] == ["Ada: Hello.", "Ben: Hi.", "Well?"]


def test_srt_of_a_right_to_left_language_embeds_each_line() -> None:
    line = srt([Cue(0, 1000, ("שלום, C++!",))], "he").splitlines()[2]
    assert line == "\u202bשלום, \u2066C++\u2069!\u202c"


def test_srt_is_read_back_by_an_independent_parser(tmp_path: Path) -> None:
    for language in TEXTS:
        shown = of(language)
        (tmp_path / "captions.srt").write_text(srt(shown, language), encoding="utf-8")
        read = webvtt_parser.from_srt(str(tmp_path / "captions.srt"))
        assert [unmarked(one.raw_text) for one in read] == ["\n".join(cue.lines) for cue in shown]
        assert [_ms(one.start) for one in read] == [cue.start_ms for cue in shown]


def test_a_file_without_speech_is_still_webvtt() -> None:
    text = webvtt([], "en", "AI modified")
    assert text.startswith("WEBVTT\n\nNOTE\n")
    assert not list(webvtt_parser.from_buffer(io.StringIO(text)))


def files() -> dict[str, tuple[str, str]]:
    """A file of every kind in every language: (kind of track, text)."""
    found = {
        f"{language}.vtt": ("captions", webvtt(of(language), language, NOTE, voice="Ada & <Co>")) for language in TEXTS
    }
    for language, text in TEXTS.items():
        chapters = chapters_at([(0, text[:20]), (4.5, f"{text[:9]} & <b>")], 12)
        found[f"{language}.chapters.vtt"] = ("chapters", chapters_vtt(chapters, language, NOTE))
        described = [Described(1.0, 2.5, text), Described(2.5, 2.5, "& <i>")]
        found[f"{language}.descriptions.vtt"] = ("descriptions", descriptions_vtt(described, language, NOTE))
    return found


@needs_browser
def test_the_w3cs_parser_finds_no_error_in_any_file_and_reads_the_same_text() -> None:
    whole = files()
    kinds = {"captions": "subtitles/captions/descriptions", "chapters": "chapters", "descriptions": "metadata"}
    asked = [{"text": text, "kind": kinds[kind]} for kind, text in whole.values()]
    for (name, (kind, _)), read in zip(whole.items(), run_node("webvtt.mjs", asked), strict=True):
        assert read["errors"] == [], name
        if kind == "captions":
            shown = of(name.split(".")[0])
            assert [unmarked(cue["text"]) for cue in read["cues"]] == ["\n".join(cue.lines) for cue in shown]
            voices = {voice for cue in read["cues"] for voice in cue["voices"]}
            assert set(map(html.unescape, voices)) == {"Ada & <Co>"}  # this parser leaves names as they are written


SCRIPT = """
const told = {};
for (const [name, kind] of Object.entries(KINDS)) {
  const video = document.createElement("video"), track = document.createElement("track");
  Object.assign(track, { kind, src: name, srclang: name.split(".")[0], default: true });
  video.append(track); document.body.append(video);
  track.track.mode = "hidden";
  await new Promise((yes, no) => { track.onload = yes; track.onerror = () => no(new Error(name)); });
  told[name] = Array.from(track.track.cues, (cue) => {
    const part = cue.getCueAsHTML(), voice = part.firstElementChild;
    return [Math.round(cue.startTime * 1000), Math.round(cue.endTime * 1000), part.textContent,
            voice ? voice.title : "", voice ? voice.outerHTML : ""];
  });
}
return told;
"""


@needs_browser
def test_chromium_reads_the_same_cues_times_and_speakers(tmp_path: Path) -> None:
    whole = files()
    for name, (_, text) in whole.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "page.html").write_text("<!doctype html><title>captions</title><link rel=icon href='data:,'>")
    kinds = {name: kind for name, (kind, _) in whole.items()}
    with served(tmp_path) as url:
        (visit,) = visits([Job(f"{url}page.html", SCRIPT.replace("KINDS", repr(kinds)))])
    assert visit.problems == []
    for language in TEXTS:
        read: list[Any] = visit.value[f"{language}.vtt"]
        assert [one[:2] for one in read] == [[cue.start_ms, cue.end_ms] for cue in of(language)]
        assert [unmarked(one[2]) for one in read] == ["\n".join(cue.lines) for cue in of(language)]
        assert {one[3] for one in read} == {"Ada & <Co>"}
        titles = [unmarked(one[2]) for one in visit.value[f"{language}.chapters.vtt"]]
        assert titles == [" ".join(TEXTS[language][:20].split()), " ".join(f"{TEXTS[language][:9]} & <b>".split())]
        assert [one[2] for one in visit.value[f"{language}.descriptions.vtt"]] == [TEXTS[language], "& <i>"]


def test_times_never_run_backwards() -> None:
    for language in TEXTS:
        for before, after in itertools.pairwise(of(language)):
            assert before.start_ms < before.end_ms <= after.start_ms


@pytest.mark.parametrize("note", ["", "one\n\n\ntwo", "a --> b"])
def test_no_note_can_become_a_caption(note: str) -> None:
    text = webvtt([Cue(0, 1000, ("Yes.",))], "en", note)
    assert [one.text for one in webvtt_parser.from_buffer(io.StringIO(text))] == ["Yes."]


def _ms(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    whole, _, parts = seconds.partition(".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 1000 + int(parts)
