"""Lines of text as coverage masks in scripts whose letters join, stack or run from the right.

Arabic, Hebrew, Thai and Devanagari, alone and mixed with Latin, Cyrillic and Greek: put in order by the Unicode
Bidirectional Algorithm (fpdf2's), shaped and drawn by HarfBuzz, in Rubik and Noto Sans (all of them under the OFL).
What `provenance.lettering` can draw, it draws.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import uharfbuzz as hb
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection
from numpy.typing import NDArray

from countenance.provenance import lettering
from countenance.provenance.lettering import CAPITALS, WEIGHT

ROOM = 0.5  # of the em, above capitals and below the line: for marks over and under letters
_FINE = 64  # parts of a pixel in which HarfBuzz places glyphs
_FONTS = (
    ("fontpkg_rubik", "Rubik[wght].ttf", WEIGHT),
    ("fontpkg_noto_sans_thai", "NotoSansThai[wdth,wght].ttf", WEIGHT + 100),  # as dark as Rubik beside them
    ("fontpkg_noto_sans_devanagari", "NotoSansDevanagari[wdth,wght].ttf", WEIGHT + 100),
)


class _Run(NamedTuple):
    """Characters in reading order that one font sets in one direction."""

    text: str
    font: int
    rtl: bool


def can_set(text: str) -> bool:
    """Whether every character would come out in its right shape, place and order."""
    text = _plain(text)
    return bool(text) and (_by_lettering(text) or all(_font_of(letter) is not None for letter in text))


def length_px(text: str, em_px: int, *, rtl: bool = False) -> int:
    """How many pixels the line takes; `rtl`: its language is written from right to left."""
    if _by_lettering(text):
        return lettering.length_px(text, em_px)
    return int(sum(position.x_advance for _, _, position in _glyphs(text, em_px, rtl)) / _FINE) + 1


def letters(text: str, em_px: int, *, rtl: bool = False) -> NDArray[np.float32]:
    """Coverage 0..1 (h, w) float32 of a line set at `em_px` pixels; `can_set` must hold.

    The height is that of capitals and the same room above and below.
    """
    if _by_lettering(text):
        return lettering.letters(text, em_px)
    capitals, room = round(em_px * CAPITALS), round(em_px * ROOM)
    canvas = np.zeros((capitals + 2 * room, length_px(text, em_px, rtl=rtl) + 2), np.float32)
    pen, draw = _FINE, hb.RasterDraw()
    for font, info, position in _glyphs(text, em_px, rtl):
        right, up = (pen + position.x_offset) / _FINE, position.y_offset / _FINE
        draw.transform = (1 / _FINE, 0, 0, 1 / _FINE, right, up)
        draw.draw_glyph(font, info.codepoint)
        pen += position.x_advance
    _paste(canvas, draw.render(), room + capitals)
    return canvas


def _paste(canvas: NDArray[np.float32], image: Any, baseline: int) -> None:
    """Put a drawn line on the canvas; HarfBuzz counts rows upwards from the baseline."""
    extents = image.extents
    if not extents.width or not extents.height:
        return
    rows = np.frombuffer(image.buffer, np.uint8).reshape(extents.height, extents.stride)[::-1, : extents.width]
    top, left = baseline - (extents.y_origin + extents.height), extents.x_origin
    y, x = max(0, top), max(0, left)
    part = rows[y - top : y - top + canvas.shape[0] - y, x - left : x - left + canvas.shape[1] - x]
    canvas[y : y + part.shape[0], x : x + part.shape[1]] = part.astype(np.float32) / np.float32(255)


def _glyphs(text: str, em_px: int, rtl: bool) -> list[tuple[Any, Any, Any]]:
    """(font, glyph, position) from left to right."""
    found = []
    for run in _runs(text, rtl):
        font = _font(run.font)
        font.scale = (em_px * _FINE, em_px * _FINE)
        buffer = hb.Buffer()
        buffer.add_str(run.text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if run.rtl else "ltr"
        hb.shape(font, buffer)
        found += [
            (font, info, position) for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]
    return found


def _runs(text: str, rtl: bool) -> list[_Run]:
    """The line's runs from left to right, as they are seen."""
    paragraph = BidiParagraph(
        unicodedata.normalize("NFC", text), TextDirection.RTL if rtl else TextDirection.LTR, preserve_bn_chars=False
    )
    seen = [(one.character, bool(one.embedding_level % 2)) for one in paragraph.get_reordered_characters()]
    seen = [(letter, backwards) for letter, backwards in seen if unicodedata.category(letter) != "Cf"]
    runs: list[_Run] = []
    for backwards, group in groupby(seen, key=lambda one: one[1]):
        span = [letter for letter, _ in group]
        spans = _by_font("".join(reversed(span) if backwards else span))
        runs += [_Run(part, font, backwards) for part, font in (reversed(spans) if backwards else spans)]
    return runs


def _by_font(text: str) -> list[tuple[str, int]]:
    """The text in parts of one font each; spaces and marks go with what is before them."""
    parts: list[tuple[str, int]] = []
    for letter in text:
        font = _font_of(letter)
        assert font is not None
        shared = unicodedata.category(letter)[0] in "MPZN" and parts and _has(parts[-1][1], letter)
        font = parts[-1][1] if shared else font
        if parts and parts[-1][1] == font:
            parts[-1] = (parts[-1][0] + letter, font)
        else:
            parts.append((letter, font))
    return parts


def _plain(text: str) -> str:
    """The text without marks of direction."""
    return "".join(letter for letter in unicodedata.normalize("NFC", text) if unicodedata.category(letter) != "Cf")


def _by_lettering(text: str) -> bool:
    return lettering.can_draw(text) and not lettering.right_to_left(text)


def _has(font: int, letter: str) -> bool:
    return _font(font).get_nominal_glyph(ord(letter)) is not None


@cache
def _font_of(letter: str) -> int | None:
    return next((number for number in range(len(_FONTS)) if _has(number, letter)), None)


@cache
def _font(number: int) -> Any:
    package, name, weight = _FONTS[number]
    font = hb.Font(hb.Face(hb.Blob((files(package) / "files" / name).read_bytes())))
    font.set_variations({"wght": weight})
    return font
