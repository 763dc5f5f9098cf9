from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from countenance.errors import InputError
from countenance.provenance.label import Label, label_from_json


def test_a_label_is_always_there_unless_it_is_told_otherwise() -> None:
    assert [Label().shown(time_s) for time_s in (0, 7, 5000)] == [1, 1, 1]


def test_the_first_seconds_end_softly() -> None:
    label = Label(when="start", seconds=4)
    assert [label.shown(time_s, 0.4) for time_s in (0, 3.9, 4.2, 4.4, 600)] == pytest.approx([1, 1, 0.5, 0, 0])
    assert label.shown(4.0) == 0


def test_intervals_come_again_at_full_strength() -> None:
    label = Label(when="intervals", seconds=5, every_s=300)
    assert [label.shown(time_s, 0.4) for time_s in (0, 4, 6, 299.9, 300, 304.9, 306, 600)] == [1, 1, 0, 0, 1, 1, 0, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"corner": "middle"}, {"clear_x": 0.5}, {"clear_y": -0.1}, {"when": "never"}, {"seconds": 1.0},
        {"every_s": 30.0}, {"size": "tiny"}, {"form": "emoji"}, {"covers_face": 2.0}, {"notice": "loud"},
    ],
)  # fmt: skip
def test_a_label_that_cannot_be_is_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"the label's {next(iter(change))} cannot be"):
        Label(**change)


def test_a_label_survives_json_and_older_records_have_the_usual_one() -> None:
    label = Label(corner="top-left", clear_y=0.14, when="intervals", end_card=True, form="icon", why="too small")
    assert label_from_json(asdict(label)) == label
    assert label_from_json({}) == Label()
