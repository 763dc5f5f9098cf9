"""A planned camera: which part of each picture is shown, and the pictures that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from countenance.delivery.sightings import F64
from countenance.errors import InputError
from countenance.media.frame import Frame
from countenance.media.reframe import Crop, cut, fit_box, fitted

Way = Literal["still", "follows", "whole"]
_SAME_SHAPE = 1e-6


@dataclass(frozen=True)
class Take:
    """The pictures `first` to before `last`, which the camera takes in one go; `people` are those it frames.

    `way`: it stands "still", "follows", or shows the picture "whole" because of `why`.
    """

    first: int
    last: int
    way: Way
    people: tuple[int, ...]
    why: str = ""


@dataclass(frozen=True)
class Camera:
    """What is shown of each of `n` pictures of `source` (width, height) in a video of `target`.

    `windows` `(n, 4)`: x, y, width, height in luma pixels of the source, NaN where the picture is shown whole. Windows
    of another shape than the target's are fitted into it.
    """

    source: tuple[int, int]
    target: tuple[int, int]
    windows: F64
    takes: tuple[Take, ...]

    def crop(self, number: int) -> Crop | None:
        """The part of picture `number` that is shown; None where it is shown whole."""
        x, y, width, height = self.windows[number].tolist()
        return None if np.isnan(x) else Crop(x, y, width, height)

    def shoot(self, number: int, frame: Frame) -> Frame:
        """Picture `number` as it is shown, with its time. InputError when it has another size than was planned for."""
        if frame.size != self.source:
            raise InputError(f"the camera was planned for {self.source}, and a picture has {frame.size}; plan anew.")
        crop = self.crop(number)
        if crop is None or not self._fills(crop):
            return fitted(frame, self.target, crop)
        return cut(frame, crop, self.target)

    def place(self, number: int, x: float, y: float) -> tuple[float, float]:
        """Where a point of picture `number` comes to lie in the target, in pixels."""
        crop = self.crop(number) or Crop(0, 0, *self.source)
        box = fit_box((crop.width, crop.height), self.target)
        if self._fills(crop):
            return crop.place(x, y, self.target)
        inside = crop.place(x, y, (box.width, box.height))
        return box.x + inside[0], box.y + inside[1]

    def _fills(self, crop: Crop) -> bool:
        return abs(crop.width * self.target[1] / (crop.height * self.target[0]) - 1) < _SAME_SHAPE

    def shots(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """All pictures of a video, from the first one on."""
        for number, frame in enumerate(frames):
            yield self.shoot(number, frame)


def target_size(aspect: tuple[int, int], shorter_px: int = 1080) -> tuple[int, int]:
    """Width and height of a picture of this shape, even, the shorter side as given: 9:16 gives 1080 x 1920."""
    wide, high = aspect
    if min(wide, high) < 1 or not 0.2 <= wide / high <= 5:
        raise InputError(f"{wide}:{high} is no shape of a picture; give for example 9:16, 4:5 or 1:1.")
    unit = shorter_px / min(wide, high)
    return round(wide * unit / 2) * 2, round(high * unit / 2) * 2
