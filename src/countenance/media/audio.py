"""Samples in and out of files, on the file's own clock."""

from __future__ import annotations

import os
import tempfile
import wave
from collections.abc import Iterator
from fractions import Fraction
from math import gcd
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from countenance.errors import InputError

Samples = NDArray[np.float32]

JITTER_S = 0.02  # containers with millisecond clocks round; a real gap is longer than this


def read_audio(path: str | Path, rate_hz: int = 48000, origin_s: Fraction | float = 0) -> Samples | None:
    """Decode the best audio stream to float32 (n, channels) in [-1, 1] at `rate_hz`.

    Index 0 is `origin_s` on the file's clock (the clock of the presentation timestamps): a stream that starts
    later is padded with silence, one that starts earlier is trimmed, and gaps inside are filled with silence.
    Codec priming that the container declares (edit lists, skip samples) is left out. Channels stay as stored.
    Files whose clock starts far from zero (MPEG streams) want the first picture's time as `origin_s`.
    Packets that cannot be decoded count as gaps. Returns None when the file has no audio stream.
    The whole sound is held in memory: 0.7 GB per hour of 48 kHz mono. Errors: InputError.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.best("audio")
            if stream is None:
                return None
            source_hz, samples = _assemble(_decoded(container, stream), float(origin_s))
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"The sound of {path} cannot be read ({reason}): give a playable media file.") from error
    if source_hz == 0:
        raise InputError(f"The audio stream of {path} holds nothing that decodes: export the file again.")
    return resample(samples, source_hz, rate_hz)


def write_wav(path: str | Path, samples: NDArray[np.floating[Any]], rate_hz: int) -> None:
    """Write (n,) or (n, channels) samples in [-1, 1] as 16-bit PCM; beyond that range they are clipped.

    The file appears under its name only when complete.
    """
    frames = columns(samples)
    pcm = np.rint(np.clip(frames, -1.0, 32767 / 32768) * 32768).astype("<i2")
    final = Path(path)
    handle, temporary = tempfile.mkstemp(dir=final.parent, prefix=f".{final.stem}-", suffix=".wav")
    try:
        with os.fdopen(handle, "wb") as file:
            with wave.open(file, "wb") as out:
                out.setnchannels(frames.shape[1])
                out.setsampwidth(2)
                out.setframerate(rate_hz)
                out.writeframes(pcm.tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, final)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def resample(samples: NDArray[np.floating[Any]], from_hz: int, to_hz: int) -> Samples:
    """Change the sample rate of (n,) or (n, channels) samples with a zero-phase filter: nothing moves."""
    if from_hz == to_hz or len(samples) == 0:
        return samples.astype(np.float32)
    common = gcd(from_hz, to_hz)
    return np.asarray(resample_poly(samples, to_hz // common, from_hz // common, axis=0), dtype=np.float32)


def columns(samples: NDArray[Any]) -> NDArray[Any]:
    """(n,) as (n, 1); (n, channels) passes through."""
    return samples[:, None] if samples.ndim == 1 else samples


def mono(samples: NDArray[np.floating[Any]]) -> Samples:
    """Mean of the channels of (n, channels) as (n,); (n,) passes through."""
    return samples.astype(np.float32) if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Audio frames in order; undecodable packets are left out as players do."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue


def _assemble(frames: Iterator[Any], origin_s: float) -> tuple[int, Samples]:
    """Lay the frames on one time line that starts at `origin_s`; (0, empty) when there is no frame."""
    rate_hz, channels, filled, expected = 0, 1, 0, 0
    parts: list[Samples] = []
    for index, frame in enumerate(frames):
        if index == 0:
            rate_hz, channels = frame.sample_rate, frame.layout.nb_channels
        block = _like_first(_as_float(frame), frame.sample_rate, rate_hz, channels)
        start = expected
        if frame.pts is not None:
            start = round((float(frame.pts * frame.time_base) - origin_s) * rate_hz)
        if index > 0 and abs(start - expected) <= JITTER_S * rate_hz:
            start = expected
        expected = start + len(block)
        if start > filled:
            parts.append(np.zeros((start - filled, channels), np.float32))
            filled = start
        parts.append(block[filled - start :])
        filled += len(parts[-1])
    return rate_hz, np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)


def _as_float(frame: Any) -> Samples:
    """(n, channels) float32 of one frame of any planar or packed sample format."""
    raw: NDArray[Any] = frame.to_ndarray()
    channels = frame.layout.nb_channels
    table = raw.T if frame.format.is_planar else raw.reshape(-1, channels)
    if table.dtype == np.uint8:
        return ((table.astype(np.float32) - 128) / 128).astype(np.float32)
    if table.dtype.kind == "i":
        return (table / float(2 ** (8 * table.dtype.itemsize - 1))).astype(np.float32)
    return np.ascontiguousarray(table, dtype=np.float32)


def _like_first(block: Samples, rate_hz: int, first_hz: int, channels: int) -> Samples:
    """A stream may change its rate or layout midway; the first frame decides for all."""
    if rate_hz != first_hz:
        block = resample(block, rate_hz, first_hz)
    if block.shape[1] != channels:
        block = np.repeat(mono(block)[:, None], channels, axis=1)
    return block
