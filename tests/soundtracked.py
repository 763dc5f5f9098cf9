"""Masters whose sound has several tracks or channels: what is where can be told by its pitch."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from clips import picture
from numpy.typing import NDArray

RATE_HZ = 48_000
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
Sound = NDArray[np.float32]


def tone(hz: float, seconds: float, channels: int = 1, level: float = 0.1, rate_hz: int = RATE_HZ) -> Sound:
    wave = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def level_at(sound: Sound, hz: float) -> Sound:
    """The amplitude of a tone in each channel of (n, channels)."""
    turns = np.exp(-2j * np.pi * hz * np.arange(len(sound)) / RATE_HZ)
    return np.asarray(2 * np.abs(sound.T @ turns) / len(sound), np.float32)


def write_master(
    target: Path,
    tracks: list[tuple[Sound, dict[str, str]]],
    *,
    pictures: int = 50,
    rate_hz: int = RATE_HZ,
    codec: str = "pcm_s16le",
) -> Path:
    """Pictures at 25 a second and tracks of sound (n, channels), each with its metadata; Matroska keeps titles."""
    with av.open(str(target), "w") as container:
        video: Any = container.add_stream("libx264", rate=25, options={"crf": "30", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        streams: list[Any] = []
        for sound, told in tracks:
            stream: Any = container.add_stream(codec, rate=rate_hz, layout=LAYOUTS[sound.shape[1]])
            stream.metadata.update(told)
            streams.append(stream)
        for number in range(pictures):
            frame = av.VideoFrame.from_ndarray(picture(number).rgb(), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for stream, (sound, _) in zip(streams, tracks, strict=True):
            _write(container, stream, sound, rate_hz)
    return target


def write_sound(target: Path, sound: Sound, rate_hz: int = RATE_HZ) -> Path:
    with av.open(str(target), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=rate_hz, layout=LAYOUTS[sound.shape[1]])
        _write(container, stream, sound, rate_hz)
    return target


def _write(container: Any, stream: Any, sound: Sound, rate_hz: int) -> None:
    kind = stream.codec_context.format.name
    for start in range(0, len(sound), 1024):
        part = np.clip(sound[start : start + 1024], -1, 1)
        if kind.endswith("p"):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.T), kind, LAYOUTS[sound.shape[1]])
        else:
            packed = np.rint(part * 32767).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, kind, LAYOUTS[sound.shape[1]])
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
