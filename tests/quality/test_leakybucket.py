from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.quality.leakybucket import least_fullness

SIZES = st.lists(st.integers(0, 20_000), min_size=1, max_size=40)


def _times(count: int) -> list[Fraction]:
    return [Fraction(number, 25) for number in range(count)]


@given(SIZES, st.integers(1, 40), st.integers(1, 400))
def test_it_is_what_a_buffer_filled_bit_by_bit_has_at_its_emptiest(sizes: list[int], kbps: int, kbit: int) -> None:
    """The slow model lets bits in one after the other, 40 a picture and a bit per second."""
    rate, buffer = kbps * 1000, kbit * 1000
    level, lowest = buffer, buffer
    for number, size in enumerate(sizes):
        if number:
            for _ in range(rate // 25):
                if level >= buffer:
                    break
                level += 1
        level -= 8 * size
        lowest = min(lowest, level)
    assert least_fullness(sizes, _times(len(sizes)), rate, buffer) == pytest.approx(lowest / buffer)


def test_pictures_that_come_at_the_channel_s_rate_empty_nothing_more() -> None:
    assert least_fullness([5000] * 50, _times(50), 1_000_000, 100_000) == pytest.approx(0.6)


def test_one_picture_larger_than_the_buffer_runs_it_dry() -> None:
    assert least_fullness([1000, 20_000, 1000], _times(3), 1_000_000, 100_000) < 0


@given(SIZES)
def test_a_faster_channel_is_never_emptier(sizes: list[int]) -> None:
    slow, fast = (least_fullness(sizes, _times(len(sizes)), rate, 500_000) for rate in (200_000, 400_000))
    assert fast >= slow


def test_without_pictures_it_stays_full() -> None:
    assert least_fullness([], [], 1000, 1000) == 1.0
