from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.bidi import LRI, LRM, PDF, PDI, RLE, RLI, RLM, embedded, is_right_to_left, marked, unmarked


@pytest.mark.parametrize(
    ("language", "rtl"),
    [("ar", True), ("ar-EG", True), ("he-IL", True), ("fa", True), ("ur", True), ("de", False), ("ja", False),
     ("az-Arab", True), ("pa-Arab-PK", True), ("ku-Latn", False), ("ar-Latn", False), ("", False)],
)  # fmt: skip
def test_the_direction_is_the_scripts_where_one_is_named(language: str, rtl: bool) -> None:
    assert is_right_to_left(language) is rtl


def test_a_line_of_one_direction_needs_no_mark() -> None:
    assert marked("Hello, world 5!", "en") == "Hello, world 5!"
    assert marked("مرحبا، 5!", "ar") == "مرحبا، 5!"


def test_a_line_that_begins_in_the_other_direction_says_which_way_it_runs() -> None:
    assert marked("Nespresso ممتازة", "ar") == f"{RLM}{LRI}Nespresso{PDI} ممتازة"
    assert marked("مرحبا means hello", "en") == f"{LRM}{RLI}مرحبا{PDI} means hello"


def test_signs_that_belong_to_a_name_stay_with_it_and_the_sentences_own_do_not() -> None:
    assert marked("نستخدم C++ و .NET!", "ar") == f"نستخدم {LRI}C++{PDI} و {LRI}.NET{PDI}!"
    assert marked("اسمها (Ada).", "ar") == f"اسمها ({LRI}Ada{PDI})."


def test_words_of_the_other_direction_stay_together_with_the_figures_between_them() -> None:
    assert marked("جهاز Espresso 15 Pro هنا", "ar") == f"جهاز {LRI}Espresso 15 Pro{PDI} هنا"


def test_a_figure_after_arabic_in_an_english_line_does_not_change_its_place() -> None:
    assert marked("Say مرحبا 5 times", "en") == f"Say {RLI}مرحبا{PDI} 5 times"


def test_subrip_embeds_lines_that_run_from_the_right() -> None:
    assert embedded("مرحبا C++!", "ar") == f"{RLE}مرحبا {LRI}C++{PDI}!{PDF}"
    assert embedded("Hello!", "en") == "Hello!"


TEXT = st.text(st.sampled_from("abCאבגمرحב 0123.,!?+()\"'-"), max_size=40)


@given(TEXT, st.sampled_from(["en", "ar", "he"]))
def test_marks_add_nothing_that_is_seen_and_every_isolate_is_closed(text: str, language: str) -> None:
    for told in (marked(text, language), embedded(text, language)):
        assert unmarked(told) == text
        depth = 0
        for letter in told:
            depth += (letter in (LRI, RLI)) - (letter == PDI)
            assert 0 <= depth <= 1
        assert depth == 0
    assert marked(unmarked(marked(text, language)), language) == marked(text, language)
