"""Whether a file is what its export profile says, read by others than those that wrote it.

Codec, sizes, colours and sound are told by MediaInfo, which shares no code with the encoders and FFmpeg; groups of
pictures and the receiver's buffer come from the packets, edit lists from the file's boxes, loudness from our meter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from pymediainfo import MediaInfo

from countenance.errors import InputError
from countenance.media.audio import sound_blocks
from countenance.media.editlist import without_edit_list_ms
from countenance.media.export import ExportProfile
from countenance.media.ladder import Rendition, picture_count
from countenance.media.loudness import measure_loudness
from countenance.media.mix import profile_named
from countenance.quality.leakybucket import least_fullness

LOUDNESS_LU = 0.5  # EBU R128: the tolerance of a programme's loudness
PEAK_DB = 0.5  # a coder may lift peaks by as much above the ceiling of the mix
_SHORT_S = Fraction(1, 2)  # of sound, below which loudness says little
_FORMATS = {"h264": "AVC", "hevc": "HEVC", "av1": "AV1", "mpeg2": "MPEG Video", "aac": "AAC", "pcm_s24le": "PCM"}
_PROFILES = {"high": "High", "high422": "High 4:2:2", "main": "Main", "4:2:2": "4:2:2"}
_CONTAINERS = {"mp4": ("Base Media",), "mov": ("QuickTime",)}
_BT709 = "BT.709"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what the profile wants, what the file has, and whether that is as it has to be."""

    about: str
    wanted: str
    found: str
    kept: bool


def check_export(
    path: Path, profile: ExportProfile, rendition: Rendition | None, *, sound: bool, duration: Fraction
) -> tuple[Finding, ...]:
    """Everything that a profile says about one file, with what the file has.

    `rendition` is None for a track of sound alone, `sound` whether there is any; `duration` is the programme's length
    in seconds. Raises InputError for a file that cannot be read.
    """
    try:
        told = MediaInfo.parse(path)
    except (OSError, RuntimeError) as problem:
        raise InputError(f"{path} cannot be read by MediaInfo ({problem}); export it again.") from problem
    found: list[Finding] = []
    if not profile.streams:
        found += _container(path, profile, told.general_tracks[0] if told.general_tracks else None, sound)
    if rendition is not None:
        found += _pictures(profile, rendition, _only(told.video_tracks, path, "picture"))
        found += _packets(path, profile, rendition, duration)
    if sound:
        found += _sound(path, profile, _only(told.audio_tracks, path, "sound"), duration)
    return tuple(found)


