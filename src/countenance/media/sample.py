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

_ALL_UP_TO = 3  # times as many pictures as wanted are decoded from end to end; longer files are looked into
_MOST_PLACES = 20  # of a long file
_PLANAR_LUMA = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "gray", "nv12")


def sample_lumas(path: Path, count: int = 60) -> list[U8]:
    """Up to `count` luma planes (h, w) uint8 of one size, in order, spread over the file and turned as shown.

    A still gives one. Of a long file a few pictures each are taken from many places, each place beginning with a
    key picture, so what it costs does not grow with the file. Where the file breaks off, what came before counts.
    InputError when not one picture can be had.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video or container.format.name in NO_PICTURES:
                raise InputError(f"{path}: the file has no picture; give a video or an image.")
            pictures, keys = _pictures_and_keys(container)
        lumas: list[U8] = []
        if pictures > _ALL_UP_TO * count and len(keys) > 1:
            with av.open(str(path)) as container:
                lumas = list(_here_and_there(container, keys, count))
        if not lumas:
            with av.open(str(path)) as container:  # anew, since pipes of stills cannot be sought
                lumas = list(_from_end_to_end(container, pictures, count))
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: this is no video or image that can be read ({reason}).") from error
    if not lumas:
        raise InputError(f"{path}: no picture in this file can be decoded; copy or export it again.")
    return [luma for luma in lumas if luma.shape == lumas[0].shape]


def _pictures_and_keys(container: Any) -> tuple[int, list[int]]:
    """How many pictures the file holds, and the times (in the stream's base) of those that stand on their own.

    From the file's own index where it has one (MP4, MOV), else by leafing through the packets.
    """
    stream = container.streams.video[0]
    index = list(stream.index_entries)
    if stream.frames and len(index) == stream.frames:
        return len(index), [entry.timestamp for entry in index if entry.is_keyframe]
    pictures, keys = 0, []
    try:
        for packet in container.demux(stream):
            pictures += bool(packet.size)
            if packet.size and packet.is_keyframe and packet.dts is not None:
                keys.append(packet.dts)
    except av.error.FFmpegError:
        pass
    return pictures, keys


def _here_and_there(container: Any, keys: list[int], count: int) -> Iterator[U8]:
    """The pictures that follow on key pictures, spread over the file."""
    stream = container.streams.video[0]
    places = min(len(keys), _MOST_PLACES, count)
    for place in range(places):
        wanted = count * (place + 1) // places - count * place // places
        try:
            container.seek(keys[place * len(keys) // places], stream=stream)
            for _, picture in zip(range(wanted), container.decode(stream), strict=False):
                yield luma_of(picture)
        except av.error.FFmpegError:
            continue


def _from_end_to_end(container: Any, pictures: int, count: int) -> Iterator[U8]:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
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
