from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.export import export_profile, export_profiles
from countenance.media.frame import Frame
from countenance.media.ladder import picture_count, rate_for, renditions, retimed

SIDES = st.integers(32, 2200).map(lambda side: side * 2)
RATES = st.sampled_from(
    ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60", "12", "15", "120", "48"]
)
PLANES = tuple(np.zeros((2, 2), np.uint8) for _ in range(3))


def _frames(times: list[Fraction]) -> list[Frame]:
    """Pictures that carry their number in their planes."""
    return [
        Frame(round(time * 90_000), Fraction(1, 90_000), (np.full((2, 2), number % 256, np.uint8), *PLANES[:2]))
        for number, time in enumerate(times)
    ]


def _numbers(frames: list[Frame]) -> list[int]:
    return [int(frame.planes[0][0, 0]) for frame in frames]


@given(st.sampled_from(sorted(export_profiles())), SIDES, SIDES, RATES)
def test_nothing_is_enlarged_bent_or_odd(name: str, width: int, height: int, rate: str) -> None:
    profile = export_profile(name)
    made = renditions(profile, (width, height), Fraction(rate))
    assert made and all(side % 2 == 0 for one in made for side in one.size)
    if profile.picture.frame_px is not None:
        assert [one.size for one in made] == [profile.picture.frame_px]
        return
    for one in made:
        assert one.size[0] <= width and one.size[1] <= height
        scale = one.short_px / min(width, height)
        assert abs(one.size[0] - width * scale) <= 1 and abs(one.size[1] - height * scale) <= 1
    sizes = [one.short_px for one in made]
    assert sizes == sorted(set(sizes), reverse=True)


@given(SIDES, SIDES, RATES)
def test_all_sizes_of_a_ladder_change_pictures_and_keyframes_at_the_same_time(w: int, h: int, rate: str) -> None:
    made = renditions(export_profile("streaming"), (w, h), Fraction(rate))
    assert len({(one.rate, one.keyframe) for one in made}) == 1
    ceilings = [one.max_kbps for one in made]
    assert ceilings == sorted(ceilings, reverse=True)


def test_a_ladder_goes_down_from_the_source_and_a_file_is_its_top() -> None:
    wide = (1920, 1080)
    streaming = renditions(export_profile("streaming"), wide, Fraction(25))
    assert [one.size for one in streaming] == [(1920, 1080), (1280, 720), (854, 480), (640, 360)]
    assert [one.size for one in renditions(export_profile("web-h264"), wide, Fraction(25))] == [wide]


def test_a_source_between_two_sizes_keeps_its_own_under_the_ceiling_of_the_larger() -> None:
    top, below, *_ = renditions(export_profile("streaming"), (1600, 900), Fraction(25))
    assert (top.size, top.max_kbps) == ((1600, 900), 5000)
    assert below.size == (1280, 720)


def test_a_size_just_below_the_top_is_left_out() -> None:
    sizes = [one.short_px for one in renditions(export_profile("streaming"), (1366, 768), Fraction(25))]
    assert sizes == [768, 480, 360]


def test_a_small_source_is_one_small_rendition() -> None:
    (only,) = renditions(export_profile("streaming"), (320, 240), Fraction(25))
    assert (only.size, only.max_kbps) == ((320, 240), 700)


def test_fast_pictures_get_half_as_much_again() -> None:
    slow, fast = (renditions(export_profile("youtube"), (1920, 1080), Fraction(rate))[0] for rate in (25, 50))
    assert (slow.max_kbps, fast.max_kbps) == (8000, 12000)
    assert (slow.keyframe, fast.keyframe) == (12, 25)


@pytest.mark.parametrize(
    ("name", "source", "wanted"),
    [
        ("web-h264", "25", "25"),
        ("web-h264", "30000/1001", "30000/1001"),
        ("web-h264", "2997/100", "30000/1001"),  # as a container with a millisecond clock tells it
        ("web-h264", "12", "12"),
        ("web-h264", "120", "60"),
        ("web-h264", "100", "50"),
        ("broadcast-25", "24000/1001", "25"),
        ("broadcast-25", "50", "25"),
        ("broadcast-50", "25", "50"),
    ],
)
def test_the_frame_rate_is_the_source_s_where_the_profile_takes_it(name: str, source: str, wanted: str) -> None:
    assert rate_for(export_profile(name), Fraction(source)) == Fraction(wanted)


def test_of_two_rates_equally_near_the_faster_is_taken() -> None:
    profile = export_profile("broadcast-25")
    both = replace(profile, picture=replace(profile.picture, rates=(Fraction(20), Fraction(30))))
    assert rate_for(both, Fraction(25)) == 30


@given(RATES, st.integers(1, 200), st.integers(-400, 400))
def test_what_is_constant_passes_unchanged_also_when_its_clock_is_coarse(rate: str, count: int, jitter: int) -> None:
    step = 1 / Fraction(rate)
    dice = np.random.default_rng(abs(jitter))
    times = [number * step + Fraction(int(dice.integers(-9, 10)), 20_000) * (number > 0) for number in range(count)]
    made = list(retimed(_frames(times), Fraction(rate), picture_count(count * step, Fraction(rate))))
    assert _numbers(made) == [number % 256 for number in range(count)]
    assert [frame.time for frame in made] == [number * step for number in range(count)]


@given(RATES, RATES, st.integers(2, 120))
def test_another_rate_shows_each_moment_s_picture_and_never_goes_back(old: str, new: str, count: int) -> None:
    step, rate = 1 / Fraction(old), Fraction(new)
    made = list(retimed(_frames([number * step for number in range(count)]), rate, picture_count(count * step, rate)))
    assert len(made) == picture_count(count * step, rate)
    numbers = _numbers(made)
    assert numbers == sorted(numbers)
    late = [frame.time - number * step for frame, number in zip(made, numbers, strict=True)]
    assert all(
        -1 / rate / 2 <= one <= step + Fraction(1, 90_000) or n == count - 1
        for one, n in zip(late, numbers, strict=True)
    )


def test_pictures_that_are_there_for_longer_are_shown_again() -> None:
    made = retimed(_frames([Fraction(0), Fraction(1, 25), Fraction(4, 25)]), Fraction(25), 6)
    assert _numbers(list(made)) == [0, 1, 1, 1, 2, 2]


def test_without_pictures_there_is_nothing() -> None:
    assert list(retimed([], Fraction(25), 3)) == []
