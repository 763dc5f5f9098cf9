"""The same packets in another container."""

from __future__ import annotations

from pathlib import Path

import av


def remuxed(source: Path, target: Path, **options: str) -> Path:
    """Copy picture and sound into `target`, whose name tells the container; `options` are the muxer's."""
    with av.open(str(source)) as container, av.open(str(target), "w", options=options) as sink:
        streams = {one.index: sink.add_stream_from_template(one) for one in container.streams}
        for packet in container.demux():
            if packet.dts is None:
                continue
            packet.stream = streams[packet.stream.index]
            sink.mux(packet)
    return target
