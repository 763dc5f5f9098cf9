"""Short texts as coverage masks, in the scripts that can be set correctly: Latin, Cyrillic, Greek, Chinese,
Japanese, Korean, and Arabic.

OpenCV's own fonts (Rubik, with WenQuanYi Micro Hei behind it) cover all but Arabic. OpenCV joins no letters and
writes everything from left to right, so Arabic is shaped here: each letter by its neighbours, then the line
turned round, and drawn with the shapes of `fonts/RubikArabicForms.ttf`. What needs more than that (Hebrew,
Indic and Southeast Asian scripts, vowel signs, Arabic mixed with Latin) is refused by `can_draw`.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WEIGHT = 500  # medium
CAPITALS = 0.7  # of the em: the height of Rubik's capital letters
ROOM = 0.3  # of the em: for accents above and tails below
ARABIC_ROOM = 0.5

_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "IDEOGRAPHIC")
_PLAIN = frozenset(" -–—.,:;!?…¿¡'‘’‚\"“”„«»()[]/&+=#@*%°§€$£0123456789")
_ARABIC = "ARABIC"


def can_draw(text: str) -> bool:
    """Whether every character would come out in its right shape, place and order."""
    scripts = {_script(letter) for letter in unicodedata.normalize("NFC", text)}
    return bool(text) and None not in scripts and not (_ARABIC in scripts and len(scripts - {""}) > 1)


def right_to_left(text: str) -> bool:
    return any(_script(letter) == _ARABIC for letter in text)


def letters(text: str, em_px: int) -> NDArray[np.float32]:
    """Coverage 0..1 (h, w) float32 of `text` set at `em_px` pixels, its capitals in the middle of the height.

    The height is that of capitals and the same room above and below; `can_draw` must hold.
    """
    fine = 4 if _han(text) else 1
    em = em_px * fine
    capitals, room = round(em * CAPITALS), round(em * (ARABIC_ROOM if right_to_left(text) else ROOM))
    canvas = np.zeros(((capitals + 2 * room) // fine * fine, (length_px(text, em_px) + 2) * fine), np.uint8)
    cv2.putText(canvas, _visual(text), (fine, room + capitals), (255,), _font(text), em, WEIGHT)
    if fine > 1:  # their font has one weight only, a thin one beside Rubik's
        pen = max(3, round(em * 0.035)) | 1
        canvas = cv2.dilate(canvas, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen)))
        size = (canvas.shape[1] // fine, canvas.shape[0] // fine)
        canvas = np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.uint8)
    return canvas.astype(np.float32) / np.float32(255)


def length_px(text: str, em_px: int) -> int:
    """How many pixels the line takes."""
    x, _, width, _ = cv2.getTextSize((0, 0), _visual(text), (0, 0), _font(text), em_px, WEIGHT)
    return int(x + width)


def _script(letter: str) -> str | None:
    """The script of a character; "" for what belongs to all, None for what cannot be set."""
    if letter in _PLAIN:
        return ""
    name = unicodedata.name(letter, "")
    if name.startswith("ARABIC LETTER") and (letter,) in _shapes():
        return _ARABIC
    if unicodedata.category(letter)[0] not in "LNP":
        return None
    return "LATIN" if name.startswith(_SCRIPTS) else None


def _han(text: str) -> bool:
    """Whether all of it is set in the font of Chinese, Japanese and Korean."""
    return all(letter == " " or unicodedata.east_asian_width(letter) in "WF" for letter in text)


def _font(text: str) -> Any:
    return _arabic_font() if right_to_left(text) else cv2.FontFace("sans")


@cache
def _arabic_font() -> Any:
    with as_file(files("countenance.provenance") / "fonts" / "RubikArabicForms.ttf") as path:
        return cv2.FontFace(str(path))


def _visual(text: str) -> str:
    """The characters from left to right as they are to be drawn."""
    text = unicodedata.normalize("NFC", text)
    return joined(text)[::-1] if right_to_left(text) else text


def joined(text: str) -> str:
    """Arabic letters as the presentation forms that their neighbours call for, in reading order.

    Joining after chapter 9.2 of the Unicode standard: a letter joins forward when it has an initial form.
    """
    units: list[tuple[str, ...]] = []
    for letter in text:  # lam and alef become one unit
        if units and (*units[-1], letter) in _shapes():
            units[-1] = (*units[-1], letter)
        else:
            units.append((letter,))
    out, open_end = "", False
    for unit, after in zip(units, [*units[1:], ("",)], strict=True):
        forms = _shapes().get(unit, {})
        before = open_end and "final" in forms
        behind = "initial" in forms and "final" in _shapes().get(after, {})
        form = "medial" if before and behind else "final" if before else "initial" if behind else "isolated"
        out += forms.get(form, "".join(unit))
        open_end = "initial" in forms
    return out


@cache
def _shapes() -> dict[tuple[str, ...], dict[str, str]]:
    """Letters (lam-alef as two) -> form -> the character of Arabic Presentation Forms-B."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for code in range(0xFE80, 0xFEFD):
        form, *letter_codes = unicodedata.decomposition(chr(code)).split()
        unit = tuple(chr(int(one, 16)) for one in letter_codes)
        found.setdefault(unit, {})[form.strip("<>")] = chr(code)
    return found
