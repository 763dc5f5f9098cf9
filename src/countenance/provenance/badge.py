"""The visible label: the letters AI in a white field and the words beside them, in a corner or on a card.

After the icons of the European code of practice of 2026-06-10: the capitals AI come first and weigh most, the
words follow. Where the words cannot be set or would be too small, the letters stand alone. The label is neutral
(white and near black), so no matrix is involved: only the luma range matters, and chroma is drawn towards its
middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance.disclosure import ReleaseRecord, badge_text
from countenance.provenance.label import USUAL, Label
from countenance.provenance.lettering import can_draw, length_px, letters, right_to_left
from countenance.provenance.wording import wording

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
Mask = NDArray[np.float32]

ICON = "AI"
EM = {"normal": 0.046, "large": 0.072, "card": 0.075}  # of the shorter side
LEAST_EM_PX = 16  # capitals of 11 pixels
SHRINK = 0.65  # words that would have to be set smaller than this share of the normal size give way to the icon
WIDEST = 0.7  # of the shorter side, at most; more where the picture is wider
WIDEST_OF_WIDTH = 0.45
MARGIN = 0.04  # of the shorter side
PILL_OPACITY = 0.74  # white letters keep a contrast above 7:1 even on a white ground
PILL_GREY = 0.06  # of the way from black to white
CARD_DIM = 0.72
CARD_FADE_S = Fraction(3, 10)
FADE_S = 0.4


class Raster(NamedTuple):
    """A label for one picture size: planes become `keep * old + white + dark`, each in its own tone.

    `x`, `y` (even) is the upper left corner in luma pixels; `keep`, `white`, `dark` are (h, w) float32 with
    even sides: how much of the picture shows through, and how much of each place is white and near black.
    `em_px` is the size of the smallest letters; their capitals are seven tenths of it.
    """

    x: int
    y: int
    keep: Mask
    white: Mask
    dark: Mask
    em_px: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in luma pixels."""
        return self.x, self.y, self.x + self.keep.shape[1], self.y + self.keep.shape[0]


@dataclass(frozen=True)
class Badge:
    """What is shown: `kind` "off", "corner" or "endcard" (the last `card_s` seconds only).

    `text` replaces the usual words of `language`, and goes without the icon. `made`: wholly made by AI, not
    changed. `label` says where and when.
    """

    kind: Literal["off", "corner", "endcard"]
    language: str = "en"
    text: str | None = None
    card_s: Fraction = Fraction(2)
    made: bool = False
    label: Label = USUAL

    @property
    def words(self) -> str:
        if self.text is not None:
            return self.text
        if self.label.form == "icon":
            return ICON
        told = wording(self.language)
        return told.made if self.made else told.badge

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
        if self.kind == "off":
            return
        height, width = planes[0].shape
        if self.card_shown(time_s, duration_s):
            since_s = time_s - max(duration_s - self.card_s, Fraction(0))
            shown = float(min(Fraction(1), since_s / CARD_FADE_S))
            _dim(planes, CARD_DIM * shown, full_range)
            _lay(planes, _inks(self._look, width, height, True, shown, full_range))
        elif self.kind == "corner" and (shown := self.label.shown(float(time_s), FADE_S)):
            _lay(planes, _inks(self._look, width, height, False, shown, full_range))

    @property
    def on_stills(self) -> Badge:
        """The badge as posters and other stills bear it, whatever the moment that they were taken at."""
        if self.kind == "off":
            return self
        return replace(self, kind="corner", label=replace(self.label, when="always", end_card=False))

    def card_shown(self, time_s: Fraction, duration_s: Fraction) -> bool:
        """Whether the end card lies over the picture at a time."""
        due = self.kind == "endcard" or (self.kind == "corner" and self.label.end_card)
        return due and time_s >= duration_s - self.card_s

    def raster(self, width: int, height: int, card: bool = False) -> Raster:
        """The label in the corner, or as it stands on the card, of a picture of this size in pixels."""
        return _raster(self._look, width, height, card)

    @property
    def _look(self) -> _Look:
        label = self.label
        return _Look(self.words, self.text is None, label.corner, label.clear_x, label.clear_y, label.size)


