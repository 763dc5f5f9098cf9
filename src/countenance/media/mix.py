"""Voice, music and effects into one sound: who makes room for whom, what follows a changed picture, how loud it gets.

Sounds are float32 in [-1, 1], `(n, channels)` at one rate, channels in FFmpeg's order (5.1: L R C LFE Ls Rs).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import Samples, columns
from countenance.media.loudness import integrated_lufs, normalise

Span = tuple[float, float]

SURROUND = 6
CENTRE = 2
_HALF_POWER = 0.5**0.5
JOIN_S = 0.12  # crossfade where a sound jumps
JOIN_STEP_S = 0.005
_LEAST_ALIKE = -0.85  # opposites are lifted by at most 8 dB in the middle of a crossfade
LOOP_S = 1.5  # crossfade from the end of a bed to its beginning
FADE_IN_S, FADE_OUT_S = 0.3, 1.2
SHORT_FADE_S = 0.4
LEAST_OVER_LU, MOST_OVER_LU = 3.0, 25.0  # by which the voice may lie above music and effects


@dataclass(frozen=True, slots=True)
class Profile:
    """How loud an export is: gated programme loudness, and the ceiling of its true peak before it is encoded."""

    name: str
    lufs: float
    ceiling_dbtp: float
    means: str


@dataclass(frozen=True, slots=True)
class Ducking:
    """By how much a sound steps back under speech: down by `depth_db` over the `attack_s` before a word begins, up
    again over the `release_s` after one that is followed by no other for `hold_s`."""

    depth_db: float = 9.0
    attack_s: float = 0.15
    release_s: float = 0.5
    hold_s: float = 0.4


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start_s` to `end_s` of the output the source runs on, `later_s` later than it was."""

    start_s: float
    end_s: float
    later_s: float


@cache
def profiles() -> dict[str, Profile]:
    """The export profiles of profiles.toml by name."""
    data = tomllib.loads(files("countenance.media").joinpath("profiles.toml").read_text(encoding="utf-8"))
    return {name: Profile(name, **facts) for name, facts in data["profiles"].items()}


def profile_named(name: str) -> Profile:
    """One of `profiles`. InputError, with their names, for any other."""
    if name not in profiles():
        raise InputError(f"There is no sound profile {name!r}: choose {', '.join(profiles())}.")
    return profiles()[name]


def ducking_gain(speech: Sequence[Span], length: int, rate_hz: int, ducking: Ducking) -> Samples:
    """The gain (length,) of a sound under speech, in (0, 1]: 1 away from it; ramps are half cosines in decibels.

    `speech` are spans in seconds, in order. The gain is down when a span begins: it looks ahead.
    """
    under = np.zeros(length, np.float64)
    for start_s, end_s in _bridged(speech, ducking.hold_s):
        first = max(0, round((start_s - ducking.attack_s) * rate_hz))
        last = min(length, round((end_s + ducking.hold_s + ducking.release_s) * rate_hz))
        if last <= first:
            continue
        time_s = np.arange(first, last) / rate_hz
        down = (time_s - start_s) / max(ducking.attack_s, 1e-3) + 1
        up = (end_s + ducking.hold_s - time_s) / max(ducking.release_s, 1e-3) + 1
        ramp = np.clip(np.minimum(down, up), 0.0, 1.0)
        under[first:last] = np.maximum(under[first:last], (1 - np.cos(np.pi * ramp)) / 2)
    return np.asarray(10 ** (-max(0.0, ducking.depth_db) * under / 20), np.float32)


