"""Painted boxes on disk: what was composed, bit for bit, so that the release encodes exactly what was inspected.

After a head that stands for the master and timeline it belongs to, one record per painted picture: number, box and
the box's three planes, packed by zstandard. Its digest is that of all this, so that no other pictures pass for these.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import zstandard

from countenance.errors import InputError
from countenance.media.frame import U8, Box, Frame

_MAGIC = b"CNTP2\n"
_RECORD = struct.Struct("<IHHHHI")  # picture number, x, y, width, height, packed length
_DIGESTED = struct.calcsize("<IHHHH")  # all of it but the packed length, which may differ between packers
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

    def add(self, number: int, box: Box, frame: Frame) -> None:
        raw = b"".join(plane.tobytes() for plane in frame.cut(box))
        packed = self._packer.compress(raw)
        head = _RECORD.pack(number, box.x, box.y, box.width, box.height, len(packed))
        self._digest.update(head[:_DIGESTED])
        self._digest.update(raw)
        self._stream.write(head)
        self._stream.write(packed)

    def close(self) -> str:
        self._stream.write(_RECORD.pack(_END, 0, 0, 0, 0, 0))
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Painted:
    """One stored box."""

    number: int
    box: Box
    planes: tuple[U8, U8, U8]


def read_patches(path: Path, digest: str) -> Iterator[Painted]:
    """The stored boxes in order. Raises InputError, at the end at the latest, when they are not those of `digest`."""
    with path.open("rb") as stream:
        head = stream.read(len(_MAGIC) + _ORIGIN_BYTES)
        if not head.startswith(_MAGIC):
            raise InputError(f"{path}: this is no patch file; {_WAY_OUT}.")
        found = hashlib.sha256(head)
        while (record := _record(stream, path)) is not None:
            packed_head, raw = record
            number, x, y, width, height, _length = _RECORD.unpack(packed_head)
            found.update(packed_head[:_DIGESTED])
            found.update(raw)
            yield Painted(number, Box(x, y, width, height), _planes(np.frombuffer(raw, np.uint8), width, height))
        if stream.read(1) or found.hexdigest() != digest:
            raise InputError(f"{path}: these are not the pictures that were inspected; {_WAY_OUT}.")


def _record(stream: IO[bytes], path: Path) -> tuple[bytes, bytes] | None:
    """The next record's head and raw planes; None at the sealed end."""
    head = stream.read(_RECORD.size)
    if len(head) < _RECORD.size:
        raise InputError(f"{path}: the patch file breaks off; {_WAY_OUT}.")
    number, _x, _y, width, height, length = _RECORD.unpack(head)
    if number == _END:
        return None
    packed = stream.read(length)
    if len(packed) < length:
        raise InputError(f"{path}: the patch file breaks off; {_WAY_OUT}.")
    size = width * height * 3 // 2
    try:
        raw = zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
    except zstandard.ZstdError as error:
        raise InputError(f"{path}: the patch file is damaged ({error}); {_WAY_OUT}.") from error
    if len(raw) != size or width % 2 or height % 2:
        raise InputError(f"{path}: the patch file is damaged (a box of another size); {_WAY_OUT}.")
    return head, raw


def _planes(raw: U8, width: int, height: int) -> tuple[U8, U8, U8]:
    luma, chroma = width * height, (width // 2) * (height // 2)
    half = (height // 2, width // 2)
    return (
        raw[:luma].reshape(height, width),
        raw[luma : luma + chroma].reshape(half),
        raw[luma + chroma :].reshape(half),
    )


def union(a: Box | None, b: Box) -> Box:
    """The smallest box around both."""
    if a is None:
        return b
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x, y, max(a.x + a.width, b.x + b.width) - x, max(a.y + a.height, b.y + b.height) - y)
