"""The compositor: what every engine painted, put into the picture so that it belongs there.

For all engines alike it (1) keeps what reaches in front of the face at the rim, (2) takes light and colour from
the frame itself, (3) matches fine detail and lays the plate's own grain over the paint, and (4) blends by the
feathered mask into the frame's own planes. Outside the mask not one bit changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from countenance.media.frame import F32, Frame
from countenance.synthesis.engine import Laid, Patch
from countenance.synthesis.light import enlarged, light_ratio, skin_distance

_STEADY = 0.65  # share of the last frame's light that stays: light changes slower than frames
_GRAIN = 6.0  # grey levels: finer detail than this is grain or pores, more is an edge
_OCCLUDER_SIGMA = 4.0


@dataclass
class Compositor:
    """Composes one person's patches, frame after frame; remembers the last light so that it does not flicker."""

    _light: dict[str, F32] = field(default_factory=dict)
    _detail: dict[str, float] = field(default_factory=dict)

    def compose(
        self, frame: Frame, patch: Patch, engine: str, *, cover: None = None, strength: float = 1.0, why: str = ""
    ) -> Laid:
        """Blend the patch into the frame's planes, in place, and say what was laid where.

        `strength` 0..1 fades the whole patch, for the reason `why`.
        """
        plate = frame.rgb(patch.box).astype(np.float32)
        mask = patch.mask * (1 - _occluded(plate, patch)) * np.float32(strength)
        lit = patch.pixels * self._gain(plate, patch, engine)
        painted = self._grained(lit, plate, patch, engine)
        frame.paste(patch.box, np.clip(painted, 0, 255), mask)
        return Laid(patch.box, mask, strength, why)

    def _gain(self, plate: F32, patch: Patch, engine: str) -> F32:
        """What the paint must be multiplied with to stand in the plate's light, per channel `(h, w, 3)`."""
        gain = light_ratio(plate, patch.pixels, patch.skin)
        last = self._light.get(engine)
        if last is not None:
            last = cv2.resize(last, gain.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            gain = _STEADY * last + (1 - _STEADY) * gain
        self._light[engine] = gain
        return enlarged(gain, *patch.mask.shape[::-1])

    def _grained(self, lit: F32, plate: F32, patch: Patch, engine: str) -> F32:
        """The paint with as much fine detail as the plate's skin has, the missing part being the plate's own grain."""
        own, grain = _fine(lit), _fine(plate)
        weight = patch.skin * patch.mask
        target = _energy(grain, weight) / (_energy(own, weight) + 1e-6)
        ratio = self._detail.get(engine, target) * _STEADY + target * (1 - _STEADY)
        self._detail[engine] = ratio
        if ratio <= 1:  # the paint is noisier than the plate: calm it
            change = own * np.float32(max(ratio, 0.5) - 1)
        else:
            change = np.clip(grain, -_GRAIN, _GRAIN) * np.float32(np.sqrt(1 - 1 / (ratio * ratio)))
        return np.asarray(lit + (change * patch.skin)[..., None], np.float32)


def _fine(rgb: F32) -> F32:
    """The finest detail of a picture's brightness `(h, w)`: what a blur of 1.2 pixels takes away."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), 1.2), np.float32)


def _energy(detail: F32, weight: F32) -> float:
    small = np.clip(detail, -_GRAIN, _GRAIN)
    return float(np.sqrt((small * small * weight).sum() / (weight.sum() + 1e-6)))


def _occluded(plate: F32, patch: Patch) -> F32:
    """1 where, at the rim, the plate shows something that is not the face's skin (hair, glasses, a hand's edge)."""
    height, width = patch.mask.shape
    size = (max(2, width // 2), max(2, height // 2))
    small, skin, edge = (cv2.resize(z, size, interpolation=cv2.INTER_AREA) for z in (plate, patch.skin, patch.edge))
    far = skin_distance(small, skin * (1 - edge))
    stranger = np.clip((far - _OCCLUDER_SIGMA) / 2, 0, 1) * np.clip(edge * 1.5, 0, 1)
    return np.asarray(cv2.resize(cv2.GaussianBlur(stranger, (0, 0), 0.8), (width, height)), np.float32)
