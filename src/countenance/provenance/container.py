"""Containers that can carry a signed history: what a file really is, and where in it the history lies."""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from countenance.errors import InputError

MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".avi": "video/avi",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".flac": "audio/flac",
}  # fmt: skip

# The C2PA library takes a whole file into memory, up to three times while it signs.
LARGEST_BYTES = 2 << 30

_BMFF = ("video/mp4", "audio/mp4", "video/quicktime")
_BEHIND_ID3 = ("audio/mpeg", "audio/flac")  # a sealed FLAC begins with an ID3 tag, as an MP3 does
_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_UNHASHED_BOXES = (b"ftyp", b"free", b"skip", b"mfra")
_BOX_HEADER = b"\0\0\0\0manifest\0" + bytes(8)  # version, flags, purpose, offset of a hash tree: there is none
_JPEG_BOX_INSTANCE = 0x0211  # as the C2PA library writes it


Content = bytes | mmap.mmap


class BrokenContainer(ValueError):
    """The container cannot be taken apart, or the part that holds the history is not as it is always written."""


@dataclass(frozen=True)
class Embedded:
    """A file's C2PA manifest store, and the bytes of an MP4's boxes that C2PA's hash leaves out (else none)."""

    store: bytes
    unhashed: bytes


def kind_of(path: Path) -> str | None:
    """The media type of a file by its first bytes; None when it is of no kind that carries a history.

    InputError when it cannot be read, or is larger than can be handled.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check the path.") from exc
    if size > LARGEST_BYTES:
        raise InputError(
            f"{path} holds {size / 2**30:.1f} GiB, but a signed history is handled only up to "
            f"{LARGEST_BYTES >> 30} GiB, since the whole file passes through memory; split it or encode it smaller."
        )
    return _kind(head)


def require_kind(path: Path) -> str:
    """The media type of a file that is what its name says; InputError otherwise."""
    named = MEDIA_TYPES.get(path.suffix.lower())
    if named is None:
        raise InputError(f"{path} cannot carry a signed history; use one of {', '.join(MEDIA_TYPES)}.")
    found = kind_of(path)
    if found is None or not any({found, named} <= set(alike) for alike in (_BMFF, _BEHIND_ID3, (named,))):
        what = f"is {found}" if found else "is of no kind that can carry a signed history"
        raise InputError(f"{path} {what}, not {named} as its name says; name it rightly or encode it again.")
    return named


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """A file's content without reading it into memory; not for empty files."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def embedded(content: Content, kind: str) -> Embedded:
    """Take the manifest store out of a file; BrokenContainer unless it is framed exactly as when it was signed."""
    try:
        if kind in _BMFF:
            return _of_bmff(content)
        stores = {"image/jpeg": _jpeg_stores, "image/png": _png_stores, "audio/mpeg": _id3_stores}.get(
            kind, _riff_stores
        )(content)
        return Embedded(_only(list(stores)), b"")
    except (struct.error, IndexError) as exc:
        raise BrokenContainer("the file ends within a part") from exc


def unhashed_boxes(content: Content, kind: str) -> bytes | None:
    """The boxes of an MP4 that C2PA's hash leaves out, one after the other; None for other kinds of files."""
    if kind not in _BMFF:
        return None
    return b"".join(content[start:end] for name, start, _body, end in boxes(content) if name in _UNHASHED_BOXES)


def _kind(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return {b"M4A ": "audio/mp4", b"qt  ": "video/quicktime"}.get(head[8:12], "video/mp4")
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/avi"}.get(head[8:12])
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):  # MPEG layer III
        return "audio/mpeg"
    known = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"fLaC", "audio/flac"))
    return next((kind for start, kind in known if head.startswith(start)), None)


def _only(stores: list[bytes]) -> bytes:
    if len(stores) != 1:
        raise BrokenContainer(f"the file holds {len(stores)} manifest stores")
    return stores[0]


def boxes(content: Content) -> Iterator[tuple[bytes, int, int, int]]:
    """The boxes of an MP4 at the top: name, where it starts, where its body starts, where it ends."""
    at = 0
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, body)
            body += 8
        end = len(content) if size == 0 else at + size
        if end < body or end > len(content):
            raise BrokenContainer("a box of the MP4 has an impossible size")
        yield name, at, body, end
        at = end


def _of_bmff(content: Content) -> Embedded:
    stores = []
    for name, _start, body, end in boxes(content):
        if name == b"uuid" and content[body : body + 16] == _C2PA_BOX:
            inner = body + 16
            if content[inner : inner + len(_BOX_HEADER)] != _BOX_HEADER:
                raise BrokenContainer("the box of the manifest store has another head than it is written with")
            stores.append(content[inner + len(_BOX_HEADER) : end])
    return Embedded(_only(stores), unhashed_boxes(content, _BMFF[0]) or b"")


def _jpeg_stores(content: Content) -> Iterator[bytes]:
    """Stores in APP11 segments (ISO 19566-5, D.2): each repeats the head of the box, and they are numbered."""
    parts: list[bytes] = []
    head = b""
    at = 2
    while content[at] == 0xFF and content[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", content, at + 2)
        segment = content[at + 4 : at + 2 + length]
        if content[at + 1] == 0xEB and segment[:2] == b"JP":
            instance, number = struct.unpack_from(">HI", segment, 2)
            head = head or segment[8:16]
            if (instance, number, segment[8:16]) != (_JPEG_BOX_INSTANCE, len(parts) + 1, head):
                raise BrokenContainer("the segments of the manifest store have other heads than they are written with")
            parts.append(segment[16:])
        at += 2 + length
    if parts:
        yield head + b"".join(parts)


def _png_stores(content: Content) -> Iterator[bytes]:
    at = 8
    while at < len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        if name == b"caBX":
            (checksum,) = struct.unpack_from(">I", content, end)
            if checksum != zlib.crc32(content[at + 4 : end]):
                raise BrokenContainer("the checksum of the manifest store's chunk is wrong")
            yield content[at + 8 : end]
        at = end + 4


def _riff_stores(content: Content) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        end = at + 8 + length
        if name == b"C2PA":
            if length % 2 and content[end : end + 1] != b"\0":
                raise BrokenContainer("the chunk of the manifest store is not padded with a zero")
            yield content[at + 8 : end]
        at = end + length % 2


def _id3_stores(content: Content) -> Iterator[bytes]:
    """Stores in GEOB frames (ID3v2.3 and 2.4) at the head of an MP3."""
    if content[:3] != b"ID3":
        return
    syncsafe = content[3] >= 4
    end = 10 + _syncsafe(content[6:10])
    at = 10
    while at + 10 <= end and content[at]:
        name = content[at : at + 4]
        length = _syncsafe(content[at + 4 : at + 8]) if syncsafe else struct.unpack_from(">I", content, at + 4)[0]
        body = content[at + 10 : at + 10 + length]
        if name == b"GEOB":
            fields = body[1:].split(b"\0", 3)  # after the text encoding: media type, file name, description
            if len(fields) == 4 and fields[0] in (b"application/c2pa", b"application/x-c2pa-manifest-store"):
                yield fields[3]
        at += 10 + length


def _syncsafe(four: bytes) -> int:
    """A number of four times seven bits (ID3v2, 6.2)."""
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]
