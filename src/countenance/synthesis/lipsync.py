"""The lip-sync engine: the talent speaks other words with their own mouth.

For each picture a mouth of the talent's own footage is turned as the head is turned there and warped to the planned
lips; teeth keep to the skull and to the jaw. The picture around it gives way, so that its own chin line moves with the
jaw, and the mouth that was spoken originally lies wholly under the paint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, Box, Frame
from countenance.perception.pose import apply, rotation_of, steady_frame
from countenance.perception.raster import spread
from countenance.perception.topology import LEFT_EYE, POINTS, RIGHT_EYE
from countenance.perception.tracks import Face
from countenance.synthesis.engine import Patch
from countenance.synthesis.innermouth import Between, Bite, Opening, between_lips, made_between, opening_of
from countenance.synthesis.jawline import LOWER, UPPER, LowerFace, lower_face, moved_ground, turned, upright
from countenance.synthesis.mouthpath import MouthPlan
from countenance.synthesis.mouths import Mouth, MouthLibrary, gap_and_width

SETTINGS = {"mouth": "own footage", "covers": "lips, chin and cheeks up to the jaw line, which moves", "teeth": "rigid"}
_BLEND = 4  # pictures over which a jump between two pieces of footage is mixed
_NEXT = 2  # pictures that one piece of footage may skip
_ALIKE = 0.6  # of the talent's range of gaps: mouths closer than this may be mixed
_SHUT_ROOM = 0.008  # eye distances over the talent's shut gap that still mean shut
_SURELY_OPEN, _USUAL_SHUT = 0.035, 0.005  # eye distances: a talent never seen with shut lips, and the gap of such lips
_SEEN_SHUT = 0.012  # eye distances by which a mouth may look more open than the most shut one and count as shut
_FEW_TEETH = 0.55  # of the wanted opening: a mouth that was less open than that has no teeth to show for it
_SEAM_DARK, _SEAM = 0.22, 0.006  # how dark a made seam is, and how wide (eye distances)
_AROUND = (-2, -1, 0, 1, 2)  # pictures over which a head's turn is evened
_GREY = np.full(3, 150, np.float32)  # for the eyes' white where no eye is seen
_FEWEST_PX = 12
_NO_AREA = 0.05  # square pixels, twice the triangle's


@dataclass(frozen=True, eq=False)
class LipPainter:
    """Paints one talent's speech. Everything that depends on time is worked out before the first picture."""

    library: MouthLibrary
    plan: MouthPlan
    layout: LowerFace
    openings: Mapping[int, Opening]  # by mouth, of those on the path and those that lend their teeth
    lenders: NDArray[np.int64]  # `(n,)` whose teeth are shown, -1 where there are none in the footage
    upright: Mapping[int, F32]  # by mouth, its face turned to the front, scaled to face space
    shut: float  # eye distances between the mesh's rims where the talent's lips meet
    seen_shut: float  # the same between the rims that the pixels show: the seam's shadow
    axis: F32  # along the eyes, in face space
    name: str = field(default="lipsync")

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        if number >= len(self.plan.path):
            return None
        rotation = rotation_of(face.mesh)
        to_face = steady_frame(face.mesh, self.library.reference)
        to_picture = cv2.invertAffineTransform(to_face)
        before = face.mesh[:POINTS, :2]
        shape, rims = self._shape(number, rotation)
        share = self.layout.share[:, None]
        after = before * (1 - share) + apply(to_picture, shape) * share
        box = Box.around(after[self.layout.points], 2, frame.size)
        if box is None:
            return None
        pixels, fields = self._skin_and_lips(after, box, number)
        white = _eye_white(frame, face) if self.lenders[number] < 0 else _GREY
        between = self._between(rims, to_face, to_picture, rotation, number, white)
        if between is not None:
            _laid_in(pixels, between, box)
        elif self._is_made_shut(number):
            _darken_seam(pixels, (after[UPPER] + after[LOWER]) / 2, box, face.eye_distance_px)
        mask = np.clip(fields[..., 0] * 1.15, 0, 1)
        mask = mask * mask * (3 - 2 * mask)
        placed = face.mesh.copy()
        placed[:POINTS, :2] = after
        return Patch(
            pixels=pixels,
            mask=mask,
            skin=np.clip(fields[..., 1], 0, 1) * np.minimum(mask * 4, 1),
            edge=np.clip(fields[..., 2], 0, 1),
            box=box,
            face=replace(face, mesh=placed),
            ground=moved_ground(self.layout, before, after, frame.size),
        )

    def _shape(self, number: int, rotation: F32) -> tuple[F32, tuple[F32, F32]]:
        """The lower face `(468, 2)` in face space, turned as the head is, and the inner lips' true rims `(11, 2)`."""
        mouth = self.library.mouths[self.plan.path[number]]
        shape = self.plan.shapes[number] + self._turn(number, rotation)
        opening = self.openings[int(self.plan.path[number])]
        openness = self._openness(number)
        upper, lower = (
            shape[rim] + openness * (seen - mouth.shape[rim])
            for rim, seen in ((UPPER, opening.upper), (LOWER, opening.lower))
        )
        if self._is_made_shut(number):
            upper = lower = (upper + lower) / 2
        shape[UPPER], shape[LOWER] = upper, lower
        return shape, (upper, lower)

    def _turn(self, number: int, rotation: F32) -> F32:
        """How the head's turn changes the planned shape, evened over the pieces of footage around."""
        last = len(self.plan.path) - 1
        near = [int(self.plan.path[min(max(number + step, 0), last)]) for step in _AROUND]
        face = np.stack([self.upright[mouth] for mouth in near]).mean(axis=0)
        shape = np.stack([self.library.mouths[mouth].shape for mouth in near]).mean(axis=0)
        return turned(np.asarray(face), np.asarray(shape), rotation, self.library.reference)

    def _openness(self, number: int) -> float:
        """How much of what lies open behind the mesh's rims stays open when the filmed gap becomes the planned one."""
        mouth = self.library.mouths[self.plan.path[number]]
        gap, _width = gap_and_width(self.plan.shapes[number], self.library.unit)
        room = mouth.gap - self.shut
        return float(np.clip((gap - self.shut) / room, 0, 1)) if room > _SEEN_SHUT else 1.0

    def _is_shut(self, number: int) -> bool:
        """Whether lips are to be shut."""
        gap, _width = gap_and_width(self.plan.shapes[number], self.library.unit)
        return gap <= self.shut + _SHUT_ROOM

    def _is_made_shut(self, number: int) -> bool:
        """Whether lips that were filmed apart are to be shut."""
        if not self._is_shut(number):
            return False
        index = int(self.plan.path[number])
        filmed, seen = self.library.mouths[index].gap - self.shut, self.openings[index].gap - self.seen_shut
        return filmed > 1.5 * _SEEN_SHUT or seen > 2 * _SEEN_SHUT

    def _skin_and_lips(self, points: F32, box: Box, number: int) -> tuple[F32, F32]:
        """The painted pixels without what is between the lips, and the fields (paint, skin, edge) over the box."""
        local = (points - np.array([box.x, box.y], np.float32)).astype(np.float32)
        mixed = self._mix(number)
        layout = self.layout
        columns = [self._source(index) for index, _weight in mixed]
        values = np.column_stack([*columns, layout.paint, layout.skin, layout.edge]).astype(np.float32)
        values_field, valid = spread(local, _solid(local, layout.triangles), values, (box.width, box.height))
        valid = cv2.morphologyEx(valid.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        total = np.zeros((box.height, box.width, 3), np.float32)
        for place, (index, weight) in enumerate(mixed):
            x, y = values_field[..., 2 * place], values_field[..., 2 * place + 1]
            pixels = self.library.mouths[index].pixels
            where = cv2.convertMaps(np.ascontiguousarray(x), np.ascontiguousarray(y), cv2.CV_16SC2)
            warped = cv2.remap(pixels, *where, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            cv2.accumulateWeighted(warped, total, 1.0) if weight == 1 else cv2.scaleAdd(
                warped.astype(np.float32), weight, total, total
            )
        return total, values_field[..., 2 * len(mixed) :] * valid[..., None]

    def _source(self, index: int) -> F32:
        """A mouth's points `(468, 2)` in its own pixels, the inner lips where they truly are."""
        mouth = self.library.mouths[index]
        points = mouth.mesh[:POINTS, :2].copy()
        opening = self.openings.get(index)
        if opening is not None:
            to_picture = cv2.invertAffineTransform(mouth.to_face)
            points[UPPER], points[LOWER] = apply(to_picture, opening.upper), apply(to_picture, opening.lower)
        return points - np.array([mouth.box.x, mouth.box.y], np.float32)

    def _between(
        self,
        rims: tuple[F32, F32],
        to_face: F32,
        to_picture: F32,
        rotation: F32,
        number: int,
        white: F32,
    ) -> Between | None:
        upper, lower = (apply(to_picture, rim) for rim in rims)
        lender = int(self.lenders[number])
        unit = self.library.unit
        if lender < 0:
            down = np.array([-self.axis[1], self.axis[0]], np.float32)
            rest = float(self.library.mouths[int(self.plan.path[number])].shape[13] @ down)
            return made_between(upper, lower, rest, to_face, self.axis, unit, white)
        own = [(lender, 1.0)]
        mixed = self._mix(number) if lender == int(self.plan.path[number]) else own
        least = _FEW_TEETH * self.openings[lender].gap
        bites = [(self._bite(one, rotation), weight) for one, weight in mixed if self.openings[one].gap >= least]
        return between_lips(upper, lower, to_face, self.axis, unit, bites)

    def _bite(self, index: int, rotation: F32) -> Bite:
        mouth = self.library.mouths[index]
        turn = turned(self.upright[index], mouth.shape, rotation, self.library.reference)
        from_face = cv2.invertAffineTransform(mouth.to_face)
        from_face[:, 2] -= (mouth.box.x, mouth.box.y)
        return Bite(mouth.pixels, from_face, self.openings[index], turn[UPPER].mean(axis=0))

    def _mix(self, number: int) -> list[tuple[int, float]]:
        """The mouths of a picture with their weights: around a jump between two pieces of footage both are shown.

        All are warped to the same lips, and their teeth keep to the same skull, so that only looks are mixed.
        """
        path, last = self.plan.path, len(self.plan.path) - 1
        now = int(path[number])
        for off in range(_BLEND // 2):
            for late in (True, False):  # the jump lies before this picture, or after it
                start = number - off - 1 if late else number + off
                if not 0 <= start < last or _goes_on(self.library.mouths, int(path[start]), int(path[start + 1])):
                    continue
                other = int(path[start] if late else path[start + 1])
                share = (_BLEND // 2 - off) / (_BLEND + 1)
                mixed = self._alike(other, now, self._is_shut(number))
                return [(other, share), (now, 1 - share)] if mixed else [(now, 1.0)]
        return [(now, 1.0)]

    def _alike(self, one: int, other: int, shut: bool) -> bool:
        """Whether two mouths may be mixed: the lips of an open one are not those of a shut one."""
        gaps = self.library.mouths[one].gap, self.library.mouths[other].gap
        if shut and max(gaps) > self.shut + _SEEN_SHUT:
            return False
        return abs(gaps[0] - gaps[1]) < _ALIKE * max(self.library.gap[2] - self.library.gap[0], _SEEN_SHUT)


def prepare_lipsync(library: MouthLibrary, plan: MouthPlan) -> LipPainter:
    """A painter for a plan, one row per output picture."""
    mouths = library.mouths
    openings = {
        number: opening_of(mouth.pixels, mouth.box, mouth.mesh, mouth.shape, library.unit)
        for number, mouth in enumerate(mouths)
    }
    shut = library.shut if library.shut < _SURELY_OPEN else _USUAL_SHUT
    eyes = library.reference[263, :2] - library.reference[33, :2]
    median = np.median(np.stack([mouth.shape for mouth in mouths]), axis=0).astype(np.float32)
    return LipPainter(
        library,
        plan,
        lower_face(median, library.unit),
        openings,
        _lenders(library, plan, openings, shut),
        {number: _scaled(mouth) for number, mouth in enumerate(mouths)},
        shut,
        min(float(np.percentile([opening.gap for opening in openings.values()], 3)), shut + 2 * _SEEN_SHUT),
        (eyes / np.linalg.norm(eyes)).astype(np.float32),
    )


def _scaled(mouth: Mouth) -> F32:
    """A mouth's face turned to the front, in face space's pixels, so that several may be averaged."""
    return upright(mouth.mesh[:POINTS]) * np.float32(np.hypot(*mouth.to_face[0, :2]))


def _lenders(library: MouthLibrary, plan: MouthPlan, openings: Mapping[int, Opening], shut: float) -> NDArray[np.int64]:
    """Whose teeth each picture shows: the mouth's own, or, where it was hardly open, those of the nearest that was."""
    gaps = np.array([openings[number].gap for number in range(len(library.mouths))])
    poses = np.stack([mouth.pose for mouth in library.mouths])
    lenders = plan.path.copy()
    for number, (index, shape) in enumerate(zip(plan.path, plan.shapes, strict=True)):
        wanted, _width = gap_and_width(shape, library.unit)
        if wanted <= shut + _SEEN_SHUT or gaps[index] >= _FEW_TEETH * wanted:
            continue
        if number and lenders[number - 1] >= 0 and gaps[lenders[number - 1]] >= _FEW_TEETH * wanted:
            lenders[number] = lenders[number - 1]  # teeth do not change while they are seen
            continue
        turned_away = np.abs(poses - poses[index])[:, :2].sum(axis=1)
        cost = np.where(gaps >= _FEW_TEETH * wanted, np.abs(gaps - wanted) + 0.02 * turned_away, np.inf)
        lenders[number] = int(cost.argmin()) if np.isfinite(cost.min()) else -1
    return lenders


def _solid(points: F32, triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """The triangles without those that have no area, where lips meet."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    return np.asarray(triangles[area > _NO_AREA], np.int32)


def _goes_on(mouths: tuple[Mouth, ...], before: int, after: int) -> bool:
    """Whether one mouth follows the other in the footage's own order."""
    return 0 <= mouths[after].frame - mouths[before].frame <= _NEXT


def _eye_white(frame: Frame, face: Face) -> F32:
    """The colour `(3,)` of the eyes' white, which tells how bright teeth would be in this light."""
    found = []
    for eye in (RIGHT_EYE, LEFT_EYE):
        box = Box.around(face.mesh[list(eye), :2], 0, frame.size)
        if box is not None:
            rim = np.rint(face.mesh[list(eye), :2] - (box.x, box.y)).astype(np.int32)
            inside = cv2.fillPoly(np.zeros((box.height, box.width), np.uint8), [rim], 1)
            found.append(frame.rgb(box)[inside > 0])
    colours = np.concatenate(found).astype(np.float32) if found else np.zeros((0, 3), np.float32)
    if len(colours) < _FEWEST_PX:
        return _GREY
    grey = colours.mean(axis=1)
    return np.asarray(colours[grey >= np.percentile(grey, 80)].mean(axis=0), np.float32)


def _laid_in(pixels: F32, between: Between, box: Box) -> None:
    """Put the opening into the painted pixels, in place, as far as it lies in the box."""
    height, width = between.share.shape
    left, top = between.x - box.x, between.y - box.y
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + width, box.width), min(top + height, box.height)
    if x0 >= x1 or y0 >= y1:
        return
    own = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    there = pixels[y0:y1, x0:x1]
    there += (between.pixels[own] - there) * between.share[own][..., None]


def _darken_seam(pixels: F32, line: F32, box: Box, unit: float) -> None:
    """The shadow where two lips meet, along a line `(11, 2)` in the picture, in place: without it they look cut out."""
    soft = max(0.6, _SEAM * unit)
    local = line - np.array([box.x, box.y], np.float32)
    margin = int(np.ceil(4 * soft))
    x0, y0 = np.maximum(np.floor(local.min(axis=0)).astype(int) - margin, 0)
    x1, y1 = np.minimum(np.ceil(local.max(axis=0)).astype(int) + margin + 1, (box.width, box.height))
    if x0 >= x1 or y0 >= y1:
        return
    drawn = np.zeros((y1 - y0, x1 - x0), np.uint8)
    inner = np.rint((local[1:-1] - (x0, y0)) * 16).astype(np.int32)
    cv2.polylines(drawn, [inner], False, 255, 1, cv2.LINE_AA, shift=4)
    shade = cv2.GaussianBlur(drawn.astype(np.float32) / 255, (0, 0), soft) * np.float32(soft * 2.5)
    pixels[y0:y1, x0:x1] *= (1 - _SEAM_DARK * np.minimum(shade, 1))[..., None]
