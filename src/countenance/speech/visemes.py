"""Mouth shapes over time from phones: blended by dominance, with closures that always close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from countenance.speech.arkit import ARKIT_NAMES, JAW_OPEN, LIPS, PRESSED, TUCKED, WIDEST_JAW
from countenance.speech.coarticulation import Blend, Curve, blend
from countenance.speech.ipa import VISEMES
from countenance.speech.phones import Phones
from countenance.speech.style import NEUTRAL, Style

TUCKED_APERTURE = 0.05  # what light there is between lip and teeth


@dataclass(frozen=True)
class VisemeCurve:
    """The mouth of an utterance at any time, as weights of visemes or of ARKit's 52 blend shapes.

    With `frames` the times asked for are those of pictures, and one of them shows each closure (see
    `mouth_targets`).
    """

    phones: Phones
    style: Style = NEUTRAL
    frames: bool = False

    def visemes(self, times_s: ArrayLike) -> NDArray[np.float32]:
        """(n, 15) weights in the order of `ipa.VISEMES`; each row sums to 1."""
        made = blend(self.phones, self.style)
        press, tuck = _gates(made, times_s, self.frames)
        shut = np.zeros((len(made.grid), len(VISEMES)))
        shut[:, VISEMES.index("sil")] = made.rest
        shut[:, VISEMES.index("PP")] = press * (1 - made.rest)
        shut[:, VISEMES.index("FF")] = tuck * (1 - press) * (1 - made.rest)
        return made.at(times_s, shut + made.openings * (1 - shut.sum(axis=1, keepdims=True)))

    def arkit(self, times_s: ArrayLike) -> NDArray[np.float32]:
        """(n, 52) weights in [0, 1] in the order of `arkit.ARKIT_NAMES`."""
        made = blend(self.phones, self.style)
        press, tuck = _gates(made, times_s, self.frames)
        free = (1 - press) * (1 - tuck) * (1 - made.rest)
        shapes = (made.openings @ LIPS) * self.style.lips * free[:, None]
        shapes[:, JAW_OPEN] = WIDEST_JAW * made.jaw * free + WIDEST_JAW * self.style.breath * made.breath * (1 - press)
        shapes += (press * (1 - made.rest))[:, None] * PRESSED
        shapes += (tuck * (1 - press))[:, None] * TUCKED
        return made.at(times_s, np.clip(shapes, 0.0, 1.0))

    def at(self, time_s: float) -> dict[str, float]:
        """ARKit weights at one moment by name, zeros left out."""
        row = self.arkit([time_s])[0]
        return {name: float(value) for name, value in zip(ARKIT_NAMES, row, strict=True) if value > 1e-4}


def mouth_targets(
    phones: Phones, times_s: ArrayLike, style: Style = NEUTRAL, *, frames: bool = False
) -> NDArray[np.float32]:
    """(n, 4) float32: aperture, width, press, tuck at each time in seconds on the audio clock.

    aperture 0 closed to 1 the widest of ordinary speech; width -1 rounded to +1 spread; press 0..1, lips
    pressed for p b m; tuck 0..1, lower lip under the teeth for f v. At the centre of every p b m aperture is
    0 and press 1, at the centre of every f v tuck is 1. Pauses of 0.25 s and more, and the time before and
    after the utterance, have all four at 0. The mouth opens up to 0.1 s before the first sound, after a long pause
    up to 0.2 s to breathe. All curves are continuous.

    With `frames` the times must be those of consecutive pictures, in order: then each closure is held as long as the
    sound asks for and at least one picture, the nearest where none falls into it, shows it fully shut.
    """
    made = blend(phones, style)
    press, tuck = _gates(made, times_s, frames)
    aperture = (made.aperture * (1 - tuck) + TUCKED_APERTURE * tuck) * (1 - made.rest)
    aperture = np.maximum(aperture, style.breath * made.breath) * (1 - press)
    return made.at(times_s, np.stack([aperture, made.width * (1 - made.rest), press, tuck], axis=1))


def jaw_opening(phones: Phones, times_s: ArrayLike, style: Style = NEUTRAL) -> NDArray[np.float32]:
    """(n,) float32: how far the jaw hangs, 0 to 1, on the scale of `mouth_targets`' aperture.

    It does not shut with the lips: they meet over a jaw that only comes closer on the way from one vowel to the next.
    """
    made = blend(phones, style)
    opened = np.maximum(made.jaw * (1 - made.rest), style.breath * made.breath)
    return made.at(times_s, opened[:, None])[:, 0]


def _gates(made: Blend, times_s: ArrayLike, frames: bool) -> tuple[Curve, Curve]:
    shown = np.atleast_1d(np.asarray(times_s, np.float64)) if frames else None
    return made.gate(made.closures, shown), made.gate(made.tucks, shown)
