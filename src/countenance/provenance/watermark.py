"""The invisible picture mark: put a 64-bit id into the luma of every frame.

A keyed noise tile (`pattern`) is added to the picture, stronger where texture hides it. It stays the same for
all frames of a shot, so that the reader (`watermark_read`) can add frames up until it stands out, and changes
at a cut, so that what is learnt from one shot does not take the mark out of the next.
"""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance import payload
from countenance.provenance.pattern import TILE_PX, keyed_pattern, mark_space, shot_variants
from countenance.provenance.watermark_detail import CUT, glance
from countenance.provenance.watermark_read import MarkReading, read_mark

__all__ = ["MarkReading", "Marker", "noise_strength", "read_mark"]

LEAST_PSNR_DB = 46.2  # of the luma of any frame, whatever its content
FLOOR = 0.6  # luma steps of noise (standard deviation) on a flat ground
CEILING = 1.2  # luma steps in rich texture
TEXTURE_GAIN = 0.8  # luma steps of noise per luma step of local detail
FULL_SIZE_PX = 640  # pictures with a shorter side below this have few tiles: a stronger mark, above all on flat ground
MASK_SHRINK = 4
HOLD = 4  # pictures for which one look at the texture serves: nobody sees noise follow texture a tenth of a second late
CUT_JUMP = 3.0  # times as much as between the two pictures before a cut
SHORTEST_SHOT = 12  # pictures


class Marker:
    """Writes one mark id into frames of any size.

    `key`: the project's 32-byte mark key. `mark_id`: 64 bits. How strong the mark is where follows the frames'
    texture, looked at anew in every `HOLD`th frame, and its variant changes at every cut: so give frames in their
    order, and the same frames are marked the same way. Reuses its buffers from frame to frame, so one Marker
    belongs to one thread.
    """

    def __init__(self, key: bytes, mark_id: int, cuts: Collection[int] | None = None, first: int = 0) -> None:
        """`cuts` are the numbers of the film's pictures that start a shot, where they are known, so that a part of it
        can be marked as it is in the whole: the part that begins with picture `first`."""
        self.mark_id = mark_id
        self._cuts, self._number = None if cuts is None else frozenset(cuts), first - 1
        self._pattern = keyed_pattern(key)
        self._signs = payload.encode(mark_id)
        self._variants = shot_variants(key, mark_id)
        self._noise = np.empty((0, 0), np.float32)
        self._change = np.empty((0, 0), np.float32)
        self._up = np.empty((0, 0), np.uint8)  # the change in whole luma steps: what goes up, what goes down
        self._down = np.empty((0, 0), np.uint8)
        self._held = 0
        self._shot, self._shot_pictures = sum(0 < cut < first for cut in self._cuts or ()), 0
        self._glance: NDArray[np.int16] | None = None
        self._moved = 0.0

    @property
    def variant(self) -> int:
        """The tile variant of the shot that the last frame belongs to."""
        return self._variants[self._shot % len(self._variants)]

    def embed(self, luma: NDArray[np.uint8]) -> None:
        """Mark a `luma` plane (h, w) uint8 in place, at LEAST_PSNR_DB or better."""
        height, width = luma.shape
        cut = self._is_cut(luma)
        if cut:
            self._shot, self._shot_pictures = self._shot + 1, 0
        if cut or self._noise.shape != luma.shape:
            self._noise = self._spread(width, height)
            self._change = np.empty_like(self._noise)
            self._up, self._down = np.empty_like(luma), np.empty_like(luma)
            self._held = 0
        if self._held == 0:
            self._look(luma)
        self._held = (self._held + 1) % HOLD
        self._shot_pictures += 1
        cv2.add(luma, self._up, dst=luma)
        cv2.subtract(luma, self._down, dst=luma)

    def _is_cut(self, luma: NDArray[np.uint8]) -> bool:
        """Whether a new shot begins with this picture."""
        self._number += 1
        if self._cuts is not None:
            return self._number in self._cuts and self._number > 0
        seen = glance(luma)
        before, self._glance = self._glance, seen
        moved_before = self._moved
        self._moved = 0.0 if before is None else float(np.abs(seen - before).mean())
        jumped = self._moved > CUT and self._moved > CUT_JUMP * moved_before
        return jumped and self._shot_pictures >= SHORTEST_SHOT

    def _look(self, luma: NDArray[np.uint8]) -> None:
        """How much each pixel changes, by the texture of this picture."""
        height, width = luma.shape
        cv2.resize(noise_strength(luma), (width, height), dst=self._change)
        cv2.multiply(self._noise, self._change, dst=self._change)
        cv2.convertScaleAbs(cv2.max(self._change, 0.0), dst=self._up)
        cv2.convertScaleAbs(cv2.min(self._change, 0.0), dst=self._down)

    def _spread(self, width: int, height: int) -> NDArray[np.float32]:
        mark_w, mark_h = mark_space(width, height)
        copies = (-(-mark_h // TILE_PX), -(-mark_w // TILE_PX))
        tile = self._pattern.tile(self._signs, self.variant)
        tiled = np.ascontiguousarray(np.tile(tile, copies)[:mark_h, :mark_w])
        return np.asarray(cv2.resize(tiled, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def noise_strength(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How many luma steps of noise (standard deviation) each place of a `luma` plane may carry.

    Float32, a quarter of the plane's size in mark space. The median lets lone edges pass unnoticed, because
    noise beside an edge shows and noise in texture does not.
    """
    height, width = luma.shape
    mark_w, mark_h = mark_space(width, height)
    size = (-(-mark_w // MASK_SHRINK), -(-mark_h // MASK_SHRINK))
    halved = cv2.resize(luma, (width // 2, height // 2), interpolation=cv2.INTER_AREA)  # exact halves are fast
    small = cv2.resize(halved, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    eighths = cv2.convertScaleAbs(cv2.subtract(small, cv2.blur(small, (3, 3))), alpha=8.0)
    detail = cv2.blur(cv2.medianBlur(eighths, 5).astype(np.float32), (3, 3)) / 8
    few = max(1.0, FULL_SIZE_PX / min(width, height))
    strength = np.minimum(FLOOR * few + TEXTURE_GAIN * few**0.5 * detail, CEILING * few**0.5)
    rounding = 1 / 12  # what writing whole luma steps costs, in squared steps
    allowed = (255.0**2 * 10 ** (-LEAST_PSNR_DB / 10) - rounding) ** 0.5
    return np.asarray(strength * min(1.0, allowed / float(np.sqrt(np.mean(strength**2)))), np.float32)
