from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from countenance.provenance.sound_stream import cut, in_pieces, in_short, noting_sizes, side_by_side

SOUND = np.random.default_rng(1).standard_normal((1000, 2)).astype(np.float32)


def blocks(*sizes: int) -> list[np.ndarray]:
    return np.split(SOUND, np.cumsum(sizes))


@pytest.mark.parametrize("sizes", [(), (1, 2, 3), (100, 100, 500), (999,), (49, 0, 51, 300)])
def test_work_in_pieces_is_work_on_the_whole(sizes: tuple[int, ...]) -> None:
    def smooth(piece: np.ndarray, start: int) -> np.ndarray:
        assert start % 10 == 0
        np.testing.assert_array_equal(piece, SOUND[start : start + len(piece)])
        return uniform_filter1d(piece, 11, axis=0, mode="constant")

    made = np.concatenate(list(in_pieces(blocks(*sizes), 50, 10, smooth)))
    np.testing.assert_allclose(made, smooth(SOUND, 0), atol=1e-6)


def test_no_work_on_no_sound() -> None:
    assert list(in_pieces([], 50, 10, lambda piece, _start: piece)) == []


def test_side_by_side_is_as_long_as_the_left_and_filled_with_zeros() -> None:
    beside = np.concatenate(list(side_by_side(blocks(10, 0, 300), iter([SOUND[:400], SOUND[400:800]]))))
    assert beside.shape == (1000, 4)
    np.testing.assert_array_equal(beside[:, :2], SOUND)
    np.testing.assert_array_equal(beside[:800, 2:], SOUND[:800])
    assert not beside[800:, 2:].any()


@pytest.mark.parametrize("longest", [1, 7, 5000])
def test_short_blocks_are_cut_back_to_the_sizes_that_came(longest: int) -> None:
    given, sizes = blocks(0, 3, 400, 0, 1), deque[int]()
    made = list(cut(in_short(noting_sizes(given, sizes), longest), sizes, 2))
    assert [len(block) for block in made] == [len(block) for block in given]
    np.testing.assert_array_equal(np.concatenate(made), SOUND)
