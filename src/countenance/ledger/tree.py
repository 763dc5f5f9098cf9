"""The Merkle tree over the ledger's entries, and the proofs that it gives (RFC 9162, section 2.1; as RFC 6962).

A tree of n leaves is named by its root. `Frontier` grows it leaf by leaf and keeps only the roots of its
complete subtrees; `Tree` keeps every complete node and makes the proofs. The two `root_from_...` checks
need nothing but the proof: they give the roots that the proof leads to, to be compared with signed ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

from countenance.errors import InputError, IntegrityError

EMPTY_ROOT = hashlib.sha256().digest()
HASH_BYTES = 32
_LEAF, _NODE = b"\0", b"\1"


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf: SHA-256(0x00 || data), 32 bytes."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two others: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(_NODE + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, the largest (leftmost) first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count() or any(len(one) != HASH_BYTES for one in self.peaks):
            raise IntegrityError(f"a tree of {size} leaves does not have these {len(self.peaks)} subtrees.")

    def add(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        position, peaks = self.size, self.peaks
        while position & 1:
            leaf = hashlib.sha256(_NODE + peaks.pop() + leaf).digest()
            position >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def spans(self) -> list[tuple[int, int]]:
        """The leaves [start, end) that lie below each peak."""
        ends = [0]
        for bit in reversed(range(self.size.bit_length())):
            if self.size >> bit & 1:
                ends.append(ends[-1] + (1 << bit))
        return list(pairwise(ends))


class Tree:
    """All complete nodes of a tree, by level from the leaves up; memory is 64 bytes a leaf and Python's share."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            self._levels.append([node_hash(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)])

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def level(self, height: int) -> list[bytes]:
        """The complete nodes that stand above 2^height leaves each, from the left."""
        return self._levels[height] if height < len(self._levels) else []

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves (default: all)."""
        return self._range(0, self._known(self.size if size is None else size))

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that leaf `index` (from 0) is in the tree of the first `size` leaves: siblings, lowest first."""
        end = self._known(self.size if size is None else size)
        if not 0 <= index < end:
            raise InputError(f"there is no leaf {index} in a tree of {end}; choose one from 0 to {end - 1}.")
        start, path = 0, []
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the tree of `size` leaves begins with the tree of its first `old` leaves."""
        size = self._known(self.size if size is None else size)
        if not 0 <= old <= size:
            raise InputError(f"a tree of {size} leaves has no beginning of {old}; choose a size from 0 to {size}.")
        return [] if old in (0, size) else self._subproof(old, 0, size, True)

    def _subproof(self, old: int, start: int, end: int, whole: bool) -> list[bytes]:
        if old == end - start:
            return [] if whole else [self._range(start, end)]
        half = _split(end - start)
        if old <= half:
            return [*self._subproof(old, start, start + half, whole), self._range(start + half, end)]
        return [*self._subproof(old - half, start + half, end, False), self._range(start, start + half)]

    def _range(self, start: int, end: int) -> bytes:
        """The root over the leaves [start, end), where `start` is a multiple of the range's largest power of two."""
        if start == end:
            return EMPTY_ROOT
        width = end - start
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._levels[level][start >> level]
        half = _split(width)
        return node_hash(self._range(start, start + half), self._range(start + half, end))

    def _known(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise InputError(f"a tree of {self.size} leaves has no size {size}; choose one from 0 to {self.size}.")
        return size


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); IntegrityError when it has no such shape."""
    if not 0 <= index < size:
        raise IntegrityError(f"the proof places entry {index + 1} in a ledger of {size}; ask for another proof.")
    node, last, root = index, size - 1, leaf
    for sibling in _hashes(path):
        if last == 0:
            raise IntegrityError("the inclusion proof is too long for its tree; ask for another proof.")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise IntegrityError("the inclusion proof is too short for its tree; ask for another proof.")
    return root


def roots_from_consistency(old: int, size: int, old_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees that a consistency proof leads to (RFC 9162, 2.1.4.2).

    `old_root` starts the proof where the old tree is one complete subtree. When nothing or everything is
    old there is no path, and the roots are known without a proof; then `old` of `size` is not to be asked.
    """
    if not 0 < old < size or not path:
        raise IntegrityError(f"there is no such consistency proof from {old} to {size} entries; ask for another.")
    hashes = _hashes(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise IntegrityError("the consistency proof is too long for its trees; ask for another proof.")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise IntegrityError("the consistency proof is too short for its trees; ask for another proof.")
    return first, second


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _hashes(path: Sequence[bytes]) -> list[bytes]:
    if any(len(one) != HASH_BYTES for one in path):
        raise IntegrityError("the proof holds something that is no SHA-256 hash; ask for another proof.")
    return list(path)
