"""Who is who in a master: a labelled sheet with a row of sharp faces for each person, to write a brief from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Frame
from countenance.media.probe import Master
from countenance.perception.crop import Square, thumbnail, warp_rgb
from countenance.perception.identity import sharpness
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face, Perception

_MOMENTS = 5  # faces in a row
_LOOKS = 8  # pictures that are looked at for each of them
_FACE_PX, _WHOLE_PX, _LABEL_PX = 176, 312, 196
_PAD_PX, _GAP_PX, _HEAD_PX, _TIME_PX = 20, 6, 58, 22
_REACH = 1.45  # side of the shown square over the face's size
_GROUND, _LINE, _INK, _SOFT, _SIGN = (24, 25, 28), (52, 54, 60), (232, 233, 236), (158, 161, 168), (255, 196, 61)


@dataclass(frozen=True)
class Person:
    """One person of a master: `track` is the number that a brief calls them by; times in seconds."""

    track: int
    width_px: int  # of the face, in the median
    pictures: int
    first_s: float
    last_s: float


@dataclass(frozen=True)
class _Shot:
    """A face at its best in a stretch of its pictures, and the whole picture with the face's place in it."""

    worth: float
    time_s: float
    face: U8
    whole: U8
    place: tuple[int, int, int, int]  # x0, y0, x1, y1 in `whole`


@dataclass
class _Row:
    """The stretches of one person's pictures: which are looked at, and the best of each so far."""

    track: int
    stretch: dict[int, int]  # picture -> stretch
    best: dict[int, _Shot] = field(default_factory=dict)

    def look(self, frame: Frame, face: Face, number: int, size: tuple[int, int]) -> None:
        crop = _face(frame, face)
        turned = np.radians(face.pose[:2])
        worth = sharpness(crop) * float(np.prod(np.maximum(np.cos(turned), 0.1))) * face.score
        part = self.stretch[number]
        if part not in self.best or worth > self.best[part].worth:
            place = _place(face.mesh[:POINTS], frame.size, size)
            self.best[part] = _Shot(worth, float(frame.time), crop, thumbnail(frame, size), place)


def people_of(master: Master, seen: Perception) -> list[Person]:
    """Everybody in a master, by number."""
    return [_person(master, seen, number) for number in range(seen.people)]


def who_is_who(master: Master, seen: Perception, progress: Callable[[int], None] = lambda _done: None) -> Image.Image:
    """The sheet, as an RGB picture. Decodes the master once; memory grows with the people, not with the clip.

    `progress` is called with the number of pictures passed. Without anybody the sheet says so.
    """
    rows = {row.track: row for row in _rows(seen)}
    size = _whole_size(master)
    for number, frame in enumerate(decode(master)):
        for row in rows.values():
            if number in row.stretch and (face := seen.face_of(row.track, number)) is not None:
                row.look(frame, face, number, size)
        progress(number + 1)
    return _drawn(master, people_of(master, seen), rows, size)


def _person(master: Master, seen: Perception, number: int) -> Person:
    tracks = seen.of_person(number)
    widths = np.concatenate([np.ptp(track.mesh[:, :POINTS, 0], axis=1) for track in tracks])
    pictures = np.concatenate([track.frames for track in tracks])
    first, last = (float(master.pts[int(end)] * master.time_base) for end in (pictures.min(), pictures.max()))
    return Person(number, int(np.median(widths)), len(pictures), first, last)


def _rows(seen: Perception) -> Iterator[_Row]:
    """For each person, equal stretches of their pictures and a few evenly spread pictures in each."""
    for number in range(seen.people):
        pictures = np.sort(np.concatenate([track.frames for track in seen.of_person(number)]))
        parts = np.array_split(pictures, min(_MOMENTS, len(pictures)))
        chosen = [part[np.unique(np.linspace(0, len(part) - 1, _LOOKS).round().astype(int))] for part in parts]
        yield _Row(number, {int(picture): k for k, part in enumerate(chosen) for picture in part})


