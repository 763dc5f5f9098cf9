"""Where something may be drawn: not under what the platforms lay over the picture themselves, and never on lips.

The platforms' zones are data: `provenance/zones.toml`. The badge is placed in the corners by `provenance.placement`;
here is what may stand anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from countenance.provenance.placement import Box, FaceSeen, covered, meet, zones_for

CAPTIONS = "captions"  # the zone that is theirs: they may stand in it themselves
_STEP = 0.02  # of the shorter side, between the places that are tried
_FACE = 0.5  # what lying on a face costs in all pictures, in picture heights away from where it is wished
_ACROSS = 0.5  # of the width: what takes more than this of the lower edge keeps captions off it
_HIGHEST = 0.5  # of the height: captions never stand higher


def free_place(
    size: tuple[int, int],
    item: tuple[int, int],
    wished: tuple[float, float],
    pictures: Sequence[Sequence[FaceSeen]] = (),
    *,
    channels: Iterable[str] = (),
    taken: Sequence[Box] = (),
    captions: bool = False,
) -> Box | None:
    """The box for an item of (width, height) on a picture of `size`, its middle as near `wished` as can be.

    It touches no zone of the channels, none of the boxes that are `taken`, and no lips in any of the `pictures`;
    faces it avoids as far as it can. All in pixels, the box with even sides. None where there is no such place.
    `captions` are let into their own zone.
    """
    zones = [
        (left * size[0], top * size[1], right * size[0], bottom * size[1])
        for one in zones_for(channels, *size)
        if not (captions and one.what == CAPTIONS)
        for left, top, right, bottom in (one.box,)
    ]
    closed = [*zones, *taken]
    best: Box | None = None
    least = np.inf
    for box in _places(size, item, wished):
        if any(meet(box, one) for one in closed):
            continue
        away = float(np.hypot((box[0] + box[2]) / 2 - wished[0], (box[1] + box[3]) / 2 - wished[1])) / size[1]
        if away >= least:
            continue
        faces, lips = covered(box, pictures)
        if lips == 0 and away + _FACE * faces < least:
            best, least = box, away + _FACE * faces
    return best


def captions_foot_px(size: tuple[int, int], channels: Iterable[str]) -> int:
    """How much of the lower edge of a picture the channels take, so that captions must stand above it."""
    tops = [
        one.box[1]
        for one in zones_for(channels, *size)
        if one.what != CAPTIONS and one.box[3] >= 1 and one.box[2] - one.box[0] > _ACROSS and one.box[1] >= _HIGHEST
    ]
    return round((1 - min(tops, default=1.0)) * size[1])


def _places(size: tuple[int, int], item: tuple[int, int], wished: tuple[float, float]) -> Iterator[Box]:
    """Boxes on a grid through the wished place, inside the picture."""
    step = max(2.0, _STEP * min(size))
    ends = [size[axis] - item[axis] for axis in (0, 1)]
    if min(ends) < 0:
        return
    axes = []
    for axis in (0, 1):
        first = min(max(wished[axis] - item[axis] / 2, 0.0), float(ends[axis]))
        grid = np.concatenate(
            [np.arange(first, -1e-9, -step), np.arange(first, ends[axis] + 1e-9, step), [0, ends[axis]]]
        )
        axes.append(sorted({int(place) // 2 * 2 for place in grid}))
    for y in axes[1]:
        for x in axes[0]:
            yield float(x), float(y), float(x + item[0]), float(y + item[1])
