from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.quality.sampling import Sampling, Spaced


def measured(plan: Sampling) -> list[int]:
    return [number for number in range(plan.pictures) if plan.place(number) is not None]


@pytest.mark.parametrize("pictures", [1, 12, 50])
def test_short_clips_are_measured_whole_and_nothing_is_said(pictures: int) -> None:
    plan = Sampling.of(pictures)
    assert measured(plan) == list(range(pictures))
    assert [plan.place(number) for number in (0, pictures - 1)] == [0, pictures - 1]
    assert plan.told() == ""


@pytest.mark.parametrize("pictures", [51, 163, 250, 1500, 90_000])
def test_long_clips_are_measured_in_spread_stretches(pictures: int) -> None:
    plan = Sampling.of(pictures)
    numbers = measured(plan)
    assert len(numbers) == plan.measured == len(set(numbers))
    assert 50 <= len(numbers) <= 3000 and len(numbers) <= max(50, pictures / 5)
    assert numbers[0] < pictures / 4 and numbers[-1] > pictures * 3 / 4 - 25
    places = [plan.place(number) for number in numbers]
    assert places == list(range(25)) * len(plan.starts)
    assert f"{len(numbers)} of {pictures} pictures" in plan.told()


def test_a_thorough_measurement_leaves_nothing_out() -> None:
    assert len(measured(Sampling.of(400, thorough=True))) == 400


def test_the_mouth_is_followed_in_the_middle_and_under_a_dub_throughout() -> None:
    plan, dubbed = Sampling.of(1000), Sampling.of(1000, dubbed=True)
    assert [plan.follows_mouth(number) for number in (398, 400, 401, 598, 600)] == [False, True, False, True, False]
    assert [dubbed.follows_mouth(number) for number in (0, 1, 998)] == [True, False, True]


def test_moments_are_spread_and_come_once() -> None:
    spaced = Spaced.of(100, 4)
    assert sorted(spaced.waiting) == [12, 37, 62, 87]
    came = [number for number in range(0, 100, 5) if spaced.due(number)]
    assert came == [15, 40, 65, 90]


@given(st.sets(st.integers(0, 99)), st.sets(st.integers(1, 99), max_size=8), st.integers(1, 12))
def test_sections_take_the_moments_that_one_clip_takes(possible: set[int], edges: set[int], count: int) -> None:
    """What each section takes, without its doubtful first one where nothing was left to it."""
    one, whole = Spaced.of(100, count), Spaced.of(100, count)
    taken = []
    for first, last in pairwise([0, *sorted(edges), 100]):
        section = Spaced.of(100, count)
        section.first = first
        for number in sorted(possible & set(range(first, last))):
            if section.due(number) and (not section.doubtful or whole.wants(section.state())):
                taken.append(number)
        whole.extend(section.state())
    assert taken == [number for number in sorted(possible) if one.due(number)]


@given(st.integers(1, 3000), st.data())
def test_a_section_is_run_in_from_the_start_of_its_stretch(pictures: int, data: st.DataObject) -> None:
    plan, first = Sampling.of(pictures), data.draw(st.integers(0, pictures - 1))
    cuts = data.draw(st.sets(st.integers(0, pictures - 1), max_size=3))
    start = first - plan.run_in(first, cuts)
    assert first - start < 50
    inside = [number for number in range(start, first) if plan.place(number) is not None]
    assert len(inside) == first - start and not cuts & set(range(start + 1, first + 1))
    if start < first:
        assert start == 0 or start in cuts or plan.place(start - 1) is None
