"""ARKit's 52 blend shapes and what each viseme asks of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countenance.speech.ipa import VISEMES

_PAIRED_BEFORE_JAW = (
    "eyeBlink",
    "eyeLookDown",
    "eyeLookIn",
    "eyeLookOut",
    "eyeLookUp",
    "eyeSquint",
    "eyeWide",
)
ARKIT_NAMES: tuple[str, ...] = (
    *(f"{name}{side}" for side in ("Left", "Right") for name in _PAIRED_BEFORE_JAW),
    *("jawForward", "jawLeft", "jawRight", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight"),
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut"),
)

# Paired shapes are named without their side and go to both. The closed mouths (PP, FF) come from PRESSED and
# TUCKED, so that the lips meet exactly when they must.
_RECIPES: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {"mouthRollLower": 0.15, "mouthRollUpper": 0.1},
    "FF": {"mouthRollLower": 0.3, "jawOpen": 0.03},
    "TH": {"jawOpen": 0.15, "tongueOut": 0.3, "mouthLowerDown": 0.15},
    "DD": {"jawOpen": 0.1, "mouthStretch": 0.1, "mouthLowerDown": 0.18, "mouthUpperUp": 0.06},
    "kk": {"jawOpen": 0.16, "mouthLowerDown": 0.12},
    "CH": {"jawOpen": 0.08, "mouthFunnel": 0.45, "mouthPucker": 0.18, "mouthUpperUp": 0.08},
    "SS": {"jawOpen": 0.05, "mouthStretch": 0.18, "mouthLowerDown": 0.22, "mouthUpperUp": 0.1},
    "nn": {"jawOpen": 0.13, "mouthStretch": 0.06, "mouthLowerDown": 0.15, "tongueOut": 0.05},
    "RR": {"jawOpen": 0.15, "mouthPucker": 0.3, "mouthFunnel": 0.15},
    "aa": {"jawOpen": 0.5, "mouthLowerDown": 0.18, "mouthUpperUp": 0.05},
    "E": {"jawOpen": 0.3, "mouthStretch": 0.15, "mouthLowerDown": 0.18, "mouthUpperUp": 0.05},
    "I": {"jawOpen": 0.14, "mouthStretch": 0.22, "mouthSmile": 0.18, "mouthLowerDown": 0.16},
    "O": {"jawOpen": 0.32, "mouthFunnel": 0.4, "mouthPucker": 0.2},
    "U": {"jawOpen": 0.12, "mouthPucker": 0.62, "mouthFunnel": 0.18},
}
_PRESSED = {"mouthPress": 0.35, "mouthRollLower": 0.16, "mouthRollUpper": 0.14}
_TUCKED = {"jawOpen": 0.04, "mouthRollLower": 0.5, "mouthShrugLower": 0.2, "mouthUpperUp": 0.12}


def _row(recipe: dict[str, float]) -> NDArray[np.float64]:
    row = np.zeros(len(ARKIT_NAMES))
    for name, value in recipe.items():
        for full in (name, f"{name}Left", f"{name}Right"):
            if full in ARKIT_NAMES:
                row[ARKIT_NAMES.index(full)] = value
    return row


JAW_OPEN = ARKIT_NAMES.index("jawOpen")
WIDEST_JAW = 0.6  # jawOpen of the widest vowel of ordinary speech
RECIPES: NDArray[np.float64] = np.stack([_row(_RECIPES[viseme]) for viseme in VISEMES])
LIPS: NDArray[np.float64] = RECIPES * (np.arange(len(ARKIT_NAMES)) != JAW_OPEN)  # the jaw has a curve of its own
PRESSED: NDArray[np.float64] = _row(_PRESSED)
TUCKED: NDArray[np.float64] = _row(_TUCKED)
