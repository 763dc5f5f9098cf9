"""The one lossy encode: frames and sound into an MP4 that plays everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import Samples, at_most_stereo, columns, sound_blocks
from countenance.media.frame import Frame
from countenance.media.probe import Master

_BT709 = 1  # H.273 code for primaries, transfer and matrix alike
_LIMITED = 1
AUDIO_RATE_HZ = 48_000
_AUDIO_BIT_RATE = 192_000
_AAC_BLOCK = 1024
# With a fixed number of threads, and algorithms that do not depend on the processor, x264 makes the same bits
# everywhere; without them not even twice on one machine (seen with one thread).
_THREADS = 2
_SURROUND = 6
_LAYOUTS = {1: "mono", 2: "stereo", _SURROUND: "5.1"}

SoundWork = Callable[[Iterator[Samples]], Iterator[Samples]]


@dataclass(frozen=True)
class Picture:
    """Encoder settings of a profile: x264 preset and constant rate factor, seconds between keyframes."""

    preset: str = "medium"
    crf: int = 18
    keyframe_s: float = 2.0
    scale: Fraction = Fraction(1)


WEB = Picture()
PREVIEW = Picture(preset="ultrafast", crf=30, scale=Fraction(1, 2))


@dataclass(frozen=True)
class Sound:
    """What is heard, from one of three: samples `(n,)` or `(n, channels)` float32 at 48 kHz from time 0, the sound of
    a file bit by bit (`blocks_of`, with its time 0 at `origin_s` on its clock), or a file's own AAC track as it is.

    5.1 stays 5.1; other numbers of channels are mixed down to stereo."""

    samples: NDArray[np.float32] | None = None
    blocks_of: Path | None = None
    origin_s: Fraction = Fraction(0)
    copy_from: Path | None = None
    work: SoundWork | None = None


def encode(
    target: Path,
    frames: Iterable[Frame],
    *,
    size: tuple[int, int],
    time_base: Fraction,
    frame_rate: Fraction,
    sound: Sound | None = None,
    picture: Picture = WEB,
) -> int:
    """Write H.264 High 4:2:0 BT.709 and AAC into an MP4 that starts playing at once; returns the picture count.

    Every frame keeps its own time stamp. The master's AAC track is copied without a second encode.
    """
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=frame_rate)
        configure(video, size, time_base, frame_rate, picture)
        tracks = sound_packets(container, sound) if sound else iter(())
        pending = next(tracks, None)
        count = 0
        for frame in frames:
            for packet in video.encode(coded_picture(frame, video)):
                pending = mux_sound(container, tracks, pending, packet)
                container.mux(packet)
            count += 1
        for packet in video.encode():
            pending = mux_sound(container, tracks, pending, packet)
            container.mux(packet)
        while pending is not None:
            container.mux(pending)
            pending = next(tracks, None)
    if not count:
        raise InputError(f"{target.name}: there was no picture to encode.")
    return count


def sound_of(master: Master) -> Sound | None:
    """The master's own sound: copied where it can be, else encoded bit by bit; None without sound."""
    if master.audio_codec is None:
        return None
    if can_copy_sound(master):
        return Sound(copy_from=master.path)
    return Sound(blocks_of=master.path, origin_s=master.origin_s)


def can_copy_sound(master: Master) -> bool:
    """True when the master's sound is AAC already and can go into an MP4 as it is."""
    return master.audio_codec == "aac"


def configure(video: Any, size: tuple[int, int], time_base: Fraction, rate: Fraction, picture: Picture) -> None:
    video.width, video.height = (int(side * picture.scale) // 2 * 2 for side in size)
    video.pix_fmt = "yuv420p"
    context = video.codec_context
    context.time_base = time_base
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    context.thread_type, context.thread_count = "AUTO", _THREADS
    context.options = {
        "x264-params": "cpu-independent=1",
        "preset": picture.preset,
        "crf": str(picture.crf),
        "profile": "high",
        "g": str(max(1, round(float(rate) * picture.keyframe_s))),
    }


def coded_picture(frame: Frame, video: Any) -> Any:
    width, height = frame.size
    picture = av.VideoFrame(width, height, "yuv420p")
    for plane, pixels in zip(picture.planes, frame.planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        rows[: pixels.shape[0], : pixels.shape[1]] = pixels
    picture.pts, picture.time_base = frame.pts, frame.time_base
    picture.colorspace, picture.color_range = _BT709, _LIMITED
    if (width, height) != (video.width, video.height):
        picture = picture.reformat(width=video.width, height=video.height)
        picture.pts, picture.time_base = frame.pts, frame.time_base
    return picture


def mux_sound(container: Any, tracks: Iterator[Any], pending: Any, before: Any) -> Any:
    """Write the sound that is due before a picture; returns the first packet that is not."""
    while pending is not None and pending.pts * pending.time_base <= before.dts * before.time_base:
        container.mux(pending)
        pending = next(tracks, None)
    return pending


def sound_packets(container: Any, sound: Sound) -> Iterator[Any]:
    if sound.copy_from is not None:
        return _copied(container, sound.copy_from)
    blocks = _mixed_blocks(sound)
    first = next(blocks, None)
    if first is None:
        return iter(())
    stream = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout=_LAYOUTS[first.shape[1]])
    stream.bit_rate = _AUDIO_BIT_RATE * (1 if first.shape[1] <= 2 else 2)
    return _encoded(stream, chain((first,), blocks))


def _mixed_blocks(sound: Sound) -> Iterator[Samples]:
    """Blocks (n, 1, 2 or 6), none of them empty."""
    whole: Iterable[Samples] = ()
    if sound.blocks_of is not None:
        whole = sound_blocks(sound.blocks_of, AUDIO_RATE_HZ, sound.origin_s)
    elif sound.samples is not None:
        whole = (columns(sound.samples),)
    blocks = (block if block.shape[1] == _SURROUND else at_most_stereo(block) for block in whole if block.size)
    return sound.work(blocks) if sound.work else blocks


def _copied(container: Any, source: Path) -> Iterator[Any]:
    origin = av.open(str(source))
    track = origin.streams.audio[0]
    stream = container.add_stream_from_template(track)
    start = round(Fraction(origin.start_time or 0, av.time_base) / track.time_base)

    def packets() -> Iterator[Any]:
        with origin:
            for packet in origin.demux(track):
                if packet.dts is None:
                    continue
                packet.pts -= start
                packet.dts -= start
                packet.stream = stream
                yield packet

    return packets()


def _encoded(stream: Any, blocks: Iterable[Samples]) -> Iterator[Any]:
    start = 0
    for block in blocks:
        layout = _LAYOUTS[block.shape[1]]
        for first in range(0, len(block), _AAC_BLOCK):
            part = np.ascontiguousarray(block[first : first + _AAC_BLOCK].T, np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate = AUDIO_RATE_HZ
            frame.pts, frame.time_base = start, Fraction(1, AUDIO_RATE_HZ)
            start += part.shape[1]
            yield from stream.encode(frame)
    yield from stream.encode()
