"""Which of the master's pictures is shown when: as shot, held at a still moment, or trimmed at one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from countenance.media.mix import Stretch
from countenance.media.probe import Master
from countenance.perception.tracks import Perception

_ROOM_S = 0.2  # after the last word, if the master has as much
_PHOTO_ROOM_S = 0.5
_HALF_FRAME = 0.5
_IDLE_S = 1.0  # a quiet end longer than the master's own by more than this is trimmed
_SWAY = 6  # pictures to either side of the still moment that a hold sways through
_WAVE = 24  # pictures of one sway there and back
_LAST_PART = 0.6  # still moments are looked for from here on


@dataclass(frozen=True)
class Timeline:
    """`source` `(n,)` numbers the master's picture for each output picture; `pts` `(n,)` its time."""

    source: tuple[int, ...]
    pts: tuple[int, ...]
    time_base: Fraction
    duration: Fraction
    change: str  # one sentence for the receipt; empty when nothing was changed

    @property
    def is_as_shot(self) -> bool:
        return not self.change

    def times_s(self) -> Any:
        """Seconds `(n,)` float64, at the start of each picture."""
        return np.array([float(p * self.time_base) for p in self.pts])


def as_shot(master: Master) -> Timeline:
    return Timeline(tuple(range(master.frames)), master.pts, master.time_base, master.duration, "")


def sound_stretches(timeline: Timeline, master_pts: Sequence[int]) -> tuple[Stretch, ...]:
    """The stretches of the output in which the master's pictures run on as shot, for sounds that follow them.

    Between two of them the picture is held. What sways there runs on only for moments and is no stretch.
    """
    later = [pts - master_pts[source] for source, pts in zip(timeline.source, timeline.pts, strict=True)]
    starts = [0]
    for number in range(1, len(later)):
        on = timeline.source[number] - timeline.source[number - 1]
        if on != 1 or abs(later[number] - later[number - 1]) > 1:  # ticks: some time bases round
            starts.append(number)
    runs = [(first, last) for first, last in zip(starts, [*starts[1:], len(later)], strict=True)]
    long = [run for run in runs if run[1] - run[0] > _WAVE // 2 or run in (runs[0], runs[-1])]
    base = timeline.time_base
    ends = [*timeline.pts[1:], round(timeline.duration / base)]
    return tuple(
        Stretch(
            float(timeline.pts[first] * base), float(ends[last - 1] * base), float(later[(first + last) // 2] * base)
        )
        for first, last in long
    )


def of_photo(master: Master, speech_end_s: float) -> Timeline:
    """The timeline of a photo that speaks: as long as its speech, and a moment after it."""
    count = int(np.ceil((speech_end_s + _PHOTO_ROOM_S) * float(master.frame_rate)))
    change = (
        "The master is a photo, animated: mouth, blinks and the head's movement are made and were never filmed, and "
        "claims about speech and motion are lower than for footage."
    )
    return Timeline((0,) * count, tuple(range(count)), master.time_base, count * master.time_base, change)


def fitted(
    master: Master, seen: Perception, person: int, *, speech_start_s: float, speech_s: float, own_end_s: float
) -> Timeline:
    """The timeline for a dub of `speech_s` that starts at `speech_start_s`; the master's own ends at `own_end_s`.

    A dub that runs over the end holds the picture; one that leaves the end idle trims it.
    """
    ends_s = speech_start_s + speech_s
    room_s = min(_ROOM_S, max(0.0, float(master.duration) - own_end_s))
    missing_s = ends_s + room_s - float(master.duration)
    if missing_s > _HALF_FRAME * float(1 / master.frame_rate):
        return _held(master, seen, person, missing_s)
    idle_s = own_end_s - ends_s
    if idle_s > _IDLE_S:
        return _trimmed(master, seen, person, idle_s, ends_s + room_s)
    return as_shot(master)


def _held(master: Master, seen: Perception, person: int, missing_s: float) -> Timeline:
    extra = int(np.ceil(missing_s * float(master.frame_rate) - 1e-6))
    still = _stillest(master, seen, person, int(master.frames * _LAST_PART), master.frames)
    reach = max(0, min(_SWAY, master.frames - 1 - still, still))
    # Whole gentle waves, so that the hold ends where it began and the take goes on without a jump.
    waves = max(1, round(extra / _WAVE))
    phase = np.sin(np.pi * waves * np.arange(1, extra + 1) / (extra + 1)) ** 2
    sway = (still + np.rint(min(reach, extra / (2 * waves)) * phase)).astype(int).tolist()
    source = [*range(still + 1), *sway, *range(still + 1, master.frames)]
    step = round(1 / (master.frame_rate * master.time_base))
    pts = [*master.pts[: still + 1], *(master.pts[still] + step * k for k in range(1, extra + 1))]
    pts += [value + step * extra for value in master.pts[still + 1 :]]
    at_s = float(master.pts[still] * master.time_base)
    return Timeline(
        tuple(source),
        tuple(pts),
        master.time_base,
        master.duration + extra * step * master.time_base,
        f"The picture is held for {extra * step * float(master.time_base):.2f} s at {at_s:.2f} s, "
        "because the dub is longer than the master.",
    )


def _trimmed(master: Master, seen: Perception, person: int, idle_s: float, needed_s: float) -> Timeline:
    """The timeline that ends at a still moment about `idle_s` earlier, but not before `needed_s`."""
    wanted = master.frames - int(idle_s * float(master.frame_rate))
    ends_s = np.array([float(value * master.time_base + 1 / master.frame_rate) for value in master.pts])
    first = min(int(np.searchsorted(ends_s, needed_s - 1e-6)), master.frames - 1)
    start = max(first, wanted - _SWAY)
    last = _stillest(master, seen, person, start, max(start + 1, min(master.frames, wanted + _SWAY)))
    count = last + 1
    cut_s = float(master.duration) - float(master.pts[last] * master.time_base + 1 / master.frame_rate)
    return Timeline(
        tuple(range(count)),
        master.pts[:count],
        master.time_base,
        master.pts[last] * master.time_base + 1 / master.frame_rate,
        f"The last {cut_s:.2f} s are trimmed, because the dub is shorter than the master.",
    )


def _stillest(master: Master, seen: Perception, person: int, start: int, stop: int) -> int:
    """The picture in a range where the face moves least; the range's last when no face is seen there."""
    motion: dict[int, float] = {}
    for track in seen.of_person(person):
        if len(track.frames) < 3:
            continue
        moved = np.linalg.norm(np.gradient(track.mesh[..., :2], axis=0), axis=2).mean(axis=1)
        motion.update(zip(track.frames.tolist(), moved.tolist(), strict=True))
    inside = {n: m for n, m in motion.items() if start <= n < stop}
    return min(inside, key=lambda n: inside[n]) if inside else min(stop, master.frames) - 1
