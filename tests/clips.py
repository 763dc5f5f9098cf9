"""Small real video files for tests, written with PyAV."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from countenance.media.decode import decode
from countenance.media.frame import Frame
from countenance.media.probe import probe

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def frames_of(path: Path, stop: int | None = None) -> list[Frame]:
    return list(decode(probe(path), stop=stop))


def picture(number: int, width: int = 320, height: int = 180) -> Frame:
    """A soft colourful picture of its own for each number."""
    noise = np.random.default_rng(number).integers(0, 256, (6, 10, 3), np.uint8)
    return Frame.from_rgb(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))


def write_clip(
    path: Path,
    frames: Iterable[Frame],
    *,
    codec: str = "libx264",
    rate: Fraction = Fraction(25),
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    colour: dict[str, int] | None = None,
    matrix: int = Colorspace.ITU709,
    muxer: dict[str, str] | None = None,
    size: tuple[int, int] | None = None,
) -> Path:
    """Encode frames, by default lossily and tagged as limited BT.709.

    `colour` sets H.273 codes (color_primaries, color_trc, colorspace, color_range) as tags; `matrix` is what
    the pictures are really converted to; `size` (width, height) cuts them, also to odd sizes.
    """
    with av.open(str(path), "w", options=muxer or {}) as container:
        stream: Any = None
        for number, frame in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate, options=options or {})
                stream.width, stream.height = size or frame.size
                stream.pix_fmt = pixel_format
                if time_base is not None:
                    stream.codec_context.time_base = time_base
                for name, code in ({"color_range": 1, "colorspace": 1} if colour is None else colour).items():
                    setattr(stream.codec_context, name, code)
            image = _image(frame, size or frame.size)
            if pixel_format != "yuv420p" or matrix != Colorspace.ITU709:
                image = image.reformat(
                    format=pixel_format,
                    src_colorspace=Colorspace.ITU709,
                    dst_colorspace=matrix,
                    src_color_range=ColorRange.MPEG,
                    dst_color_range=_range(pixel_format, colour),
                )
            image.pts = number if pts is None else pts[number]
            image.time_base = time_base or 1 / rate
            container.mux(stream.encode(image))
        if stream is not None:
            container.mux(stream.encode())
    return path


def turned(path: Path, degrees: int) -> Path:
    """Write into an MP4 that it is to be shown turned clockwise by quarter turns (ISO 14496-12, 8.3.2)."""
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    one = 1 << 16
    matrix = struct.pack(">9i", cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30)
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = matrix
    path.write_bytes(content)
    return path


def _range(pixel_format: str, colour: dict[str, int] | None) -> int:
    full = pixel_format.startswith("yuvj") or (colour or {}).get("color_range") == 2
    return int(ColorRange.JPEG if full else ColorRange.MPEG)


def _image(frame: Frame, size: tuple[int, int]) -> Any:
    """The frame's planes, cut to `size`, which may be odd."""
    image = av.VideoFrame(*size, "yuv420p")
    for plane, values in zip(image.planes, frame.planes, strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : plane.width] = values[: plane.height, : plane.width]
        plane.update(padded)
    return image


def begun_later(path: Path, target: Path, by_s: Fraction) -> Path:
    """The same file cut by its edit lists: picture and sound both begin `by_s` later in their material."""
    with (
        av.open(str(path)) as source,
        av.open(str(target), "w", options={"avoid_negative_ts": "disabled"}) as sink,
    ):
        copies = {stream.index: sink.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size and packet.pts is not None and packet.dts is not None:
                back = round(by_s / packet.time_base)
                packet.pts, packet.dts = packet.pts - back, packet.dts - back
                packet.stream = copies[packet.stream.index]
                sink.mux(packet)
    return target


def bits(frame: Frame) -> bytes:
    """All bits of a picture, to compare."""
    return b"".join(plane.tobytes() for plane in frame.planes)


def psnr_db(a: NDArray[Any], b: NDArray[Any]) -> float:
    error = float(np.mean((a.astype(float) - b.astype(float)) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))
