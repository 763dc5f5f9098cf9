"""Voices and what happens to them on their way: codecs, other rates."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from countenance.media.audio import resample
from countenance.speech.espeak import speak

Sound = NDArray[np.float32]
CONTAINERS = {"aac": "mp4", "libmp3lame": "mp3", "libopus": "ogg"}
TEXT = (
    "Good morning. This coffee machine grinds its beans for every single cup, and it keeps the milk cold. "
    "Set the strength, choose a size, and press once; the rest takes forty seconds. It rinses itself each "
    "evening, and it tells you when it needs water. Ask for a cup in our shop, we are happy to show you how."
)


@cache
def voice() -> Sound:
    """Twenty seconds of a synthetic voice (n,) at 48 kHz, with exact silence between its sentences."""
    spoken = speak(TEXT, "en")
    return resample(spoken.samples, spoken.rate_hz, 48_000) * np.float32(0.7 / np.abs(spoken.samples).max())


def through_codec(sound: Sound, rate_hz: int, codec: str, bit_rate: int) -> tuple[Sound, int]:
    """(n, 1 or 2) samples encoded and decoded: (samples, rate), with the silence that the encoder put in front."""
    layout = "stereo" if sound.shape[1] == 2 else "mono"
    file = io.BytesIO()
    with av.open(file, "w", format=CONTAINERS[codec]) as container:
        stream: Any = container.add_stream(codec, rate=rate_hz, layout=layout)
        stream.bit_rate = bit_rate
        wanted = av.AudioResampler(format=stream.codec_context.format.name, layout=layout, rate=rate_hz)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        for ready in wanted.resample(frame):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        back = av.AudioResampler(format="fltp", layout=layout, rate=container.streams.audio[0].rate)
        blocks = []
        for frame in container.decode(audio=0):
            frame.pts = None
            blocks += [ready.to_ndarray().T for ready in back.resample(frame)]
        return np.concatenate(blocks).astype(np.float32), container.streams.audio[0].rate
