from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.captions import spread_words
from countenance.delivery.said_at import starts_of
from countenance.speech.phones import Word

TALK = spread_words("Hello! Press the button. Then press the BUTTON, please.", 0.0, 10.0)


def test_words_are_found_whatever_their_signs_and_capitals_each_time_they_are_said() -> None:
    found = starts_of(TALK, "the button")
    assert [round(one.start_s, 3) for one in found] == [round(TALK[n].start_s, 3) for n in (2, 6)]
    assert found[0].end_s == TALK[3].end_s


def test_what_nobody_says_is_not_found_nor_a_part_of_a_word() -> None:
    assert starts_of(TALK, "the lever") == ()
    assert starts_of(TALK, "utton") == ()
    assert starts_of(TALK, "!?") == ()


def test_inside_text_without_spaces_the_place_in_the_word_gives_the_time() -> None:
    words = [Word("このコーヒー", 0.0, 3.0, False), Word("です。", 3.0, 4.0)]
    (found,) = starts_of(words, "コーヒーです")
    assert found.start_s == 1.0 and found.end_s == 4.0


@given(st.integers(0, 8), st.integers(1, 9))
def test_any_words_of_a_text_are_found_where_they_stand(first: int, count: int) -> None:
    words = TALK[first : first + count]
    found = starts_of(TALK, " ".join(word.text for word in words))
    assert any(one.start_s == words[0].start_s and one.end_s == words[-1].end_s for one in found)
