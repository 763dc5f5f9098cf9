from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.frame import Box, Frame
from countenance.quality.measured import Measured
from countenance.quality.tally import Tally

GREY = Frame.from_rgb(np.full((16, 16, 3), 90, np.uint8))
LOOKS = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=12)


def told(tally: Tally) -> Measured:
    found = Measured({}, {}, [], {}, np.zeros(0), np.zeros(0))
    tally.tell(found)
    return found


def counted(looks: Sequence[tuple[bool, bool, bool]]) -> Tally:
    tally = Tally()
    for expected, seen, stained in looks:
        tally.look(expected=expected, found=seen)
        after = GREY.copy()
        after.planes[0][3, 5] += stained
        tally.compare(GREY, after, [])
    return tally


def test_the_same_picture_is_told_from_one_that_was_painted_or_has_no_master() -> None:
    tally = Tally()
    assert tally.compare(GREY, GREY.copy(), [])
    assert not tally.compare(GREY, GREY.copy(), [Box(0, 0, 4, 4)])
    assert not tally.compare(None, GREY, [])
    assert (tally.same, tally.outside) == (2 * 256 - 16, 2 * 256 - 16)


def test_shares_are_of_the_pictures_in_which_the_master_shows_the_face() -> None:
    figures = told(
        counted([(True, True, False), (True, False, True), (False, False, False), (False, True, False)])
    ).figures
    assert figures == {"missing_face_share": 0.5, "outside_exact": 1 - 1 / 1024}


def test_where_the_face_is_never_shown_it_is_said() -> None:
    found = told(Tally())
    assert found.figures == {"missing_face_share": None} and "never shows" in found.reasons["missing_face_share"]


@given(LOOKS, LOOKS)
def test_two_sections_count_as_one(first: list[tuple[bool, bool, bool]], second: list[tuple[bool, bool, bool]]) -> None:
    tally = counted(first)
    tally.extend(counted(second).state())
    assert tally == counted([*first, *second])
