"""Video files with peculiarities that no encoder writes by itself."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
from clips import write_clip

from countenance.media.frame import Frame


def cut_by_edit_list(folder: Path, frames: list[Frame], first: int) -> Path:
    """A copy of the stream that starts at picture `first`, which needs the ones before it."""
    whole = write_clip(folder / "whole.mp4", frames, options={"g": "50", "bf": "2"})
    with (
        av.open(str(whole)) as source,
        av.open(str(folder / "cut.mp4"), "w", options={"avoid_negative_ts": "disabled"}) as target,
    ):
        old = source.streams.video[0]
        new = target.add_stream_from_template(old)
        back = round(Fraction(first, 25) / old.time_base)
        for packet in source.demux(old):
            if packet.size:
                packet.pts, packet.dts, packet.stream = packet.pts - back, packet.dts - back, new
                target.mux(packet)
    return folder / "cut.mp4"


def turned(path: Path, degrees: int) -> Path:
    """Write into an MP4 that it is to be shown turned clockwise by quarter turns (ISO 14496-12, 8.3.2)."""
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    one = 1 << 16
    matrix = struct.pack(">9i", cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30)
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = matrix
    path.write_bytes(content)
    return path
