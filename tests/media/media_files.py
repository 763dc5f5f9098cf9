"""Video files with peculiarities that no encoder writes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from clips import write_clip

from countenance.media.frame import Frame

_RATE_HZ = 48_000


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


def flash_and_click(
    path: Path,
    *,
    pictures: int = 50,
    sound_s: float | None = 2.0,
    at: int = 25,
    rate: Fraction = Fraction(25),
    size: tuple[int, int] = (96, 64),
    codec: str = "libx264",
    sound_codec: str = "aac",
    options: dict[str, str] | None = None,
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    late_s: Fraction = Fraction(0),
) -> Path:
    """A dark film with one white picture, number `at`, and a click at the moment when it appears.

    `pts` in `time_base` places the pictures; the picture starts `late_s` later than the sound.
    """
    base = time_base or 1 / rate
    times = [(number if pts is None else pts[number]) * base + late_s for number in range(pictures)]
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(codec, rate=rate, options={"preset": "ultrafast", **(options or {})})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, 90_000) if pts or late_s else base
        audio: Any = container.add_stream(sound_codec, rate=_RATE_HZ, layout="mono") if sound_s else None
        for number, time in enumerate(times):
            luma = np.full((size[1], size[0]), 235 if number == at else 16, np.uint8)
            image = av.VideoFrame.from_ndarray(np.repeat(luma[..., None], 3, axis=2), format="rgb24")
            image.time_base = video.codec_context.time_base
            image.pts = round(time / image.time_base)
            container.mux(video.encode(image))
        container.mux(video.encode())
        if audio is not None:
            sound = np.zeros(round((sound_s or 0) * _RATE_HZ), np.float32)
            start = round(times[at] * _RATE_HZ)
            sound[start : start + 24] = 0.9
            for first in range(0, len(sound), 1024):
                frame = av.AudioFrame.from_ndarray(sound[None, first : first + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = _RATE_HZ, first, Fraction(1, _RATE_HZ)
                for ready in _as_wanted(frame, audio):
                    container.mux(audio.encode(ready))
            container.mux(audio.encode())
    return path


def _as_wanted(frame: av.AudioFrame, stream: Any) -> list[av.AudioFrame]:
    form = stream.codec_context.format.name
    if form == "fltp":
        return [frame]
    return av.AudioResampler(format=form, layout="mono", rate=_RATE_HZ).resample(frame)
