from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.caption_breaks import CLAUSE, GLUED, NEVER, SENTENCE, tied
from countenance.delivery.caption_lines import Fabric, limits_of
from countenance.delivery.caption_words import Piece, columns, pieces_of
from countenance.speech.phones import Word


def pieces(text: str, language: str = "en") -> list[Piece]:
    words = [Word(token, n * 0.3, n * 0.3 + 0.3) for n, token in enumerate(re.split("[ \n]+", text)) if token]
    return tied(pieces_of(words, language, limits_of(language).columns), language)


def lines(text: str, language: str = "en") -> tuple[str, ...] | None:
    limits, parts = limits_of(language), pieces(text, language)
    fabric = Fabric(parts, limits)
    return fabric.lines(0, len(parts)) if fabric.broken(0, len(parts)) else None


@pytest.mark.parametrize(
    ("language", "width", "speed"),
    [("de-AT", 42, 17), ("en-IE", 42, 20), ("ja", 32, 14), ("zh-Hant-TW", 32, 18), ("ko", 32, 24), ("ar", 42, 17)],
)
def test_every_script_has_its_limits(language: str, width: int, speed: float) -> None:
    limits = limits_of(language)
    assert (limits.columns, limits.columns_per_s) == (width, speed)


def test_full_width_characters_take_two_columns_and_marks_none() -> None:
    assert columns("コーヒー") == 8
    assert columns("e\u0301") == columns("é") == 1
    assert columns("กำลัง") == 4  # the vowel above the line takes no place
    assert columns("\u2066C++\u2069") == 3


def test_what_fits_stays_on_one_line() -> None:
    assert lines("A short line") == ("A short line",)
    assert lines("word " * 20) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Just press the big button,|move your cup under the spout"),
        ("en", "We have made a fresh cup of coffee|for the people in the office"),
        ("de", "Die neue Maschine steht|auf einem Regal in der kleinen Küche"),
        ("de", "Sie brüht eine Tasse,|weil der große Knopf gedrückt worden ist"),
        ("fr", "La machine prépare un café très frais|dans la petite cuisine"),
        ("es", "Puede poner la máquina|en casi cualquier estante de la cocina"),
        ("ar", "تصنع آلة القهوة هذه فنجانًا طازجًا|في ثلاثين ثانية فقط كل صباح"),
    ],
)
def test_lines_break_where_the_sense_does(language: str, text: str) -> None:
    assert lines(text.replace("|", " "), language) == tuple(text.split("|"))


ARTICLES = {
    "en": ("the", "a", "an", "my", "this", "every"),
    "de": ("der", "die", "das", "ein", "eine", "mein", "diese", "im"),
    "fr": ("le", "la", "les", "un", "une", "des", "cette"),
    "es": ("el", "la", "los", "una", "mi", "este"),
}
NOUNS = st.text("abcdefghilmnorstu", min_size=3, max_size=9)


@given(st.sampled_from(sorted(ARTICLES)), st.data())
def test_an_article_never_ends_a_line_nor_a_caption(language: str, data: st.DataObject) -> None:
    from countenance.delivery.captions import cues

    words = []
    for _ in range(data.draw(st.integers(2, 14))):
        words += [data.draw(st.sampled_from(ARTICLES[language])), data.draw(NOUNS), data.draw(NOUNS)]
    timed = [Word(word, n * 0.35, n * 0.35 + 0.33) for n, word in enumerate(words)]
    for cue in cues(timed, language):
        for line in cue.lines:
            assert line.split()[-1] not in ARTICLES[language], cue


def test_no_word_stands_alone_below_where_it_can_be_helped() -> None:
    text = "She would certainly have liked to see all that"
    upper, lower = lines(text) or ("", "")
    assert len(lower.split()) > 1 and upper


def test_a_figure_keeps_its_unit_and_a_title_its_name() -> None:
    for text, pair in (("It weighs about 25 kg", ("25", "kg")), ("Here comes Dr. Weber", ("Dr.", "Weber"))):
        found = pieces(text)
        at = next(n for n, piece in enumerate(found) if piece.text == pair[0])
        assert found[at + 1].text == pair[1]
        assert found[at].tie >= NEVER


def test_ends_of_sentences_and_clauses_are_the_best_places() -> None:
    ties = {piece.text: piece.tie for piece in pieces("Well, yes. It is at 3.5 percent now")}
    assert ties["Well,"] == CLAUSE and ties["yes."] == SENTENCE
    assert ties["3.5"] >= NEVER


def test_french_signs_after_a_space_stay_with_their_word() -> None:
    found = pieces("Vous venez ? « Oui » dit-il")
    ties = {piece.text: piece.tie for piece in found}
    assert ties["venez"] == GLUED and ties["?"] == SENTENCE
    assert ties["«"] == GLUED and ties["Oui"] == GLUED


def test_no_line_of_japanese_begins_with_what_may_not_stand_there() -> None:
    text = "「これは、とてもおいしいコーヒーですね」と彼女はゆっくりと言いました。"
    for line in lines(text, "ja") or ():
        assert line[0] not in "、。」ーっゃゅょ"
        assert line[-1] not in "「（"
