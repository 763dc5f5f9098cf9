from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.campaign.sections import RUN_IN_S, SECTION_S, film_sections, master_sections, needed
from countenance.campaign.timeline import Timeline, as_shot
from countenance.media.probe import Master

RATE = 25


def master(pictures: int) -> Master:
    return Master(
        path=Path("film.mp4"), container="mp4", codec="h264", width=1280, height=720, rotation=0,
        time_base=Fraction(1, 12800), frame_rate=Fraction(RATE), origin=0, pts=tuple(range(0, 512 * pictures, 512)),
        variable=False, pixel_format="yuv420p", matrix="bt709", full_range=False, audio_codec=None, audio_rate_hz=None,
    )  # fmt: skip


def held(film: Master, still: int, extra: int) -> Timeline:
    """A film whose picture is held for a while, swaying a little."""
    sway = [still - (n % 6) for n in range(extra)]
    source = (*range(still + 1), *sway, *range(still + 1, film.frames))
    pts = tuple(range(0, 512 * len(source), 512))
    return Timeline(source, pts, film.time_base, 512 * len(source) * film.time_base, "held")


def test_a_short_master_is_one_section() -> None:
    (only,) = master_sections(master(163), (0,))
    assert (only.run_in, only.first, only.stop) == (0, 0, 163)


def test_a_section_begins_with_a_shot_that_is_near_and_needs_no_run_in_then() -> None:
    shot = round((SECTION_S + 3) * RATE)
    second = master_sections(master(2000), (0, 40, shot))[1]
    assert (second.first, second.run_in) == (shot, shot)


def test_in_a_take_without_cuts_a_section_is_run_in() -> None:
    second = master_sections(master(2000), (0,))[1]
    assert second.first == SECTION_S * RATE
    assert second.first - second.run_in == RUN_IN_S * RATE


@given(st.integers(1, 6000), st.sets(st.integers(1, 5999), max_size=30))
def test_sections_hold_every_picture_once_and_are_neither_too_long_nor_too_short(pictures: int, cuts: set[int]) -> None:
    found = master_sections(master(pictures), (0, *sorted(cut for cut in cuts if cut < pictures)))
    assert found[0].first == 0 and found[-1].stop == pictures
    assert all(before.stop == after.first for before, after in pairwise(found))
    assert [one.number for one in found] == list(range(len(found)))
    assert all(len(one.pictures) <= 2 * SECTION_S * RATE for one in found)
    assert all(len(one.pictures) >= SECTION_S * RATE / 2 for one in found[:-1])


@given(st.integers(600, 3000), st.data())
def test_a_held_film_is_cut_where_the_master_is(pictures: int, data: st.DataObject) -> None:
    film = master(pictures)
    parts = master_sections(film, (0,))
    timeline = held(film, data.draw(st.integers(10, pictures - 2)), data.draw(st.integers(1, 200)))
    found = film_sections(parts, timeline, (0,))
    assert found[0].first == 0 and found[-1].stop == len(timeline.source)
    assert all(before.stop == after.first for before, after in pairwise(found))
    assert len(found) == len(parts)
    for section in found:
        shown = {timeline.source[number] for number in section.pictures}
        known = {n for number in needed(parts, timeline, section) for n in parts[number].pictures}
        assert shown <= known


@pytest.mark.parametrize("pictures", [1, 24, 2000])
def test_a_film_as_shot_has_its_masters_sections(pictures: int) -> None:
    film = master(pictures)
    parts = master_sections(film, (0,))
    assert film_sections(parts, as_shot(film), (0,)) == parts
