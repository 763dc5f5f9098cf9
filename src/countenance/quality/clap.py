"""A clip whose sound and picture belong together exactly, and how far apart they are after a journey.

A bar comes down like a clapper; when it meets the ground the picture turns white for a tenth of a second, and with the
first white picture a short rising tone begins. The claps come at uneven distances, so that none is taken for another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, find_peaks

from countenance.errors import InputError
from countenance.media.audio import mono, read_audio
from countenance.media.decode import decode
from countenance.media.encode import AUDIO_RATE_HZ, Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.store.files import atomic_path

SIZE = (1280, 720)
FLASH_S, TONE_S = 0.1, 0.04
_QUICK = Picture(preset="veryfast", crf=20)
_TONE_HZ = (500.0, 4000.0)
_GAPS_S = (1.0, 1.3, 0.9, 1.5, 1.1, 1.7, 1.2)  # between claps, over and over
_FALL_S = 0.4  # the bar's way down
_FARTHEST_S = 2.0  # offsets beyond this are not looked for
_NEAR_S = 0.2  # a clap's tone lies this near to where the others put it
_LEAST = 3  # claps


@dataclass(frozen=True)
class Clap:
    """What was found in a recorded clip: `offset_ms` positive when the sound is early, over `claps` of them, their
    standard deviation `spread_ms`, and how much the offset grows in a minute, `drift_ms_per_minute`."""

    offset_ms: float
    spread_ms: float
    claps: int
    drift_ms_per_minute: float


def write_clap(target: Path, rate: Fraction = Fraction(25), seconds: int = 20) -> None:
    """Write the clip as MP4 (H.264, AAC), 1280x720 at `rate` pictures a second. Raises InputError for a rate under 10
    or over 120, or a clip under 6 s."""
    if not 10 <= rate <= 120 or seconds < 6:
        raise InputError("A calibration clip has 10 to 120 pictures a second and lasts 6 s at least.")
    claps = _claps(rate, seconds)
    samples = np.zeros(seconds * AUDIO_RATE_HZ, np.float32)
    tone = _tone(AUDIO_RATE_HZ)
    for number in claps:
        first = round(float(number / rate) * AUDIO_RATE_HZ)
        part = samples[first : first + len(tone)]
        part += tone[: len(part)]
    with atomic_path(target) as part_path:
        encode(
            part_path, _pictures(rate, seconds, claps), size=SIZE, time_base=1 / rate, frame_rate=rate,
            sound=Sound(samples=samples), picture=_QUICK,
        )  # fmt: skip


def measure_clap(path: Path) -> Clap:
    """How far apart sound and picture are in a clip made by `write_clap`, after encoding, playing or recording.

    The tone's place is found by its own shape, between samples; the flash's is the middle of its light over time less
    half its length, so that a camera whose pictures begin elsewhere, or that sees half a flash, is no worse. Raises
    InputError where fewer than three claps are seen and heard.
    """
    seen, heard = _flashes(path), _tones(path)
    if min(len(seen), len(heard)) < _LEAST:
        raise InputError(
            f"{path}: {len(seen)} flashes are seen and {len(heard)} tones are heard, and three of both are needed; "
            "record the clip that `countenance calibrate --out` makes, with the whole screen in the picture."
        )
    apart = (seen[:, None] - heard[None, :]).ravel()
    apart = apart[np.abs(apart) <= _FARTHEST_S]
    votes = [(np.abs(apart - value) < _NEAR_S / 4).sum() for value in apart]
    if not votes or max(votes) < _LEAST:
        raise InputError(f"{path}: flashes and tones do not belong together; they lie more than 2 s apart.")
    about = float(np.median(apart[np.abs(apart - apart[int(np.argmax(votes))]) < _NEAR_S / 4]))
    nearest = [(flash, heard[np.argmin(np.abs(flash - heard - about))]) for flash in seen]
    pairs = np.array([(flash, tone) for flash, tone in nearest if abs(flash - tone - about) < _NEAR_S])
    offsets = 1000 * (pairs[:, 0] - pairs[:, 1])
    slope = float(np.polyfit(pairs[:, 0], offsets, 1)[0]) if len(pairs) > 2 else 0.0
    return Clap(float(np.median(offsets)), float(offsets.std()), len(pairs), 60 * slope)


def _claps(rate: Fraction, seconds: int) -> list[int]:
    """The numbers of the pictures with which the flashes begin."""
    numbers, time, turn = [], 1.0, 0
    while time < seconds - 0.5:
        numbers.append(round(time * rate))
        time += _GAPS_S[turn % len(_GAPS_S)]
        turn += 1
    return numbers


def _tone(rate_hz: int) -> NDArray[np.float32]:
    """A tone that rises from 500 to 4000 Hz, with soft ends of 1 ms: nothing in it looks like another part of it."""
    time = np.arange(round(TONE_S * rate_hz)) / rate_hz
    low, high = _TONE_HZ
    wave = 0.5 * np.sin(2 * math.pi * (low * time + (high - low) / (2 * TONE_S) * time**2))
    edge = np.minimum(1.0, np.minimum(time, TONE_S - time) / 0.001)
    return np.asarray(wave * edge, np.float32)


def _flash_pictures(rate: Fraction) -> int:
    return max(1, round(FLASH_S * rate))


def _pictures(rate: Fraction, seconds: int, claps: list[int]) -> Iterator[Frame]:
    lit = _flash_pictures(rate)
    for number in range(round(seconds * rate)):
        after = next((clap for clap in claps if clap + lit > number), None)
        flash = after is not None and after <= number
        height = 1.0 if after is None else min(1.0, max(0.0, float((after - number) / rate) / _FALL_S))
        yield Frame.from_rgb(
            _drawn(height, flash, f"{float(number / rate):6.2f} s   {float(rate):g}/s"), number, 1 / rate
        )


def _drawn(height: float, flash: bool, label: str) -> NDArray[np.uint8]:
    """A board with a bar that is `height` (0 shut, 1 open) above it."""
    ground, ink = ((255, 255, 255), (20, 20, 20)) if flash else ((24, 26, 30), (225, 225, 220))
    picture = np.full((SIZE[1], SIZE[0], 3), ground, np.uint8)
    cv2.rectangle(picture, (340, 360), (940, 610), ink, 6)
    angle = math.radians(38 * height)
    end = (round(340 + 600 * math.cos(angle)), round(350 - 600 * math.sin(angle)))
    cv2.line(picture, (340, 350), end, ink, 26, cv2.LINE_AA)
    cv2.putText(picture, label, (400, 505), cv2.FONT_HERSHEY_SIMPLEX, 1.4, ink, 3, cv2.LINE_AA)
    return picture


def _flashes(path: Path) -> NDArray[np.float64]:
    """When each flash begins."""
    master = probe(path)
    light = np.array([float(frame.planes[0][::8, ::8].mean()) for frame in decode(master)])
    start = np.array([float(value * master.time_base) for value in master.pts[: len(light)]])
    length = np.append(np.diff(start), float(1 / master.frame_rate))
    dark, bright = np.percentile(light, [30, 99.5])
    if bright - dark < 20:  # of 255
        return np.zeros(0)
    share = np.clip((light - dark) / (bright - dark), 0, None)
    lit = share > 0.4
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lit, [False]]).astype(np.int8)))
    found = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        around = slice(max(0, first - 1), last + 1)
        weight = np.where(share[around] > 0.1, share[around], 0.0) * length[around]
        middle = float(weight @ (start[around] + length[around] / 2) / weight.sum())
        found.append(middle - float(weight.sum() / max(float(share[around].max()), 1e-9)) / 2)
    return np.array(found)


def _tones(path: Path) -> NDArray[np.float64]:
    """When each tone begins."""
    samples = read_audio(path, AUDIO_RATE_HZ, probe(path).origin_s)
    if samples is None or not len(samples):
        return np.zeros(0)
    shape = _tone(AUDIO_RATE_HZ)
    match = np.abs(fftconvolve(mono(samples), shape[::-1], mode="full"))[len(shape) - 1 :]
    top = float(match.max(initial=0.0))
    if top < 12 * float(np.sqrt(np.mean(match**2))):
        return np.zeros(0)
    peaks, _ = find_peaks(match, height=0.4 * top, distance=round(0.4 * AUDIO_RATE_HZ))
    return np.asarray([_between(match, int(peak)) for peak in peaks]) / AUDIO_RATE_HZ


def _between(match: NDArray[np.float64], peak: int) -> float:
    """Where the peak lies between the samples, by a parabola."""
    if not 0 < peak < len(match) - 1:
        return float(peak)
    before, here, after = match[peak - 1 : peak + 2]
    bend = before - 2 * here + after
    return peak + (0.5 * float((before - after) / bend) if bend < 0 else 0.0)
