"""When each caption appears and disappears: long enough to be read, together with the cut, never into the next."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from countenance.delivery.caption_lines import LONGEST_S, SHORTEST_S, Fabric
from countenance.delivery.cue import Cue, Turn

GAP_MS = 80  # two pictures: so that one sees that the text has changed
CHAIN_MS = 480  # a shorter hole between two captions only flickers, and is closed
SNAP_MS = 200  # a cut this near is met
_LATER_MS = 120  # a caption may come this much after its first word for the sake of a cut


def timed(
    fabric: Fabric, groups: Sequence[tuple[int, int]], shots: Sequence[float], turns: Sequence[Turn]
) -> list[Cue]:
    """The captions of groups of pieces; `shots` and `turns` in order of time."""
    cuts = [round(shot * 1000) for shot in shots]
    begins = [turn.start_s for turn in turns]
    pieces = fabric.pieces
    spoken = [(round(pieces[first].start_s * 1000), round(pieces[last - 1].end_s * 1000)) for first, last in groups]
    found: list[Cue] = []
    for number, (first, last) in enumerate(groups):
        lines = fabric.lines(first, last)
        said_ms, ends_ms = spoken[number]
        next_ms = spoken[number + 1][0] if number + 1 < len(groups) else None
        start_ms = _start(said_ms, ends_ms, cuts, found[-1].end_ms if found else 0)
        readable_ms = max(SHORTEST_S, fabric.width(first, last) / fabric.limits.columns_per_s) * 1000
        end_ms = _end(start_ms, ends_ms, readable_ms, next_ms, cuts)
        speaker = bisect_right(begins, pieces[first].start_s) - 1
        voice = turns[speaker].voice if speaker >= 0 else ""
        gap = " " if len(lines) < 2 or pieces[_second(fabric, first, last) - 1].space_after else ""
        found.append(Cue(start_ms, end_ms, lines, voice, gap=gap))
    return found


def _second(fabric: Fabric, first: int, last: int) -> int:
    """Where the second line begins."""
    broken = fabric.broken(first, last)
    return last if broken is None else broken[1]


def _start(said_ms: int, ends_ms: int, cuts: Sequence[int], free_ms: int) -> int:
    """With the first word, or with a cut that is near; never before what came before is gone."""
    near = [cut for cut in _between(cuts, said_ms - SNAP_MS, said_ms + _LATER_MS) if free_ms <= cut < ends_ms]
    return max(min(near, key=lambda cut: abs(cut - said_ms), default=said_ms), free_ms)


def _end(start_ms: int, ends_ms: int, readable_ms: float, next_ms: int | None, cuts: Sequence[int]) -> int:
    """Long enough to be read, if what follows allows it; up to a cut rather than over it where nothing is lost."""
    longest = start_ms + round(LONGEST_S * 1000)
    wanted = min(max(ends_ms, start_ms + round(readable_ms)), longest)
    cut = next(iter(_between(cuts, max(ends_ms - SNAP_MS, start_ms + 1), wanted + SNAP_MS)), None)
    if cut is not None and cut - start_ms >= 0.85 * min(readable_ms, longest - start_ms):
        wanted = min(cut - min(GAP_MS, cut - start_ms - 1), longest)
    if next_ms is None:
        return max(wanted, start_ms + 1)
    latest = next_ms
    for near in _between(cuts, next_ms - SNAP_MS, next_ms):  # where the next one will begin
        if near > ends_ms - SNAP_MS and near > start_ms:
            latest = near
            break
    leaves = latest - GAP_MS if latest - GAP_MS - start_ms >= SHORTEST_S * 1000 else latest
    if wanted > leaves - CHAIN_MS and leaves - start_ms <= LONGEST_S * 1000 and cut is None:
        wanted = leaves
    return max(min(wanted, leaves), start_ms + 1)


def _between(cuts: Sequence[int], first_ms: int, last_ms: int) -> Sequence[int]:
    return cuts[bisect_left(cuts, first_ms) : bisect_right(cuts, last_ms)]
