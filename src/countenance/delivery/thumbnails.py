"""Stills of a video to be chosen by: the best moments, apart from each other, in the shapes that channels ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from countenance.delivery.reframe import USUAL, plan_camera
from countenance.delivery.relabel import badge_for, faces_shown, relabelled
from countenance.delivery.thumbnail_looks import Looks, face_looks, picture_looks, weighed
from countenance.delivery.thumbnail_title import Title, draw_title
from countenance.delivery.viewing import View
from countenance.errors import InputError
from countenance.media.frame import U8, Frame
from countenance.provenance.badge import Badge
from countenance.provenance.placement import Box

SIZES = ((1280, 720), (1200, 675), (1080, 1080), (1080, 1920))
MOST = 20
RULES = replace(USUAL, head_share=0.42, enlarge=1.6)  # a still is seen small: faces come nearer than in the video
_SHORTLIST = 80  # pictures that are looked at themselves
_APART_S = 0.24  # between those
_FROM_CUT = 3  # pictures beside a cut, which may be blended with the next shot
_CLOSE = 0.5  # what lying beside one that is chosen already costs
_EDGE = 0.02  # of the video, at both ends


@dataclass(frozen=True)
class Candidate:
    """A picture that would make a good still: its number and time, its score 0..1, and the marks that it is made of."""

    number: int
    time_s: float
    score: float
    marks: dict[str, float]


@dataclass(frozen=True)
class Still:
    """A picture `(h, w, 3)` uint8 RGB, the badge in it as drawn for `badge_size`, and where its title stands in pixels,
    if it has one."""

    rgb: U8
    badge: Badge
    badge_size: tuple[int, int]
    title_box: Box | None


def candidates(
    looked: View, count: int, usable: Callable[[float], bool] = lambda _time_s: True
) -> tuple[Candidate, ...]:
    """Up to `count` moments of a video, the best one first, spread over it; the same video gives the same ones.

    Closed or half-closed eyes and blur are never offered where there is anything else. `usable` says of a time in
    seconds whether a still may be taken then. InputError where `count` is none that is wanted, or no moment is usable.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"{count} thumbnails cannot be chosen; give a number from 1 to {MOST}.")
    numbers = _inner(looked, usable)
    if not len(numbers):
        raise InputError(f"{looked.master.path}: no picture may be used as a still.")
    looks = picture_looks(looked, _shortlist(looked, face_looks(looked, numbers)))
    scores = np.where(looks.fit, looks.score, looks.score - 1)  # the unfit only after all that are fit
    if looks.faces.any():
        scores = np.where(looks.faces, scores, scores - 1)
    return tuple(_candidate(looked, looks, place) for place in _spread(looked, looks, scores, count))


def still(
    looked: View,
    candidate: Candidate,
    frame: Frame,
    size: tuple[int, int],
    *,
    worn: Badge,
    badge: Badge,
    channels: Iterable[str] = (),
    title: Title | None = None,
    burnt: Sequence[tuple[float, float]] = (),
) -> Still:
    """The picture of a candidate in `size`: framed by its faces, labelled, and titled where there is room.

    In the stretches `burnt` of the video, in seconds, captions are part of the picture, which is then shown whole.

    `worn` is the badge that `frame` bears, `badge` the one that the still is to bear.
    """
    one = looked.seen.only(candidate.number)
    even = (size[0] + size[0] % 2, size[1] + size[1] % 2)  # a last odd row or column is cut off again
    camera = plan_camera(one, even, burnt=burnt, rules=RULES)
    placed = badge_for(badge.on_stills, camera, one, channels)
    (shown,) = relabelled([frame], camera, worn=worn, badge=placed, duration=looked.master.duration)
    box = None
    if title is not None:
        taken = [] if placed.kind == "off" else [placed.raster(*even).box]
        box = draw_title(shown.planes, title, faces_shown(camera, one), taken)
    return Still(shown.rgb()[: size[1], : size[0]], placed, even, box)


def _inner(looked: View, usable: Callable[[float], bool]) -> NDArray[np.int64]:
    """The pictures that may be used: not at the very ends, not beside a cut."""
    numbers = weighed(looked.master)
    edge = _EDGE * looked.master.frames
    cuts = np.array([start for start in looked.seen.starts if start > 0], np.int64)
    kept = [
        number
        for number in numbers.tolist()
        if edge <= number <= looked.master.frames - 1 - edge
        and usable(float(looked.seen.times_s[number]))
        and not (len(cuts) and -_FROM_CUT <= int(np.min(np.abs(cuts - number))) < _FROM_CUT)
    ]
    if not kept:
        kept = [number for number in numbers.tolist() if usable(float(looked.seen.times_s[number]))]
    return np.array(kept, np.int64)


def _shortlist(looked: View, looks: Looks) -> Looks:
    """The pictures with the best marks so far, a little apart, in order of time; without faces evenly spread ones."""
    if not looks.faces.any():
        places = np.linspace(0, len(looks.numbers) - 1, min(_SHORTLIST, len(looks.numbers)))
        return looks.of(np.unique(places.astype(np.int64)))
    scores = np.where(looks.fit, looks.score, looks.score - 1) - (~looks.faces)
    times_s, chosen = looked.seen.times_s[looks.numbers], list[int]()
    for place in np.argsort(-scores, kind="stable").tolist():
        if all(abs(times_s[place] - times_s[other]) >= _APART_S for other in chosen):
            chosen.append(place)
        if len(chosen) == _SHORTLIST:
            break
    return looks.of(np.array(sorted(chosen), np.int64))


def _spread(looked: View, looks: Looks, scores: NDArray[np.float64], count: int) -> Sequence[int]:
    """The places of the chosen ones, best first: each time the best, less what it costs to lie beside another."""
    times_s = looked.seen.times_s[looks.numbers]
    reach_s = max(float(looked.master.duration) / (2 * count), _APART_S)
    chosen: list[int] = []
    left = scores.copy()
    for _ in range(min(count, len(scores))):
        best = int(np.argmax(left))
        chosen.append(best)
        left = left - _CLOSE * np.exp(-np.abs(times_s - times_s[best]) / reach_s)
        left[best] = -np.inf
    return sorted(chosen, key=lambda place: -scores[place])


def _candidate(looked: View, looks: Looks, place: int) -> Candidate:
    number = int(looks.numbers[place])
    marks = {name: round(float(mark[place]), 3) for name, mark in sorted(looks.marks.items())}
    return Candidate(number, float(looked.seen.times_s[number]), round(float(looks.score[place]), 3), marks)
