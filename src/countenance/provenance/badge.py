"""The visible label: a small pill in the corner, or a card over the end, drawn onto the picture's planes.

The label is neutral (white on near black), so no matrix is involved: only the luma range matters, and chroma
is drawn towards its middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance.wording import wording

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]

CORNER_EM = 0.034  # of the picture's height: capitals of 2.4 %, accents and tails beyond
CARD_EM = 0.06
LEAST_EM_PX = 14
WIDEST = 0.45  # of the picture's width
MARGIN = 0.04  # of the shorter side
PILL_OPACITY = 0.66  # white letters keep a contrast of 4.5:1 even on a white ground
PILL_GREY = 0.06  # of the way from black to white
CARD_DIM = 0.72
CARD_FADE_S = Fraction(3, 10)
WEIGHT = 500  # medium
CAPITALS = 0.7  # of the em: the height of Rubik's capital letters
ROOM = 0.3  # of the em: for dots above and tails below


class Raster(NamedTuple):
    """A label for one picture size: planes become `keep * old + add`.

    `x`, `y` (even) is the upper left corner in luma pixels; `keep`, `letters`, `dark` are (h, w) float32 with
    even sides: how much of the picture shows through, and how much of each place is white and near black.
    """

    x: int
    y: int
    keep: NDArray[np.float32]
    letters: NDArray[np.float32]
    dark: NDArray[np.float32]


@dataclass(frozen=True)
class Badge:
    """What is shown: `kind` "off", "corner" (always) or "endcard" (the last `card_s` seconds).

    `text` replaces the usual words of `language`.
    """

    kind: Literal["off", "corner", "endcard"]
    language: str = "en"
    text: str | None = None
    card_s: Fraction = Fraction(2)

    @property
    def words(self) -> str:
        return wording(self.language).badge if self.text is None else self.text

    def draw(
        self,
        planes: Planes,
        time_s: Fraction = Fraction(0),
        duration_s: Fraction = Fraction(0),
        full_range: bool = False,
    ) -> None:
        """Draw on the Y' (h, w), Cb and Cr (h/2, w/2) uint8 `planes` of the picture at `time_s`, in place.

        `duration_s` is the length of the video (for the end card). `full_range`: luma spans 0..255 instead of
        16..235.
        """
        height, width = planes[0].shape
        if self.kind == "corner":
            _lay(planes, _inks(_corner, self.words, width, height, 1.0, full_range))
        elif self.kind == "endcard" and time_s >= duration_s - self.card_s:
            since_s = time_s - max(duration_s - self.card_s, Fraction(0))
            shown = float(min(Fraction(1), since_s / CARD_FADE_S))
            _dim(planes, CARD_DIM * shown, full_range)
            _lay(planes, _inks(_centre, self.words, width, height, shown, full_range))


class _Inks(NamedTuple):
    """A raster as it is laid: planes become `keep * old + add`, chroma planes by the halves. All (h, w) float32."""

    x: int
    y: int
    keep: NDArray[np.float32]
    add: NDArray[np.float32]
    half_keep: NDArray[np.float32]
    half_add: NDArray[np.float32]


@lru_cache(maxsize=4)
def _inks(
    place: Callable[[str, int, int], Raster], text: str, width: int, height: int, shown: float, full_range: bool
) -> _Inks:
    """Worked out once for all pictures that show the label alike."""
    raster = place(text, width, height)
    black, white = (0.0, 255.0) if full_range else (16.0, 235.0)
    keep = 1 - (1 - raster.keep) * np.float32(shown)
    grey = black + PILL_GREY * (white - black)
    add = (raster.letters * np.float32(white) + raster.dark * np.float32(grey)) * np.float32(shown)
    half = (keep.shape[1] // 2, keep.shape[0] // 2)
    half_keep = np.asarray(cv2.resize(keep, half, interpolation=cv2.INTER_AREA), np.float32)
    return _Inks(raster.x, raster.y, keep, add, half_keep, (1 - half_keep) * np.float32(128))


def _lay(planes: Planes, inks: _Inks) -> None:
    height, width = inks.keep.shape
    _blend(planes[0][inks.y : inks.y + height, inks.x : inks.x + width], inks.keep, inks.add)
    rows = slice(inks.y // 2, (inks.y + height) // 2)
    columns = slice(inks.x // 2, (inks.x + width) // 2)
    for chroma in planes[1:]:
        _blend(chroma[rows, columns], inks.half_keep, inks.half_add)


def _blend(part: NDArray[np.uint8], keep: NDArray[np.float32], add: NDArray[np.floating]) -> None:
    part[:] = np.rint(part * keep + add).astype(np.uint8)


def _dim(planes: Planes, opacity: float, full_range: bool) -> None:
    for plane, towards in zip(planes, (0 if full_range else 16, 128, 128), strict=True):
        cv2.convertScaleAbs(plane, dst=plane, alpha=1 - opacity, beta=towards * opacity)


@lru_cache(maxsize=16)
def _corner(text: str, width: int, height: int) -> Raster:
    letters = _letters(text, max(LEAST_EM_PX, height * CORNER_EM), width * WIDEST)
    high = _even(letters.shape[0] * 1.4)
    wide = _even(letters.shape[1] + high * 0.9)
    pill = _pill(wide, high) * np.float32(PILL_OPACITY)
    margin = MARGIN * min(width, height)
    x = max(0, int(width - margin - wide) // 2 * 2)
    y = min(_even(margin), max(0, height - high) // 2 * 2)
    return _raster(x, y, _centred(letters, wide, high), pill, width, height)


@lru_cache(maxsize=16)
def _centre(text: str, width: int, height: int) -> Raster:
    letters = _letters(text, max(LEAST_EM_PX, height * CARD_EM), width * 0.8)
    wide, high = _even(letters.shape[1]), _even(letters.shape[0])
    x, y = max(0, width - wide) // 4 * 2, max(0, height - high) // 4 * 2
    return _raster(x, y, _centred(letters, wide, high), np.zeros((high, wide), np.float32), width, height)


def _raster(x: int, y: int, letters: NDArray[np.float32], pill: NDArray[np.float32], width: int, height: int) -> Raster:
    rows, columns = (height - y) // 2 * 2, (width - x) // 2 * 2
    letters, pill = letters[:rows, :columns], pill[:rows, :columns]
    return Raster(x, y, (1 - pill) * (1 - letters), letters, pill * (1 - letters))


def _letters(text: str, em_px: float, widest_px: float) -> NDArray[np.float32]:
    """Coverage 0..1 (h, w) of the text, its capitals in the middle of the height."""
    font = cv2.FontFace("sans")  # Rubik, with a fallback that covers the other scripts; part of OpenCV
    em = round(em_px)
    while (length := _length_px(text, font, em)) > widest_px and em > 1:
        em = min(em - 1, int(em * widest_px / length))
    capitals, room = round(em * CAPITALS), round(em * ROOM)
    canvas = np.zeros((capitals + 2 * room, length + 2), np.uint8)
    cv2.putText(canvas, text, (1, room + capitals), (255,), font, em, WEIGHT)
    return canvas.astype(np.float32) / np.float32(255)


def _length_px(text: str, font: Any, em: int) -> int:
    x, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), font, em, WEIGHT)
    return int(x + width)


def _pill(width: int, height: int) -> NDArray[np.float32]:
    """Coverage 0..1 of a box with round ends: how far each pixel is from the line between their centres."""
    radius = height / 2
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    from_line = np.hypot(x - np.clip(x, radius, width - radius), y - radius)
    return np.asarray(np.clip(radius + 0.5 - from_line, 0, 1), np.float32)


def _centred(letters: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    canvas = np.zeros((height, width), np.float32)
    down, across = (height - letters.shape[0]) // 2, (width - letters.shape[1]) // 2
    canvas[down : down + letters.shape[0], across : across + letters.shape[1]] = letters
    return canvas


def _even(value: float) -> int:
    return int(-(-value // 2)) * 2
