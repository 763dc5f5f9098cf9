"""Samples in and out of files, on the file's own clock."""

from __future__ import annotations

import os
import tempfile
import wave
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from math import ceil, gcd
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from countenance.errors import InputError

Samples = NDArray[np.float32]

_HALF = 0.5**0.5
# Shares of L R C (LFE) and surrounds in the left side, and where each channel's mirror image stands.
_TO_LEFT = {
    3: (1.0, 0.0, _HALF),
    5: (1.0, 0.0, _HALF, _HALF, 0.0),
    6: (1.0, 0.0, _HALF, 0.0, _HALF, 0.0),
    8: (1.0, 0.0, _HALF, 0.0, _HALF, 0.0, _HALF, 0.0),
}
_MIRRORED = {3: (2,), 5: (2, 4, 3), 6: (2, 3, 5, 4), 8: (2, 3, 5, 4, 7, 6)}
_FILTER_REACH = 10  # of scipy's resample_poly: input samples on each side, times the ratio when going down
JITTER_S = 0.02  # containers with millisecond clocks round; a real gap is longer than this


def sound_blocks(
    path: str | Path, rate_hz: int = 48000, origin_s: Fraction | float = 0, track: int | None = None
) -> Iterator[Samples]:
    """Decode the first audio stream bit by bit: consecutive blocks of float32 (n, channels) in [-1, 1] at `rate_hz`.

    `track` takes another one of the file's audio streams, counted from 0. The first is the programme, whatever an
    audio track beside it may have in channels or bits.

    The first sample is `origin_s` on the file's clock (the clock of the presentation timestamps): a stream that
    starts later is padded with silence, one that starts earlier is trimmed, and gaps inside are filled with
    silence. Codec priming that the container declares (edit lists, skip samples) is left out. Channels stay as
    stored. Files whose clock starts far from zero (MPEG streams) want `Master.origin_s`. Packets that cannot be
    decoded count as gaps. Memory does not grow with the sound. There is no block when the file has no audio
    stream. Errors: InputError, also in the middle.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio and track is None:
                return
            stream = _track(container, path, track or 0)
            frames = _decoded(container, stream)
            first = next(frames, None)
            if first is None:
                raise InputError(f"The audio stream of {path} holds nothing that decodes: export the file again.")
            line = _on_one_line(chain((first,), frames), float(origin_s))
            yield from resampled(line, first.sample_rate, rate_hz)
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"The sound of {path} cannot be read ({reason}): give a playable media file.") from error


def read_audio(
    path: str | Path, rate_hz: int = 48000, origin_s: Fraction | float = 0, track: int | None = None
) -> Samples | None:
    """The whole sound of `sound_blocks` as float32 (n, channels); None when the file has no audio stream.

    It is held in memory: 0.7 GB per hour of 48 kHz mono. Errors: InputError.
    """
    blocks = list(sound_blocks(path, rate_hz, origin_s, track))
    return np.concatenate(blocks) if blocks else None


def read_mono(path: str | Path, rate_hz: int = 16000, origin_s: Fraction | float = 0) -> Samples | None:
    """The mean of all channels of `sound_blocks` as float32 (n,), for what only listens; None without a stream.

    0.23 GB per hour at 16 kHz. Errors: InputError.
    """
    blocks = [mono(block) for block in sound_blocks(path, rate_hz, origin_s)]
    return np.concatenate(blocks) if blocks else None


def sound_rate_hz(path: str | Path) -> int:
    """The sample rate of the first audio stream as it is stored; InputError when the file has none."""
    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise InputError(f"{path} has no sound: give a media file with an audio track.")
            return int(stream.codec_context.sample_rate)
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"The sound of {path} cannot be read ({reason}): give a playable media file.") from error


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


def resampled(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The same as `resample` of all consecutive blocks in one piece, with little more than a second at hand."""
    if from_hz == to_hz:
        yield from blocks
        return
    common = gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    reach = down * ceil(_FILTER_REACH * max(up, down) / (up * down))  # whole cycles of the filter, as `size`
    size = down * ceil(from_hz / down)
    held, lead = None, 0  # what was read, and how much of its beginning is out already
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        while len(held) >= lead + size + reach:
            fine = resample(held[: lead + size + reach], from_hz, to_hz)
            yield fine[lead * up // down : (lead + size) * up // down]
            held, lead = held[lead + size - reach :], reach
    if held is not None:
        yield resample(held, from_hz, to_hz)[lead * up // down :]


def columns(samples: NDArray[Any]) -> NDArray[Any]:
    """(n,) as (n, 1); (n, channels) passes through."""
    return samples[:, None] if samples.ndim == 1 else samples


def mono(samples: NDArray[np.floating[Any]]) -> Samples:
    """Mean of the channels of (n, channels) as (n,); (n,) passes through."""
    return samples.astype(np.float32) if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)


def at_most_stereo(samples: Samples) -> Samples:
    """(n, channels) in FFmpeg's order as (n, 1 or 2): the centre and the surrounds go to both sides or their own.

    Three decibels down each, and the whole so far that it cannot clip (ITU-R BS.775-3, annex 4); the low
    frequency channel is left out. Of a number of channels that is none of these the first two are taken.
    """
    channels = samples.shape[1]
    if channels not in _TO_LEFT:
        return samples[:, :2]
    left = np.array(_TO_LEFT[channels], np.float32)
    right = left[[1, 0, *_MIRRORED[channels]]]
    return np.asarray(samples @ (np.stack([left, right], axis=1) / left.sum()), np.float32)


def _track(container: Any, path: str | Path, track: int) -> Any:
    streams = container.streams.audio
    if not 0 <= track < len(streams):
        raise InputError(f"{path} has {len(streams)} audio track(s), counted from 0: there is no track {track}.")
    return streams[track]


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Audio frames in order; undecodable packets are left out as players do."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue


def _on_one_line(frames: Iterator[Any], origin_s: float) -> Iterator[Samples]:
    """Blocks (n, channels) laid on one time line that starts at `origin_s`, at the rate of the first frame."""
    rate_hz, channels, filled, expected = 0, 1, 0, 0
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
            yield np.zeros((start - filled, channels), np.float32)
            filled = start
        fresh = block[filled - start :]
        filled += len(fresh)
        yield fresh


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
