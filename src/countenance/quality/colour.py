"""Colours as people see them: CIE L*a*b* of pixels, and how far apart two colours look."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32

F64 = NDArray[np.float64]

# Linear sRGB (the primaries of BT.709, white D65) to CIE XYZ: IEC 61966-2-1:1999.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27  # CIE 15:2004
_TWENTY_FIVE_7 = 25.0**7


def lab(rgb: F32 | NDArray[np.uint8]) -> F64:
    """CIE 1976 L*a*b* `(..., 3)` (D65) of full-range RGB 0..255 as a screen after IEC 61966-2-1 (sRGB) shows it."""
    share = np.clip(np.asarray(rgb, np.float64) / 255, 0, 1)
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    relative = light @ _TO_XYZ.T / _WHITE
    f = np.where(relative > _EPSILON, np.cbrt(relative), (_KAPPA * relative + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e(one: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> F64:
    """CIEDE2000 `(...)` between L*a*b* colours `(..., 3)`; about 1 is the least difference that is seen.

    Formulas and their order as in Sharma, Wu and Dalal (2005), "The CIEDE2000 color-difference formula:
    implementation notes, supplementary test data, and mathematical observations", with kL = kC = kH = 1.
    """
    l1, a1, b1 = np.moveaxis(np.asarray(one, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(other, np.float64), -1, 0)
    mean_chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma7 / (mean_chroma7 + _TWENTY_FIVE_7))
    c1, h1 = np.hypot(stretch * a1, b1), _hue(stretch * a1, b1)
    c2, h2 = np.hypot(stretch * a2, b2), _hue(stretch * a2, b2)
    coloured = c1 * c2 > 0
    turn = np.where(coloured, h2 - h1, 0.0)
    turn = turn - 360 * (turn > 180) + 360 * (turn < -180)
    # The average hue lies on the shorter side of the circle; a grey has none, and takes the other colour's.
    hue = np.where(coloured, h1 + h2, 2 * (h1 + h2)) / 2
    hue = np.where(coloured & (np.abs(h1 - h2) > 180), hue + np.where(h1 + h2 < 360, 180, -180), hue)
    d_light, d_chroma = l2 - l1, c2 - c1
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_chroma, s_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + _TWENTY_FIVE_7))
    rotation = rotation * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    parts = (d_light / s_light, d_chroma / s_chroma, d_hue / s_hue)
    squared = parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2 + rotation * parts[1] * parts[2]
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _hue(a: F64, b: F64) -> F64:
    """The hue angle in degrees, 0..360; 0 for grey."""
    return np.asarray(np.degrees(np.arctan2(b, a)) % 360)
