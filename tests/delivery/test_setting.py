"""Scripts that join, stack or run from the right: against what HarfBuzz and the order of Unicode would have it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.delivery.bidi import marked
from countenance.delivery.setting import ROOM, can_set, length_px, letters
from countenance.provenance import lettering

EM = 60


def ink(text: str, language: str = "ar", em: int = EM) -> NDArray[np.float32]:
    return letters(marked(text, language), em, rtl=language in ("ar", "he"))


def box(mask: NDArray[np.float32]) -> tuple[int, int]:
    columns = np.nonzero(mask.max(axis=0) > 0.3)[0]
    return int(columns.min()), int(columns.max())


@pytest.mark.parametrize(
    "text",
    ["Guten Tag", "三十秒で", "فنجانًا", "C++ ممتازة (30)", "שָׁלוֹם 100%", "เครื่องชงกาแฟ", "यह कॉफ़ी मशीन", "Привет, שלום"],
)
def test_these_can_be_set(text: str) -> None:
    assert can_set(text) and letters(text, EM).max() > 0.9


@pytest.mark.parametrize("text", ["", "வணக்கம்", "ભાષા", "☃", "ar: مرحبا 三"])
def test_these_cannot(text: str) -> None:
    assert not can_set(text)


def test_what_was_drawn_before_is_drawn_as_before() -> None:
    assert np.array_equal(letters("Schön, 5 %!", EM), lettering.letters("Schön, 5 %!", EM))
    assert length_px("Schön", EM) == lettering.length_px("Schön", EM)


def test_arabic_letters_join() -> None:
    assert length_px("ببب", EM) < 0.8 * 3 * length_px("ب", EM)
    joined = ink("ببب").max(axis=0)
    first, last = box(ink("ببب"))
    assert (joined[first : last + 1] > 0.3).all()  # no gap between them


def test_the_line_runs_from_the_right_and_a_name_in_it_from_the_left() -> None:
    """The full stop of Arabic stands at the left edge; of "C++" the letter stands left of its signs."""
    with_stop, without = box(ink("مرحبا.")), box(ink("مرحبا"))
    assert with_stop[1] - without[1] > 0.1 * EM  # the letters moved to the right, to make room for the stop
    name, alone = ink("C++ مرحبا"), letters("C++", EM, rtl=False)
    end = name.shape[1] - (np.nonzero(name.max(axis=0) > 0.3)[0].max() + 1)
    width = box(alone)[1] - box(alone)[0] + 1
    right = name[:, -width - end : name.shape[1] - end]
    heights = (right > 0.5).sum(axis=0)
    assert heights[: width // 3].max() > 1.1 * heights[-width // 3 :].max()  # the C is taller than the plus signs


def test_marks_take_no_place_and_stay_inside_the_height() -> None:
    assert length_px("שָׁלוֹם", EM, rtl=True) == pytest.approx(length_px("שלום", EM, rtl=True), abs=2)
    for text, language in (("ที่นี่", "th"), ("फ़िल्में", "hi"), ("آلةٌ ّ", "ar")):
        mask = ink(text, language)
        assert mask[0].max() < 0.3 and mask[-1].max() < 0.3, text
        assert mask.shape[0] == round(EM * lettering.CAPITALS) + 2 * round(EM * ROOM)


def test_letters_grow_with_the_em() -> None:
    assert length_px("مرحبا", 2 * EM, rtl=True) == pytest.approx(2 * length_px("مرحبا", EM, rtl=True), abs=3)
