"""Painted boxes on disk: what was composed, bit for bit, so that the release encodes exactly what was inspected.

One record per painted picture: number, box and the box's three planes, packed by zstandard. The file names the
master and timeline that it belongs to; its digest is that of the pictures.
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

_MAGIC = b"CNTP1\n"
_RECORD = struct.Struct("<IHHHHI")  # picture number, x, y, width, height, packed length
_END = 0xFFFFFFFF


class PatchWriter:
    """Writes painted boxes in the order of the pictures. `close` seals the file and gives the pictures' digest."""

    def __init__(self, stream: IO[bytes], origin: str) -> None:
        self._stream = stream
        self._packer = zstandard.ZstdCompressor(level=1)
        self._digest = hashlib.sha256(origin.encode())
        stream.write(_MAGIC)

    def add(self, number: int, box: Box, frame: Frame) -> None:
        raw = b"".join(plane.tobytes() for plane in frame.cut(box))
        packed = self._packer.compress(raw)
        head = _RECORD.pack(number, box.x, box.y, box.width, box.height, len(packed))
        self._digest.update(head[:12])
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


def read_patches(path: Path) -> Iterator[Painted]:
    """The stored boxes in order. Raises InputError for a file that is not whole."""
    unpacker = zstandard.ZstdDecompressor()
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise InputError(f"{path}: this is no patch file; render the variant again.")
        while True:
            head = stream.read(_RECORD.size)
            if len(head) < _RECORD.size:
                raise InputError(f"{path}: the patch file breaks off; render the variant again.")
            number, x, y, width, height, length = _RECORD.unpack(head)
            if number == _END:
                return
            raw = np.frombuffer(unpacker.decompress(stream.read(length)), np.uint8)
            yield Painted(number, Box(x, y, width, height), _planes(raw, width, height))


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
