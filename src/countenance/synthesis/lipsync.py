"""The lip-sync engine: the talent speaks other words with their own mouth.

For each picture the best-fitting mouth of the talent's own footage is warped to the head as it stands there, its
lips set exactly to the gap that the phones ask for. The paint covers lips, chin, jaw and a rim of the neck, so
that the mouth that was spoken originally never shows through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, Box, Frame
from countenance.perception.pose import apply, steady_frame
from countenance.perception.raster import spread
from countenance.perception.topology import JAW, LIPS_INNER, LIPS_OUTER, POINTS, triangles
from countenance.perception.tracks import Face
from countenance.synthesis.engine import Patch
from countenance.synthesis.mouthpath import MouthPlan
from countenance.synthesis.mouths import Mouth, MouthLibrary

SETTINGS = {"mouth": "own footage", "covers": "lips, chin, jaw, rim of the neck"}
_BLEND = 3  # pictures over which a jump between two pieces of footage is mixed
_ALIKE = 0.12  # of the talent's range of gaps: mouths closer than this may be mixed
_RIM = (0.20, 0.45)  # of the way from mouth to jaw line: two rings on the neck, painted and free
_LOWER = np.array([78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308])
_UPPER = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308])


@dataclass(frozen=True)
class LipPainter:
    """Paints one talent's speech. Everything that depends on time is worked out before the first picture.

    `path` `(n,)` numbers the mouth per output picture; `shapes` `(n, 468, 2)` are the lower faces to show, in
    face space.
    """

    library: MouthLibrary
    layout: _Layout
    path: NDArray[np.int64]
    shapes: F32
    name: str = "lipsync"

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        if number >= len(self.path):
            return None
        to_picture = cv2.invertAffineTransform(steady_frame(face.mesh, self.library.reference))
        target = face.mesh[:POINTS, :2]
        moved = apply(to_picture, self.shapes[number])
        share = self.layout.share[:POINTS, None]
        mesh = target * (1 - share) + moved * share
        points = np.concatenate([mesh, apply(to_picture, self.layout.rings)])
        shown = points[np.unique(self.layout.triangles)]
        box = Box.around(shown, 2, frame.size)
        if box is None:
            return None
        pixels, fields = self._pixels(points, box, number)
        mask = np.clip(fields[..., 0], 0, 1)
        mask = mask * mask * (3 - 2 * mask)
        placed = face.mesh.copy()
        placed[:POINTS, :2] = mesh
        return Patch(
            pixels=pixels,
            mask=mask,
            skin=np.clip(fields[..., 1], 0, 1) * np.minimum(mask * 4, 1),
            edge=np.clip(fields[..., 2], 0, 1),
            box=box,
            face=replace(face, mesh=placed),
        )

    def _pixels(self, points: F32, box: Box, number: int) -> tuple[F32, F32]:
        """The painted pixels and the layout's fields (share, skin, edge) over the box."""
        local = (points - np.array([box.x, box.y], np.float32)).astype(np.float32)
        size = (box.width, box.height)
        total: F32 | None = None
        fields: F32 | None = None
        for mouth, weight in self._mix(number):
            source = np.concatenate([mouth.mesh[:, :2], self._rings_of(mouth)])
            source = source - np.array([mouth.box.x, mouth.box.y], np.float32)
            values = np.concatenate([source, self.layout.fields], axis=1).astype(np.float32)
            field, valid = spread(local, self.layout.triangles, values, size)
            warped = cv2.remap(
                mouth.pixels, field[..., 0], field[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
            part = warped.astype(np.float32) * np.float32(weight)
            total = part if total is None else total + part
            fields = field[..., 2:] * valid[..., None]
        assert total is not None and fields is not None
        return total, fields

    def _rings_of(self, mouth: Mouth) -> F32:
        return apply(cv2.invertAffineTransform(mouth.to_face), self.layout.rings)

    def _mix(self, number: int) -> list[tuple[Mouth, float]]:
        """The mouth of a picture, mixed after a jump with what the footage before it would have shown."""
        mouths = self.library.mouths
        for age in range(min(_BLEND, number)):
            before, after = self.path[number - age - 1], self.path[number - age]
            if 0 <= mouths[after].frame - mouths[before].frame <= 2:
                continue
            weight = (age + 1) / (_BLEND + 1)
            gone_on, now = mouths[min(int(before) + age + 1, len(mouths) - 1)], mouths[self.path[number]]
            if abs(gone_on.gap - now.gap) < _ALIKE * (self.library.gap[2] - self.library.gap[0]):
                return [(gone_on, 1 - weight), (now, weight)]
            break  # an open and a shut mouth mixed are neither
        return [(mouths[self.path[number]], 1.0)]


@dataclass(frozen=True)
class _Layout:
    """The painted region's mesh: which points move how much, the neck's two rings, and the triangles over all.

    `share` `(468 + 34,)` 0..1; `rings` `(34, 2)` in face space; `fields` `(468 + 34, 3)` share, skin and edge.
    """

    share: F32
    rings: F32
    fields: F32
    triangles: NDArray[np.int32]


def prepare_lipsync(library: MouthLibrary, plan: MouthPlan) -> LipPainter:
    """A painter for a plan, one row per output picture."""
    return LipPainter(library, _layout(library), plan.path, plan.shapes)


def _layout(library: MouthLibrary) -> _Layout:
    """Shares by height on the median face: above the nostrils nothing moves, from the upper lip down everything."""
    median = np.median(np.stack([m.shape for m in library.mouths]), axis=0)
    unit = library.unit
    nose, lip = float(median[2, 1]), float(median[0, 1])
    share = _ramp(median[:, 1], nose - 0.04 * unit, max(lip, nose + 0.10 * unit))
    jaw = median[list(JAW)]
    mouth = median[list(LIPS_OUTER)].mean(axis=0)
    rings = np.concatenate([jaw + (jaw - mouth) * reach for reach in _RIM])
    # Cheeks far from the mouth hardly move with speech, and there another head pose would show first.
    share *= 1 - _ramp(np.abs(median[:, 0] - mouth[0]), 0.50 * unit, 0.80 * unit)
    # The jaw's sides are the head's outline, which does not move with speech; the chin does.
    chinward = (np.minimum(np.arange(len(JAW)), np.arange(len(JAW))[::-1]) - 1.0) / 4.0
    jaw_share = share[list(JAW)] * np.clip(chinward, 0, 1)
    share[list(JAW)] = jaw_share
    ring_share = np.concatenate([jaw_share * 0.9, np.zeros(len(JAW))])
    skin = np.ones(POINTS)
    skin[list(LIPS_OUTER + LIPS_INNER)] = 0.0
    for index, pull in ((164, 0.5), (18, 0.5)):
        skin[index] = pull
    edge = np.zeros(POINTS)
    edge[list(JAW)] = 0.2
    fields = np.stack(
        [
            np.concatenate([share, ring_share]),
            np.concatenate([skin, np.zeros(2 * len(JAW))]),
            np.concatenate([edge, np.ones(2 * len(JAW))]),
        ],
        axis=1,
    )
    mesh = [t for t in triangles().tolist() if max(share[v] for v in t) > 0]
    rim = _strip(list(JAW), list(range(POINTS, POINTS + len(JAW))))
    neck = _strip(list(range(POINTS, POINTS + len(JAW))), list(range(POINTS + len(JAW), POINTS + 2 * len(JAW))))
    inner = _strip(_UPPER.tolist(), _LOWER.tolist())
    every = np.array(neck + rim + mesh + inner, np.int32)
    return _Layout(fields[:, 0].astype(np.float32), rings.astype(np.float32), fields.astype(np.float32), every)


def _strip(first: list[int], second: list[int]) -> list[list[int]]:
    """Triangles between two rows of points of equal length."""
    quads = zip(first[:-1], first[1:], second[:-1], second[1:], strict=True)
    return [t for a, b, c, d in quads for t in ([a, b, c], [b, d, c])]


def _ramp(values: F32, low: float, high: float) -> NDArray[np.float64]:
    x = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
