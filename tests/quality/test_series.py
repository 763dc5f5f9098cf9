from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.quality.series import MOST_POINTS, curve

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
