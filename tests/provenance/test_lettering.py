from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from countenance.provenance.lettering import can_draw, joined, letters, right_to_left
from countenance.provenance.wording import WORDINGS

MISSING = "\ue000"  # a private character that no font has: OpenCV draws a question mark instead


def names(text: str) -> list[str]:
    return [unicodedata.name(letter) for letter in text]


@pytest.mark.parametrize("language", sorted(set(WORDINGS) - {"hi"}))
def test_all_words_of_a_badge_can_be_set(language: str) -> None:
    assert can_draw(WORDINGS[language].badge) and can_draw(WORDINGS[language].made)


@pytest.mark.parametrize(
    "text",
    [
        WORDINGS["hi"].badge,  # Indic clusters need shaping
        "שונה בבינה מלאכותית",  # Hebrew runs from right to left
        "แก้ไขด้วย",  # Thai marks stack
        "مُعدَّل",  # vowel signs need anchors
        "معدل AI",  # two directions in one line
        "x\u0323\u0301",  # a mark that no single letter holds
        "🤖",
        "",
    ],
)
def test_what_cannot_be_set_correctly_is_refused(text: str) -> None:
    assert not can_draw(text)


def test_marks_that_one_letter_holds_are_set() -> None:
    assert can_draw("Modifie\u0301") and np.array_equal(letters("e\u0301", 40), letters("é", 40))


def test_arabic_letters_take_their_forms_from_their_neighbours() -> None:
    assert names(joined("تم")) == ["ARABIC LETTER TEH INITIAL FORM", "ARABIC LETTER MEEM FINAL FORM"]
    assert names(joined("بعد")) == [
        "ARABIC LETTER BEH INITIAL FORM",
        "ARABIC LETTER AIN MEDIAL FORM",
        "ARABIC LETTER DAL FINAL FORM",
    ]
    # dal and alef do not join forward, so the letter after them begins anew
    assert names(joined("داب")) == [
        "ARABIC LETTER DAL ISOLATED FORM",
        "ARABIC LETTER ALEF ISOLATED FORM",
        "ARABIC LETTER BEH ISOLATED FORM",
    ]


def test_lam_and_alef_become_one_shape() -> None:
    assert names(joined("لا")) == ["ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM"]
    assert names(joined("بلا"))[-1] == "ARABIC LIGATURE LAM WITH ALEF FINAL FORM"


def test_arabic_joins_on_the_line_and_runs_to_the_left() -> None:
    # One word of joined letters is one connected stroke along its baseline; apart they are several.
    columns = np.flatnonzero(letters("بسم", 60).max(axis=0) > 0.3)
    assert (np.diff(columns) == 1).all()
    # The first letter, alef, is the only one that reaches up: it stands on the right.
    word = letters("ابببب", 60) > 0.3
    highest = np.flatnonzero(word[np.flatnonzero(word.any(axis=1))[:5]].any(axis=0))
    assert highest.min() > 0.8 * np.flatnonzero(word.any(axis=0)).max()
    assert right_to_left("تم") and not right_to_left("AI")


@pytest.mark.parametrize("language", sorted(set(WORDINGS) - {"hi"}))
def test_every_letter_has_a_shape_and_none_is_cut(language: str) -> None:
    missing = letters(MISSING, 60)
    for text in (WORDINGS[language].badge, WORDINGS[language].made):
        mask = letters(text, 60)
        assert mask[:1].max() == mask[-1:].max() == 0, "cut at the top or the bottom"
        for letter in set(text) - {" ", "-"}:
            shape = letters(letter, 60)
            assert shape.max() > 0.9
            assert shape.shape != missing.shape or not np.array_equal(shape, missing), letter


def test_chinese_and_japanese_are_as_bold_as_the_latin_beside_them() -> None:
    def pen_px(text: str) -> float:
        ink = letters(text, 80)
        edge = np.abs(np.diff(ink, axis=1)).sum() + np.abs(np.diff(ink, axis=0)).sum()
        return float(4 * ink.sum() / edge)

    assert 0.7 < pen_px("加工") / pen_px("AI") < 1.4
