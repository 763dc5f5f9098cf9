from __future__ import annotations

import pytest

from countenance.quality.sync import Offset
from countenance.quality.tolerances import TOLERANCES, offset_curve, told_offset


def offset(value: float, reach: float = 10.0) -> Offset:
    return Offset(value, 1.0, "", value - reach, value + reach, 4.0, ((1.0, value), (2.0, None)))


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [
        ("ATSC IS-191", 15, 45),
        ("EBU R37", 40, 60),
        ("ITU-R BT.1359, detectable", 45, 125),
        ("ITU-R BT.1359, acceptable", 90, 185),
        ("45 ms", 45, 45),
        ("80 ms", 80, 80),
        ("120 ms", 120, 120),
    ],
)
def test_early_sound_is_allowed_less_than_late_sound(name: str, early: float, late: float) -> None:
    """Plus is early sound: a figure just inside either limit is kept, just outside it is not."""
    (one,) = [tolerance for tolerance in TOLERANCES if tolerance.name == name]
    assert one.allows(early) and one.allows(-late)
    assert not one.allows(early + 1) and not one.allows(-late - 1)


def test_where_the_interval_crosses_a_limit_it_is_left_open() -> None:
    ebu = next(one for one in TOLERANCES if one.name == "EBU R37")
    assert [ebu.describe(offset(value))["kept"] for value in (0.0, 39.0, 60.0, -55.0, -80.0)] == [
        True,
        None,
        False,
        None,
        False,
    ]


def test_an_offset_is_told_with_its_interval_and_its_sign() -> None:
    told = told_offset(offset(-24.0))
    assert told.startswith("Lips against sound: \u221224 ms, with 95 % between \u221234 and \u221214 ms")
    assert "minus: the sound is late" in told and "drift" not in told
    drifting = Offset(5.0, 1.0, "", -5.0, 15.0, 4.0, (), 100.0, 80.0, 120.0)
    assert "The sound drifts: the offset changes by +100 ms" in told_offset(drifting)


def test_the_curve_has_a_gap_where_nothing_was_measured() -> None:
    drawn = offset_curve(offset(12.0))
    assert (drawn["times_s"], drawn["values"]) == ([1.0, 2.0], [12.0, None])
