"""Longer footage out of short: the same scene over and over, so that what a job costs once weighs little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from countenance.media.decode import decode
from countenance.media.encode import Picture, encode
from countenance.media.frame import Frame
from countenance.media.probe import Master, probe


def lengthened(target: Path, clip: Path, seconds: int) -> Path:
    """Write a silent clip of this length; returns `target`."""
    master = probe(clip)
    encode(
        target, _looped(master, seconds), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, picture=Picture(preset="fast", crf=18),
    )  # fmt: skip
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
