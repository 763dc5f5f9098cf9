"""Knowing when not to: where a face is beyond what can be painted well, the paint fades to the original.

Decided over the whole track, so that a fade begins before its reason does and never flashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from countenance.media.frame import F32
from countenance.perception.topology import POINTS, STEADY
from countenance.perception.tracks import FaceTrack

# What each reason is measured in, where fading begins and where nothing is painted any more.
_TURNED_DEG = (50.0, 64.0)  # beyond, half of the face is a guess
_TILTED_DEG = (38.0, 50.0)
_SMALL_PX = (60.0, 48.0)  # width of the face
_FAST = (0.28, 0.50)  # eye distances between two pictures: the mesh lags and everything is smeared
_UNSURE = (0.75, 0.55)  # the mesh network's own probability that it sees a face
_EARLY = 2  # pictures by which the reason is taken to begin earlier and end later
_RAMP = 7  # pictures over which strength changes


@dataclass(frozen=True)
class Fade:
    """How much of the paint is shown, 0 to 1, and why not all of it, in a few words."""

    strength: float = 1.0
    why: str = ""


def fades_of(tracks: Sequence[FaceTrack]) -> Mapping[int, Fade]:
    """By number of the master's picture, for one person: where the paint fades. Absent pictures are painted whole."""
    fades: dict[int, Fade] = {}
    for track in tracks:
        strengths, reasons = _strengths(track)
        for picture, strength, why in zip(track.frames.tolist(), strengths.tolist(), reasons, strict=True):
            if strength < 1:
                fades[picture] = Fade(strength, why)
    return fades


def _strengths(track: FaceTrack) -> tuple[NDArray[np.float64], list[str]]:
    causes = _causes(track)
    names = list(causes)
    limits = np.stack([minimum_filter1d(causes[name], 2 * _EARLY + 1 + _RAMP, mode="nearest") for name in names])
    worst = np.min(np.stack([minimum_filter1d(causes[name], 2 * _EARLY + 1, mode="nearest") for name in names]), axis=0)
    # The ramp is laid outside the reason's own stretch: within it strength is never above what the reason allows.
    early = minimum_filter1d(worst, _RAMP, mode="nearest")
    strengths = np.minimum(uniform_filter1d(early, _RAMP, mode="nearest"), worst)
    strengths = np.where(strengths > 0.995, 1.0, np.where(strengths < 0.02, 0.0, strengths))
    return strengths, [names[index] for index in limits.argmin(axis=0).tolist()]


def _causes(track: FaceTrack) -> dict[str, NDArray[np.float64]]:
    """For each reason, how much paint it allows in each picture, 0 to 1."""
    width = np.array([np.ptp(mesh[:POINTS, 0]) for mesh in track.mesh])
    return {
        "turned too far": _allowed(np.abs(track.pose[:, 0]), *_TURNED_DEG),
        "tilted too far": _allowed(np.abs(track.pose[:, 1]), *_TILTED_DEG),
        "too small": _allowed(width, *_SMALL_PX),
        "moved too fast": _allowed(_speed(track.mesh), *_FAST),
        "hardly seen": _allowed(track.score, *_UNSURE),
    }


def _speed(meshes: F32) -> NDArray[np.float64]:
    """How far the steady points move from the picture before, in eye distances `(n,)`."""
    places = np.array([mesh[list(STEADY), :2] for mesh in meshes])
    eyes = np.array([np.linalg.norm(mesh[33, :2] - mesh[263, :2]) for mesh in meshes])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=2).mean(axis=1) / np.maximum(eyes[1:], 1.0)
    return np.concatenate([steps[:1], steps]) if len(steps) else np.zeros(len(meshes))


def _allowed(values: NDArray[np.floating[Any]], good: float, bad: float) -> NDArray[np.float64]:
    share = np.clip((np.asarray(values, np.float64) - bad) / (good - bad), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))
