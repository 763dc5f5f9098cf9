from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.descriptions import AROUND_S, LATEST_S, LEAST_PAUSE_S, pauses, rooms

SPANS = st.lists(st.tuples(st.floats(0, 60), st.floats(0.05, 8)), max_size=12).map(
    lambda raw: [(start, start + length) for start, length in sorted(raw)]
)


def test_pauses_are_what_lies_between_speech() -> None:
    assert pauses([(1.0, 2.0), (2.3, 4.0), (5.0, 6.0)], 8.0) == ((0.0, 1.0), (4.0, 5.0), (6.0, 8.0))
    assert pauses([], 8.0) == ((0.0, 8.0),)


@given(SPANS, st.floats(61, 80))
def test_nobody_speaks_in_a_pause(speech: list[tuple[float, float]], duration_s: float) -> None:
    found = pauses(speech, duration_s)
    for first, last in found:
        assert last - first >= LEAST_PAUSE_S
        assert all(end <= first or start >= last for start, end in speech)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))


def test_a_description_begins_when_it_is_wanted_or_as_soon_as_the_speech_allows() -> None:
    free = ((0.0, 2.0), (5.0, 9.0))
    assert rooms(free, 1.0, 0.0, 20.0)[0] == (1.0, 2.0 - AROUND_S)
    assert rooms(free, 3.0, 0.0, 20.0) == ((5.0 + AROUND_S, 9.0 - AROUND_S),)
    assert rooms(free, 5.0 - LATEST_S - 0.5, 0.0, 20.0)[-1][0] < 5.0  # too late would tell of what is gone


def test_at_the_edges_of_the_video_nothing_stays_free() -> None:
    assert rooms(((0.0, 3.0),), 0.0, 0.0, 3.0) == ((0.0, 3.0),)


@pytest.mark.parametrize("after_s", [6.0, 8.5])
def test_it_waits_for_the_one_before(after_s: float) -> None:
    ((start, _),) = rooms(((5.0, 10.0),), 5.5, after_s, 20.0)
    assert start == pytest.approx(after_s + 0.3)
