"""Does a file show the badge that its release record promises, when it should and so that people can read it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.provenance.badge import Badge, Raster, badge_of
from countenance.provenance.disclosure import ReleaseRecord
from countenance.provenance.label_look import CLEAR, BadgeLook, look

_PICTURES = 12
_LAST_S = 2.5  # of the file, looked at for the end card


@dataclass(frozen=True)
class BadgeCheck:
    """What was seen of the badge in a file: (seconds, look) of each picture that should show it.

    `due` tells whether the record promises a badge at all; `problems` are in words, empty when all is well.
    """

    due: bool
    looks: tuple[tuple[float, BadgeLook], ...]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def first_exposure(self) -> bool:
        """Whether the very first picture that should show it does."""
        return bool(self.looks) and self.looks[0][1].state == CLEAR

    @property
    def contrast(self) -> float:
        """The lowest contrast ratio of all pictures looked at; 1 when none was."""
        return min((one.contrast for _, one in self.looks), default=1.0)

    @property
    def capitals_px(self) -> float:
        return min((one.capitals_px for _, one in self.looks), default=0.0)


def check_badge(path: Path, record: ReleaseRecord, made_size: tuple[int, int] | None = None) -> BadgeCheck:
    """Look for the badge of a release on pictures spread over a file, the first one always among them.

    `made_size` (width, height) is what the release was made in, where the file may have another size. Raises
    InputError when no picture of the file can be read.
    """
    badge = badge_of(record)
    if badge.kind == "off":
        return BadgeCheck(False, (), ())
    looks: list[tuple[float, BadgeLook]] = []
    rasters: dict[tuple[bool, int, int], Raster] = {}
    for time_s, duration_s, luma, full_range in _pictures(path):
        at, length = Fraction(time_s).limit_denominator(90_000), Fraction(duration_s).limit_denominator(90_000)
        card = badge.card_shown(at, length)
        if not card and (badge.kind == "endcard" or badge.label.shown(time_s) < 1):
            continue
        if card and time_s - max(0.0, duration_s - float(badge.card_s)) < 0.4:
            continue  # still fading in
        key = (card, luma.shape[1], luma.shape[0])
        if key not in rasters:
            rasters[key] = _scaled(badge, card, luma.shape[1], luma.shape[0], made_size)
        looks.append((time_s, look(luma, rasters[key], full_range)))
    return BadgeCheck(True, tuple(looks), tuple(_problems(badge, looks)))


def _problems(badge: Badge, looks: Sequence[tuple[float, BadgeLook]]) -> Iterator[str]:
    if not looks:
        yield f"no picture could be looked at that should show the badge {badge.words!r}"
    wrong: dict[str, list[tuple[float, BadgeLook]]] = {}
    for time_s, one in looks:
        if one.state != CLEAR:
            wrong.setdefault(one.state, []).append((time_s, one))
    for state, found in wrong.items():
        at_s, one = found[0]
        yield (
            f"the badge {badge.words!r} is {state} in {len(found)} of {len(looks)} pictures, first at {at_s:.2f} s "
            f"(contrast {one.contrast:.1f}:1, {one.parts:.0%} legible, capitals of {one.capitals_px:.0f} px)"
        )


def _scaled(badge: Badge, card: bool, width: int, height: int, made_size: tuple[int, int] | None) -> Raster:
    """The raster at the size in which the release was made, brought to the file's own."""
    made_width, made_height = made_size or (width, height)
    raster = badge.raster(made_width, made_height, card)
    if (made_width, made_height) == (width, height):
        return raster
    across, down = width / made_width, height / made_height
    size = (max(4, round(raster.keep.shape[1] * across)), max(4, round(raster.keep.shape[0] * down)))
    keep, white, dark = (
        np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.float32)
        for one in (raster.keep, raster.white, raster.dark)
    )
    return Raster(round(raster.x * across), round(raster.y * down), keep, white, dark, raster.em_px * min(across, down))


def _pictures(path: Path) -> Iterator[tuple[float, float, NDArray[np.uint8], bool]]:
    """(seconds, length of the file, luma, full range) of the first picture, of some in between and of the last ones."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise InputError(f"{path}: the file has no picture, so there is no badge to look for.")
            yield from _spread(container)
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: this is no video that can be read ({reason}).") from error


def _spread(container: Any) -> Iterator[tuple[float, float, NDArray[np.uint8], bool]]:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    start_s = float((stream.start_time or 0) * stream.time_base)
    length_s = float(stream.duration * stream.time_base) if stream.duration else float(container.duration or 0) / 1e6
    full = stream.codec_context.color_range == 2
    seen: set[int] = set()
    for number in range(_PICTURES):
        wanted_s = start_s + length_s * number / _PICTURES
        container.seek(int(wanted_s / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            if frame.pts is None or float(frame.pts * stream.time_base) < wanted_s - 1e-6:
                continue
            if frame.pts not in seen:
                seen.add(frame.pts)
                yield float(frame.pts * stream.time_base) - start_s, length_s, _luma(frame), full
            break
    container.seek(int((start_s + max(0.0, length_s - _LAST_S)) / stream.time_base), stream=stream)
    last = None
    for frame in container.decode(stream):
        last = frame
    if last is not None and last.pts is not None and last.pts not in seen:
        yield float(last.pts * stream.time_base) - start_s, length_s, _luma(last), full


def _luma(frame: Any) -> NDArray[np.uint8]:
    if not frame.format.name.startswith(("yuv420p", "yuvj420p", "nv12", "yuv422p", "yuv444p")) or "10" in (
        frame.format.name
    ):
        frame = frame.reformat(format="yuv420p")
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
    return np.array(np.rot90(luma, int(frame.rotation) % 360 // 90), np.uint8, order="C")
