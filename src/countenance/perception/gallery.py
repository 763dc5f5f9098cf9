"""A few textures of a face, evenly spread over its life, however long that turns out to be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Frame
from countenance.perception.textures import unroll

TEXTURE_PX = 128
MOST_TEXTURES = 16
_FIRST_STEP = 10  # pictures between textures, until there are too many
_SQUARELY = 0.2  # cosine of the angle of view from which on a texel counts as seen


class Gallery:
    """Keeps the texture of every tenth picture of a face; when they become too many, every second one goes.

    Pictures are counted from the one in which the face was found, so that one is always kept. Its memory is
    bounded: at most `MOST_TEXTURES` textures of 48 KiB.
    """

    def __init__(self, found: int) -> None:
        self._found = found
        self._step = _FIRST_STEP
        self._kept: dict[int, U8] = {}

    def wants(self, picture: int) -> bool:
        return (picture - self._found) % self._step == 0

    def see(self, picture: int, frame: Frame, mesh: F32) -> None:
        """Keep this picture's texture, if the picture is one of those wanted."""
        self.add(picture, lambda: seen_texture(frame, mesh))

    def add(self, picture: int, texture: Callable[[], U8]) -> None:
        if not self.wants(picture):
            return
        self._kept[picture] = texture()
        while len(self._kept) > MOST_TEXTURES:
            self._step *= 2
            self._kept = {number: kept for number, kept in self._kept.items() if self.wants(number)}

    @property
    def frames(self) -> NDArray[np.int64]:
        """The numbers of the pictures kept, rising `(k,)`."""
        return np.array(sorted(self._kept), np.int64)

    @property
    def textures(self) -> U8:
        """The textures of these pictures `(k, 128, 128, 3)` RGB; texels not seen squarely enough are all 0."""
        if not self._kept:
            return no_textures()
        return np.stack([self._kept[number] for number in sorted(self._kept)])


def seen_texture(frame: Frame, mesh: F32) -> U8:
    """The face in the common layout `(128, 128, 3)` RGB: 0 in all channels where it is not seen, above 0 elsewhere."""
    texture, facing = unroll(frame, mesh, TEXTURE_PX)
    seen = (facing >= _SQUARELY)[..., None]
    return np.where(seen, np.clip(np.rint(texture), 1, 255), 0).astype(np.uint8)


def no_textures() -> U8:
    return np.zeros((0, TEXTURE_PX, TEXTURE_PX, 3), np.uint8)
