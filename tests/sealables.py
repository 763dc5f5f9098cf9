"""Small files of every kind that can be sealed, and a release record to seal them with."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image
from records import FACE, VOICE
from records import RECORD as MADE

KINDS = (".jpg", ".png", ".webp", ".mp4", ".m4a", ".wav", ".mp3")

RECORD = replace(MADE, engines=(FACE, VOICE))


def write_sealable(path: Path) -> Path:
    """A file of the kind that the suffix says: a noisy picture, five of them, or a fifth of a second of noise."""
    if path.suffix in (".jpg", ".png", ".webp"):
        Image.fromarray(_picture()).save(path)
        return path
    with av.open(str(path), "w") as container:
        if path.suffix in (".mp4", ".mkv", ".mov", ".avi"):
            _add_video(container)
        else:
            _add_sound(container, path.suffix)
    return path


def _picture() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (96, 96, 3), np.uint8)


def _add_video(container: Any) -> None:
    stream = container.add_stream("libx264", rate=25)
    stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
    for _ in range(5):
        container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture())))
    container.mux(stream.encode())


def _add_sound(container: Any, suffix: str) -> None:
    codec, form = {
        ".m4a": ("aac", "fltp"), ".wav": ("pcm_s16le", "s16"), ".mp3": ("libmp3lame", "s16p"), ".flac": ("flac", "s16"),
    }[suffix]  # fmt: skip
    stream = container.add_stream(codec, rate=48000, layout="mono")
    noise = np.random.default_rng(7).normal(0, 0.1, 9600)
    samples = noise.astype(np.float32) if form == "fltp" else (noise * 32767).astype(np.int16)
    step = stream.codec_context.frame_size or 1024
    for start in range(0, len(samples), step):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + step], format=form, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
