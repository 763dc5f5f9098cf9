"""Another shape for a video of people: a virtual camera that is planned from where the faces are.

Shot by shot the camera frames everybody who matters, or whoever speaks; it stands still while the head hardly
moves, pans softly where it must, cuts only where the video cuts or, where two who talk do not fit, between their
turns. A face is never cut. Where no window of the target's shape can show the faces, a wider one is shown before its
own blurred surroundings, or the whole picture. Planning is a pure function; nothing here looks at pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from countenance.delivery.camera import Camera, Take
from countenance.delivery.camera_path import Limits, path
from countenance.delivery.framing import Framing, framings, worth_showing
from countenance.delivery.sightings import F64, Sightings
from countenance.media.reframe import largest_crop
from countenance.quality.speakers import Turn

_WIDER = (1.25, 1.6, 2.1, 2.7)  # times the target's shape: windows that are shown before blurred surroundings


@dataclass(frozen=True)
class Rules:
    """How a camera behaves. Lengths are shares of the window's side along which they lie, times seconds.

    `speed` per second, `acceleration` per second squared; within `dead_zone` around where it is wished the camera
    stays where it is; the eyes are wished at `eye_line` of the height, and `look_room` is left before a face that
    is turned aside by 45 degrees. A face that is small is brought nearer until its head has `head_share` of the
    window's height, as long as no pixel of the source is drawn larger than `enlarge` times. Where two who speak do
    not fit, `apart` "cut" goes over between their turns, never within `hold_s`, and "whole" shows the whole
    picture. `empty` is what becomes of shots without a face.
    """

    speed: float = 0.45
    acceleration: float = 0.9
    dead_zone: float = 0.10
    eye_line: float = 0.38
    look_room: float = 0.06
    head_share: float = 0.26
    enlarge: float = 2.0
    apart: Literal["cut", "whole"] = "cut"
    hold_s: float = 1.5
    empty: Literal["whole", "middle"] = "whole"


USUAL = Rules()


def plan_camera(
    seen: Sightings,
    target: tuple[int, int],
    *,
    speaking: Sequence[Turn] = (),
    burnt: Sequence[tuple[float, float]] = (),
    rules: Rules = USUAL,
) -> Camera:
    """Plan the camera for a video of `target` (width, height). The same faces give the same camera.

    `speaking` are the turns of speech as `quality.speakers.turns` finds them; without them whoever fills most of the
    picture counts. In the stretches `burnt` (start and end in seconds) captions are part of the picture: it is shown
    whole, since a window would cut their lines.
    """
    windows = np.full((seen.pictures, 4), np.nan)
    takes: list[Take] = []
    texts = _within(seen.times_s, burnt)
    edges = sorted({*seen.starts, seen.pictures, *(np.flatnonzero(np.diff(texts)) + 1).tolist()})
    for first, last in pairwise(edges):
        if texts[first]:
            takes.append(_whole(first, last, "captions are burnt in")[0])
        else:
            for take, part in _shot(seen, target, first, last, speaking, rules):
                windows[take.first : take.last] = part
                takes.append(take)
    return Camera(seen.size, target, windows, tuple(takes))


def _shot(
    seen: Sightings, target: tuple[int, int], first: int, last: int, speaking: Sequence[Turn], rules: Rules
) -> Iterator[tuple[Take, F64]]:
    """The takes of one shot, and their windows."""
    spoken = _speakers(seen, first, last, speaking)
    people = worth_showing(seen, first, last, set(spoken.tolist()))
    if not people:
        yield _without_faces(seen, target, first, last, rules)
        return
    together = _taken(seen, target, first, last, people, rules)
    if together is not None:
        yield together
        return
    talking = [person for person in people if (spoken == person).any()]
    if len(talking) > 1 and rules.apart == "whole":
        yield _whole(first, last, "those who speak do not fit into one window")
    elif len(talking) > 1:
        for start, stop, person in _turns(seen, first, spoken, rules.hold_s):
            yield _alone(seen, target, start, stop, person, rules)
    else:
        yield _alone(seen, target, first, last, (talking or people)[0], rules)


def _alone(
    seen: Sightings, target: tuple[int, int], first: int, last: int, person: int, rules: Rules
) -> tuple[Take, F64]:
    """One person as large as can be: in a window of the target's shape, in a wider one, or in the whole picture."""
    for shape in (target, *_wider(seen.size, target)):
        found = _taken(seen, shape, first, last, (person,), rules)
        if found is not None:
            take, windows = found
            return (take if shape == target else replace(take, why="the face needs a wider window")), windows
    return _whole(first, last, "the face moves too fast or is too large for a window")


