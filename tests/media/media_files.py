"""Video files with peculiarities that no encoder writes by itself."""

from __future__ import annotations

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
