"""Where a long film is cut, so that several machines can work on it at once.

The cuts are facts of the master, never of how many work on it: the same pictures come out, bit for bit, whoever
paints which section. What an engine remembers from picture to picture (light, belief about hands) ends with the shot;
so a section begins with a shot where one is near, and where none is, a run-in before it is looked at and thrown away.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from countenance.campaign.timeline import Timeline
from countenance.media.probe import Master

SECTION_S = 20.0
_EARLIEST, _LATEST = 0.6, 1.4  # of SECTION_S: a shot that starts in between is where the next section begins
RUN_IN_S = 1.0  # in which a memory of light or of a hand settles


@dataclass(frozen=True)
class Section:
    """Pictures `first` to `stop` (exclusive); work begins at `run_in`, and what comes before `first` is not kept."""

    number: int
    run_in: int
    first: int
    stop: int

    @property
    def pictures(self) -> range:
        return range(self.first, self.stop)


def master_sections(master: Master, shots: Sequence[int]) -> tuple[Section, ...]:
    """The sections of a master whose shots start at these pictures."""
    starts = [0]
    while (following := _next_start(master, shots, starts[-1])) is not None:
        starts.append(following)
    return _sections(starts, master.frames, set(shots), round(RUN_IN_S * float(master.frame_rate)))


def film_sections(parts: Sequence[Section], timeline: Timeline, shots: Sequence[int]) -> tuple[Section, ...]:
    """The sections of an output film, cut at the same places of the master, in the film's own numbers.

    Pictures that are held or shown to and fro belong to the section in which they first come.
    """
    starts = [0]
    for part in parts[1:]:
        found = next((n for n, source in enumerate(timeline.source) if source >= part.first), None)
        if found is not None and found > starts[-1]:
            starts.append(found)
    longest = max((part.first - part.run_in for part in parts), default=0)
    fresh = {n for n in starts if timeline.source[n] in set(shots)}
    return _sections(starts, len(timeline.source), fresh, longest)


def needed(parts: Sequence[Section], timeline: Timeline, section: Section) -> tuple[int, ...]:
    """The numbers of the master's sections whose pictures an output section shows."""
    firsts = [part.first for part in parts]
    shown = {timeline.source[number] for number in section.pictures}
    return tuple(sorted({bisect_left(firsts, source + 1) - 1 for source in shown}))


def _next_start(master: Master, shots: Sequence[int], start: int) -> int | None:
    base = float(master.time_base)
    times = [master.pts[start] * base + SECTION_S * share for share in (_EARLIEST, 1.0, _LATEST)]
    first, middle, last = (bisect_left(master.pts, time / base) for time in times)
    if bisect_left(master.pts, (times[1] + SECTION_S * _EARLIEST) / base) >= master.frames:
        return None  # what is left is too short for two
    near = [shot for shot in shots if max(first, start + 1) <= shot <= last]
    return min(near, key=lambda shot: abs(shot - middle)) if near else max(middle, start + 1)


def _sections(starts: Sequence[int], count: int, fresh: set[int], run_in: int) -> tuple[Section, ...]:
    """`fresh` are the starts that need no run-in."""
    return tuple(
        Section(number, start if start in fresh or not number else max(0, start - run_in), start, stop)
        for number, (start, stop) in enumerate(zip(starts, [*starts[1:], count], strict=True))
    )
