"""Whether the variant looks where the master looks."""

from __future__ import annotations

import numpy as np

from countenance.media.frame import F32

_EYES = ((33, 133, 159, 145, 468), (362, 263, 386, 374, 473))  # two corners, upper and lower lid, centre of the iris
_LEAST_OPEN = 0.25  # lid gap over the eye's width; below, the iris is more guessed than seen
_IRIS_MM = 11.7  # white-to-white: Rüfer, Schröder and Erb (2005), as in Google's iris model of 2020
_GLOBE_MM = 12.0  # radius of the eyeball


def gaze_error_deg(master: F32, variant: F32) -> float | None:
    """By how many degrees the variant looks elsewhere; None where no eye is open in both pictures.

    Meshes with irises `(478, 3)` are found independently, each in its own picture. A gaze is the way from
    the middle between an eye's two corners to the centre of its iris, along and across the line of the corners, in
    widths of the master's iris; an iris is 11.7 mm wide, and turning a globe of 12 mm radius by an angle moves it
    by the sine. Both eyes look alike, so the mean of those that are open is taken.

    The same picture coded anew shows 0.2 to 0.5 degrees. The corners of two people's eyes are found some tenths of
    a millimetre apart, which is one to three degrees here: real swaps that keep the master's eyeballs do not come
    below that.
    """
    ways = []
    for eye in _EYES:
        if min(_openness(master, eye), _openness(variant, eye)) < _LEAST_OPEN:
            continue
        centre = eye[4]
        iris_px = float(np.linalg.norm(master[centre + 1, :2] - master[centre + 3, :2]))
        between = _way(variant, eye) - _way(master, eye)
        ways.append(between / max(iris_px, 1e-6))
    if not ways:
        return None
    moved_mm = float(np.linalg.norm(np.mean(ways, axis=0))) * _IRIS_MM
    return float(np.degrees(np.arcsin(min(moved_mm / _GLOBE_MM, 1.0))))


def _way(mesh: F32, eye: tuple[int, ...]) -> F32:
    """From the eye's middle to its iris, along and across the eye, in pixels `(2,)`."""
    start, end = mesh[eye[0], :2], mesh[eye[1], :2]
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    x, y = mesh[eye[4], :2] - (start + end) / 2
    return np.array([x * along[0] + y * along[1], y * along[0] - x * along[1]], np.float32)


def _openness(mesh: F32, eye: tuple[int, ...]) -> float:
    width = float(np.linalg.norm(mesh[eye[0], :2] - mesh[eye[1], :2]))
    return float(np.linalg.norm(mesh[eye[2], :2] - mesh[eye[3], :2])) / max(width, 1e-6)
