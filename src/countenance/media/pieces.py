"""A long film encoded in pieces, each by itself and by whoever has time, and joined without a second encode.

A piece holds whole pictures from a key picture on, with the time stamps of the whole film; its encoder knows nothing
of its neighbours, so the pieces are the same bits whoever made them and in whatever order. Sound is encoded once,
while they are joined.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from countenance.errors import InputError, IntegrityError
from countenance.media.encode import WEB, Picture, Sound, coded_picture, configure, mux_sound, sound_packets
from countenance.media.frame import Frame

ENDING = ".nut"  # a container that keeps time stamps and packets exactly as they are
_AGAIN = "remove it and run `countenance produce` again"


def encode_piece(
    target: Path,
    frames: Iterable[Frame],
    *,
    size: tuple[int, int],
    time_base: Fraction,
    frame_rate: Fraction,
    picture: Picture = WEB,
) -> int:
    """Encode some pictures of a film, with their times in the whole film; returns their count. There is no sound."""
    count = 0
    with av.open(str(target), "w", format="nut", options={"avoid_negative_ts": "disabled"}) as container:
        video = container.add_stream("libx264", rate=frame_rate)
        configure(video, size, time_base, frame_rate, picture)
        for frame in frames:
            container.mux(video.encode(coded_picture(frame, video)))
            count += 1
        container.mux(video.encode())
    if not count:
        raise InputError(f"{target.name}: there was no picture to encode.")
    return count


def join(target: Path, pieces: Sequence[Path], *, sound: Sound | None = None) -> int:
    """Write the pieces, in order, and the sound into an MP4 that starts playing at once; returns the picture count.

    Not one picture is encoded again. Raises IntegrityError when the pieces do not follow each other or were not made
    by the same settings.
    """
    order = _order(pieces)
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as container, ExitStack() as held:
        first = held.enter_context(av.open(str(pieces[0])))
        head = first.streams.video[0]
        video = container.add_stream_from_template(head)
        video.time_base, described = head.time_base, bytes(head.codec_context.extradata or b"")
        tracks = sound_packets(container, sound) if sound else iter(())
        pending = next(tracks, None)
        for packet in _packets(pieces, order, video, described):
            pending = mux_sound(container, tracks, pending, packet)
            container.mux(packet)
        while pending is not None:
            container.mux(pending)
            pending = next(tracks, None)
    return len(order.pts)


@dataclass(frozen=True)
class _Order:
    """When pictures are shown, in order, how far decoding runs ahead of it in pictures, and the last one's length."""

    pts: tuple[int, ...]
    ahead: int
    last_ticks: int


def _order(pieces: Sequence[Path]) -> _Order:
    shown: list[int] = []
    ahead, base = 0, None
    for piece in pieces:
        with av.open(str(piece)) as container:
            stream = container.streams.video[0]
            if base not in (None, stream.time_base):
                raise IntegrityError(f"{piece}: this piece counts time otherwise than the first; {_AGAIN}.")
            base = stream.time_base
            coded = [packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None]
        rank = {pts: place for place, pts in enumerate(sorted(coded))}
        if not coded or len(rank) < len(coded) or (shown and min(coded) <= shown[-1]):
            raise IntegrityError(f"{piece}: this piece does not follow the one before it; {_AGAIN}.")
        ahead = max(ahead, max(place - rank[pts] for place, pts in enumerate(coded)))
        shown += sorted(coded)
    last = shown[-1] - shown[-2] if len(shown) > 1 else 1
    return _Order(tuple(shown), ahead, last)


def _packets(pieces: Sequence[Path], order: _Order, video: Any, described: bytes) -> Iterator[Any]:
    """The pieces' packets with the decoding times of one film.

    A picture is decoded when the one `ahead` places before it is shown, so decoding times rise evenly over the joins.
    """
    number = 0
    for piece in pieces:
        with av.open(str(piece)) as container:
            stream = container.streams.video[0]
            if bytes(stream.codec_context.extradata or b"") != described:
                raise IntegrityError(f"{piece}: this piece was encoded with other settings than the first; {_AGAIN}.")
            for packet in container.demux(stream):
                if not packet.size or packet.pts is None:
                    continue
                packet.dts = _decoded_at(order, number)
                packet.duration = _length(order, packet.pts)
                packet.stream = video
                number += 1
                yield packet


def _decoded_at(order: _Order, number: int) -> int:
    place = number - order.ahead
    if place >= 0:
        return order.pts[place]
    step = order.pts[1] - order.pts[0] if len(order.pts) > 1 else 1
    return order.pts[0] + place * step


def _length(order: _Order, pts: int) -> int:
    after = bisect_right(order.pts, pts)
    return order.pts[after] - pts if after < len(order.pts) else order.last_ticks
