"""Export profiles as data: what a file has to be where it goes. Each is one file in `profiles/`, or one of the user's.

How loud its sound is stands in the profiles of the mix (`profiles.toml`), to which an export profile refers by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from countenance.errors import InputError
from countenance.media.mix import profile_named

CODECS = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1", "mpeg2": "mpeg2video"}
SOUND_CODECS = ("aac", "pcm_s24le")
CONTAINERS = {"mp4": ".mp4", "mov": ".mov", "cmaf": ""}  # CMAF is a folder of tracks and playlists
PADDED, CUT, KEPT = "padded", "cut", "kept"
SHAPES = (KEPT, PADDED, CUT)
# Above 30 pictures a second a stream may take half as much again: YouTube's table (8 -> 12, 5 -> 7.5 Mbit/s).
FAST_HZ, FAST_FACTOR = 30, Fraction(3, 2)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Rung:
    """One size of a profile, by the shorter side in pixels, with what its stream may take up to 30 pictures a second:
    the rate at which the receiver's buffer is filled, kbit/s, and that buffer's size, kbit (VBV, ISO 14496-10 C)."""

    short_px: int
    max_kbps: int
    buffer_kbit: int


@dataclass(frozen=True, slots=True)
class PictureSpec:
    """How pictures are coded.

    `crf` is the encoder's constant quality under the rung's ceiling; 0 fills the channel at the constant rate of the
    rung. `rates` are the frame rates that are taken, empty for any up to `most_hz`; others are brought to the nearest.
    `shape`: "kept" as the source, or `frame_px` exactly, "padded" with black or "cut" by the framing of the head.
    `options` go to the encoder as they are.
    """

    codec: str
    profile: str
    pixel_format: str
    crf: int
    keyframe_s: float
    preset: str = ""
    b_frames: int = 2
    rates: tuple[Fraction, ...] = ()
    most_hz: int = 60
    shape: str = KEPT
    frame_px: tuple[int, int] | None = None
    tag: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoundSpec:
    """How the sound is coded. `kbps` is 0 for what is not compressed; `loudness` names a profile of the mix."""

    codec: str
    rate_hz: int
    kbps: int
    channels: int
    loudness: str


@dataclass(frozen=True, slots=True)
class ExportProfile:
    """One way to deliver. `channel` is the place that it is for, as briefs and grants name it; `source` says where its
    figures are from, `verified_by` who has compared them with it; `seconds` how long a programme may be (0: any)."""

    name: str
    means: str
    channel: str
    container: str
    source: str
    verified_by: str
    picture: PictureSpec
    sound: SoundSpec
    rungs: tuple[Rung, ...]
    seconds: int = 0

    @property
    def streams(self) -> bool:
        """Whether it is a ladder of tracks with playlists, not one file."""
        return self.container == "cmaf"

    @property
    def suffix(self) -> str:
        return CONTAINERS[self.container]


@cache
def export_profiles() -> dict[str, ExportProfile]:
    """The house's profiles by name."""
    folder = files("countenance.media").joinpath("profiles")
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return {
        name: _profile(name, one.read_text(encoding="utf-8"), one.name)
        for one in found
        for name in (one.name.removesuffix(".toml"),)
    }


