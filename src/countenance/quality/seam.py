"""Whether one sees where the paint ends."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, Box, Frame
from countenance.perception.topology import LEFT_BROW, LEFT_EYE, LIPS_OUTER, RIGHT_BROW, RIGHT_EYE
from countenance.quality.colour import F64, delta_e, lab
from countenance.synthesis.engine import Laid

_POINTS = 96  # looked at along the edge
_REACH = 0.12  # how far from the middle of the band its two sides lie at most, in eye distances
_DISC = 0.02  # radius of what is averaged on either side, in eye distances
_RIM = 0.08  # around brows, eyes and lips, in eye distances
_PAINTED, _PLATE = 0.95, 0.05
_LEAST_STRENGTH = 0.3  # paint that is fainter has no edge of its own
_LEAST_POINTS = 8


def seam_steps(before: Frame, after: Frame, laid: Sequence[Laid], mesh: F32) -> F64:
    """By how much the colour step across the edge of the paint exceeds the master's own, in CIEDE2000 `(n,)`.

    For each of up to 96 points along the outer contour of the mask at half its strength, the contour's normal is
    followed inwards to where the mask has risen to 95 % and outwards to where it has fallen to 5 %, but neither way
    further than 0.12 eye distances: what fades over a longer way is a shading and no seam. The colour step between
    the two places, each averaged over a small square just beyond, is taken in the variant and at the same two
    places in the master; the figure is the first less the second, at least 0. So a hairline, or a jaw against the
    backdrop, costs nothing: only what the paint adds does. Points whose inner side lies on the brows, the eyes or
    the lips are left out: those differ from person to person. `seam_delta_e_median` and `seam_delta_e_p95` are
    taken over all points of all sampled pictures. No published measure of seams is in common use; this one is
    ours, with the colour difference of Sharma et al. (2005).

    `laid` is one person's, `mesh` `(468, 3)` where the face is expected. Empty where nothing was laid, where
    the paint is fainter than 0.3, and where hardly anything of the edge lies in the picture.
    """
    nothing = np.zeros(0)
    joined = _joined(laid)
    if joined is None:
        return nothing
    alpha, origin = joined
    eye_px = float(np.linalg.norm(mesh[33, :2] - mesh[263, :2]))
    reach, disc = max(4, round(_REACH * eye_px)), max(1, round(_DISC * eye_px))
    rim = reach + 1
    alpha = cv2.copyMakeBorder(alpha, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=0.0)
    inner, outer = _sides(alpha, reach)
    beyond = (disc + 0.5) * (outer - inner) / (np.linalg.norm(outer - inner, axis=1, keepdims=True) + 1e-6)
    inner, outer = inner - beyond + origin - rim, outer + beyond + origin - rim
    seen = _within(inner, before.size, disc) & _within(outer, before.size, disc)
    seen[seen] = ~_on_features(inner[seen], before.size, mesh, eye_px)
    if seen.sum() < _LEAST_POINTS:
        return nothing
    places = np.concatenate([inner[seen], outer[seen]]).astype(np.float32)
    master, variant = (_steps(frame, places, disc) for frame in (_under(before, laid), after))
    return np.asarray(np.maximum(variant - master, 0.0))


def _under(before: Frame, laid: Sequence[Laid]) -> Frame:
    """The master's picture as it lies under the paint: where an engine moved it, a hairline moved as well."""
    moved = [one for one in laid if one.under is not None]
    if not moved:
        return before
    frame = before.copy()
    for one in moved:
        assert one.under is not None
        frame.put(one.box, one.under)
    return frame


def _joined(laid: Sequence[Laid]) -> tuple[F32, F32] | None:
    """The share of each pixel that was replaced by anything laid, scaled to its strongest, and its corner (x, y)."""
    if not laid:
        return None
    x0, y0 = min(one.box.x for one in laid), min(one.box.y for one in laid)
    x1, y1 = max(one.box.x + one.box.width for one in laid), max(one.box.y + one.box.height for one in laid)
    kept = np.ones((y1 - y0, x1 - x0), np.float32)
    for one in laid:
        place = Box(one.box.x - x0, one.box.y - y0, one.box.width, one.box.height)
        kept[place.rows, place.columns] *= 1 - one.mask
    alpha = 1 - kept
    strongest = float(alpha.max())
    if strongest < _LEAST_STRENGTH:
        return None
    return alpha / np.float32(strongest), np.array([x0, y0], np.float32)


def _sides(alpha: F32, reach: int) -> tuple[F32, F32]:
    """Places `(n, 2)` where the band along the outer contour begins and ends, n of them paired."""
    contours, _ = cv2.findContours((alpha >= 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = max(contours, key=len)[:, 0].astype(np.float32)
    line = line[np.linspace(0, len(line), min(_POINTS, len(line)), endpoint=False).astype(int)]
    smooth = cv2.GaussianBlur(alpha, (0, 0), 2.0)
    rise = np.stack([_at(cv2.Sobel(smooth, cv2.CV_32F, dx, dy), line) for dx, dy in ((1, 0), (0, 1))], axis=1)
    outward = -rise / (np.linalg.norm(rise, axis=1, keepdims=True) + 1e-9)
    steps = np.arange(reach + 1, dtype=np.float32)
    inwards = line[:, None] - outward[:, None] * steps[:, None]
    outwards = line[:, None] + outward[:, None] * steps[:, None]
    painted, plate = _at(alpha, inwards) >= _PAINTED, _at(alpha, outwards) <= _PLATE
    painted[:, -1] = plate[:, -1] = True  # nobody looks further
    rows = np.arange(len(line))
    return inwards[rows, painted.argmax(axis=1)], outwards[rows, plate.argmax(axis=1)]


def _at(values: F32, places: F32) -> F32:
    """A picture's values at places `(..., 2)`, between pixels linearly."""
    flat = places.reshape(-1, 2)
    found = cv2.remap(values, flat[None, :, 0], flat[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32).reshape(*places.shape[:-1], *values.shape[2:])


def _within(places: F32, size: tuple[int, int], margin: int) -> NDArray[np.bool_]:
    return np.asarray(((places >= margin) & (places < np.array(size) - margin)).all(axis=1))


def _on_features(places: F32, size: tuple[int, int], mesh: F32, eye_px: float) -> NDArray[np.bool_]:
    covered = np.zeros(size[::-1], np.uint8)
    for feature in (RIGHT_BROW, LEFT_BROW, RIGHT_EYE, LEFT_EYE, LIPS_OUTER):
        hull = cv2.convexHull(np.rint(mesh[list(feature), :2]).astype(np.int32))
        cv2.fillConvexPoly(covered, hull, 1)
        cv2.polylines(covered, [hull], True, 1, thickness=max(1, round(2 * _RIM * eye_px)))
    x, y = np.rint(places).astype(int).T
    return np.asarray(covered[y, x] > 0)


def _steps(frame: Frame, places: F32, disc: int) -> F64:
    """CIEDE2000 between the colours at the first half of the places and those at the second half, in their order."""
    box = Box.around(places, disc + 2, frame.size)
    assert box is not None  # the places lie in the picture
    side = 2 * disc + 1
    mean = cv2.blur(frame.rgb(box), (side, side)).astype(np.float32)
    inside, outside = np.split(lab(_at(mean, places - np.array([box.x, box.y], np.float32))), 2)
    return delta_e(inside, outside)
