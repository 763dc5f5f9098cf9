"""Luma planes from here and there in any file with a picture, for looking at it rather than working on it.

Unlike `probe` and `decode` this takes what it can get: HDR, truncated files, stills.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from countenance.errors import InputError
from countenance.media.frame import U8

NO_PICTURES = ("tty",)  # demuxers that make pictures out of plain text

_KEY_PICTURES_WILL_DO = 24  # from that many on, the rest need not be decoded
_PLANAR_LUMA = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "gray", "nv12")


def sample_lumas(path: Path, count: int = 60) -> list[U8]:
    """Up to `count` luma planes (h, w) uint8 of one size, spread over the file and turned as shown.

    A still gives one. Where the file breaks off, what came before counts. InputError when not one picture
    can be had.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video or container.format.name in NO_PICTURES:
                raise InputError(f"{path}: the file has no picture; give a video or an image.")
            key_flags = list(_key_flags(container))
        with av.open(str(path)) as container:  # anew, since pipes of stills cannot be sought
            lumas = list(_sampled(container, key_flags, count))
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: this is no video or image that can be read ({reason}).") from error
    if not lumas:
        raise InputError(f"{path}: no picture in this file can be decoded; copy or export it again.")
    return [luma for luma in lumas if luma.shape == lumas[0].shape]


def _key_flags(container: Any) -> Iterator[bool]:
    """For each picture of the stream, whether it stands on its own."""
    try:
        for packet in container.demux(container.streams.video[0]):
            if packet.size:
                yield bool(packet.is_keyframe)
    except av.error.FFmpegError:
        return


def _sampled(container: Any, key_flags: list[bool], count: int) -> Iterator[U8]:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    pictures = len(key_flags)
    if sum(key_flags) >= min(count, _KEY_PICTURES_WILL_DO) and pictures > 10 * count:
        stream.codec_context.skip_frame = "NONKEY"
        pictures = sum(key_flags)
    wanted = {number * pictures // count for number in range(count)}
    try:
        for number, picture in enumerate(container.decode(stream)):
            if number in wanted:
                yield luma_of(picture)
    except av.error.FFmpegError:
        return


def luma_of(picture: Any) -> U8:
    """The luma plane (h, w) of a decoded picture, 8 bit, turned as shown."""
    # The range is left as it is: limited or full is a matter of contrast, which nobody who samples minds.
    if picture.format.name not in _PLANAR_LUMA:
        picture = picture.reformat(format="gray")
    plane = picture.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
    return np.array(np.rot90(luma, int(picture.rotation) % 360 // 90), np.uint8, order="C")
