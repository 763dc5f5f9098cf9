"""What a master is, read from its packets before anything is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from countenance.errors import InputError
from countenance.media.sample import NO_PICTURES

_SLACK_S = Fraction(1, 2)  # by which muxers misjudge the length that they write into the head of a file
_PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
_STILL_RATE = Fraction(25)
_CONSTANT_LUMINANCE = 10  # H.273 matrix coefficients
_HDR = {16: "PQ (SMPTE ST 2084)", 18: "HLG (ARIB STD-B67)"}  # H.273 transfer characteristics


@dataclass(frozen=True)
class Master:
    """A readable video file and its exact shape in time.

    `width`, `height` are as shown (rotation applied) and cut to even numbers; `pts` lists every picture's
    presentation time in `time_base` units from the start of the file, which is `origin` on the stream's own
    clock; `frame_rate` is the average; `variable` tells VFR from CFR.
    """

    path: Path
    container: str
    codec: str
    width: int
    height: int
    rotation: int
    time_base: Fraction
    frame_rate: Fraction
    origin: int
    pts: tuple[int, ...]
    variable: bool
    pixel_format: str
    matrix: str
    full_range: bool
    audio_codec: str | None
    audio_rate_hz: int | None
    primaries: str = "bt709"

    @property
    def duration(self) -> Fraction:
        """Seconds from 0 to the end of the last picture."""
        return self.pts[-1] * self.time_base + 1 / self.frame_rate

    @property
    def origin_s(self) -> Fraction:
        """Where time 0 lies on the clock of the file's own time stamps."""
        return self.origin * self.time_base

    @property
    def frames(self) -> int:
        return len(self.pts)

    @property
    def is_still(self) -> bool:
        """Whether it is a photo: one picture, without sound."""
        return _is_still(self.container)

    def describe(self) -> dict[str, Any]:
        """For receipts and screens: plain values only."""
        return {
            "file": self.path.name,
            "container": self.container,
            "codec": self.codec,
            "size": [self.width, self.height],
            "rotation": self.rotation,
            "frame_rate": str(self.frame_rate),
            "time_base": str(self.time_base),
            "timing": "variable" if self.variable else "constant",
            "frames": self.frames,
            "duration_s": round(float(self.duration), 3),
            "pixel_format": self.pixel_format,
            "matrix": self.matrix,
            "primaries": self.primaries,
            "range": "full" if self.full_range else "limited",
            "audio": self.audio_codec,
        }


def probe(path: Path, *, stills: bool = False) -> Master:
    """Read a master's streams, time stamps and colour description without decoding more than one picture.

    With `stills` a photo is a master too: one picture, at 25 a second.

    Raises InputError, in one sentence, for a path that does not exist, a file that is no video, one without
    a video stream or pictures, a truncated one, and HDR.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give the path of a video file.")
    try:
        with av.open(str(path)) as container:
            return _read(path, container, stills)
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{path}: this is not a video file that can be read ({reason}); "
            "it may be truncated or of another type: export or copy it again."
        ) from error


def _read(path: Path, container: Any, stills: bool) -> Master:
    name = container.format.name
    if not container.streams.video or name in NO_PICTURES:
        raise InputError(f"{path}: the file has no video stream; give a file with a picture.")
    still = _is_still(name)
    if still and not stills:
        raise InputError(f"{path}: this is a still picture; give a video.")
    stream = container.streams.video[0]
    pts = [0] if still else _time_stamps(path, container, stream)
    if not still:
        container.seek(0)
    origin = round(Fraction(container.start_time or 0, av.time_base) / stream.time_base)
    first = next(container.decode(stream), None)
    if first is None:
        raise InputError(f"{path}: no picture can be decoded (zero frames); export it again.")
    context = stream.codec_context
    if context.color_trc in _HDR:
        raise InputError(
            f"{path}: HDR video with {_HDR[context.color_trc]} is not supported yet; "
            "convert the master to SDR BT.709 first."
        )
    if context.colorspace == _CONSTANT_LUMINANCE:
        raise InputError(
            f"{path}: BT.2020 with constant luminance is not supported; convert the master to BT.709 first."
        )
    rotation = int(first.rotation) % 360
    width, height = (context.height, context.width) if rotation in (90, 270) else (context.width, context.height)
    audio = container.streams.audio[0].codec_context if container.streams.audio else None
    rate = _STILL_RATE if still else stream.average_rate or stream.base_rate or _rate_of(pts, stream.time_base)
    return Master(
        path=path,
        container=container.format.name,
        codec=context.name,
        width=width // 2 * 2,
        height=height // 2 * 2,
        rotation=rotation,
        time_base=1 / _STILL_RATE if still else Fraction(stream.time_base),
        frame_rate=Fraction(rate),
        origin=0 if still else origin,
        pts=(0,) if still else tuple(value - origin for value in pts),
        variable=_is_variable(pts),
        pixel_format=context.pix_fmt or "unknown",
        matrix=matrix_of(context.colorspace, context.width, context.height),
        full_range=context.color_range == 2 or str(context.pix_fmt).startswith("yuvj"),
        audio_codec=audio.name if audio else None,
        audio_rate_hz=audio.sample_rate if audio else None,
        primaries=primaries_of(context.color_primaries, context.colorspace),
    )


def is_photo(path: Path) -> bool:
    """Whether a file's name is that of a photo."""
    return path.suffix.lower() in _PHOTOS


