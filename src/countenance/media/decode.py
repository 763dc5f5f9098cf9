"""Frames out of a master, one after another, in the house's own format."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from countenance.errors import InputError
from countenance.media.frame import U8, Frame
from countenance.media.matrix import to_bt709
from countenance.media.probe import Master

_MATRIX = {
    "bt601": Colorspace.ITU601,
    "bt709": Colorspace.ITU709,
    "bt2020": Colorspace.BT2020,
}

_SEEKABLE = ("mp4", "matroska")  # containers with an index; others are read from the start


def decode(master: Master, *, start: int = 0, stop: int | None = None) -> Generator[Frame]:
    """Yield the master's frames number `start` to `stop` (exclusive) in presentation order.

    Memory does not grow with the clip. Pictures that already are 8-bit 4:2:0 limited BT.709 keep their bits;
    others are converted once, here. Raises InputError when the file breaks off in the middle.
    """
    as_is = master.pixel_format == "yuv420p" and master.matrix == "bt709" and not master.full_range
    try:
        with av.open(str(master.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            if start and any(name in master.container for name in _SEEKABLE):
                container.seek(master.pts[start] + master.origin, stream=stream, backward=True)
            end = master.pts[stop] if stop is not None and stop < master.frames else None
            for picture in container.decode(stream):
                pts = None if picture.pts is None else picture.pts - master.origin
                if pts is None or pts < master.pts[start]:
                    continue
                if end is not None and pts >= end:
                    return
                yield Frame(pts, master.time_base, _planes(picture, master, as_is))
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{master.path}: decoding broke off ({reason}); export the file again.") from error


def _planes(picture: Any, master: Master, as_is: bool) -> tuple[U8, U8, U8]:
    if not as_is:
        picture = picture.reformat(
            format="yuv420p",
            src_colorspace=_MATRIX[master.matrix],
            dst_colorspace=_MATRIX[master.matrix],
            src_color_range=ColorRange.JPEG if master.full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
        )
    turns = master.rotation // 90
    planes = []
    for plane, divisor in zip(picture.planes, (1, 2, 2), strict=True):
        width, height = master.width // divisor, master.height // divisor
        whole = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        if turns:
            whole = np.rot90(whole, turns)
        planes.append(np.array(whole[:height, :width], np.uint8, order="C"))
    return to_bt709((planes[0], planes[1], planes[2]), master.matrix)
