from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.synthesis.mouthsearch import Steps, cheapest


def cost_of(path: tuple[int, ...], local: np.ndarray, paces: np.ndarray, steps: Steps) -> float:
    """What a path costs, told step by step."""
    before, there = steps.follow
    total = float(local[0, path[0]])
    for t in range(1, len(path)):
        a, b = path[t - 1], path[t]
        going_on = [
            float(paces[t, way])
            for way, (source, is_there) in enumerate(zip(before[b], there[b], strict=True))
            if source == a and is_there
        ]
        total += min([float(steps.jump[a, b]), *going_on]) + float(local[t, b])
    return total


def run_of(count: int, jump: float) -> Steps:
    return Steps(np.arange(count), np.full((count, count), jump, np.float32))


def held(pictures: int, cost: float) -> np.ndarray:
    """Going on is free, and a mouth that is held costs."""
    return np.tile(np.array([cost, 0, 0, 0], np.float32), (pictures, 1))


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 4))
def test_no_path_is_cheaper_than_the_one_that_is_found(seed: int, pictures: int, mouths: int) -> None:
    random = np.random.default_rng(seed)
    local = random.random((pictures, mouths)).astype(np.float32)
    paces = random.random((pictures, 4)).astype(np.float32)
    steps = Steps(np.sort(random.choice(9, mouths, replace=False)), random.random((mouths, mouths)).astype(np.float32))
    found = tuple(cheapest(lambda a, b: local[a:b], paces, steps).tolist())
    best = min(cost_of(path, local, paces, steps) for path in product(range(mouths), repeat=pictures))
    assert abs(cost_of(found, local, paces, steps) - best) < 1e-4


def test_footage_that_fits_is_shown_in_its_own_order() -> None:
    wanted = np.abs(np.arange(20)[:, None] + 7 - np.arange(40)[None]).astype(np.float32)
    path = cheapest(lambda a, b: wanted[a:b], held(20, 1.0), run_of(40, 5.0))
    assert path.tolist() == list(range(7, 27))


def test_slower_and_faster_speech_is_followed_without_jumps() -> None:
    for pace in (0.6, 1.4):
        place = np.arange(30) * pace
        wanted = ((place[:, None] - np.arange(60)[None]) ** 2).astype(np.float32)
        path = cheapest(lambda a, b, wanted=wanted: wanted[a:b], held(30, 0.1), run_of(60, 50.0))
        assert np.abs(path - place).max() <= 1
        assert set(np.diff(path).tolist()) <= {0, 1, 2}


def test_a_mouth_is_held_where_nothing_moves() -> None:
    still = np.zeros((50, 30), np.float32)
    path = cheapest(lambda a, b: still[a:b], -held(50, 1.0), run_of(30, 1.0))
    assert len(set(path.tolist())) == 1


def test_long_speech_is_searched_block_by_block() -> None:
    """Two minutes and 300 mouths: never more than some of the pictures' costs are asked for at once."""
    asked: list[int] = []

    def local(first: int, end: int) -> np.ndarray:
        asked.append(end - first)
        return np.asarray((np.arange(first, end)[:, None] % 300 != np.arange(300)[None]), np.float32)

    path = cheapest(local, held(3000, 1.0), run_of(300, 0.5))
    assert sum(asked) == 3000 and max(asked) <= 256
    assert (path == np.arange(3000) % 300).all()
