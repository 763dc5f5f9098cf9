"""What every engine promises: it paints patches, and only patches.

An engine is prepared once per job and person (`prepare(...) -> Painter`); the painter then sees frames in order.
It never writes into a frame: light, colour, grain, occlusion and edges are the compositor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.tracks import Face
from countenance.synthesis.reshape import Ground


@dataclass(frozen=True)
class Touch:
    """A small correction that already stands in the frame's own light: pixels `(h, w, 3)` float32 RGB 0..255, and the
    share `(h, w)` float32 0..1 of them to be shown."""

    box: Box
    pixels: F32
    share: F32


@dataclass(frozen=True)
class Patch:
    """Painted pixels for one box of one frame.

    `pixels` `(h, w, 3)` float32 RGB 0..255; `mask` `(h, w)` float32 0..1, how much is replaced; `skin` `(h, w)`
    float32 0..1, where plain skin lies on both sides, so that its light can be compared; `edge` `(h, w)` float32
    0..1, the rim, where tones must meet the plate's; `face` is where the mesh lies afterwards.

    `normals` `(h', w', 3)` float32, on any coarser grid over the box, are those of the painted surface (z below 0
    faces the camera), None for pixels that carry their own relief. `usual` `(h, w)` float32 0..255 is the brightness
    that the replaced face usually has there, by which a frown is told from a nose, None if unknown. `ground` is how
    the picture under the paint moves, None where it stays. `touches` go over the paint as they are.
    """

    pixels: F32
    mask: F32
    skin: F32
    edge: F32
    box: Box
    face: Face
    normals: F32 | None = None
    usual: F32 | None = None
    ground: Ground | None = None
    touches: tuple[Touch, ...] = ()


@dataclass(frozen=True)
class Laid:
    """What the compositor put into one frame: in `box`, the share `(h, w)` float32 0..1 of each pixel that was
    replaced, after occlusion and fading; `strength` 0..1 of the fade and `why` it is below 1, in a few words;
    `under` are the box's planes as they lay under the paint where the engine moved them, None where it did not."""

    box: Box
    mask: F32
    strength: float = 1.0
    why: str = ""
    under: tuple[U8, U8, U8] | None = None


class Painter(Protocol):
    """A prepared engine for one person. `paint` returns None to leave the frame alone."""

    @property
    def name(self) -> str: ...

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        """Paint output picture `number` (from 0), in order."""
        ...
