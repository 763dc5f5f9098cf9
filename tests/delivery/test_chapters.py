from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from countenance.delivery.captions import cues, spread_words
from countenance.delivery.chapters import Chapter, chapters_at, clips, found_chapters
from countenance.errors import InputError

PAGE = "https://example.org/espresso/en/"


def test_each_chapter_lasts_until_the_next_and_the_first_begins_with_the_video() -> None:
    found = chapters_at([(1.2, "Hello"), (10.0, "  The \n machine"), (20.5, "Goodbye")], Fraction(61, 2))
    assert [(one.start_ms, one.end_ms, one.title) for one in found] == [
        (0, 10_000, "Hello"), (10_000, 20_500, "The machine"), (20_500, 30_500, "Goodbye"),
    ]  # fmt: skip


def test_without_chapters_there_are_none() -> None:
    assert chapters_at([], 30) == ()
    assert clips([], PAGE) == []


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ([(0, "One"), (5, "Two"), (5, "Three")], "'Three' begins at 5 s, not after the one before it"),
        ([(0, "One"), (9, "Two"), (5, "Three")], "'Three' begins at 5 s"),
        ([(0, "One"), (31, "Two")], "'Two' begins at 31 s, but the video ends at 30 s"),
    ],
)
def test_times_that_cannot_be_are_refused_with_the_chapters_name(starts: list[tuple[float, str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        chapters_at(starts, 30)


@given(st.lists(st.floats(0.001, 599.9), min_size=1, max_size=12, unique=True))
def test_clips_never_share_a_start_and_cover_the_video(starts: list[float]) -> None:
    times = sorted(starts)
    assume(all(round(b * 1000) > round(a * 1000) for a, b in itertools.pairwise(times)))
    chapters = chapters_at([(time, f"Chapter {n}") for n, time in enumerate(times)], 600)
    found = clips(chapters, PAGE)
    begins = [one["startOffset"] for one in found]
    assert len(set(begins)) == len(begins) and begins[0] == 0
    for before, after in itertools.pairwise(found):
        assert before["endOffset"] == after["startOffset"]
    assert all(isinstance(one["startOffset"], int) and one["endOffset"] > one["startOffset"] for one in found)


def test_clips_name_the_page_and_its_moment() -> None:
    (one,) = clips([Chapter(12_400, 20_000, "The machine")], f"{PAGE}?v=1&t=3#top")
    assert one == {
        "@type": "Clip", "name": "The machine", "startOffset": 12, "endOffset": 20, "url": f"{PAGE}?v=1&t=12",
    }  # fmt: skip


LONG = "Good morning, everybody. " + "This is a sentence of the talk that goes on for a while. " * 20
SECOND = "Now we come to the second part of it, which is about something else. " + "More words follow. " * 20


def test_chapters_are_found_where_a_sentence_begins_after_a_pause_with_a_new_shot() -> None:
    words = [*spread_words(LONG, 1.0, 62.0), *spread_words(SECOND, 64.0, 118.0)]
    found = found_chapters(cues(words, "en"), "en", (63.9,), 120)
    (second,) = [one for one in found if one.title.startswith("Now we come to the second part")]
    assert 64_000 - 200 <= second.start_ms <= 64_000
    assert len(found) == 3
    assert found[0].start_ms == 0 and found[-1].end_ms == 120_000
    assert all(len(one.title) <= 42 for one in found)
    assert all(one.end_ms - one.start_ms >= 10_000 for one in found)


def test_a_short_video_gets_none_and_so_does_a_silent_one() -> None:
    assert found_chapters(cues(spread_words(LONG, 0, 25), "en"), "en", (), 26) == ()
    assert found_chapters([], "en", (10.0, 50.0), 100) == ()