def _is_still(container: str) -> bool:
    return container == "image2" or container.endswith("_pipe")


def _time_stamps(path: Path, container: Any, stream: Any) -> list[int]:
    """When each picture is shown, in order. Raises InputError when there is none, or the file breaks off."""
    pts, cut, end = [], 0, Fraction(0)
    for packet in container.demux():
        if packet.pts is None or not packet.size:
            continue
        end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
        if packet.stream is stream and packet.is_discard:
            cut += 1  # by an edit list: there only to decode others from
        elif packet.stream is stream:
            pts.append(packet.pts)
    if not pts:
        raise InputError(f"{path}: the video stream holds no pictures (zero frames); export it again.")
    if not cut and len(pts) < stream.frames - 1:
        raise InputError(
            f"{path}: the file is truncated ({len(pts)} of {stream.frames} pictures are there); "
            "copy or export it again."
        )
    promised = Fraction(container.duration or 0, av.time_base)
    if "matroska" in container.format.name and end < promised - _SLACK_S:
        raise InputError(
            f"{path}: the file is truncated (it ends at {float(end):.1f} of {float(promised):.1f} s); "
            "copy or export it again."
        )
    return sorted(pts)


def matrix_of(colorspace: int, width: int, height: int) -> str:
    """The Y'CbCr matrix by H.273 code (RGB becomes 709); where unspecified, 601 for SD, else 709, as players do."""
    named = {0: "bt709", 1: "bt709", 5: "bt601", 6: "bt601", 9: "bt2020"}
    return named.get(colorspace, "bt709" if width >= 1280 or height > 576 else "bt601")


def primaries_of(primaries: int, colorspace: int) -> str:
    """The primaries by H.273 codes; where unspecified, those that belong to the matrix, as players do.

    Those of standard definition differ so little from BT.709's that they count as these.
    """
    if primaries == 9 or (primaries in (0, 2) and colorspace == 9):
        return "bt2020"
    return "p3" if primaries == 12 else "bt709"


def _is_variable(pts: Sequence[int]) -> bool:
    """True when steps differ by more than the rounding of the time base allows."""
    steps = np.diff(np.asarray(pts, np.int64))
    return bool(steps.size and steps.max() - steps.min() > max(1, 0.02 * float(np.median(steps))))


def _rate_of(pts: Sequence[int], time_base: Fraction) -> Fraction:
    if len(pts) < 2:
        return Fraction(25)
    return (len(pts) - 1) / ((pts[-1] - pts[0]) * time_base)