def badge_of(record: ReleaseRecord) -> Badge:
    """The badge that a release shows: none where nothing was changed."""
    if not badge_text(record):
        return Badge("off")
    kind: Literal["corner", "endcard"] = "endcard" if record.badge == "endcard" else "corner"
    return Badge(kind, record.language, made=record.made, label=record.label)


def form_for(words: str, width: int, height: int, size: str = "normal") -> tuple[str, str]:
    """Whether the words can stand on a picture of this size: ("words", "") or ("icon", why not)."""
    if not can_draw(words):
        return "icon", "the words' script cannot be set correctly"
    em = _em(width, height, size)
    if _fitting(_rest(words), em, _room(width, height, em)) < _least(width, height):
        return "icon", f"the words would be too small on {width}x{height} pixels"
    return "words", ""


class _Look(NamedTuple):
    words: str
    icon: bool
    corner: str
    clear_x: float
    clear_y: float
    size: str


class _Inks(NamedTuple):
    """A raster as it is laid: planes become `keep * old + add`, chroma planes by the halves. All (h, w) float32."""

    x: int
    y: int
    keep: Mask
    add: Mask
    half_keep: Mask
    half_add: Mask


@lru_cache(maxsize=16)
def _inks(look: _Look, width: int, height: int, card: bool, shown: float, full_range: bool) -> _Inks:
    """Worked out once for all pictures that show the label alike."""
    raster = _raster(look, width, height, card)
    black, white = (0.0, 255.0) if full_range else (16.0, 235.0)
    keep = 1 - (1 - raster.keep) * np.float32(shown)
    grey = black + PILL_GREY * (white - black)
    add = (raster.white * np.float32(white) + raster.dark * np.float32(grey)) * np.float32(shown)
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


def _blend(part: NDArray[np.uint8], keep: Mask, add: Mask) -> None:
    part[:] = np.rint(part * keep + add).astype(np.uint8)


def _dim(planes: Planes, opacity: float, full_range: bool) -> None:
    for plane, towards in zip(planes, (0 if full_range else 16, 128, 128), strict=True):
        cv2.convertScaleAbs(plane, dst=plane, alpha=1 - opacity, beta=towards * opacity)


def _em(width: int, height: int, size: str) -> float:
    return max(LEAST_EM_PX, EM[size] * min(width, height))


def _least(width: int, height: int) -> float:
    """The smallest size that words may be set in."""
    return max(LEAST_EM_PX, SHRINK * EM["normal"] * min(width, height))


def _room(width: int, height: int, em: float) -> float:
    """How long the words may be, in pixels, beside the icon."""
    return max(WIDEST * min(width, height), WIDEST_OF_WIDTH * width) - 3.2 * em


def _fitting(words: str, em: float, room_px: float) -> int:
    """The largest size up to `em` at which the words take no more than the room."""
    fit = round(em)
    while (length := length_px(words, fit)) > room_px and fit > 1:
        fit = max(1, min(fit - 1, int(fit * room_px / length)))
    return fit


def _rest(words: str) -> str:
    """What follows the icon: words that begin with AI do not say it twice."""
    return words[len(ICON) :].lstrip(" -") if words.startswith(ICON) else words


