"""Encoders set up for a rendition: quality under a buffer's ceiling, closed groups of one length, colours tagged."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import Interpolation

from countenance.media.export import CODECS, PictureSpec
from countenance.media.frame import Frame
from countenance.media.ladder import Rendition

_BT709, _LIMITED = 1, 1  # H.273 code for primaries, transfer and matrix alike; limited range
_BLACK, _GREY = 16, 128


def add_pictures(container: Any, spec: PictureSpec, rendition: Rendition) -> Any:
    """A video stream in a container, ready to encode pictures of the rendition."""
    os.environ.setdefault("SVT_LOG", "1")  # else the AV1 encoder tells its whole configuration on stderr
    stream = container.add_stream(CODECS[spec.codec], rate=rendition.rate)
    stream.width, stream.height = rendition.size
    stream.pix_fmt = spec.pixel_format
    context = stream.codec_context
    context.time_base = 1 / rendition.rate
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    context.sample_aspect_ratio = Fraction(1)
    context.thread_type = "AUTO"
    if spec.tag:
        context.codec_tag = spec.tag
    context.options = {**_options(spec, rendition), **spec.options}
    return stream


def coded(frame: Frame, spec: PictureSpec, rendition: Rendition) -> Any:
    """A frame as the encoder takes it: scaled, in the middle of a black picture where shapes differ."""
    width, height = frame.size
    picture = av.VideoFrame(width, height, "yuv420p")
    _fill(picture, frame.planes)
    scale = min(rendition.size[0] / width, rendition.size[1] / height)
    inner = tuple(
        min(side, round(own * scale / 2) * 2) for own, side in zip((width, height), rendition.size, strict=True)
    )
    if inner != (width, height):
        picture = picture.reformat(width=inner[0], height=inner[1], interpolation=Interpolation.LANCZOS)
    if inner != rendition.size:
        picture = _padded(picture, rendition.size)
    if spec.pixel_format != "yuv420p":
        picture = picture.reformat(format=spec.pixel_format, interpolation=Interpolation.BICUBIC)
    picture.pts, picture.time_base = frame.pts, frame.time_base
    picture.colorspace, picture.color_range = _BT709, _LIMITED
    picture.pict_type = PictureType.NONE
    return picture


def _options(spec: PictureSpec, rendition: Rendition) -> dict[str, str]:
    """What the encoder is told. Groups are closed, of one length, and begin nowhere else."""
    rate, buffer = f"{rendition.max_kbps}k", f"{rendition.buffer_kbit}k"
    groups = {"g": str(rendition.keyframe), "bf": str(min(spec.b_frames, rendition.keyframe - 1))}
    ceiling = {"maxrate": rate, "bufsize": buffer}
    quality = {"crf": str(spec.crf)} if spec.crf else {"b": rate, "minrate": rate}
    preset = {"preset": spec.preset} if spec.preset else {}
    if spec.codec == "h264":
        own = {
            "keyint_min": str(rendition.keyframe), "sc_threshold": "0", "profile": spec.profile,
            "nal-hrd": "vbr" if spec.crf else "cbr", "x264-params": "force-cfr=1:open-gop=0",
        }  # fmt: skip
        return {**groups, **ceiling, **quality, **preset, **own}
    if spec.codec == "hevc":
        parameters = {
            "keyint": rendition.keyframe, "min-keyint": rendition.keyframe, "scenecut": 0, "open-gop": 0,
            "bframes": groups["bf"], "vbv-maxrate": rendition.max_kbps, "vbv-bufsize": rendition.buffer_kbit,
            "hrd": 1, "log-level": "none",
        }  # fmt: skip
        told = ":".join(f"{key}={value}" for key, value in parameters.items())
        return {**quality, **preset, "profile": spec.profile, "x265-params": told}
    if spec.codec == "av1":
        return {"g": groups["g"], **ceiling, **quality, **preset, "svtav1-params": "scd=0:enable-overlays=0"}
    return {  # MPEG-2 as XDCAM HD422 has it (SMPTE RDD 9): a full buffer at the start, intra VLC, finer quantisers
        **groups, **ceiling, **quality, "rc_init_occupancy": buffer, "profile": "0", "level": "2",
        "sc_threshold": "1000000000", "intra_vlc": "1", "non_linear_quant": "1", "qmin": "1", "qmax": "12", "dc": "2",
    }  # fmt: skip


def _fill(picture: Any, planes: Any) -> None:
    for plane, pixels in zip(picture.planes, planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        rows[: pixels.shape[0], : pixels.shape[1]] = pixels


def _padded(picture: Any, size: tuple[int, int]) -> Any:
    """A picture in the middle of a black one."""
    whole = av.VideoFrame(*size, "yuv420p")
    left, top = (size[0] - picture.width) // 4 * 2, (size[1] - picture.height) // 4 * 2
    for number, (plane, small) in enumerate(zip(whole.planes, picture.planes, strict=True)):
        part = 2 if number else 1
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        rows[:] = _GREY if number else _BLACK
        pixels = np.frombuffer(small, np.uint8).reshape(-1, small.line_size)[: small.height, : small.width]
        rows[top // part : top // part + small.height, left // part : left // part + small.width] = pixels
    return whole
