from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.quality.curves import BOTTOM, HEIGHT, LEFT, MOST_POINTS, RIGHT, TOP, WIDTH, draw


def curve(values: list[float | None], **more: Any) -> dict[str, Any]:
    times = [n / 25 for n in range(len(values))]
    return {
        "key": "k",
        "label": "L",
        "unit": "px",
        "times_s": times,
        "values": values,
        "baseline": None,
        **more,
    }


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.e-]+) (-?[\d.e-]+)", path)]


def test_a_gap_in_the_measurement_is_a_gap_in_the_line() -> None:
    assert draw(curve([1.0, 2.0, None, 2.0, 1.0])).line.count("M") == 2
    assert draw(curve([1.0, math.nan, 1.0])).line.count("h0") == 2, "lone points are drawn as dots"


def test_a_spike_survives_thinning() -> None:
    values: list[float | None] = [0.1] * 20_000
    values[7_001] = 9.0
    drawing = draw(curve(values))
    drawn = points(drawing.line)
    assert len(drawn) <= MOST_POINTS
    assert min(y for _, y in drawn) < TOP + 30


def test_limits_shade_what_lies_outside_of_them() -> None:
    drawing = draw(curve([0.2, 0.4], limit={"min": 0.1, "max": 0.6}))
    above, below = drawing.bands
    assert above.y == TOP and below.y + below.height == pytest.approx(HEIGHT - BOTTOM)
    assert [tick.label for tick in drawing.limits] == ["limit 0.1", "limit 0.6"]
    assert above.y + above.height == drawing.limits[1].at
    assert draw(curve([0.2, 0.4], limit={"min": None, "max": None})).bands == ()


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.42, 0.95], ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        ([-18.0, -16.0], ["−18.0", "−17.5", "−17.0", "−16.5", "−16.0"]),
        ([0.0, 0.0], ["0.00", "0.25", "0.50", "0.75", "1.00"]),
    ],
)
def test_axes_are_ruled_in_round_numbers(values: list[float | None], labels: list[str]) -> None:
    assert [tick.label for tick in draw(curve(values)).y_ticks] == labels


def test_the_curve_is_told_in_words() -> None:
    drawing = draw(curve([1.0, 3.5], baseline=[1.0, 2.0]))
    assert drawing.told == "This variant: 1.00 to 3.50\u00a0px; master: 1.00 to 2.00\u00a0px."
    assert draw(curve([None, None])).told == "This variant: nothing measured."


@given(
    st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=80),
    st.none() | st.floats(-1e6, 1e6),
)
def test_everything_drawn_stays_in_the_box(values: list[float | None], most: float | None) -> None:
    drawing = draw(curve(values, baseline=values[::-1], limit={"min": None, "max": most}))
    for x, y in points(drawing.line) + points(drawing.baseline):
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP - 0.01 <= y <= HEIGHT - BOTTOM + 0.01
    for band in drawing.bands:
        assert band.height > 0
    assert 2 <= len(drawing.y_ticks) <= 9 and len(drawing.x_ticks) >= 1