def _wider(source: tuple[int, int], target: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Sizes within the target of shapes on the way to the source's."""
    ratio = source[0] * target[1] / (source[1] * target[0])
    for factor in _WIDER:
        if factor < max(ratio, 1 / ratio):
            yield (target[0], round(target[1] / factor)) if ratio > 1 else (round(target[0] / factor), target[1])


def _taken(
    seen: Sightings, target: tuple[int, int], first: int, last: int, people: Sequence[int], rules: Rules
) -> tuple[Take, F64] | None:
    """The steadiest camera that shows these people's heads, or at least their whole faces; None where there is none."""
    pictures = slice(first, last)
    if not np.isfinite(seen.faces[list(people), pictures, 0]).any():
        return None
    for framing in framings(seen, target, pictures, people, rules.head_share, rules.enlarge):
        found = _along(seen, pictures, framing, rules)
        if found is not None:
            moves = bool(np.ptp(found[:, :2], axis=0).max() > 0)
            return Take(first, last, "follows" if moves else "still", tuple(people)), found
    return None


def _along(seen: Sightings, pictures: slice, framing: Framing, rules: Rules) -> F64 | None:
    """Windows `(n, 4)` of one size along the paths in x and y."""
    times_s = seen.times_s[pictures]
    windows = np.empty((len(times_s), 4))
    windows[:, 2:] = framing.size
    for axis, (side, whole) in enumerate(zip(framing.size, seen.size, strict=True)):
        low, high = framing.corridor(axis, whole)
        limits = Limits(rules.speed * side, rules.acceleration * side, rules.dead_zone * side, side)
        wished = np.clip(framing.wished(axis, rules.look_room, rules.eye_line), 0, whole - side)
        found = path(times_s, low, high, wished, limits)
        if found is None:
            return None
        windows[:, axis] = found
    return windows


def _within(times_s: F64, stretches: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which times lie in one of the stretches `(n,)`."""
    found = np.zeros(len(times_s), np.bool_)
    for start_s, end_s in stretches:
        found |= (times_s >= start_s) & (times_s < end_s)
    return found


def _without_faces(seen: Sightings, target: tuple[int, int], first: int, last: int, rules: Rules) -> tuple[Take, F64]:
    if rules.empty == "whole":
        return _whole(first, last, "no face is seen")
    width, height = largest_crop(seen.size, target)
    window = ((seen.size[0] - width) / 2, (seen.size[1] - height) / 2, width, height)
    return Take(first, last, "still", (), "no face is seen"), np.tile(window, (last - first, 1))


def _whole(first: int, last: int, why: str) -> tuple[Take, F64]:
    return Take(first, last, "whole", (), why), np.full((last - first, 4), np.nan)


def _speakers(seen: Sightings, first: int, last: int, speaking: Sequence[Turn]) -> NDArray[np.int64]:
    """Who speaks in each picture of a shot `(n,)` and is seen in that shot; -1 for nobody."""
    times_s = seen.times_s[first:last]
    found = np.full(last - first, -1, np.int64)
    for turn in speaking:
        if turn.person is not None and np.isfinite(seen.faces[turn.person, first:last, 0]).any():
            found[(times_s >= turn.start_s) & (times_s < turn.end_s)] = turn.person
    return found


def _turns(seen: Sightings, first: int, spoken: NDArray[np.int64], hold_s: float) -> Iterator[tuple[int, int, int]]:
    """(first, last, person) of the stretches in which the camera stays with one speaker.

    Pauses belong to who spoke before; a turn shorter than `hold_s` is passed over.
    """
    known = np.flatnonzero(spoken >= 0)
    held = spoken[known[np.maximum(np.searchsorted(known, np.arange(len(spoken)), side="right") - 1, 0)]]
    edges = [0, *(np.flatnonzero(np.diff(held)) + 1).tolist(), len(held)]
    times_s = seen.times_s[first : first + len(spoken)]
    kept: list[tuple[int, int]] = []  # (start, person)
    for start, stop in pairwise(edges):
        person = int(held[start])
        end_s = times_s[stop] if stop < len(held) else times_s[-1]
        if kept and (end_s - times_s[start] < hold_s or kept[-1][1] == person):
            continue
        kept.append((start, person))
    for (start, person), stop in zip(kept, [*(start for start, _ in kept[1:]), len(held)], strict=True):
        yield first + start, first + stop, person
