"""Composition: whom a window shows, how large it is, where it may lie and where it is wished."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from countenance.delivery.sightings import F64, Sightings
from countenance.media.reframe import largest_crop

_PRESENT = 0.2  # of a shot's pictures, in which somebody must be seen to count
_LARGE = 0.45  # of the largest face's height: smaller ones are background, unless they speak
_AIR = 0.05  # of the window's sides, kept free around heads where there is room for it
_CLOSEST = 2.5  # times nearer than the largest window
_SLANT = float(np.sin(np.radians(45)))


@dataclass(frozen=True)
class Framing:
    """A window of `size` (width, height) that must hold the boxes `(n, 4)`, where they are not NaN.

    `middle_x`, `eyes_y` `(n,)` is where the faces are looked at, `aside` `(n,)` how far they are turned to the
    picture's right: 1 is 45 degrees, -1 the same to the left.
    """

    size: tuple[float, float]
    boxes: F64
    middle_x: F64
    eyes_y: F64
    aside: F64

    def corridor(self, axis: int, whole: int) -> tuple[F64, F64]:
        """The lowest and the highest place `(n,)` of the window's left or upper edge, in a picture so wide or high."""
        side = self.size[axis]
        low = np.fmax(self.boxes[:, axis + 2] - side, 0)
        high = np.fmin(self.boxes[:, axis], whole - side)
        return low, high

    def wished(self, axis: int, look_room: float, eye_line: float) -> F64:
        """Where the window's left or upper edge `(n,)` makes the best picture; NaN where no face is seen."""
        width, height = self.size
        if axis == 1:
            return self.eyes_y - eye_line * height
        return self.middle_x + look_room * width * self.aside - width / 2


def worth_showing(seen: Sightings, first: int, last: int, speakers: Collection[int]) -> list[int]:
    """Who matters in a shot, those first who fill most of it: whoever speaks, and whoever is there and near enough."""
    faces = seen.faces[:, first:last]
    high, wide = faces[..., 3] - faces[..., 1], faces[..., 2] - faces[..., 0]
    there = np.isfinite(high)
    filled = np.where(there, high * wide, 0.0).sum(axis=1)
    sizes = np.array([np.median(one[known]) if known.any() else 0.0 for one, known in zip(high, there, strict=True)])
    large = _LARGE * sizes.max(initial=0.0)
    present = there.mean(axis=1)
    people = [
        number
        for number in range(seen.people)
        if there[number].any() and (number in speakers or (present[number] >= _PRESENT and sizes[number] >= large))
    ]
    return sorted(people, key=lambda number: (-filled[number], number))


def framings(
    seen: Sightings,
    target: tuple[int, int],
    pictures: slice,
    people: Sequence[int],
    head_share: float,
    enlarge: float,
) -> Iterator[Framing]:
    """Windows for these people in some pictures, the best one first: near, with air; far; without hair if need be."""
    chosen = list(people)
    heads, faces = seen.heads[chosen, pictures], seen.faces[chosen, pictures]
    middle_x = np.stack([faces[..., 0], faces[..., 2]]).mean(axis=0)
    aside = np.sin(np.radians(seen.yaw[chosen, pictures])) / _SLANT
    looked = (_middle(middle_x), _mean(seen.eyes_y[chosen, pictures]), _mean(aside))
    far = largest_crop(seen.size, target)
    near = _nearness(heads, far, target, head_share, enlarge)
    for closer in sorted({near, 1.0}, reverse=True):
        size = (far[0] / closer, far[1] / closer)
        air = _AIR * np.array([-size[0], -size[1], size[0], size[1]])
        aired = np.clip(_union(heads) + air, 0, np.array([*seen.size, *seen.size], np.float64))
        yield Framing(size, aired, *looked)
        yield Framing(size, _union(heads), *looked)
    yield Framing(far, _union(faces), *looked)


def _nearness(
    heads: F64, far: tuple[float, float], target: tuple[int, int], head_share: float, enlarge: float
) -> float:
    """How many times nearer than the largest window small heads are brought."""
    high = (heads[..., 3] - heads[..., 1])[np.isfinite(heads[..., 0])]
    allowed = min(_CLOSEST, enlarge * far[0] / target[0])
    return max(1.0, min(head_share * far[1] / float(np.median(high)), allowed))


def _union(boxes: F64) -> F64:
    """The box around all of `(people, n, 4)` in each picture; NaN where nobody is seen."""
    return np.concatenate([np.fmin.reduce(boxes[..., :2], axis=0), np.fmax.reduce(boxes[..., 2:], axis=0)], axis=1)


def _middle(values: F64) -> F64:
    """Half way between the lowest and the highest of `(people, n)`."""
    return np.asarray((np.fmin.reduce(values, axis=0) + np.fmax.reduce(values, axis=0)) / 2, np.float64)


def _mean(values: F64) -> F64:
    """The mean over people `(people, n)`, of those who are seen."""
    known = np.isfinite(values)
    number = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, number, out=np.full(values.shape[1], np.nan), where=number > 0), np.float64)
