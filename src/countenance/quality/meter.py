"""The meter of one variant: fed once per output picture, it holds small numbers only, whatever the length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.crop import Square, square_around
from countenance.perception.identity import chip, distance, embed
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import POINTS, STEADY
from countenance.perception.tracks import Face
from countenance.quality.exact import untouched
from countenance.quality.flicker import FaceWindow, Flicker, face_crop
from countenance.quality.measured import Measured, together
from countenance.quality.series import curve
from countenance.quality.sheet import ContactSheet
from countenance.quality.sync import av_offset, loudness_curve
from countenance.quality.tremble import Tremble
from countenance.synthesis.engine import Laid

__all__ = ["Measured", "Meter", "lip_gap", "together"]

FACE_SCORE = 0.5  # the mesh network's own probability that it looks at a face
_MOMENTS = 8
_MOST_CHIPS, _LEAST_CHIPS, _PICTURES_A_CHIP = 12, 5, 25
_CUT_EYES = 0.5  # an expected face that jumps this far, in eye distances, is in another shot
_STILL_TREMBLE, _STILL_FLICKER = 2e-4, 0.1  # less than this is as good as none: ratios are taken to it at least
_LEAST_PICTURES = 10
_RESTLESSNESS = {  # figure, label, unit, scale of the curve, stillest that counts
    "tremble": ("jitter_ratio", "Tremble of the face", "%", 100.0, _STILL_TREMBLE),
    "flicker": ("flicker_ratio", "Flicker of the face", "", 1.0, _STILL_FLICKER),
}
_IDENTITY_LABELS = {
    "identity_wanted": "Distance to the wanted person",
    "identity_margin": "Distance gained from the replaced person",
}
_LIP_PAIRS = ((13, 14), (82, 87), (312, 317))  # the inner lips' upper and lower points in the middle


@dataclass
class _Side:
    """The same estimators for the master and for the variant."""

    tremble: Tremble = field(default_factory=Tremble)
    flicker: Flicker = field(default_factory=Flicker)
    opening: list[float] = field(default_factory=list)

    def add(self, mesh: F32 | None, crop: U8 | None, inside: U8 | None) -> None:
        self.tremble.add(mesh)
        self.flicker.add(crop, inside)
        self.opening.append(float("nan") if mesh is None else lip_gap(mesh))

    def cut(self) -> None:
        self.tremble.cut()
        self.flicker.cut()


class Meter:
    """Compares a variant with its master, one person's face in it, picture by picture and in order.

    Figures, each by the same estimator on both pictures, at the place where the face is expected:

    - `identity_wanted`, `identity_replaced`: median over up to 12 evenly spaced pictures of the Euclidean distance
      of dlib's embedding to the nearest reference (King 2017; below 0.6 is the same person);
      `identity_margin`: median of replaced minus wanted.
    - `identity_top1`: of the same pictures, the share in which the wanted person's nearest reference is nearer
      than any of the replaced person's or of any other talent's (rank-1 identification, ISO/IEC 19795-1:2021;
      "ID retrieval" in the papers on face swaps since FaceForensics++ is the same with another network).
    - `jitter_ratio`: mean tremble (see `Tremble`) over the master's own, on pictures where both show the face.
    - `flicker_ratio`: mean warp error (see `Flicker`) over the master's own.
    - `missing_face_share`: of the pictures in which the mesh network finds the face in the master (probability
      of at least 0.5), the share in which it does not in the variant.
    - `outside_exact`: share of pixels outside the painted boxes that kept their bits (see `untouched`).
    - `av_offset_ms`: see `av_offset`, from the lips as detected in the variant.
    """

    def __init__(
        self,
        networks: FaceNetworks,
        pictures: int,
        *,
        wanted: F32 | None = None,
        replaced: F32 | None = None,
        others: Mapping[str, F32] | None = None,
        cuts: Collection[int] = (),
        dubbed: bool = False,
    ) -> None:
        """`pictures` will come in all; `wanted` and `replaced` are reference embeddings `(n, 128)`, `others`
        those of all other talents by name; `cuts` are the numbers of output pictures that start a shot; `dubbed`: the
        mouth says other words than the master's."""
        self._networks = networks
        self._wanted, self._replaced, self._cuts = wanted, replaced, cuts
        self._others, self._dubbed = dict(others or {}), dubbed
        self._before, self._after = _Side(), _Side()
        self._window = FaceWindow()
        self._sheet, self._sheet_due = ContactSheet(), _spaced(pictures, _MOMENTS)
        chips = min(_MOST_CHIPS, max(_LEAST_CHIPS, pictures // _PICTURES_A_CHIP))
        self._chips, self._chip_times, self._chips_due = list[U8](), list[float](), _spaced(pictures, chips)
        self._times: list[float] = []
        self._last: tuple[int, F32] | None = None
        self._owed = self._missing = 0
        self._same = self._outside = 0

    def see(
        self,
        number: int,
        time_s: float,
        before: Frame | None,
        after: Frame,
        face: Face | None,
        laid: Sequence[Laid] = (),
        boxes: Sequence[Box] = (),
    ) -> None:
        """Output picture `number` at `time_s` of the variant.

        `before` is the master's picture at that moment, None where it has none; `after` the composed one, before
        badge, watermark and encode; `face` where the face is expected, None where there is none; `laid` what the
        compositor laid over this person; `boxes` everything that was painted in the picture by anyone (default:
        the boxes of `laid`).
        """
        boxes = boxes or [one.box for one in laid]
        identical = self._compare(before, after, boxes)
        self._times.append(time_s)
        if face is None:
            self._without_face()
            return
        mesh = face.mesh[:POINTS]
        self._follow(number, mesh, face.eye_distance_px)
        square = square_around(mesh)
        found = self._look(after, square)
        master = found if identical or before is None else self._look(before, square)
        owed = before is None or master is not None
        self._owed += owed
        self._missing += owed and found is None
        self._add(after if identical else before, after, mesh, master, found)
        self._sample(number, time_s, before, after, mesh, found)

    def finish(self, samples: NDArray[np.floating[Any]] | None = None, rate_hz: int = 0) -> Measured:
        """The figures, curves and pictures; with the variant's sound `(n,)` or `(n, channels)` also the offset."""
        before, after = self._before, self._after
        before.cut()
        after.cut()
        times, opening = np.array(self._times), np.array(after.opening)
        found = Measured({}, {}, [], {}, times, opening)
        self._identity(found)
        for part in ("tremble", "flicker"):
            _compare_restlessness(found, part, getattr(before, part).values, getattr(after, part).values)
        if self._owed:
            found.figures["missing_face_share"] = self._missing / self._owed
        else:
            found.none("missing_face_share", "the master never shows the face")
        if self._outside:
            found.figures["outside_exact"] = self._same / self._outside
        theirs = 100 * np.array(before.opening)
        found.curves.append(curve("opening", "Opening of the mouth", "%", times, 100 * opening, theirs))
        if samples is not None:
            offset = av_offset(times, opening, samples, rate_hz)
            found.figures["av_offset_ms"] = offset.offset_ms
            if offset.reason:
                found.reasons["av_offset_ms"] = offset.reason
            loudness = loudness_curve(samples, rate_hz, times)
            found.curves.append(curve("loudness", "Loudness of the speech", "dB", times, loudness))
        sheet = self._sheet.jpeg()
        if sheet is not None:
            found.pictures["contact_sheet"] = sheet
        return found

    def _compare(self, before: Frame | None, after: Frame, boxes: Sequence[Box]) -> bool:
        """Count the untouched pixels; True when the whole picture is the master's."""
        if before is None or before.size != after.size:
            return False
        same, outside = untouched(before, after, boxes)
        self._same += same
        self._outside += outside
        return same == outside and not boxes

    def _look(self, frame: Frame, square: Square) -> F32 | None:
        mesh, score = self._networks.mesh(frame, square)
        return mesh if score >= FACE_SCORE else None

    def _follow(self, number: int, mesh: F32, eye_px: float) -> None:
        """Start anew where the expected face is in another shot or was away."""
        place = mesh[list(STEADY), :2].mean(axis=0)
        if self._last is not None:
            jumped = float(np.linalg.norm(place - self._last[1])) > _CUT_EYES * eye_px
            if jumped or number in self._cuts or number != self._last[0] + 1:
                self._cut()
        self._last = (number, place)

    def _cut(self) -> None:
        self._before.cut()
        self._after.cut()
        self._window.cut()

    def _without_face(self) -> None:
        for side in (self._before, self._after):
            side.add(None, None, None)
        self._window.cut()

    def _add(self, before: Frame | None, after: Frame, mesh: F32, master: F32 | None, found: F32 | None) -> None:
        to_picture, inside = self._window.look(mesh)
        crop = face_crop(after, to_picture)
        self._after.add(found, crop, inside)
        if before is None:
            self._before.add(None, None, None)
        else:
            self._before.add(master, crop if before is after else face_crop(before, to_picture), inside)

    def _sample(
        self, number: int, time_s: float, before: Frame | None, after: Frame, mesh: F32, found: F32 | None
    ) -> None:
        if _due(self._sheet_due, number):
            self._sheet.add(time_s, before, after, mesh)
        asked = self._wanted is not None or self._replaced is not None
        if asked and found is not None and _due(self._chips_due, number):
            self._chips.append(chip(after, found))
            self._chip_times.append(time_s)

    def _identity(self, found: Measured) -> None:
        vectors = embed(self._chips) if self._chips else np.zeros((0, 128), np.float32)
        gaps: dict[str, F32] = {}
        for key, references in (("identity_wanted", self._wanted), ("identity_replaced", self._replaced)):
            if references is not None:
                gaps[key] = np.array([distance(vector, references) for vector in vectors], np.float32)
        if len(gaps) == 2:
            gaps["identity_margin"] = gaps["identity_replaced"] - gaps["identity_wanted"]
        for key, values in gaps.items():
            if not len(values):
                found.none(key, "no face was found to be compared")
                continue
            found.figures[key] = float(np.median(values))
            if key in _IDENTITY_LABELS:
                found.curves.append(curve(key, _IDENTITY_LABELS[key], "", np.array(self._chip_times), values))
        self._retrieve(found, gaps, vectors)

    def _retrieve(self, found: Measured, gaps: Mapping[str, F32], vectors: F32) -> None:
        """`identity_top1`, where there is anybody to be mistaken for."""
        strangers = {name: np.array([distance(v, known) for v in vectors]) for name, known in self._others.items()}
        if "identity_replaced" in gaps:
            strangers["the replaced person"] = gaps["identity_replaced"]
        if "identity_wanted" not in gaps or not strangers:
            return
        if not len(vectors):
            found.none("identity_top1", "no face was found to be compared")
            return
        names, table = list(strangers), np.stack(list(strangers.values()))
        right = gaps["identity_wanted"] < table.min(axis=0)
        found.figures["identity_top1"] = float(right.mean())
        if not right.all():
            taken_for = Counter(names[n] for n in table.argmin(axis=0)[~right])
            found.reasons["identity_top1"] = "; ".join(
                f"{count} of {len(right)} faces are nearer to {name}" for name, count in taken_for.most_common()
            )


def _compare_restlessness(found: Measured, part: str, theirs: Sequence[float], own: Sequence[float]) -> None:
    """Ratio and curve of a part's values per picture, the master's and the variant's."""
    figure, label, unit, scale, still = _RESTLESSNESS[part]
    values, baseline = np.array(own), np.array(theirs)
    both = np.isfinite(values) & np.isfinite(baseline)
    if both.sum() < _LEAST_PICTURES:
        found.none(figure, "too few pictures show the face both in the master and here")
    else:
        means = (max(float(side[both].mean()), still) for side in (values, baseline))
        found.figures[figure] = next(means) / next(means)
    found.curves.append(curve(part, label, unit, found.times_s, scale * values, scale * baseline))


def lip_gap(mesh: F32) -> float:
    """How far the mouth is open: mean inner lip gap at its middle over the distance of the outer eye corners."""
    gaps = [np.linalg.norm(mesh[upper, :2] - mesh[lower, :2]) for upper, lower in _LIP_PAIRS]
    return float(np.mean(gaps) / np.linalg.norm(mesh[33, :2] - mesh[263, :2]))


def _spaced(pictures: int, count: int) -> list[int]:
    """Numbers of `count` evenly spaced pictures, the middles of equal stretches, the last one first."""
    return sorted({int((n + 0.5) * pictures / count) for n in range(count)}, reverse=True)


def _due(numbers: list[int], number: int) -> bool:
    """Whether the next number has come; numbers that were passed without a face are dropped."""
    due = bool(numbers) and number >= numbers[-1]
    while numbers and number >= numbers[-1]:
        numbers.pop()
    return due
