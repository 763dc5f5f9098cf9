"""In which corner the label stands: not on a face, least of all on lips, and clear of what channels lay over it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from countenance.provenance.badge import Badge
from countenance.provenance.label import CORNERS, Label

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels or shares

AUTO = "auto"
LIKE_TV = ("ctv", "cinema")  # shown in full screen with the margins of television
_FACE, _LIPS, _ZONE = 4.0, 12.0, 2.0  # what lying on each costs, for the share of pictures in which it does
_FURTHER = {"top-right": 0.0, "top-left": 0.15, "bottom-left": 0.4, "bottom-right": 0.45}  # the code suggests top right
_WIDE, _TALL = 1.1, 0.9  # width / height
_MOST = 0.45  # how far from its corner a label may be moved


@dataclass(frozen=True)
class Zone:
    """A part of the picture that a channel covers; `box` in shares of width and height."""

    channel: str
    shape: str
    box: Box
    what: str


@dataclass(frozen=True)
class FaceSeen:
    """A face in one of the looked-at pictures, in pixels."""

    box: Box
    lips: Box | None = None


def place(badge: Badge, width: int, height: int, pictures: Sequence[Sequence[FaceSeen]], channels: Iterable[str],
          corner: str = AUTO) -> Label:  # fmt: skip
    """The badge's label with the corner that suits the pictures and the channels best.

    `pictures` lists the faces of some pictures of `width` x `height` pixels. A `corner` that is named is kept,
    and only moved away from the edge as far as the channels' own buttons demand.
    """
    zones = zones_for(channels, width, height)
    wanted = CORNERS if corner == AUTO else (corner,)
    options = [_moved(badge, width, height, one, zones) for one in wanted]
    return min(options, key=lambda label: _cost(badge, label, width, height, pictures, zones))


def zones_for(channels: Iterable[str], width: int, height: int) -> tuple[Zone, ...]:
    """What the channels cover on a picture of this shape."""
    shape = "wide" if width > _WIDE * height else "tall" if width < _TALL * height else "square"
    named = {"any", *("tv" if one in LIKE_TV else one for one in channels)}
    return tuple(one for one in _zones() if one.channel in named and one.shape in ("any", shape))


def hidden_by(badge: Badge, width: int, height: int, channels: Iterable[str]) -> tuple[str, ...]:
    """What of the channels' own would lie on the badge, in words."""
    box = badge.raster(width, height).box
    return tuple(f"{one.what} ({one.channel})" for one in zones_for(channels, width, height)
                 if meet(box, _in_pixels(one, width, height)))  # fmt: skip


def meet(one: Box, other: Box) -> bool:
    """Whether two boxes share more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@cache
def _zones() -> tuple[Zone, ...]:
    rows = tomllib.loads(files("countenance.provenance").joinpath("zones.toml").read_text(encoding="utf-8"))["zone"]
    return tuple(Zone(row["channel"], row["shape"], _box_of(row["box"]), row["what"]) for row in rows)


def _box_of(sides: Sequence[float]) -> Box:
    left, top, right, bottom = sides
    return left, top, right, bottom


def _in_pixels(zone: Zone, width: int, height: int) -> Box:
    left, top, right, bottom = zone.box
    return left * width, top * height, right * width, bottom * height


def _moved(badge: Badge, width: int, height: int, corner: str, zones: Sequence[Zone]) -> Label:
    """The label in a corner, moved towards the middle until nothing of a channel lies on it, if that can be."""
    label = replace(badge.label, corner=corner, clear_x=0.0, clear_y=0.0)
    for _ in range(len(zones)):
        box = _box(badge, label, width, height)
        zone = next((one for one in zones if meet(box, _in_pixels(one, width, height))), None)
        if zone is None:
            break
        left, top, right, bottom = zone.box
        down = (bottom if corner.startswith("top") else 1 - top) + 2 / height
        across = (right if corner.endswith("left") else 1 - left) + 2 / width
        if down - label.clear_y <= across - label.clear_x and down < _MOST:
            label = replace(label, clear_y=down)
        elif across < _MOST:
            label = replace(label, clear_x=across)
        else:
            break
    return label


def _cost(
    badge: Badge,
    label: Label,
    width: int,
    height: int,
    pictures: Sequence[Sequence[FaceSeen]],
    zones: Sequence[Zone],
) -> float:
    box = _box(badge, label, width, height)
    hidden = any(meet(box, _in_pixels(one, width, height)) for one in zones)
    faces, lips = covered(box, pictures)
    return _FACE * faces + _LIPS * lips + _ZONE * hidden + _FURTHER[label.corner] + label.clear_x + label.clear_y


def covered(box: Box, pictures: Sequence[Sequence[FaceSeen]]) -> tuple[float, float]:
    """The shares of the pictures in which a box lies on a face, and on lips."""
    if not pictures:
        return 0.0, 0.0
    faces = sum(any(meet(box, face.box) for face in one) for one in pictures)
    lips = sum(any(face.lips is not None and meet(box, face.lips) for face in one) for one in pictures)
    return faces / len(pictures), lips / len(pictures)


def _box(badge: Badge, label: Label, width: int, height: int) -> Box:
    return replace(badge, label=label).raster(width, height).box
