"""What is looked for in the pictures before faces are followed through them: cuts, and faces at regular times."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from countenance.media.frame import Box, Frame
from countenance.perception.networks import Detection, FaceNetworks, without_overlaps
from countenance.perception.shots import ShotDetector

GUESS = 0.3  # score from which the detector is heard: the mesh network has the last word
_EVERY = 12  # pictures between looks for faces
_SMALL_PICTURE = 800  # pixels: in larger ones small faces are looked for in four parts
_PART = 0.6  # of the picture's sides


@dataclass(frozen=True)
class Look:
    """A picture, whether it starts a new shot, and the faces in it, where they were looked for."""

    frame: Frame
    cut: bool
    found: list[Detection] | None


def looks(frames: Iterable[Frame], networks: FaceNetworks) -> Generator[Look]:
    """Look for faces in the first picture of each shot and in every twelfth from there.

    In large pictures the first look is also for small faces, in four parts of the picture; and from then on every
    second look in one of the parts.
    """
    cuts, since = ShotDetector(), 0
    for frame in frames:
        cut = cuts.is_cut(frame)
        since = 0 if cut else since
        parts = _parts_in_turn(frame.size, since // _EVERY)
        yield Look(frame, cut, None if since % _EVERY else _found(frame, networks, parts))
        since += 1


def _found(frame: Frame, networks: FaceNetworks, parts: list[Box]) -> list[Detection]:
    seen = [networks.detect(frame, threshold=GUESS, part=part) for part in (None, *parts)]
    return without_overlaps(found for one in seen for found in one)


def _parts_in_turn(size: tuple[int, int], look: int) -> list[Box]:
    if max(size) <= _SMALL_PICTURE:
        return []
    parts = parts_of(size)
    if look == 0:
        return parts
    return [parts[look // 2 % len(parts)]] if look % 2 else []


def parts_of(size: tuple[int, int]) -> list[Box]:
    """Four even boxes that cover the picture and overlap in its middle."""
    (width, height), (part_width, part_height) = size, (int(side * _PART) // 2 * 2 for side in size)
    return [
        Box(x, y, part_width, part_height)
        for y in (0, (height - part_height) // 2 * 2)
        for x in (0, (width - part_width) // 2 * 2)
    ]
