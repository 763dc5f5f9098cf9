from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.caption_breaks import tied
from countenance.delivery.caption_lines import Fabric, limits_of
from countenance.delivery.caption_words import columns, pieces_of
from countenance.delivery.captions import cues, problems, spread_words
from countenance.delivery.cue import Cue, Turn
from countenance.errors import InputError
from countenance.speech.phones import Word

GERMAN = (
    "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse, "
    "und sie passt auf fast jedes Küchenregal. Probieren Sie es einfach aus!"
)


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
        st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=60),
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


LANGUAGES = st.sampled_from(["", "en", "de", "fr", "ja", "zh-Hant", "th", "ko", "ar", "he"])
CUTS = st.lists(st.floats(0.0, 120.0), max_size=6)


@given(WORDS, LANGUAGES, CUTS)
def test_captions_keep_every_word_once_in_order_and_every_limit(
    raw: list[tuple[str, float, float]], language: str, shots: list[float]
) -> None:
    words, limits = placed(raw), limits_of(language)
    shown = cues(words, language, shots=shots)
    assert "".join("".join(cue.lines) for cue in shown).replace(" ", "") == "".join(word.text for word in words)
    for cue in shown:
        assert 1 <= len(cue.lines) <= 2 and all(cue.lines)
        assert all(columns(line) <= max(limits.columns, 2) for line in cue.lines)
        assert 0 < cue.end_ms - cue.start_ms <= 6001
    for before, after in itertools.pairwise(shown):
        assert before.end_ms <= after.start_ms
    told = " ".join(problems(shown, language))
    for number, cue in enumerate(shown, 1):  # what cannot be read in time is told
        speed = sum(map(columns, cue.lines)) / (cue.end_ms - cue.start_ms) * 1000
        assert (f"Caption {number}, " in told) or speed <= 1.05 * limits.columns_per_s + 0.01


@given(WORDS, LANGUAGES)
def test_a_caption_begins_with_its_first_word_and_stays_until_its_last(
    raw: list[tuple[str, float, float]], language: str
) -> None:
    words = placed(raw)
    shown = cues(words, language)
    if not words:
        assert shown == []
        return
    assert shown[0].start_ms == round(words[0].start_s * 1000)
    spoken_s = words[-1].end_s
    assert shown[-1].end_ms >= round(min(spoken_s, shown[-1].start_ms / 1000 + 6) * 1000) - 1


def test_a_caption_meets_a_cut_that_is_near_and_none_lies_over_one_that_can_be_avoided() -> None:
    words = [*spread_words("He opens the door.", 0.5, 2.0), *spread_words("Then she comes in.", 2.4, 4.0)]
    first, second = cues(words, "en", shots=(2.3, 4.2))
    assert first.end_ms == 2300 - 80 and second.start_ms == 2300
    assert second.end_ms == 4200 - 80


def test_a_cut_in_the_midst_of_a_sentence_parts_captions_at_the_clause_beside_it() -> None:
    text = "When the water boils, pour it slowly over the ground coffee"
    words = spread_words(text, 0.0, 4.6)
    cut = next(word.start_s for word in words if word.text == "pour") - 0.05
    assert len(cues(words, "en")) == 1
    assert [cue.text for cue in cues(words, "en", shots=(cut,))] == [text[:21], text[22:]]


def test_what_lingers_only_to_be_read_goes_at_the_cut() -> None:
    (cue,) = cues([Word("Yes,", 0.0, 0.4), Word("thanks.", 0.4, 0.85)], "en", shots=(0.95,))
    assert cue.end_ms == 950 - 80


def test_short_holes_between_captions_are_closed_and_a_gap_stays_to_be_seen() -> None:
    words = [*spread_words("A first sentence stands here now.", 0.0, 2.0)]
    words += spread_words("And the second one follows soon.", 2.3, 4.4)
    first, second = cues(words, "en")
    assert second.start_ms - first.end_ms == 80


def test_nobody_shares_a_caption_with_the_next_speaker() -> None:
    words = [Word("Ready?", 0.0, 0.5), Word("Yes.", 0.6, 1.0), Word("Go!", 1.05, 1.4)]
    shown = cues(words, "en", turns=(Turn(0.0, "Ada"), Turn(0.6, "Ben")))
    assert [(cue.voice, cue.text) for cue in shown] == [("Ada", "Ready?"), ("Ben", "Yes. Go!")]


def test_a_text_that_is_spoken_too_fast_is_told_with_the_way_out() -> None:
    shown = cues(spread_words("An extraordinarily long sentence that is said in no time", 0.0, 1.0), "en")
    shown = [Cue(cue.start_ms, 1200, cue.lines) for cue in shown]
    (told,) = problems(shown, "en")
    assert told.startswith("Caption 1, at 0.0 s, has to be read at 46 columns a second, and 20 are comfortable")


JAPANESE = "このコーヒーメーカーは、三十秒で新鮮なコーヒーを淹れます。ほとんどのキッチンの棚に置けます。"


def test_japanese_is_parted_at_phrases_whatever_the_voice_calls_words() -> None:
    spoken = [Word(JAPANESE[:26], 0.0, 4.0, False), Word(JAPANESE[26:], 4.0, 8.0)]
    shown = cues(spoken, "ja")
    assert "".join("".join(cue.lines) for cue in shown) == JAPANESE
    phrases = "この|コーヒーメーカーは、|三十秒で|新鮮な|コーヒーを|淹れます。|ほとんどの|キッチンの|棚に|置けます。"
    edges = set(itertools.accumulate(map(len, phrases.split("|"))))
    at = 0
    for cue in shown:
        for line in cue.lines:
            at += len(line)
            assert at in edges
            assert columns(line) <= 32


def test_thai_words_stay_whole_though_the_voice_cuts_through_them() -> None:
    spoken = [Word("เครื่", 0.0, 0.6, False), Word("องชงกาแฟนี้", 0.6, 1.5, False), Word("ชงกาแฟสดในสามสิบวินาที", 1.5, 4.0)]
    assert next(iter(pieces_of(spoken, "th", 42))).text == "เครื่อง"


def test_a_space_that_a_voice_puts_between_japanese_sentences_is_not_written() -> None:
    (cue,) = cues([Word("はい。", 0.0, 0.5), Word("そうです。", 0.6, 1.5)], "ja")
    assert cue.text == "はい。そうです。"


@given(st.text(max_size=200), st.floats(0, 10), st.floats(0.1, 60))
def test_spread_words_stay_inside_the_speech(text: str, start_s: float, length_s: float) -> None:
    words = spread_words(text, start_s, start_s + length_s)
    assert [word.text for word in words] == text.split()
    for word in words:
        assert start_s - 1e-6 <= word.start_s < word.end_s <= start_s + length_s + 1e-6
    assert re.sub(r"\s+", "", text) == "".join(word.text for word in words)
