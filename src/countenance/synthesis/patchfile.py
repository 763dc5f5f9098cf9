"""Painted boxes on disk: what was composed, bit for bit, so that the release encodes exactly what was inspected.

After a head that stands for the master and timeline it belongs to, one record per painted person and picture: number,
person, box, the box's three planes and the mask of what was replaced, packed by zstandard. Its digest is that of all
this, so that no other pictures pass for these.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2
import numpy as np
import zstandard

from countenance.errors import InputError
from countenance.media.frame import F32, U8, Box, Frame
from countenance.synthesis.engine import Laid

_MAGIC = b"CNTP3\n"
_RECORD = struct.Struct(
    "<IHHHHHfBI"
)  # picture number, person, x, y, width, height, strength, reason's and packed length
_DIGESTED = struct.calcsize("<IHHHHHfB")  # all of it but the packed length, which may differ between packers
_LONGEST_REASON = 255
_END = 0xFFFFFFFF
_ORIGIN_BYTES = 32
_WAY_OUT = "remove its folder and run `countenance produce` again, which paints the variant anew"


class PatchWriter:
    """Writes painted boxes in the order of the pictures. `close` seals the file and gives the pictures' digest."""

    def __init__(self, stream: IO[bytes], origin: str) -> None:
        self._stream = stream
        self._packer = zstandard.ZstdCompressor(level=1)
        head = _MAGIC + hashlib.sha256(origin.encode()).digest()
        self._digest = hashlib.sha256(head)
        stream.write(head)

    def add(self, number: int, person: int, laid: Laid, frame: Frame) -> None:
        """What was laid over one person in one picture; `frame` is the picture once everybody is painted."""
        box = laid.box
        mask = cv2.convertScaleAbs(laid.mask, alpha=255)
        raw = b"".join(plane.tobytes() for plane in (*frame.cut(box), mask))
        packed = self._packer.compress(raw)
        why = laid.why.encode("ascii", "replace")[:_LONGEST_REASON]
        place = (box.x, box.y, box.width, box.height)
        head = _RECORD.pack(number, person, *place, laid.strength, len(why), len(packed))
        for part in (head[:_DIGESTED], why, raw):
            self._digest.update(part)
        for part in (head, why, packed):
            self._stream.write(part)

    def close(self) -> str:
        self._stream.write(_RECORD.pack(_END, 0, 0, 0, 0, 0, 0.0, 0, 0))
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Painted:
    """One person in one picture: the composed planes of a box, and the share `(h, w)` uint8, 255 standing for 1, of
    each pixel that was replaced; `strength` 0..1 is below 1 where the paint was faded, and `why` says for what."""

    number: int
    person: int
    box: Box
    planes: tuple[U8, U8, U8]
    mask: U8
    strength: float
    why: str


def read_patches(path: Path, digest: str) -> Iterator[Painted]:
    """The stored boxes in order. Raises InputError, at the end at the latest, when they are not those of `digest`."""
    with path.open("rb") as stream:
        head = stream.read(len(_MAGIC) + _ORIGIN_BYTES)
        if not head.startswith(_MAGIC):
            raise InputError(f"{path}: this is no patch file; {_WAY_OUT}.")
        found = hashlib.sha256(head)
        while (record := _record(stream, path)) is not None:
            packed_head, why, raw = record
            number, person, x, y, width, height, strength, *_lengths = _RECORD.unpack(packed_head)
            for part in (packed_head[:_DIGESTED], why, raw):
                found.update(part)
            y_plane, u, v, mask = _planes(np.frombuffer(raw, np.uint8), width, height)
            box = Box(x, y, width, height)
            yield Painted(number, person, box, (y_plane, u, v), mask, strength, why.decode("ascii", "replace"))
        if stream.read(1) or found.hexdigest() != digest:
            raise InputError(f"{path}: these are not the pictures that were inspected; {_WAY_OUT}.")


def _record(stream: IO[bytes], path: Path) -> tuple[bytes, bytes, bytes] | None:
    """The next record's head, reason and raw planes; None at the sealed end."""
    head = stream.read(_RECORD.size)
    if len(head) < _RECORD.size:
        raise InputError(f"{path}: the patch file breaks off; {_WAY_OUT}.")
    number, _person, _x, _y, width, height, _strength, said, length = _RECORD.unpack(head)
    if number == _END:
        return None
    why, packed = stream.read(said), stream.read(length)
    if len(packed) < length:
        raise InputError(f"{path}: the patch file breaks off; {_WAY_OUT}.")
    size = width * height * 5 // 2
    try:
        raw = zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
    except zstandard.ZstdError as error:
        raise InputError(f"{path}: the patch file is damaged ({error}); {_WAY_OUT}.") from error
    if len(raw) != size or width % 2 or height % 2:
        raise InputError(f"{path}: the patch file is damaged (a box of another size); {_WAY_OUT}.")
    return head, why, raw


def _planes(raw: U8, width: int, height: int) -> tuple[U8, U8, U8, U8]:
    luma, chroma = width * height, (width // 2) * (height // 2)
    y, u, v, mask = np.split(raw, (luma, luma + chroma, luma + 2 * chroma))
    half = (height // 2, width // 2)
    return y.reshape(height, width), u.reshape(half), v.reshape(half), mask.reshape(height, width)


def merged(laid: Sequence[Laid]) -> Laid | None:
    """What several engines laid over one person as one: what any of them replaced is replaced. None without any."""
    if len(laid) < 2:
        return laid[0] if laid else None
    box = laid[0].box
    for one in laid[1:]:
        box = union(box, one.box)
    bare: F32 = np.ones((box.height, box.width), np.float32)
    for one in laid:
        x, y = one.box.x - box.x, one.box.y - box.y
        bare[y : y + one.box.height, x : x + one.box.width] *= 1 - one.mask
    weakest = min(laid, key=lambda one: one.strength)
    return Laid(box, 1 - bare, weakest.strength, weakest.why)


def union(a: Box, b: Box) -> Box:
    """The smallest box around both."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x, y, max(a.x + a.width, b.x + b.width) - x, max(a.y + a.height, b.y + b.height) - y)
