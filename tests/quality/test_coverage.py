from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from countenance.media.frame import Box
from countenance.quality.coverage import Coverage
from countenance.quality.measured import Measured
from countenance.synthesis.engine import Laid


def laid(strength: float = 1.0, why: str = "") -> Sequence[Laid]:
    return [Laid(Box(0, 0, 2, 2), np.full((2, 2), strength, np.float32), strength, why)]


def told(pictures: Sequence[Sequence[Laid] | None]) -> Measured:
    """What is told of pictures; None where the person is not there."""
    coverage = Coverage()
    for number, one in enumerate(pictures):
        coverage.add(number / 25, one is not None, one or ())
    found = Measured({}, {}, [], {}, np.zeros(0), np.zeros(0))
    coverage.tell(found)
    return found


def test_a_clip_that_is_painted_throughout_is_one_stretch() -> None:
    found = told([laid()] * 50)
    assert found.figures == {"painted_share": 1.0, "faded_share": 0.0, "untouched_share": 0.0}
    assert found.reasons == {}
    [stretch] = found.strips[0]["stretches"]
    assert (stretch["state"], stretch["pictures"], stretch["from_s"], stretch["to_s"]) == ("painted", 50, 0.0, 1.96)


def test_fades_are_told_with_their_times_their_course_and_their_reasons() -> None:
    fade = [laid(strength, "turned too far") for strength in (0.75, 0.5, 0.25)]
    found = told([*[laid()] * 5, *fade, laid(0.0, "turned too far"), (), None, *[laid()] * 8])
    assert found.figures == {"painted_share": 13 / 18, "faded_share": 3 / 18, "untouched_share": 2 / 18}
    assert found.reasons["faded_share"] == "of 18 pictures 3 turned too far"
    assert found.reasons["untouched_share"] == "of 18 pictures 1 turned too far, 1 for no given reason"
    stretches = found.strips[0]["stretches"]
    assert [one["state"] for one in stretches] == ["painted", "faded", "untouched", "untouched", "absent", "painted"]
    assert stretches[1] == {
        "state": "faded", "why": "turned too far", "from_s": 0.2, "to_s": 0.32, "pictures": 3,
        "course": [0.75, 0.5, 0.25],
    }  # fmt: skip


def test_the_course_of_a_long_fade_keeps_its_lowest_point_and_stays_short() -> None:
    strengths = [0.9] * 500 + [0.1] + [0.9] * 499
    [stretch] = told([laid(strength, "too small") for strength in strengths]).strips[0]["stretches"]
    assert len(stretch["course"]) <= 60 and min(stretch["course"]) == 0.1


def test_of_two_engines_the_fainter_one_counts() -> None:
    assert told([[*laid(), *laid(0.4, "too small")]]).figures["faded_share"] == 1.0


def test_who_never_appears_has_no_shares() -> None:
    found = told([None, None])
    assert set(found.figures.values()) == {None}
    assert set(found.reasons.values()) == {"the master never shows the face"}


def test_paint_that_comes_and_goes_for_an_hour_is_told_in_short_and_loses_no_hole() -> None:
    pictures: list[Sequence[Laid] | None] = [laid() if n % 2 else None for n in range(6000)]
    pictures[3000:3003] = [laid(0.4, "too small"), laid(0.2, "too small"), ()]
    found = told(pictures)
    stretches = found.strips[0]["stretches"]
    assert len(stretches) <= 1000 and sum(one["pictures"] for one in stretches) == 6000
    assert [one["state"] for one in stretches if one["state"] != "painted"] == ["untouched"]
    assert all(one["to_s"] == after["from_s"] for one, after in pairwise(stretches))
    assert "faintest" in found.notes[0] and told(pictures[:500]).notes == []


def test_sections_are_told_as_one() -> None:
    pictures = [laid(), laid(0.5, "too small"), laid(0.25, "too small"), laid(0.25, "turned"), None, (), laid()]
    whole, joined = Coverage(), Coverage()
    for number, one in enumerate(pictures):
        section = Coverage()
        for coverage in (whole, section):
            coverage.add(number / 25, one is not None, one or ())
        joined.extend(section.state())
    assert joined == whole
