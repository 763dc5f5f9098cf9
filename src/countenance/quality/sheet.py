"""The contact sheet: the same moments before and after, side by side."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from countenance.media.frame import F32, U8, Frame
from countenance.perception.crop import Square, thumbnail, warp_rgb
from countenance.quality.kept import Kept
from countenance.quality.sampling import Spaced

_MOMENTS = 8
_FACE_PX = 208
_REACH = 1.5  # side of the shown square over the face's size
_GAP_PX, _MARGIN_PX, _CAPTION_PX, _NAME_PX = 4, 74, 26, 34
_GROUND, _INK, _EMPTY = (24, 25, 28), (214, 216, 220), (44, 46, 50)
_ROWS = ("before", "after", "whole")


@dataclass(frozen=True)
class Moment:
    """What a column shows: face before (None where the master has no such picture), face after, whole picture."""

    time_s: float
    before: U8 | None
    after: U8
    whole: U8


@dataclass
class ContactSheet:
    """Collects eight moments of a clip of so many pictures as small pictures, and lays them out."""

    pictures: int
    _moments: list[Moment] = field(default_factory=list)
    _spaced: Spaced = field(init=False)
    _doubtful: bool = False  # whether the first moment is

    def __post_init__(self) -> None:
        self._spaced = Spaced.of(self.pictures, _MOMENTS)

    def begin(self, first: int) -> None:
        """The section that is measured begins at this picture."""
        self._spaced.first = first

    def due(self, number: int) -> bool:
        """Whether this picture is one of the moments."""
        return self._spaced.due(number)

    def add(self, time_s: float, before: Frame | None, after: Frame, mesh: F32) -> None:
        """One moment; `mesh` says where the face is looked at, in both pictures alike."""
        look = _upright(mesh).to_picture(_FACE_PX)
        width, height = after.size
        size = (_FACE_PX, max(2, round(_FACE_PX * height / width)))
        self._doubtful = self._doubtful or self._spaced.doubtful
        self._moments.append(
            Moment(
                time_s,
                None if before is None else warp_rgb(before, look, _FACE_PX),
                warp_rgb(after, look, _FACE_PX),
                thumbnail(after, size),
            )
        )

    def state(self) -> Kept:
        moments = [[one.time_s, one.before, one.after, one.whole] for one in self._moments]
        return {"moments": moments, "doubtful": self._doubtful, "spaced": self._spaced.state()}

    def extend(self, state: Kept) -> None:
        skipped = int(state["doubtful"] and not self._spaced.wants(state["spaced"]))
        self._moments.extend(Moment(*one) for one in state["moments"][skipped:])
        self._spaced.extend(state["spaced"])

    def jpeg(self) -> bytes | None:
        """The sheet; None without a moment."""
        if not self._moments:
            return None
        heights = (_FACE_PX, _FACE_PX, max(moment.whole.shape[0] for moment in self._moments))
        width = _MARGIN_PX + len(self._moments) * (_FACE_PX + _GAP_PX)
        sheet = Image.new("RGB", (width, _CAPTION_PX + sum(heights) + 3 * _GAP_PX), _GROUND)
        draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
        for column, moment in enumerate(self._moments):
            x, y = _MARGIN_PX + column * (_FACE_PX + _GAP_PX), _CAPTION_PX
            draw.text((x + _FACE_PX / 2, y / 2), f"{moment.time_s:.2f} s", _INK, font, anchor="mm")
            for picture, height in zip((moment.before, moment.after, moment.whole), heights, strict=True):
                shown = picture if picture is not None else np.full((height, _FACE_PX, 3), _EMPTY, np.uint8)
                sheet.paste(Image.fromarray(shown), (x, y))
                y += height + _GAP_PX
        y = _CAPTION_PX
        for word, height in zip(_ROWS, heights, strict=True):
            draw.text((_MARGIN_PX - 10, y + height / 2), word, _INK, font, anchor="rm")
            y += height + _GAP_PX
        return _jpeg(sheet)


def stacked(sheets: Mapping[str, bytes]) -> bytes:
    """Several people's sheets, one above the other under their names, as JPEG."""
    pictures = {name: Image.open(io.BytesIO(data)) for name, data in sheets.items()}
    width = max(picture.width for picture in pictures.values())
    height = sum(picture.height + _NAME_PX for picture in pictures.values())
    whole = Image.new("RGB", (width, height), _GROUND)
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(17)
    y = 0
    for name, picture in pictures.items():
        draw.text((_MARGIN_PX, y + _NAME_PX / 2), name, _INK, font, anchor="lm")
        whole.paste(picture, (0, y + _NAME_PX))
        y += picture.height + _NAME_PX
    return _jpeg(whole)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, optimize=True)
    return out.getvalue()


def _upright(mesh: F32) -> Square:
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    x, y = (low + high) / 2
    return Square(float(x), float(y), float((high - low).max() * _REACH), 0.0)
