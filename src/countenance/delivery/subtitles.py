"""Subtitles burnt into the picture, for whoever must read what the lips on it do not say.

In the middle above the lower edge, white on a dark field that keeps them readable on any ground; where the badge
stands at the bottom, they stand above it. The cues are those of the caption files, broken once more where the
picture is narrow.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countenance.delivery.bidi import is_right_to_left, marked
from countenance.delivery.caption_words import Piece, joined, pieces_of
from countenance.delivery.cue import Cue
from countenance.delivery.setting import can_set, length_px, letters
from countenance.speech.phones import Word

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
Mask = NDArray[np.float32]

EM = 0.05  # of the shorter side: 54 pixels at 1080p
LEAST_EM, LEAST_EM_PX = 0.034, 14  # before a line is broken once more
WIDEST = 0.88  # of the picture's width, a line may take
FOOT = 0.07  # of the height, free below the lower line
FIELD = 0.78  # opacity of the dark field: white letters keep a contrast above 7:1 on white
_INSET = 0.45  # of the em, between letters and the field's edge


class _Look(NamedTuple):
    """Where a text lies (even luma pixels), how much of the picture shows through, and how much white is added."""

    x: int
    y: int
    keep: Mask
    white: Mask


@dataclass(frozen=True)
class Subtitles:
    """Cues in order of time, and the stretches `(start_s, end_s)` of the clip in which they are shown.

    `foot_px`: how much of the picture's lower edge stays free of them, where the badge stands there. `language` tells
    from which side their lines run.
    """

    cues: tuple[Cue, ...]
    stretches: tuple[tuple[float, float], ...]
    foot_px: int = 0
    language: str = ""

    def shown_at(self, time_s: Fraction | float) -> Cue | None:
        """The cue that is burnt in at a time, if any."""
        if not any(start <= time_s < end for start, end in self.stretches):
            return None
        now_ms = float(time_s) * 1000
        index = bisect_right([cue.start_ms for cue in self.cues], now_ms) - 1
        return self.cues[index] if index >= 0 and now_ms < self.cues[index].end_ms else None

    def draw(self, planes: Planes, time_s: Fraction | float) -> None:
        """Draw on the Y' (h, w), Cb and Cr (h/2, w/2) uint8 planes (limited range) of the picture at a time."""
        cue = self.shown_at(time_s)
        if cue is None:
            return
        height, width = planes[0].shape
        look = _look(cue.lines, cue.gap, width, height, self.foot_px, self.language)
        high, wide = look.keep.shape
        part = planes[0][look.y : look.y + high, look.x : look.x + wide]
        part[:] = np.rint(part * look.keep + look.white * np.float32(235) + _dark(look))
        half = look.keep.reshape(high // 2, 2, wide // 2, 2).mean(axis=(1, 3))
        rows, columns = slice(look.y // 2, (look.y + high) // 2), slice(look.x // 2, (look.x + wide) // 2)
        for plane in planes[1:]:
            plane[rows, columns] = np.rint(plane[rows, columns] * half + (1 - half) * np.float32(128))


def unreadable(cues: Sequence[Cue]) -> tuple[str, ...]:
    """The lines whose script cannot be set correctly, and so cannot be burnt in; the caption files hold them."""
    return tuple(line for cue in cues for line in cue.lines if not can_set(line))


def _dark(look: _Look) -> Mask:
    """The field's own near black: what is neither picture nor white."""
    return np.asarray((1 - look.keep - look.white) * np.float32(22), np.float32)


@lru_cache(maxsize=8)
def _look(lines: tuple[str, ...], gap: str, width: int, height: int, foot_px: int, language: str) -> _Look:
    lines = tuple(line for line in lines if can_set(line))
    em = max(LEAST_EM_PX, round(EM * min(width, height)))
    while em > max(LEAST_EM_PX, LEAST_EM * min(width, height)) and _longest(lines, em) > _room(width, em):
        em -= 1
    if _longest(lines, em) > _room(width, em):
        lines = _broken(lines, gap, language, em, _room(width, em))
    inset = round(_INSET * em)
    rtl = is_right_to_left(language)
    told = [letters(marked(line, language), em, rtl=rtl)[:, : width - 2 * inset] for line in lines]
    high = _even(sum(line.shape[0] for line in told) + 2 * (inset // 2)) if told else 2
    wide = _even(max((line.shape[1] for line in told), default=0) + 2 * inset)
    high, wide = min(high, height // 2 * 2), min(wide, width // 2 * 2)
    white = np.zeros((high, wide), np.float32)
    y = inset // 2
    for line in told:
        x = (wide - line.shape[1]) // 2
        rows = line[: max(0, high - y)]
        white[y : y + rows.shape[0], x : x + rows.shape[1]] = rows
        y += line.shape[0]
    field = np.full_like(white, FIELD if told else 0.0)
    keep = (1 - field) * (1 - white)
    foot = max(round(FOOT * height), foot_px)
    return _Look((width - wide) // 4 * 2, max(0, height - foot - high) // 2 * 2, keep, white)


def _longest(lines: Sequence[str], em: int) -> int:
    return max((length_px(line, em) for line in lines), default=0)


def _room(width: int, em: int) -> float:
    return WIDEST * width - 2 * _INSET * em


def _broken(lines: Sequence[str], gap: str, language: str, em: int, room_px: float) -> tuple[str, ...]:
    """The lines' text in as few lines as there is room for, as even as can be; only what is too long alone is cut."""
    words = [Word(line, 0.0, 0.0, gap != "") for line in lines]
    pieces = pieces_of(words, language, max(4, int(1.6 * room_px / em)))
    least = int(length_px(joined(pieces), em) // room_px) + 1
    wished = [room_px * share for share in (0.7, 0.8, 0.9, 1.0)]
    options = [_filled(pieces, em, room) for room in wished]
    return min(options, key=lambda parts: (max(len(parts), least), _longest(parts, em)))


def _filled(pieces: Sequence[Piece], em: int, room_px: float) -> tuple[str, ...]:
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if parts[-1] and length_px(joined([*parts[-1], piece]), em) > room_px:
            parts.append([])
        parts[-1].append(piece)
    return tuple(joined(part) for part in parts)


def _even(value: int) -> int:
    return value + value % 2
