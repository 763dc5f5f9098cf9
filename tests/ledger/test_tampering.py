from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from tampering import MANIPULATIONS, NOW, SIZE, World

from countenance.ledger.witness import witness


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def run(world: World, seeds: range) -> None:
    """Every manipulation of these seeds is found, and its place named."""
    missed, kinds = [], Counter[str]()
    for seed in seeds:
        rng = random.Random(seed)
        tamper = MANIPULATIONS[seed % len(MANIPULATIONS)]
        world.restore(SIZE)
        said, place = tamper(world, rng)
        kinds[tamper.__name__] += 1
        if said is None or not re.search(place, said):
            missed.append((seed, tamper.__name__, said, place))
    assert missed == []
    assert len(kinds) == len(MANIPULATIONS)


def test_without_tampering_nothing_is_found(world: World) -> None:
    world.restore(SIZE)
    assert world.audit() is None
    assert witness(world.exported, world.copy(world.state), now_s=NOW + 120).new_entries == 0


def test_a_sample_of_random_manipulations_is_found_with_its_place(world: World) -> None:
    run(world, range(310))


@pytest.mark.long
def test_ten_thousand_random_manipulations_are_found_with_their_place(world: World) -> None:
    run(world, range(10_000))