def _face(frame: Frame, face: Face) -> U8:
    points = face.mesh[:POINTS, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (low + high) / 2
    square = Square(float(x), float(y), float((high - low).max() * _REACH), 0.0)
    return warp_rgb(frame, square.to_picture(_FACE_PX), _FACE_PX)


def _place(points: F32, frame_size: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    scale = np.array(size) / np.array(frame_size)
    low, high = (points[:, :2].min(axis=0) * scale, points[:, :2].max(axis=0) * scale)
    x0, y0 = np.maximum(low.astype(int) - 2, 0)
    x1, y1 = np.minimum(high.astype(int) + 2, np.array(size) - 1)
    return int(x0), int(y0), int(x1), int(y1)


def _whole_size(master: Master) -> tuple[int, int]:
    """How large the whole picture is shown: as high as a face or as wide as its column."""
    scale = min(_FACE_PX / master.height, _WHOLE_PX / master.width)
    return max(2, round(master.width * scale)), max(2, round(master.height * scale))


def _drawn(master: Master, people: list[Person], rows: dict[int, _Row], size: tuple[int, int]) -> Image.Image:
    row_px = _FACE_PX + _TIME_PX + 2 * _GAP_PX + 8
    width = 2 * _PAD_PX + _LABEL_PX + _MOMENTS * (_FACE_PX + _GAP_PX) + size[0]
    sheet = Image.new("RGB", (width, _HEAD_PX + max(1, len(people)) * row_px + _PAD_PX), _GROUND)
    draw = ImageDraw.Draw(sheet)
    count = {0: "nobody is seen", 1: "one person"}.get(len(people), f"{len(people)} people")
    draw.text((_PAD_PX, _HEAD_PX / 2), f"{master.path.name}: {count}", _INK, _font(20), anchor="lm")
    for place, person in enumerate(people):
        y = _HEAD_PX + place * row_px
        draw.line((_PAD_PX, y, width - _PAD_PX, y), _LINE)
        _label(draw, person, _PAD_PX, y + 10)
        _moments(sheet, draw, rows[person.track], _PAD_PX + _LABEL_PX, y + 10)
    return sheet


def _label(draw: ImageDraw.ImageDraw, person: Person, x: int, y: int) -> None:
    draw.text((x, y - 6), str(person.track), _SIGN, _font(64))
    lines = (
        f"track: {person.track}",
        f"face {person.width_px} px wide",
        "1 picture" if person.pictures == 1 else f"{person.pictures} pictures",
        f"{person.first_s:.1f} s to {person.last_s:.1f} s",
    )
    for number, line in enumerate(lines):
        draw.text((x, y + 84 + 23 * number), line, _SOFT if number else _INK, _font(17))


def _moments(sheet: Image.Image, draw: ImageDraw.ImageDraw, row: _Row, x: int, y: int) -> None:
    shots = [row.best[part] for part in sorted(row.best)]
    for column, shot in enumerate(shots):
        left = x + column * (_FACE_PX + _GAP_PX)
        sheet.paste(Image.fromarray(shot.face), (left, y))
        draw.text((left + _FACE_PX / 2, y + _FACE_PX + _TIME_PX / 2 + 3), _clock(shot), _SOFT, _font(15), anchor="mm")
    if not shots:
        return
    best = max(shots, key=lambda shot: shot.worth)
    left = x + _MOMENTS * (_FACE_PX + _GAP_PX)
    sheet.paste(Image.fromarray(_framed(best)), (left, y))
    middle = left + best.whole.shape[1] / 2
    draw.text((middle, y + _FACE_PX + _TIME_PX / 2 + 3), f"at {_clock(best)}", _SOFT, _font(15), anchor="mm")


def _framed(shot: _Shot) -> U8:
    """The whole picture, darkened but for the face."""
    x0, y0, x1, y1 = shot.place
    shown = (shot.whole * 0.55).astype(np.uint8)
    shown[y0 : y1 + 1, x0 : x1 + 1] = shot.whole[y0 : y1 + 1, x0 : x1 + 1]
    return np.asarray(cv2.rectangle(shown, (x0, y0), (x1, y1), _SIGN, 1), np.uint8)


def _clock(shot: _Shot) -> str:
    return f"{shot.time_s:.2f} s"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
