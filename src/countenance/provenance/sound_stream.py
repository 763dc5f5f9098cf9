"""Work on a sound that comes block by block as on one piece, and blocks of two sounds side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from countenance.media.audio import Samples

Work = Callable[[Samples, int], Samples]


def in_pieces(blocks: Iterable[Samples], size: int, margin: int, work: Work) -> Iterator[Samples]:
    """`work` on consecutive blocks as on one piece, if no result depends on what is further off than `margin`.

    `work` gets a piece and where it begins; that is a multiple of the margin if `size` is one.
    """
    held: Samples | None = None
    start, lead = 0, 0  # where what is held begins, and how much of it has been worked on
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        while len(held) >= lead + size + margin:
            yield work(held[: lead + size + margin], start)[lead : lead + size]
            rest = lead + size - margin
            held, start, lead = held[rest:], start + rest, margin
    if held is not None:
        yield work(held, start)[lead:]


def noting_sizes(blocks: Iterable[Samples], sizes: deque[int]) -> Iterator[Samples]:
    for block in blocks:
        sizes.append(len(block))
        yield block


def side_by_side(left: Iterable[Samples], right: Iterable[Samples]) -> Iterator[Samples]:
    """Two streams of blocks as one with the columns of both, as long as the left one; a missing end is zero."""
    others = iter(right)
    spare: Samples | None = None
    for block in left:
        parts: list[Samples] = [] if spare is None else [spare]
        while sum(map(len, parts)) < len(block):
            more = next(others, None)
            parts.append(np.zeros_like(block) if more is None else more)
        other = np.concatenate(parts) if parts else np.zeros_like(block)
        spare = other[len(block) :]
        yield np.concatenate([block, other[: len(block)]], axis=1)


def in_short(blocks: Iterable[Samples], longest: int) -> Iterator[Samples]:
    """The same sound in blocks of at most `longest` samples."""
    for block in blocks:
        for start in range(0, len(block), longest):
            yield block[start : start + longest]


def cut(blocks: Iterable[Samples], sizes: deque[int], channels: int) -> Iterator[Samples]:
    """The same sound in blocks of the given sizes, which may become known as it goes on."""
    held = [np.zeros((0, channels), np.float32)]
    for block in blocks:
        held.append(block)
        if sizes and sizes[0] <= sum(map(len, held)):
            whole = np.concatenate(held)
            while sizes and sizes[0] <= len(whole):
                size = sizes.popleft()
                yield whole[:size]
                whole = whole[size:]
            held = [whole]
    while sizes:  # empty blocks at the end
        yield np.zeros((sizes.popleft(), channels), np.float32)