def follow(sound: NDArray[np.floating[Any]], rate_hz: int, stretches: Sequence[Stretch], duration_s: float) -> Samples:
    """The sound (n, channels) along an edited picture: (duration, channels), in sync inside each stretch.

    Between two stretches the picture stands still, so there the sound may jump: it does so where both sides are most
    alike, in a crossfade. What the source does not have is silence, and a sound that is cut off fades out.
    """
    table = np.asarray(columns(sound), np.float32)
    length = round(duration_s * rate_hz)
    cut = [(round(s.start_s * rate_hz), round(s.end_s * rate_hz), round(s.later_s * rate_hz)) for s in stretches]
    result = _shifted(table, cut[0][2] if cut else 0, length)
    for (_, before_end, _), (after_start, _, after) in pairwise(cut):
        coming = _shifted(table, after, length)
        result = _joined(result, coming, before_end, after_start, rate_hz)
    last = cut[-1][2] if cut else 0
    if len(table) + last > length:  # more of it would follow
        _fade_out(result, round(SHORT_FADE_S * rate_hz))
    return result


def looped(bed: NDArray[np.floating[Any]], rate_hz: int, duration_s: float) -> Samples:
    """A bed (n, channels) for `duration_s`: cut, or repeated with crossfades; faded in and out."""
    table = np.asarray(columns(bed), np.float32)
    length = round(duration_s * rate_hz)
    if not len(table):
        raise InputError("The music bed holds no sound: give another file, or leave `bed` out.")
    join = min(round(LOOP_S * rate_hz), len(table) // 3)
    result = np.zeros((length, table.shape[1]), np.float32)
    step = max(1, len(table) - join)
    for start in range(0, length, step):
        piece = table.copy()
        if join and start:
            rise = np.sin(np.linspace(0, np.pi / 2, join, dtype=np.float32))[:, None]
            piece[:join] *= rise  # equal power: beginning and end of a piece are strangers
        if join and start + len(table) < length:
            piece[-join:] *= np.cos(np.linspace(0, np.pi / 2, join, dtype=np.float32))[:, None]
        piece = piece[: length - start]
        result[start : start + len(piece)] += piece
    rise_n = min(round(FADE_IN_S * rate_hz), length // 2)
    result[:rise_n] *= _half_cosine(rise_n)[:, None]
    _fade_out(result, round(FADE_OUT_S * rate_hz))
    return result


def dialogue_lufs(whole_lufs: float, others_lufs: float) -> float:
    """How loud the dialogue alone is, of the loudness of all and of all but the dialogue: powers add up.

    It lies 3 to 25 LU above the others: what is measured further off is no dialogue that one would mix so.
    """
    if not math.isfinite(others_lufs):
        return whole_lufs
    power = 10 ** (whole_lufs / 10) - 10 ** (others_lufs / 10) if math.isfinite(whole_lufs) else 0.0
    found = 10 * math.log10(power) if power > 0 else -math.inf
    return min(others_lufs + MOST_OVER_LU, max(others_lufs + LEAST_OVER_LU, found))


def gain_to(sound: NDArray[np.floating[Any]], rate_hz: int, lufs: float) -> float:
    """The factor that brings a sound to a loudness; 1 for silence."""
    found = integrated_lufs(sound, rate_hz)
    return 10 ** ((lufs - found) / 20) if math.isfinite(found) and math.isfinite(lufs) else 1.0


def placed(voice: NDArray[np.floating[Any]], channels: int) -> Samples:
    """A voice (n,) or (n, 1) in 1, 2 or 6 channels: both sides at half power, or the centre of 5.1."""
    table = np.asarray(columns(voice), np.float32)
    one: Samples = table.mean(axis=1, keepdims=True, dtype=np.float32)
    if channels == 1:
        return one
    if channels == SURROUND:
        result = np.zeros((len(one), SURROUND), np.float32)
        result[:, CENTRE] = one[:, 0]
        return result
    if channels == 2:
        return np.repeat(one * np.float32(_HALF_POWER), 2, axis=1)
    raise InputError(f"A voice cannot be placed in {channels} channels: mix mono, stereo or 5.1.")


def widened(sound: NDArray[np.floating[Any]], channels: int) -> Samples:
    """Mono as stereo at half power a side, mono or stereo as 5.1 without centre; what fits passes through."""
    table = np.asarray(columns(sound), np.float32)
    if table.shape[1] == channels:
        return table
    if table.shape[1] == 1:
        table = np.repeat(table * np.float32(_HALF_POWER), 2, axis=1)
    if channels == SURROUND and table.shape[1] == 2:
        return np.pad(table, ((0, 0), (0, SURROUND - 2)))
    if table.shape[1] != channels:
        raise InputError(f"{table.shape[1]} channels do not fit into {channels}: give mono, stereo or 5.1.")
    return table


def summed(parts: Sequence[NDArray[np.floating[Any]]]) -> Samples:
    """Sounds of the same number of channels on top of each other, as long as the longest; it may exceed 1."""
    length = max(len(part) for part in parts)
    total = np.zeros((length, columns(parts[0]).shape[1]), np.float32)
    for part in parts:
        total[: len(part)] += columns(part)
    return total


def mastered(sound: NDArray[np.floating[Any]], rate_hz: int, profile: Profile) -> Samples:
    """The finished sound at the loudness of a profile; its ceiling always holds. Silence stays silence."""
    return normalise(sound, rate_hz, profile.lufs, profile.ceiling_dbtp)


def _bridged(speech: Sequence[Span], gap_s: float) -> list[Span]:
    """Spans with the short gaps between them closed."""
    result: list[Span] = []
    for start_s, end_s in speech:
        if result and start_s - result[-1][1] <= gap_s:
            result[-1] = (result[-1][0], max(end_s, result[-1][1]))
        else:
            result.append((start_s, end_s))
    return result


def _shifted(table: Samples, later: int, length: int) -> Samples:
    """`length` samples of a sound that begins `later`; silence before and after."""
    result = np.zeros((length, table.shape[1]), np.float32)
    source = table[max(0, -later) : max(0, length - later)]
    first = max(0, later)
    result[first : first + len(source)] = source
    return result


def _joined(going: Samples, coming: Samples, start: int, end: int, rate_hz: int) -> Samples:
    """One sound, then the other, changing over between `start` and `end` where they are most alike."""
    half = min(round(JOIN_S * rate_hz), max(2, end - start)) // 2
    start, end = max(0, start), min(len(going), end)
    centres = range(start + half, max(start + half + 1, end - half + 1), max(1, round(JOIN_STEP_S * rate_hz)))
    centre = min(centres, key=lambda c: _cost(going, coming, c, half))
    low, high = max(0, centre - half), min(len(going), centre + half)
    width = high - low
    result = np.concatenate([going[:low], coming[low:]])
    if width > 0:
        alike = min(1.0, max(_LEAST_ALIKE, _likeness(going[low:high], coming[low:high])))
        rise = np.linspace(0.0, np.pi / 2, width, dtype=np.float32)[:, None]
        # Of sounds with correlation r, (sin + cos) / sqrt(1 + 2 r sin cos) keeps the power (Fink et al., DAFx 2016).
        up, down = np.sin(rise), np.cos(rise)
        result[low:high] = (going[low:high] * down + coming[low:high] * up) / np.sqrt(1 + 2 * alike * up * down)
    return np.asarray(result, np.float32)


def _cost(going: Samples, coming: Samples, centre: int, half: int) -> float:
    """What is heard of a change-over: less where both are alike, and where it is quiet."""
    low = max(0, centre - half)
    a, b = going[low : centre + half], coming[low : centre + half]
    loud = float(np.sqrt((a**2).mean() + (b**2).mean())) if len(a) else 0.0
    return (1.0 - _likeness(a, b)) * (0.1 + loud)


def _likeness(one: Samples, other: Samples) -> float:
    """The correlation of two sounds, all channels together, -1 to 1; 0 where one is silent."""
    a, b = one.astype(np.float64).ravel(), other.astype(np.float64).ravel()
    power = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / power if power > 1e-12 else 0.0


def _fade_out(table: Samples, count: int) -> None:
    count = min(count, len(table))
    if count:
        table[-count:] *= _half_cosine(count)[::-1, None]


def _half_cosine(count: int) -> Samples:
    """A rise from 0 to 1."""
    return np.asarray((1 - np.cos(np.pi * np.arange(count) / max(1, count))) / 2, np.float32)
