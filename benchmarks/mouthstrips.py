"""Strips of mouths with their phones written under them: real above, then each way of making them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from countenance.media.frame import F32, U8, Frame
from countenance.speech.phones import Phones

_TILE_PX = (132, 108)
_WORDS_PX, _GAP_PX = 26, 4
_A_ROW = 14  # pictures side by side
_MOST = 84
_REACH = 1.05  # eye distances across a tile


@dataclass
class MouthStrip:
    """Collects the mouths of a take, at most 84 evenly spread pictures, and writes them in rows."""

    phones: Phones
    times_s: NDArray[np.float64]
    _columns: list[tuple[list[U8], str]] = field(default_factory=list)

    def add(self, number: int, frames: list[Frame], mesh: F32) -> None:
        """One moment; `mesh` says where the face is."""
        step = max(1, -(-len(self.times_s) // _MOST))
        if number % step == 0:
            self._columns.append(([_tile(frame, mesh) for frame in frames], self._said(float(self.times_s[number]))))

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [self._columns[first : first + _A_ROW] for first in range(0, len(self._columns), _A_ROW)]
        Image.fromarray(np.vstack([_row(row) for row in rows])).save(path)

    def _said(self, time_s: float) -> str:
        return next((phone.symbol for phone in self.phones if phone.start_s <= time_s < phone.end_s), "") or "-"


def _row(columns: list[tuple[list[U8], str]]) -> U8:
    made = [np.vstack([*tiles, _words(said)]) for tiles, said in columns]
    made += [np.zeros_like(made[0])] * (_A_ROW - len(made))
    return np.vstack([np.hstack(made), np.zeros((_GAP_PX, made[0].shape[1] * _A_ROW, 3), np.uint8)])


def _tile(frame: Frame, mesh: F32) -> U8:
    eyes = mesh[263, :2] - mesh[33, :2]
    unit = float(np.linalg.norm(eyes))
    scale, centre = _TILE_PX[0] / (_REACH * unit), mesh[[61, 291, 13, 14], :2].mean(axis=0)
    steady = mesh[[2], :2].mean(axis=0)
    down = np.array([-eyes[1], eyes[0]]) / unit
    centre = steady + down * 0.32 * unit
    cos, sin = eyes / unit * scale
    matrix = np.array([[cos, sin, 0], [-sin, cos, 0]])
    matrix[:, 2] = np.array(_TILE_PX) / 2 - matrix[:, :2] @ centre
    tile = cv2.warpAffine(frame.rgb(), matrix, _TILE_PX, flags=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(tile[:-1, :-1], 0, 1, 0, 1, cv2.BORDER_CONSTANT), np.uint8)


def _words(said: str) -> U8:
    image = Image.new("RGB", (_TILE_PX[0], _WORDS_PX), (24, 24, 24))
    font = ImageFont.truetype("DejaVuSans.ttf", 18) if _has_font() else ImageFont.load_default(18)
    ImageDraw.Draw(image).text((_TILE_PX[0] // 2, _WORDS_PX // 2), said, (255, 255, 255), font, anchor="mm")
    return np.asarray(image)


def _has_font() -> bool:
    try:
        ImageFont.truetype("DejaVuSans.ttf", 18)
    except OSError:
        return False
    return True