def export_profile(name: str) -> ExportProfile:
    """One of `export_profiles`, or that of the user's own file if `name` ends with ".toml".

    InputError, with what is known, for any other, and for a file that is not what a profile has to be.
    """
    if name.endswith(".toml"):
        path = Path(name)
        try:
            return _profile(path.stem, path.read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as problem:
            raise InputError(f"{name} cannot be read as a profile ({problem}); check the path.") from problem
    if name not in export_profiles():
        raise InputError(f"there is no export profile {name!r}: choose {', '.join(export_profiles())}.")
    return export_profiles()[name]


def _profile(name: str, text: str, file: str) -> ExportProfile:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{file} is no TOML ({problem}); correct it.") from problem
    rungs = data.pop("rungs", None)
    if not isinstance(rungs, list) or not rungs:
        raise _wrong(file, "it needs at least one [[rungs]]")
    made = {
        "name": name,
        "picture": _made(PictureSpec, _numbers(data.pop("picture", None), file), f"{file} [picture]"),
        "sound": _made(SoundSpec, data.pop("sound", None), f"{file} [sound]"),
        "rungs": tuple(_made(Rung, one, f"{file} [[rungs]]") for one in rungs),
    }
    profile = _made(ExportProfile, {**data, **made}, file)
    _check(profile, file)
    return profile


def _made(kind: type[_T], values: Any, where: str) -> _T:
    """A dataclass of a TOML table, whose keys must be its fields and of their types."""
    if not isinstance(values, dict):
        raise _wrong(where, "it is not there as a table")
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    if strange := sorted(values.keys() - known.keys()):
        raise _wrong(where, f"it knows no {', '.join(strange)} (known: {', '.join(known)})")
    needed = [n for n, one in known.items() if one.default is MISSING and one.default_factory is MISSING]
    if missing := [n for n in needed if n not in values]:
        raise _wrong(where, f"it lacks {', '.join(missing)}")
    for key, value in values.items():
        wanted = {"int": int, "str": str, "float": (int, float)}.get(str(known[key].type))
        if wanted is not None and (not isinstance(value, wanted) or isinstance(value, bool)):  # type: ignore[arg-type]
            raise _wrong(where, f"{key} cannot be {value!r}")
    return kind(**values)


def _numbers(values: Any, file: str) -> Any:
    """The picture's table with its rates as fractions, written as "30000/1001" or 25, and its frame as a pair."""
    if not isinstance(values, dict):
        return values
    try:
        made = {**values, "rates": tuple(Fraction(one) for one in values.get("rates", ()))}
        if "frame_px" in values:
            width, height = values["frame_px"]
            made["frame_px"] = (int(width), int(height))
        made["options"] = {str(key): str(value) for key, value in values.get("options", {}).items()}
    except (TypeError, ValueError, ZeroDivisionError, AttributeError) as problem:
        raise _wrong(f"{file} [picture]", f"a number in it is none ({problem})") from problem
    return made


def _check(profile: ExportProfile, file: str) -> None:
    picture, sound = profile.picture, profile.sound
    choices = {
        "container": (profile.container, CONTAINERS),
        "picture.codec": (picture.codec, CODECS),
        "picture.shape": (picture.shape, SHAPES),
        "sound.codec": (sound.codec, SOUND_CODECS),
    }
    for key, (value, known) in choices.items():
        if value not in known:
            raise _wrong(file, f"{key} cannot be {value!r} (known: {', '.join(known)})")
    profile_named(sound.loudness)
    if (picture.shape != KEPT) != (picture.frame_px is not None):
        raise _wrong(file, "frame_px is for the shapes 'padded' and 'cut', and needed there")
    if any(side <= 0 or side % 2 for side in picture.frame_px or ()):
        raise _wrong(file, "the sides of frame_px must be even numbers above 0")
    sizes = [one.short_px for one in profile.rungs]
    if sizes != sorted(set(sizes), reverse=True) or any(one.short_px % 2 for one in profile.rungs):
        raise _wrong(file, "rungs are even sizes, the largest first")
    if any(min(one.short_px, one.max_kbps, one.buffer_kbit) <= 0 for one in profile.rungs):
        raise _wrong(file, "the figures of a rung are above 0")
    if picture.keyframe_s <= 0 or sound.rate_hz <= 0 or sound.channels not in (1, 2):
        raise _wrong(file, "keyframe_s and rate_hz are above 0, and the sound has 1 or 2 channels")


def _wrong(where: str, what: str) -> InputError:
    return InputError(f"{where}: this is no export profile: {what}.")