def broken(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What is not as it has to be, in words."""
    return tuple(f"{one.about} is {one.found}, not {one.wanted}" for one in findings if not one.kept)


def _only(tracks: list[Any], path: Path, what: str) -> Any:
    if len(tracks) != 1:
        raise InputError(f"{path} has {len(tracks)} tracks of {what}, not one; export it again.")
    return tracks[0]


def _same(about: str, wanted: object, found: object) -> Finding:
    return Finding(about, str(wanted), str(found), str(wanted) == str(found))


def _container(path: Path, profile: ExportProfile, told: Any, sound: bool) -> Iterator[Finding]:
    form = getattr(told, "format_profile", None) or getattr(told, "format", None)
    wanted = _CONTAINERS[profile.container]
    yield Finding("the container", " or ".join(wanted), str(form), form in wanted)
    yield _same("playing at once", "Yes", getattr(told, "isstreamable", None))
    if sound:
        early_ms = without_edit_list_ms(path)
        yield Finding("sound without edit lists", "0.0 ms late", f"{early_ms:.1f} ms late", abs(early_ms) < 0.1)


def _pictures(profile: ExportProfile, rendition: Rendition, told: Any) -> Iterator[Finding]:
    spec = profile.picture
    yield _same("the codec", _FORMATS[spec.codec], told.format)
    name = _PROFILES.get(spec.profile, spec.profile)
    wanted = f"{name} Intra" if spec.codec == "h264" and rendition.keyframe == 1 else name
    yield _same("the codec's profile", wanted, str(told.format_profile).partition("@")[0])
    if spec.tag:
        yield _same("the codec's tag", spec.tag, told.codec_id)
    yield _same("the size", "{}x{}".format(*rendition.size), f"{told.width}x{told.height}")
    rate = float(told.frame_rate or 0)
    wanted_rate = float(rendition.rate)
    yield Finding("the frame rate", f"{wanted_rate:.3f}", f"{rate:.3f}", abs(rate - wanted_rate) < 0.002)
    yield _same("the frame rate's mode", "CFR", told.frame_rate_mode)
    yield _same("the shape of a pixel", "1.000", told.pixel_aspect_ratio)
    ten, wide = "10" in spec.pixel_format, "422" in spec.pixel_format
    yield _same("the chroma", "4:2:2" if wide else "4:2:0", told.chroma_subsampling)
    yield _same("the bits", 10 if ten else 8, told.bit_depth)
    if spec.codec in ("h264", "mpeg2"):
        yield _same("the scan", "Progressive", told.scan_type)
    for about, found in (
        ("the primaries", told.color_primaries),
        ("the transfer", told.transfer_characteristics),
        ("the matrix", told.matrix_coefficients),
    ):
        yield _same(about, _BT709, found)
    if spec.codec != "mpeg2":  # which has no place to say so: it is limited always
        yield _same("the range", "Limited", told.color_range)


def _packets(path: Path, profile: ExportProfile, rendition: Rendition, duration: Fraction) -> Iterator[Finding]:
    """What the packets show: how many pictures, where the keyframes are, and what the receiver's buffer makes of it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [
            (one.pts, one.dts, one.size, one.is_keyframe)
            for one in container.demux(stream)
            if one.size and one.pts is not None and one.dts is not None
        ]
        base = Fraction(stream.time_base)
    count = picture_count(duration, rendition.rate)
    yield _same("the number of pictures", count, len(packets))
    keys = [number for number, one in enumerate(sorted(packets)) if one[3]]
    wanted = list(range(0, len(packets), rendition.keyframe))
    told = f"every {rendition.keyframe} pictures"
    yield Finding("a keyframe", told, told if keys == wanted else f"at {_first(keys)}", keys == wanted)
    level = least_fullness(
        [one[2] for one in packets],
        [one[1] * base for one in packets],
        rendition.max_kbps * 1000,
        rendition.buffer_kbit * 1000,
    )
    ceiling = f"above 0 % at {rendition.max_kbps} kbit/s and {rendition.buffer_kbit} kbit"
    yield Finding("the receiver's buffer", ceiling, f"{100 * level:.0f} % at its emptiest", level >= 0)


def _first(keys: list[int]) -> str:
    return ", ".join(map(str, keys[:8])) + (", ..." if len(keys) > 8 else "")


def _sound(path: Path, profile: ExportProfile, told: Any, duration: Fraction) -> Iterator[Finding]:
    spec = profile.sound
    yield _same("the sound's codec", _FORMATS[spec.codec], told.format)
    if spec.codec == "aac":
        yield _same("the sound's kind", "LC", told.format_additionalfeatures)
    else:
        yield _same("the sound's bits", 24, told.bit_depth)
    yield _same("the sound's rate", spec.rate_hz, told.sampling_rate)
    yield _same("the sound's channels", spec.channels, told.channel_s)
    heard = measure_loudness(sound_blocks(path, spec.rate_hz), spec.rate_hz)
    aim = profile_named(spec.loudness)
    if duration >= _SHORT_S and heard.lufs > -70:
        wanted = f"{aim.lufs:.1f} LUFS within {LOUDNESS_LU} LU"
        near = abs(heard.lufs - aim.lufs) <= LOUDNESS_LU
        yield Finding("the loudness", wanted, f"{heard.lufs:.1f} LUFS", near)
    highest = aim.ceiling_dbtp + PEAK_DB
    yield Finding(
        "the true peak", f"at most {highest:.1f} dBTP", f"{heard.peak_dbtp:.1f} dBTP", heard.peak_dbtp <= highest
    )
