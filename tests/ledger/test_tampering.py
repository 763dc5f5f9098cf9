from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from tampering import MANIPULATIONS, NOW, SIZE, World, flip

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


def test_a_damaged_database_file_is_told_and_never_read_as_another_story(world: World) -> None:
    """A flipped byte may lie where no entry is; where one is, or the file cannot be read, it is told in words."""
    world.restore(SIZE)
    true = world.rows()
    told = 0
    for seed in range(400):
        world.restore(SIZE)
        flip(random.Random(seed), world.trial.database_path)
        if world.audit() is None:
            assert world.rows() == true
        else:
            told += 1
    world.restore(SIZE)
    world.trial.database_path.write_bytes(b"no database at all" * 300)
    assert "cannot be opened" in str(world.audit())
    assert told > 5


@pytest.mark.long
def test_ten_thousand_random_manipulations_are_found_with_their_place(world: World) -> None:
    run(world, range(10_000))
