"""Frames out of a master, one after another, in the house's own format."""

from __future__ import annotations

from collections.abc import Generator

import av

from countenance.errors import InputError
from countenance.media.coding import house_planes
from countenance.media.frame import Frame
from countenance.media.probe import Master

_SEEKABLE = ("mp4", "matroska")  # containers with an index; others are read from the start


def decode(master: Master, *, start: int = 0, stop: int | None = None, from_key: bool = False) -> Generator[Frame]:
    """Yield the master's frames number `start` to `stop` (exclusive) in presentation order.

    With `from_key` it begins as much earlier as the decoder has to: at the key picture before `start`.

    Memory does not grow with the clip. Pictures that already are 8-bit 4:2:0 limited BT.709 keep their bits;
    others are converted once, here. Raises InputError when the file breaks off in the middle.
    """
    try:
        with av.open(str(master.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            if start and any(name in master.container for name in _SEEKABLE):
                container.seek(master.pts[start] + master.origin, stream=stream, backward=True)
            end = master.pts[stop] if stop is not None and stop < master.frames else None
            for picture in container.decode(stream):
                if master.is_still:
                    yield Frame(0, master.time_base, house_planes(picture, master))
                    return
                pts = None if picture.pts is None else picture.pts - master.origin
                if pts is None or pts < (0 if from_key else master.pts[start]):
                    continue
                if end is not None and pts >= end:
                    return
                yield Frame(pts, master.time_base, house_planes(picture, master))
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{master.path}: decoding broke off ({reason}); export the file again.") from error
