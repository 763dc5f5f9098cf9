"""CMAF tracks as they lie in their files: header, index and segments by their bytes, and what coders they need.

A track is one file (ISO 23000-19, 7.3): `ftyp`, `moov`, an index `sidx`, then fragments. Other boxes may lie between
or behind them, such as a signed history, which players pass over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from countenance.errors import InputError

_VIDEO, _AUDIO = "video", "audio"
_SAMPLE_ENTRY_BYTES = {
    _VIDEO: 78,
    _AUDIO: 28,
}  # of fields before the boxes in a sample entry (ISO 14496-12, 12.1, 12.2)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a track that can be played by itself: its bytes in the file, when it begins, and for how long."""

    offset: int
    size: int
    start: Fraction
    duration: Fraction


@dataclass(frozen=True, slots=True)
class Track:
    """One CMAF track. `header` and `index` are (offset, size) of the bytes that set a decoder up, and of the index;
    `codecs` the name of its coder by RFC 6381. `size` and `rate` are None for sound, `channels` for pictures."""

    path: Path
    kind: str
    codecs: str
    header: tuple[int, int]
    index: tuple[int, int]
    segments: tuple[Segment, ...]
    size: tuple[int, int] | None = None
    rate: Fraction | None = None
    channels: int | None = None
    rate_hz: int | None = None

    @property
    def duration(self) -> Fraction:
        return sum((one.duration for one in self.segments), Fraction(0))

    @property
    def peak_bps(self) -> int:
        """The highest rate of a segment, bit/s: what a channel must carry (RFC 8216, 4.3.4.2)."""
        return max(round(8 * one.size / one.duration) for one in self.segments if one.duration)

    @property
    def mean_bps(self) -> int:
        return round(8 * sum(one.size for one in self.segments) / self.duration)


def read_track(path: Path) -> Track:
    """Take a CMAF track apart; InputError for what is none."""
    try:
        with path.open("rb") as stream:
            found = {name: (start, body, end) for name, start, body, end in _boxes(stream.read(_head_bytes(path)))}
            if not {"ftyp", "moov", "sidx"} <= found.keys():
                raise InputError(f"{path} is no CMAF track with an index; export it again.")
            stream.seek(0)
            content = stream.read(found["sidx"][2])
        moov, sidx = found["moov"], found["sidx"]
        kind, codecs = _coder(content, moov[1], moov[2])
        segments = tuple(_segments(content, *sidx))
        with av.open(str(path)) as container:
            told = container.streams[0]
            context = told.codec_context
            facts = (
                {"size": (context.width, context.height), "rate": told.average_rate}
                if kind == _VIDEO
                else {"channels": context.layout.nb_channels, "rate_hz": context.sample_rate}
            )
    except (OSError, av.FFmpegError, struct.error, LookupError, ValueError) as problem:
        raise InputError(f"{path} cannot be read as a CMAF track ({problem}); export it again.") from problem
    return Track(path, kind, codecs, (0, moov[2]), (sidx[0], sidx[2] - sidx[0]), segments, **facts)


def _head_bytes(path: Path) -> int:
    """How many bytes lie before the first fragment."""
    with path.open("rb") as stream:
        at = 0
        while len(head := stream.read(16)) == 16:
            size, name = struct.unpack_from(">I4s", head)
            if name == b"moof":
                break
            if size == 1:
                (size,) = struct.unpack_from(">Q", head, 8)
            if size < 8:
                raise InputError(f"{path} holds a box of an impossible size; export it again.")
            at += size
            stream.seek(at)
    return at


def _boxes(content: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int, int]]:
    """Boxes: name, where it starts, where its body starts, where it ends."""
    end = len(content) if end is None else end
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, body)
            body += 8
        if size < body - at or at + size > end:
            raise struct.error("a box has an impossible size")
        yield name.decode("latin-1"), at, body, at + size
        at += size


def _within(content: bytes, body: int, end: int, *names: str) -> tuple[int, int]:
    """Body and end of a box inside of boxes."""
    for name in names:
        found = {one: (inner, last) for one, _start, inner, last in _boxes(content, body, end)}
        if name not in found:
            raise struct.error(f"there is no box {name}")
        body, end = found[name]
    return body, end


def _segments(content: bytes, start: int, body: int, end: int) -> Iterator[Segment]:
    """What an index lists (ISO 14496-12, 8.16.3); offsets count from its end."""
    version = content[body]
    scale, *_rest = struct.unpack_from(">I", content, body + 8)
    earliest, first = struct.unpack_from(">QQ" if version else ">II", content, body + 12)
    at = body + (28 if version else 20)
    (count,) = struct.unpack_from(">H", content, at + 2)
    offset, time = end + first, Fraction(earliest, scale)
    for number in range(count):
        size, duration, _sap = struct.unpack_from(">III", content, at + 4 + 12 * number)
        size &= 0x7FFF_FFFF  # the highest bit says that it refers to another index
        yield Segment(offset, size, time, Fraction(duration, scale))
        offset += size
        time += Fraction(duration, scale)


def _coder(content: bytes, body: int, end: int) -> tuple[str, str]:
    """Kind of the track, and its coder's name."""
    body, end = _within(content, body, end, "trak", "mdia", "minf", "stbl", "stsd")
    name, _start, entry, last = next(_boxes(content, body + 8, end))
    kind = _AUDIO if name == "mp4a" else _VIDEO
    boxes = {
        one: content[inner:stop] for one, _at, inner, stop in _boxes(content, entry + _SAMPLE_ENTRY_BYTES[kind], last)
    }
    if name == "mp4a":
        return kind, "mp4a.40.2"
    if name == "avc1":
        return kind, f"avc1.{boxes['avcC'][1:4].hex().upper()}"
    if name in ("hvc1", "hev1"):
        return kind, f"{name}.{_hevc(boxes['hvcC'])}"
    if name == "av01":
        return kind, f"av01.{_av1(boxes['av1C'])}"
    raise struct.error(f"the coder {name} is not known here")


def _hevc(box: bytes) -> str:
    """Profile, compatibility, tier and level, constraints (ISO 14496-15, E.3)."""
    space = ("", "A", "B", "C")[box[1] >> 6]
    compatible = int(f"{struct.unpack_from('>I', box, 2)[0]:032b}"[::-1], 2)
    tier = "H" if box[1] & 0x20 else "L"
    constraints = box[6:12].rstrip(b"\0")
    told = [f"{space}{box[1] & 0x1F}", f"{compatible:X}", f"{tier}{box[12]}", *(f"{one:X}" for one in constraints)]
    return ".".join(told)


def _av1(box: bytes) -> str:
    """Profile, level and tier, bits (AV1 in ISO BMFF, 5)."""
    profile, level = box[1] >> 5, box[1] & 0x1F
    tier = "H" if box[2] & 0x80 else "M"
    bits = 12 if box[2] & 0x20 else 10 if box[2] & 0x40 else 8
    return f"{profile}.{level:02d}{tier}.{bits:02d}"