@lru_cache(maxsize=16)
def _raster(look: _Look, width: int, height: int, card: bool) -> Raster:
    em = _em(width, height, "card" if card else look.size)
    room = width * 0.9 - 3.2 * em if card else _room(width, height, em)
    words = _rest(look.words) if look.icon else look.words
    fits = _fitting(words, em, room) if words else 0
    if look.icon and words and (not can_draw(words) or fits < _least(width, height)):
        words = ""
    laid = _laid_out(words, em if look.icon else fits, fits, look.icon)
    high, wide = laid[0].shape
    x, y = _place(look, width, height, wide, high, em, card)
    rows, columns = (height - y) // 2 * 2, (width - x) // 2 * 2
    pill, told, field, icon = (layer[:rows, :columns] for layer in laid)
    keep, white, dark = np.ones_like(pill), np.zeros_like(pill), np.zeros_like(pill)
    for cover, bright in ((pill * (0 if card else PILL_OPACITY), 0), (told, 1), (field, 1), (icon, 0)):
        keep, white, dark = keep * (1 - cover), white * (1 - cover), dark * (1 - cover)
        white, dark = (white + cover, dark) if bright else (white, dark + cover)
    kept, whitened, darkened = (np.asarray(one, np.float32) for one in (keep, white, dark))
    return Raster(x, y, kept, whitened, darkened, min(em, fits) if words else em)


def _laid_out(words: str, em: float, fits: int, icon: bool) -> tuple[Mask, Mask, Mask, Mask]:
    """Coverage 0..1, all of one even size: the pill, the words on it, the icon's field and the icon's letters."""
    high = _even(em * 1.75)
    inset = high * 0.13
    symbol = letters(ICON, round(em)) if icon else np.zeros((1, 1), np.float32)
    field_wide = symbol.shape[1] + 0.8 * em if icon else 0.0
    told = letters(words, fits) if words else np.zeros((1, 0), np.float32)
    before = inset + field_wide if icon else 0.0
    gap = (0.5 * em if icon else 0.62 * em) if words else 0.0
    after = 0.62 * em if words else inset
    wide = _even(before + gap + told.shape[1] + after)
    pill = _rounded(wide, high, 0, 0, wide, high, 0.3 * high)
    if not icon:
        return pill, _put(told, wide, high, gap + told.shape[1] / 2), np.zeros_like(pill), np.zeros_like(pill)
    field = _rounded(wide, high, inset, inset, inset + field_wide, high - inset, 0.2 * high)
    mark = _put(symbol, wide, high, inset + field_wide / 2)
    text = _put(told, wide, high, before + gap + told.shape[1] / 2)
    if right_to_left(words):  # the icon stands where reading begins
        field, mark = field[:, ::-1], _put(symbol, wide, high, wide - inset - field_wide / 2)
        text = _put(told, wide, high, wide - before - gap - told.shape[1] / 2)
    return pill, text, np.ascontiguousarray(field), mark


def _place(look: _Look, width: int, height: int, wide: int, high: int, em: float, card: bool) -> tuple[int, int]:
    if card:
        return max(0, width - wide) // 4 * 2, max(0, height - high) // 4 * 2
    margin = MARGIN * min(width, height)
    across, down = max(margin, look.clear_x * width), max(margin, look.clear_y * height)
    x = across if look.corner.endswith("left") else width - across - wide
    y = down if look.corner.startswith("top") else height - down - high
    return max(0, int(x) // 2 * 2), max(0, min(_even(y), (height - high) // 2 * 2))


def _rounded(width: int, height: int, left: float, top: float, right: float, bottom: float, radius: float) -> Mask:
    """Coverage 0..1 (height, width) of a box with round corners, by the distance of each pixel from its core."""
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    dx = x - np.clip(x, left + radius, right - radius)
    dy = y - np.clip(y, top + radius, bottom - radius)
    return np.asarray(np.clip(radius + 0.5 - np.hypot(dx, dy), 0, 1), np.float32)


def _put(mask: Mask, width: int, height: int, middle_x: float) -> Mask:
    """A mask on an empty canvas, its middle at half the height and at `middle_x`; what juts out is cut."""
    canvas = np.zeros((height, width), np.float32)
    down, across = (height - mask.shape[0]) // 2, max(0, round(middle_x - mask.shape[1] / 2))
    cut = max(0, -down)
    part = mask[cut : cut + height - max(0, down), : width - across]
    canvas[max(0, down) : max(0, down) + part.shape[0], across : across + part.shape[1]] = part
    return canvas


def _even(value: float) -> int:
    return int(-(-value // 2)) * 2
