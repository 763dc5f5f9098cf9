"""The C2PA manifest store of a sealed file, as bytes: what a resolver gives to those whose copy has lost it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from countenance.errors import IntegrityError

# ISO BMFF: a box `uuid` of this user type, with version and flags, a purpose that ends with a zero byte, an
# offset of 8 bytes, then the store (C2PA specification, "Embedding manifests into BMFF-based assets").
_USER_TYPE = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_FULL_BOX_BYTES, _OFFSET_BYTES = 4, 8
_PURPOSE = b"manifest"
_JUMBF_HEAD_BYTES = 8


def manifest_store(path: Path) -> bytes:
    """The store (JUMBF, media type application/c2pa) of a sealed MP4 or M4A; IntegrityError when it has none."""
    with path.open("rb") as stream:
        for kind, start, size in _boxes(stream, path.stat().st_size):
            if kind != b"uuid":
                continue
            stream.seek(start)
            content = stream.read(size)
            if not content.startswith(_USER_TYPE):
                continue
            purpose, _, rest = content[len(_USER_TYPE) + _FULL_BOX_BYTES :].partition(b"\0")
            if purpose == _PURPOSE:
                return _whole_box(rest[_OFFSET_BYTES:], path)
    raise IntegrityError(f"{path} carries no manifest store; restore the sealed file from a backup.")


def active_manifest(store: bytes) -> bytes:
    """The last manifest (a JUMBF box) of a store: the active one."""
    at, last = _JUMBF_HEAD_BYTES, b""
    while at + _JUMBF_HEAD_BYTES <= len(store):
        size = int.from_bytes(store[at : at + 4], "big")
        if size < _JUMBF_HEAD_BYTES:
            break
        if store[at + 4 : at + 8] == b"jumb":
            last = store[at : at + size]
        at += size
    if not last:
        raise IntegrityError("the manifest store holds no manifest; restore the sealed file from a backup.")
    return last


def _whole_box(content: bytes, path: Path) -> bytes:
    size = int.from_bytes(content[:4], "big")
    if content[4:8] != b"jumb" or not _JUMBF_HEAD_BYTES <= size <= len(content):
        raise IntegrityError(f"the manifest store in {path} is damaged; restore the sealed file from a backup.")
    return content[:size]  # without the room that the signer left behind it


def _boxes(stream: BinaryIO, length: int) -> Iterator[tuple[bytes, int, int]]:
    """The top boxes of an ISO BMFF file: type, start and size of their content."""
    at = 0
    while at + 8 <= length:
        stream.seek(at)
        head = stream.read(16)
        size, taken = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, taken = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = length - at
        if size < taken:
            return
        yield head[4:8], at + taken, size - taken
        at += size
