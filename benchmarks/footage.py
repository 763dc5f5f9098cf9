"""Other lengths of footage: the same scene over and over, or only its first seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av

from countenance.media.decode import decode
from countenance.media.encode import Picture, encode
from countenance.media.frame import Frame
from countenance.media.probe import Master, probe


def lengthened(target: Path, clip: Path, seconds: int) -> Path:
    """Write a silent clip of this length, so that what a job costs once weighs little; returns `target`."""
    master = probe(clip)
    encode(
        target, _looped(master, seconds), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, picture=Picture(preset="fast", crf=18),
    )  # fmt: skip
    return target


def opening(target: Path, clip: Path, seconds: float) -> Path:
    """Write the first seconds of a clip without its sound, packets as they are; returns `target`."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        start = None
        for packet in source.demux(stream):
            if packet.pts is None or packet.dts is None:
                continue
            start = packet.pts if start is None else start
            if (packet.pts - start) * stream.time_base >= seconds:
                break  # what follows in the file needs this picture, which is not wanted
            packet.stream = copy
            sink.mux(packet)
    return target


def _looped(master: Master, seconds: int) -> Iterator[Frame]:
    step = round(1 / (master.frame_rate * master.time_base))
    number, wanted = 0, round(seconds * master.frame_rate)
    while number < wanted:
        for frame in decode(master):
            if number == wanted:
                return
            yield Frame(number * step, master.time_base, frame.planes)
            number += 1
