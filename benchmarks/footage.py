"""Other lengths of footage: the same scene over and over, or only its first seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import U8, Frame
from countenance.media.probe import Master, probe

MEZZANINE = Picture(preset="fast", crf=18)
HALF_PX = (960, 1080)
SOUND_HZ = 48_000


def lengthened(target: Path, clip: Path, seconds: int) -> Path:
    """Write a clip of this length with its sound, so that what a job costs once weighs little; returns `target`."""
    master = probe(clip)
    encode(
        target, _looped(master, seconds), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, sound=_looped_sound(master, seconds), picture=MEZZANINE,
    )  # fmt: skip
    return target


def side_by_side(target: Path, left: Path, right: Path, seconds: int) -> Path:
    """Write two portrait clips of one frame rate beside each other, 1920x1080; returns `target`.

    Of each the upper part is shown, where people's faces are, and the left one is heard.
    """
    first, second = probe(left), probe(right)
    pairs = zip(_looped(first, seconds), _looped(second, seconds), strict=True)
    frames = (Frame(a.pts, a.time_base, _joined(a, b)) for a, b in pairs)
    encode(
        target, frames, size=(2 * HALF_PX[0], HALF_PX[1]), time_base=first.time_base, frame_rate=first.frame_rate,
        sound=_looped_sound(first, seconds), picture=MEZZANINE,
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


def _looped_sound(master: Master, seconds: int) -> Sound | None:
    samples = read_audio(master.path, SOUND_HZ, master.origin_s)
    if samples is None or not samples.size:
        return None
    once = np.resize(samples, (round(float(master.duration) * SOUND_HZ), samples.shape[1]))
    return Sound(samples=np.resize(once, (seconds * SOUND_HZ, samples.shape[1])))


def _joined(left: Frame, right: Frame) -> tuple[U8, U8, U8]:
    halves = [_upper(frame) for frame in (left, right)]
    y, u, v = (np.hstack(planes) for planes in zip(*halves, strict=True))
    return y, u, v


def _upper(frame: Frame) -> tuple[U8, U8, U8]:
    """The upper part of a portrait picture, as wide as it is, as planes of half a picture."""
    width, height = HALF_PX
    rows = frame.size[0] * height // width // 2 * 2
    y, u, v = (plane[: rows // divisor] for plane, divisor in zip(frame.planes, (1, 2, 2), strict=True))
    sizes = (HALF_PX, (width // 2, height // 2), (width // 2, height // 2))
    y, u, v = (
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)
        for plane, size in zip((y, u, v), sizes, strict=True)
    )
    return y, u, v
