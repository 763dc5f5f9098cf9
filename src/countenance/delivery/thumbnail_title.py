"""A short text on a still: large, in as few lines as fit, where no face, badge or clock of a player lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.delivery.bidi import is_right_to_left
from countenance.delivery.safezones import free_place
from countenance.delivery.setting import can_set, length_px, letters
from countenance.delivery.subtitles import FIELD, Mask, Planes
from countenance.errors import TextError
from countenance.provenance.placement import Box, FaceSeen

_EM, _LEAST_EM = 0.088, 0.05  # of the shorter side
_WIDEST = 0.84  # of the width
_MOST_LINES = 3
_INSET = 0.35  # of the em
_WISHED = (0.5, 0.8)  # of width and height: where its middle is wished
_CLOCK: Box = (0.80, 0.86, 1.0, 1.0)  # where players write how long the video is; shares
_WHITE, _DARK, _GREY = 235.0, 22.0, 128.0


@dataclass(frozen=True)
class Title:
    """What is written, and the language it is in."""

    text: str
    language: str


def require_title(title: Title) -> None:
    """TextError where the text cannot be set in its script."""
    if not title.text.strip() or not can_set(" ".join(title.text.split())):
        raise TextError(
            f"the title {title.text!r} cannot be written into a picture: its script cannot be set correctly; "
            "leave the title out, or give it in another script."
        )


def draw_title(
    planes: Planes, title: Title, pictures: Sequence[Sequence[FaceSeen]], taken: Sequence[Box] = ()
) -> Box | None:
    """Draw on the Y', Cb, Cr planes (4:2:0, limited range) where there is room, smaller if need be.

    Returns the box in pixels; None, and nothing is drawn, where there is no room without covering lips.
    """
    height, width = planes[0].shape
    clock = (_CLOCK[0] * width, _CLOCK[1] * height, _CLOCK[2] * width, _CLOCK[3] * height)
    for em in range(round(_EM * min(width, height)), max(10, round(_LEAST_EM * min(width, height))) - 1, -2):
        mask = _set(title, em, width)
        if mask is None:
            continue
        item = (mask.shape[1], mask.shape[0])
        wished = (_WISHED[0] * width, _WISHED[1] * height)
        box = free_place((width, height), item, wished, pictures, taken=[*taken, clock], captions=True)
        if box is not None:
            _lay(planes, mask, int(box[0]), int(box[1]))
            return box
    return None


def _set(title: Title, em: int, width: int) -> Mask | None:
    """Coverage of the lines on their field, of even size; None where they do not fit at this size."""
    room = _WIDEST * width - 2 * _INSET * em
    lines = _lines(title.text, em, room)
    if lines is None:
        return None
    told = [letters(line, em, rtl=is_right_to_left(title.language)) for line in lines]
    inset = round(_INSET * em)
    high = _even(sum(line.shape[0] for line in told) + inset)
    wide = _even(max(line.shape[1] for line in told) + 2 * inset)
    mask = np.zeros((high, wide), np.float32)
    y = inset // 2
    for line in told:
        x = (wide - line.shape[1]) // 2
        mask[y : y + line.shape[0], x : x + line.shape[1]] = line
        y += line.shape[0]
    return mask


def _lines(text: str, em: int, room_px: float) -> tuple[str, ...] | None:
    """The text in the fewest lines that fit, as even as can be; None where three are not enough."""
    words = text.split()
    gap = " " if len(words) > 1 else ""
    pieces = words if gap else list("".join(words))
    for count in range(1, _MOST_LINES + 1):
        fitting = [
            lines for lines in _splits(pieces, count, gap) if max(length_px(one, em) for one in lines) <= room_px
        ]
        if fitting:
            return min(fitting, key=lambda lines: max(length_px(one, em) for one in lines))
    return None


def _splits(pieces: Sequence[str], count: int, gap: str) -> list[tuple[str, ...]]:
    """All ways to part the pieces into so many lines."""
    if count == 1:
        return [(gap.join(pieces),)]
    return [
        (gap.join(pieces[:first]), *rest)
        for first in range(1, len(pieces) - count + 2)
        for rest in _splits(pieces[first:], count - 1, gap)
    ]


def _lay(planes: Planes, mask: Mask, x: int, y: int) -> None:
    high, wide = mask.shape
    keep = (1 - np.float32(FIELD)) * (1 - mask)
    part = planes[0][y : y + high, x : x + wide]
    part[:] = np.rint(part * keep + mask * np.float32(_WHITE) + (1 - keep - mask) * np.float32(_DARK))
    half = keep.reshape(high // 2, 2, wide // 2, 2).mean(axis=(1, 3))
    rows, columns = slice(y // 2, (y + high) // 2), slice(x // 2, (x + wide) // 2)
    for plane in planes[1:]:
        plane[rows, columns] = np.rint(plane[rows, columns] * half + (1 - half) * np.float32(_GREY))


def _even(value: int) -> int:
    return value + value % 2
