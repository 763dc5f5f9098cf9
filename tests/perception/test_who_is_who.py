from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from countenance.media.frame import F32
from countenance.perception.crop import Square
from countenance.perception.follow import Trace
from countenance.perception.gallery import MOST_TEXTURES, TEXTURE_PX, Gallery
from countenance.perception.people import FILLED_SCORE, SHORT_GAP, Chain, chained, numbered
from countenance.perception.spool import Spool
from countenance.perception.strand import ROW, Strand


@pytest.fixture
def spool() -> Iterable[Spool]:
    with Spool() as spool:
        yield spool


def who(number: int, doubt: float = 0.0) -> F32:
    """The embedding of a person; two of one person lie `doubt` apart, two persons at least 0.7."""
    vector = np.zeros(128, np.float32)
    vector[number], vector[100 + number] = 0.6, doubt
    return vector


def trace(
    spool: Spool,
    first: int,
    last: int,
    *,
    shot: int = 0,
    x: float = 100.0,
    size: float = 50.0,
    found: int | None = None,
) -> Trace:
    """A trace whose rows hold their picture's number, at rest."""
    found = first if found is None else found
    box = (x, 100.0, size, size)
    one = Trace(shot, found, Square(x, 0, size, 0), box, Strand(spool), Strand(spool), Gallery(found), box)
    for picture in range(found, last + 1):
        one.later.table.append(np.full(ROW, picture, np.float32))
    for picture in range(found - 1, first - 1, -1):
        one.earlier.table.append(np.full(ROW, picture, np.float32))
    one.first, one.last, one.weight = first, last, size * size * (last - first + 1)
    return one


def parts(chains: list[Chain]) -> list[list[tuple[int, int]]]:
    return [[(one.first, one.last) for one in chain.traces] for chain in chains]


def test_rows_are_those_of_their_pictures_on_both_sides_of_where_the_face_was_found(spool: Spool) -> None:
    one = trace(spool, 10, 150, found=60)
    for start, stop in ((10, 151), (10, 60), (60, 151), (59, 61), (70, 75), (12, 13)):
        assert one.rows(start, stop)[:, 0].tolist() == list(range(start, stop))


@pytest.mark.parametrize("gap", [0, 1, SHORT_GAP])
def test_a_face_that_is_found_again_at_once_in_its_place_is_one_track(spool: Spool, gap: int) -> None:
    traces = [trace(spool, 0, 20), trace(spool, 21 + gap, 40)]
    (chain,) = chained(traces, [who(1), who(1, 0.3)])
    assert (chain.first, chain.last, len(chain)) == (0, 40, 41)


@pytest.mark.parametrize(
    ("later", "identity"),
    [
        ({"first": 28, "last": 40}, who(1)),  # too late
        ({"first": 22, "last": 40, "x": 180.0}, who(1)),  # too far away
        ({"first": 22, "last": 40, "size": 90.0}, who(1)),  # too large
        ({"first": 22, "last": 40, "shot": 1}, who(1)),  # another shot
        ({"first": 22, "last": 40}, who(2)),  # another person
        ({"first": 21, "last": 40}, who(1, 0.65)),  # not surely the same person
    ],
)
def test_otherwise_it_is_another_track(spool: Spool, later: dict[str, float], identity: F32) -> None:
    traces = [trace(spool, 0, 20), trace(spool, **later)]  # type: ignore[arg-type]
    assert len(chained(traces, [who(1), identity])) == 2


def test_of_two_who_come_the_one_is_chosen_who_is_more_alike(spool: Spool) -> None:
    traces = [trace(spool, 0, 20), trace(spool, 5, 20, x=110), trace(spool, 22, 40, x=105)]
    chains = chained(traces, [who(1, 0.5), who(1, 0.1), who(1)])
    assert parts(chains) == [[(0, 20)], [(5, 20), (22, 40)]]


def test_a_gap_is_filled_in_a_line_and_marked(spool: Spool) -> None:
    (chain,) = chained([trace(spool, 10, 20), trace(spool, 25, 40)], [who(1), who(1)])
    whole = chain.rows(0, len(chain))
    assert whole[:, 0] == pytest.approx(np.arange(10, 41))
    assert np.flatnonzero(whole[:, -1] == np.float32(FILLED_SCORE)).tolist() == [11, 12, 13, 14]
    for start, stop in ((0, 11), (11, 15), (12, 14), (14, 31), (5, 16), (13, 13)):
        assert np.array_equal(chain.rows(start, stop), whole[start:stop])


def test_a_chain_has_the_textures_of_all_its_traces_but_not_too_many(spool: Spool) -> None:
    traces = [trace(spool, 0, 199), trace(spool, 202, 400)]
    for one in traces:
        for picture in range(one.first, one.last + 1):
            one.gallery.add(picture, lambda: np.ones((TEXTURE_PX, TEXTURE_PX, 3), np.uint8))
    (chain,) = chained(traces, [who(1), who(1)])
    textures, frames = chain.textures
    assert len(textures) == len(frames) <= MOST_TEXTURES
    assert (np.diff(frames) > 0).all()
    assert frames[0] == 0
    assert frames[-1] > 350


def chains_of(spool: Spool, *which: tuple[int, int, F32]) -> list[Chain]:
    return [Chain((trace(spool, first, last),), embedding) for first, last, embedding in which]


def test_people_are_numbered_by_how_much_of_the_pictures_they_fill(spool: Spool) -> None:
    chains = chains_of(
        spool, (0, 20, who(1)), (0, 50, who(2)), (60, 100, who(1, 0.2)), (60, 70, who(3)), (200, 230, who(2, 0.2))
    )
    assert numbered(chains) == [1, 0, 1, 2, 0]


def test_nobody_is_in_one_picture_twice_however_alike(spool: Spool) -> None:
    assert numbered(chains_of(spool, (0, 20, who(1)), (20, 50, who(1)))) == [1, 0]
    three = chains_of(spool, (0, 50, who(1)), (40, 90, who(1, 0.1)), (100, 120, who(1, 0.09)))
    assert numbered(three) == [1, 0, 0] or numbered(three) == [0, 1, 1]


def test_who_begins_where_another_track_ends_is_rather_the_same_person(spool: Spool) -> None:
    near = [Chain((trace(spool, 0, 50),), who(1)), Chain((trace(spool, 62, 90),), who(1, 0.55))]
    far = [Chain((trace(spool, 0, 50),), who(1)), Chain((trace(spool, 62, 90, x=300),), who(1, 0.55))]
    assert numbered(near) == [0, 0]
    assert numbered(far) == [0, 1]


def test_numbers_do_not_depend_on_the_order_in_which_faces_were_found(spool: Spool) -> None:
    chains = chains_of(spool, *((30 * i, 30 * i + 10 + i, who(i % 3, 0.1 * (i % 2))) for i in range(9)))
    order = [4, 8, 0, 2, 6, 1, 7, 3, 5]
    shuffled = numbered([chains[i] for i in order])
    assert [shuffled[order.index(i)] for i in range(9)] == numbered(chains)


def test_without_faces_there_is_nobody() -> None:
    assert numbered([]) == []
    assert chained([], []) == []
