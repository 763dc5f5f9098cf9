from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.quality.series import MOST_POINTS, curve, thinned

VALUES = st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=3000)


@given(VALUES)
def test_long_curves_are_thinned_and_keep_their_highest_value(values: list[float]) -> None:
    made = curve("key", "Label", "", np.arange(len(values)) / 25, np.array(values))
    assert len(made["times_s"]) == len(made["values"]) <= MOST_POINTS
    known = [value for value in values if not math.isnan(value)]
    shown = [value for value in made["values"] if value is not None]
    assert bool(known) == bool(shown)
    if known:
        assert max(shown) == round(max(known), 4)


def test_a_baseline_without_values_is_none() -> None:
    empty = np.full(3, np.nan)
    assert curve("key", "Label", "", np.arange(3.0), np.zeros(3), empty)["baseline"] is None
    assert curve("key", "Label", "", np.arange(3.0), np.zeros(3), np.ones(3))["baseline"] == [1.0, 1.0, 1.0]


def test_small_gaps_are_bridged_and_large_ones_stay() -> None:
    values = np.array([np.nan, 1.0, np.nan, 2.0, np.nan, np.nan, np.nan, 3.0, np.nan])
    made = curve("key", "Label", "", np.arange(9.0), values, bridged=1)
    assert made["times_s"] == [0.0, 1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert made["values"] == [None, 1.0, 2.0, None, None, None, 3.0, None]
    assert len(curve("key", "Label", "", np.arange(9.0), values)["values"]) == 9


def test_the_report_says_how_long_clips_are_drawn() -> None:
    assert thinned(1200) == "" and thinned(90_000) == "Curves show the highest value of every 75 pictures."
