from __future__ import annotations

import contextlib
import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError, IntegrityError
from countenance.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    roots_from_consistency,
)

# The test vectors of the Certificate Transparency project: eight leaves and the roots of their first n.
WORDS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
LEAVES = [bytes.fromhex(one) for one in WORDS]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def slow_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = max(1 << n for n in range(20) if 1 << n < len(leaves))
    return node_hash(slow_root(leaves[:k]), slow_root(leaves[k:]))


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    leaves = [leaf_hash(one) for one in LEAVES]
    assert Tree(leaves).root(size).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
        (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)  # fmt: skip
def test_inclusion_proofs_are_those_of_the_published_vectors(index: int, size: int, path: list[str]) -> None:
    tree = Tree(leaf_hash(one) for one in LEAVES)
    assert [one.hex() for one in tree.inclusion(index, size)] == path


@pytest.mark.parametrize(
    ("old", "size", "path"),
    [
        (1, 1, []),
        (1, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
        (6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
        (2, 5, ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
    ],
)  # fmt: skip
def test_consistency_proofs_are_those_of_the_published_vectors(old: int, size: int, path: list[str]) -> None:
    tree = Tree(leaf_hash(one) for one in LEAVES)
    assert [one.hex() for one in tree.consistency(old, size)] == path


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 64, 100])
def test_a_frontier_grows_into_the_same_tree(size: int) -> None:
    frontier = Frontier()
    for leaf in hashes(size):
        frontier.add(leaf)
    assert frontier.root() == Tree(hashes(size)).root() == slow_root(hashes(size))
    again = Frontier(size, frontier.peaks)
    assert again.root() == frontier.root()
    spans = again.spans()
    assert [slow_root(hashes(size)[start:end]) for start, end in spans] == again.peaks
    assert all(one[1] == two[0] for one, two in pairwise(spans))


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(IntegrityError):
        Frontier(3, [EMPTY_ROOT])
    with pytest.raises(IntegrityError):
        Frontier(1, [b"short"])


def test_every_proof_of_every_small_tree_leads_to_its_root() -> None:
    leaves = hashes(20)
    tree = Tree(leaves)
    for size in range(1, 21):
        for index in range(size):
            path = tree.inclusion(index, size)
            assert root_from_inclusion(leaves[index], index, size, path) == slow_root(leaves[:size])
        for old in range(1, size):
            roots = roots_from_consistency(old, size, slow_root(leaves[:old]), tree.consistency(old, size))
            assert roots == (slow_root(leaves[:old]), slow_root(leaves[:size]))


@given(st.data(), st.integers(2, 70))
def test_no_changed_inclusion_proof_leads_to_the_root(data: st.DataObject, size: int) -> None:
    leaves = hashes(size)
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(index)
    change = data.draw(st.sampled_from(["flip", "drop", "add", "leaf", "index"]))
    leaf, place = leaves[index], data.draw(st.integers(0, len(path) - 1))
    if change == "flip":
        path[place] = bytes([path[place][0] ^ 1]) + path[place][1:]
    elif change == "drop":
        del path[place]
    elif change == "add":
        path.insert(place, leaf)
    elif change == "leaf":
        leaf = leaf_hash(b"another")
    else:
        index = (index + 1) % size
    with contextlib.suppress(IntegrityError):
        assert root_from_inclusion(leaf, index, size, path) != tree.root()


@given(st.data(), st.integers(2, 70))
def test_no_consistency_proof_joins_two_forks(data: st.DataObject, size: int) -> None:
    old = data.draw(st.integers(1, size - 1))
    fork = data.draw(st.integers(0, old - 1))
    mine, theirs = hashes(size), hashes(size)
    theirs[fork] = leaf_hash(b"another")
    before, now = Tree(mine[:old]).root(), Tree(theirs).root()
    for tree in (Tree(mine), Tree(theirs)):
        assert roots_from_consistency(old, size, before, tree.consistency(old)) != (before, now)


@pytest.mark.parametrize("path", [[], [b"short"], [EMPTY_ROOT] * 9])
def test_a_path_of_another_shape_is_refused(path: list[bytes]) -> None:
    with pytest.raises(IntegrityError):
        root_from_inclusion(EMPTY_ROOT, 3, 8, path)
    with pytest.raises(IntegrityError):
        roots_from_consistency(3, 8, EMPTY_ROOT, path)
    with pytest.raises(IntegrityError):
        root_from_inclusion(EMPTY_ROOT, 8, 8, path)


def test_what_is_not_in_the_tree_cannot_be_asked_for() -> None:
    tree = Tree(hashes(4))
    for ask in (lambda: tree.inclusion(4), lambda: tree.consistency(5), lambda: tree.root(5), lambda: tree.root(-1)):
        with pytest.raises(InputError):
            ask()
