"""Whether the badge is found on real pictures when it is whole, and missed, and named, when it is not."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import REPOSITORY, Table, footage
from countenance.errors import InputError
from countenance.media.decode import decode
from countenance.media.encode import Picture, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.provenance.badge import Badge
from countenance.provenance.label_look import BadgeLook, look

U8 = NDArray[np.uint8]
LANGUAGES = ("en", "de", "pl", "ar", "zh", "hi")
CRFS = (18, 28, 36)
_SHARES = (0.15, 0.7)  # of a clip's length, where its pictures are taken


def run() -> list[Table]:
    with tempfile.TemporaryDirectory() as folder:
        pictures = list(_pictures())
        whole = [_whole_row(crf, pictures, Path(folder)) for crf in CRFS]
        damaged = [_damaged_row(name, states, damage, pictures, Path(folder)) for name, states, damage in DAMAGES]
        return [_table(pictures, whole, damaged)]


def _table(pictures: list[Frame], whole: list[tuple[Any, ...]], damaged: list[tuple[Any, ...]]) -> Table:
    return Table(
        "The badge on the picture, after the encoder",
        ("pictures", "looks", "right verdict", "lowest contrast where clear", "CPU s per look"),
        (*whole, *damaged),
        (
            f"{len(pictures)} pictures of real footage and presenters, with the badge in {len(LANGUAGES)} languages.",
            "Right is `clear` for a whole badge, and any other word for a damaged one; in brackets: named by its kind.",
        ),
    )


def _whole_row(crf: int, pictures: list[Frame], folder: Path) -> tuple[Any, ...]:
    seen, spent = _looks(pictures, folder, crf, lambda luma, _badge: luma)
    right = sum(one.state == "clear" for one in seen)
    contrast = min((one.contrast for one in seen if one.state == "clear"), default=0.0)
    return (f"whole, x264 CRF {crf}", len(seen), f"{right / len(seen):.1%}", f"{contrast:.1f}:1", spent / len(seen))


def _damaged_row(
    name: str, states: tuple[str, ...], damage: Callable[[U8, Badge], U8], pictures: list[Frame], folder: Path
) -> tuple[Any, ...]:
    seen, spent = _looks(pictures[::2], folder, 28, damage)
    found = sum(one.state != "clear" for one in seen)
    named = sum(one.state in states for one in seen)
    told = f"{found / len(seen):.1%} ({named / len(seen):.1%})"
    return (name, len(seen), told, "", spent / len(seen))


def _looks(
    pictures: list[Frame], folder: Path, crf: int, damage: Callable[[U8, Badge], U8]
) -> tuple[list[BadgeLook], float]:
    seen, spent = [], 0.0
    for picture in pictures:
        for language in LANGUAGES:
            badge = Badge("corner", language)
            luma = damage(_encoded(picture, badge, folder, crf), badge)
            started = time.process_time()
            seen.append(look(luma, badge.raster(*picture.size)))
            spent += time.process_time() - started
    return seen, spent


def _encoded(picture: Frame, badge: Badge, folder: Path, crf: int) -> U8:
    frame = picture.copy()
    badge.draw(frame.planes)
    frame = Frame(0, Fraction(1, 25), frame.planes)
    path = folder / "one.mp4"
    encode(
        path, [frame], size=frame.size, time_base=Fraction(1, 25), frame_rate=Fraction(25),
        picture=Picture(preset="veryfast", crf=crf),
    )  # fmt: skip
    return next(decode(probe(path))).planes[0]


def _pictures() -> Iterator[Frame]:
    clips = sorted((footage() or Path()).rglob("*.mp4"))
    for path in [*clips, *sorted((REPOSITORY / "examples").glob("*/master.mp4"))]:
        try:
            master = probe(path)
        except (InputError, av.error.FFmpegError):
            continue  # files that are kept for being odd
        wanted = {int(share * master.frames) for share in _SHARES}
        for number, frame in enumerate(decode(master, stop=max(wanted) + 1)):
            if number in wanted:
                yield frame.copy()


def _box(luma: U8, badge: Badge) -> tuple[int, int, int, int]:
    return badge.raster(luma.shape[1], luma.shape[0]).box


def _unlabelled(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = _box(luma, badge)
    high = bottom - top
    beside = luma[bottom : bottom + high, left:right]  # what the picture shows under the badge is not known any more
    luma[top : top + len(beside), left:right] = beside
    return luma


def _half_covered(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = _box(luma, badge)
    luma[top:bottom, (left + right) // 2 : right] = 200
    return luma


def _faint(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = _box(luma, badge)
    part = luma[top:bottom, left:right].astype(float)
    luma[top:bottom, left:right] = (0.3 * part + 0.7 * part.mean()).astype(np.uint8)
    return luma


def _blurred(luma: U8, badge: Badge) -> U8:
    left, top, right, bottom = _box(luma, badge)
    luma[top:bottom, left:right] = cv2.GaussianBlur(luma[top:bottom, left:right], (0, 0), (bottom - top) / 6)
    return luma


def _third_size(luma: U8, _badge: Badge) -> U8:
    small = cv2.resize(luma, None, fx=0.33, fy=0.33, interpolation=cv2.INTER_AREA)
    canvas = np.full_like(luma, 40)
    canvas[20 : 20 + small.shape[0], 30 : 30 + small.shape[1]] = small
    return canvas


def _cropped(luma: U8, badge: Badge) -> U8:
    left, _, right, _ = _box(luma, badge)
    return np.ascontiguousarray(luma[:, : left + int(0.6 * (right - left))])


DAMAGES: tuple[tuple[str, tuple[str, ...], Callable[[U8, Badge], U8]], ...] = (
    ("gone", ("missing",), _unlabelled),
    ("right half covered", ("covered",), _half_covered),
    ("contrast brought down to 30 %", ("faint",), _faint),
    ("blurred by a sixth of its height", ("faint", "covered", "missing"), _blurred),
    ("whole picture at a third of its size", ("too small", "missing"), _third_size),
    ("cut through by a crop", ("cut",), _cropped),
)
