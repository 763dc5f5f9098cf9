"""Files of an export profile: pictures and sound encoded, without edit lists, so that players agree when both begin.

An edit list says what of a file's beginning is not to be played: the delay of reordered pictures and the priming of
the sound. Players that do not mind it play our releases' sound up to 59 ms early. Here there is nothing to skip:
the pictures' composition offsets may be negative, and the packet of priming is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from countenance.errors import InputError
from countenance.media.audio import Samples
from countenance.media.codecs import add_pictures, coded
from countenance.media.export import ExportProfile, SoundSpec
from countenance.media.frame import Frame
from countenance.media.ladder import Rendition

_FILE = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0"}
_TRACK = {"movflags": "+cmaf+global_sidx+negative_cts_offsets+skip_trailer", "use_editlist": "0"}
_BLOCK = 1024  # samples: one packet of AAC
_LAYOUTS = {1: "mono", 2: "stereo"}


def write_film(
    target: Path, frames: Iterable[Frame], profile: ExportProfile, rendition: Rendition, sound: Iterator[Samples] | None
) -> int:
    """Write one file with pictures of the rendition's rate and blocks of sound; returns the picture count.

    InputError when there is no picture.
    """
    with av.open(str(target), "w", format=profile.container, options=_FILE) as container:
        video = add_pictures(container, profile.picture, rendition)
        tracks = _sound(container, profile.sound, sound)
        pending = next(tracks, None)
        count = 0
        for frame in frames:
            count += 1
            for packet in video.encode(coded(frame, profile.picture, rendition)):
                pending = _mux_sound(container, tracks, pending, packet)
                container.mux(packet)
        for packet in video.encode():
            pending = _mux_sound(container, tracks, pending, packet)
            container.mux(packet)
        while pending is not None:
            container.mux(pending)
            pending = next(tracks, None)
    _require(count, target)
    return count


def write_tracks(
    targets: Sequence[Path], frames: Iterable[Frame], profile: ExportProfile, made: Sequence[Rendition]
) -> int:
    """Write a CMAF track for each rendition from one pass over the pictures; returns the picture count.

    Each is one file: header, index (`sidx`), then fragments that begin with a keyframe, at the same times in all.
    """
    with ExitStack() as files:
        containers = [files.enter_context(av.open(str(path), "w", format="mp4", options=_TRACK)) for path in targets]
        streams = [
            add_pictures(container, profile.picture, one) for container, one in zip(containers, made, strict=True)
        ]
        count = 0
        for frame in frames:
            count += 1
            for container, stream, one in zip(containers, streams, made, strict=True):
                for packet in stream.encode(coded(frame, profile.picture, one)):
                    container.mux(packet)
        for container, stream in zip(containers, streams, strict=True):
            for packet in stream.encode():
                container.mux(packet)
    _require(count, targets[0])
    return count


def write_sound_track(target: Path, profile: ExportProfile, sound: Iterator[Samples]) -> None:
    """Write a CMAF track of sound, in fragments about as long as those of the pictures."""
    options = {**_TRACK, "frag_duration": str(round(profile.picture.keyframe_s * 1_000_000))}
    with av.open(str(target), "w", format="mp4", options=options) as container:
        for packet in _sound(container, profile.sound, sound):
            container.mux(packet)


def _require(count: int, target: Path) -> None:
    if not count:
        raise InputError(f"{target.name}: there was no picture to encode.")


def _mux_sound(container: Any, tracks: Iterator[Any], pending: Any, before: Any) -> Any:
    """Write the sound that is due before a picture; returns the first packet that is not."""
    while pending is not None and pending.pts * pending.time_base <= before.dts * before.time_base:
        container.mux(pending)
        pending = next(tracks, None)
    return pending


def _sound(container: Any, spec: SoundSpec, sound: Iterator[Samples] | None) -> Iterator[Any]:
    if sound is None:
        return iter(())
    stream = container.add_stream(spec.codec, rate=spec.rate_hz, layout=_LAYOUTS[spec.channels])
    if spec.kbps:
        stream.bit_rate = spec.kbps * 1000
    return _packets(stream, spec, sound)


def _packets(stream: Any, spec: SoundSpec, sound: Iterator[Samples]) -> Iterator[Any]:
    """Encoded sound from time 0. What is due before is priming, which only fills the decoder."""
    for block in _frames(spec, sound):
        yield from (packet for packet in stream.encode(block) if packet.pts >= 0)
    yield from stream.encode()


def _frames(spec: SoundSpec, sound: Iterator[Samples]) -> Iterator[Any]:
    start, layout = 0, _LAYOUTS[spec.channels]
    for block in sound:
        for first in range(0, len(block), _BLOCK):
            frame = _frame(block[first : first + _BLOCK], spec.codec, layout)
            frame.sample_rate, frame.pts, frame.time_base = spec.rate_hz, start, Fraction(1, spec.rate_hz)
            start += frame.samples
            yield frame


def _frame(samples: Samples, codec: str, layout: str) -> Any:
    if codec == "aac":
        return av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
    whole = np.rint(np.clip(samples, -1, 1 - 2**-23) * 2**23).astype(np.int32) * 256  # 24 bits, the upper of 32
    return av.AudioFrame.from_ndarray(np.ascontiguousarray(whole.reshape(1, -1)), format="s32", layout=layout)
