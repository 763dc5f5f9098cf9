"""How steady a face is, in the master and in the variant, by the same estimators."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from countenance.media.frame import F32, U8, Frame
from countenance.quality.flicker import FaceWindow, Flicker, face_crop
from countenance.quality.kept import Kept
from countenance.quality.lips import lip_gap
from countenance.quality.measured import Measured
from countenance.quality.motion import Seen
from countenance.quality.series import curve
from countenance.quality.tremble import Tremble

_STILL_TREMBLE, _STILL_FLICKER = 2e-4, 0.1  # less than this is as good as none: ratios are taken to it at least
_LEAST_PICTURES = 10
_RESTLESSNESS = {  # figure, label, unit, scale of the curve, stillest that counts
    "tremble": ("jitter_ratio", "Tremble of the face", "%", 100.0, _STILL_TREMBLE),
    "flicker": ("flicker_ratio", "Flicker of the face", "", 1.0, _STILL_FLICKER),
}


@dataclass
class Side:
    """Tremble, flicker and the mouth's opening, one value for each picture of the master or of the variant."""

    tremble: Tremble = field(default_factory=Tremble)
    flicker: Flicker = field(default_factory=Flicker)
    opening: array[float] = field(default_factory=lambda: array("d"))

    def add(self, face: Seen | None, crop: U8 | None, inside: U8 | None) -> None:
        self.tremble.add(None if face is None else face.mesh)
        self.flicker.add(crop, inside)
        self.opening.append(opening_of(face))

    def skip(self, opening: float = float("nan")) -> None:
        """A picture that is not measured; the mouth's opening may be known all the same."""
        self.tremble.add(None)
        self.flicker.add(None, None)
        self.opening.append(opening)

    def cut(self) -> None:
        """What follows is another shot."""
        self.tremble.cut()
        self.flicker.cut()

    def state(self) -> Kept:
        values = {"flicker": np.array(self.flicker.values), "opening": np.array(self.opening)}
        return {"tremble": self.tremble.state(), **values}

    def extend(self, state: Kept) -> None:
        self.tremble.extend(state["tremble"])
        self.flicker.values.extend(state["flicker"])
        self.opening.extend(state["opening"])


@dataclass
class Steadiness:
    """Both sides, and the window through which both are looked at.

    `jitter_ratio` and `flicker_ratio` are the means of `Tremble` and `Flicker` of the variant over the master's, over
    the pictures that have both.
    """

    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    _window: FaceWindow = field(default_factory=FaceWindow)

    def add(self, before: Frame | None, after: Frame, mesh: F32, master: Seen | None, found: Seen | None) -> None:
        """The next picture, the face expected at `mesh` `(468, 3)`; `before` is `after` where nothing was changed."""
        to_picture, inside = self._window.look(mesh)
        crop = face_crop(after, to_picture)
        self.after.add(found, crop, inside)
        if before is None:
            self.before.add(None, None, None)
        else:
            self.before.add(master, crop if before is after else face_crop(before, to_picture), inside)

    def remember(self, before: Frame | None, after: Frame, mesh: F32) -> None:
        """A picture before the section that is measured, to which its first ones are compared."""
        to_picture, _ = self._window.look(mesh)
        self.after.flicker.remember(face_crop(after, to_picture))
        self.before.flicker.remember(None if before is None else face_crop(before, to_picture))
        self.after.tremble.go_on()
        self.before.tremble.go_on()

    def skip(self, opening: float = float("nan")) -> None:
        """A picture without the face, or one that is not measured."""
        self.before.skip()
        self.after.skip(opening)
        self._window.cut()

    def cut(self) -> None:
        """What follows is another shot."""
        self.before.cut()
        self.after.cut()
        self._window.cut()

    def state(self) -> Kept:
        return {"before": self.before.state(), "after": self.after.state()}

    def extend(self, state: Kept) -> None:
        self.before.extend(state["before"])
        self.after.extend(state["after"])

    def tell(self, found: Measured) -> None:
        """Add figures and curves."""
        self.before.cut()
        self.after.cut()
        for part, (figure, label, unit, scale, still) in _RESTLESSNESS.items():
            values, baseline = (np.array(getattr(side, part).values) for side in (self.after, self.before))
            both = np.isfinite(values) & np.isfinite(baseline)
            if both.sum() < _LEAST_PICTURES:
                found.none(figure, "too few pictures show the face both in the master and here")
            else:
                means = (max(float(side[both].mean()), still) for side in (values, baseline))
                found.figures[figure] = next(means) / next(means)
            found.curves.append(curve(part, label, unit, found.times_s, scale * values, scale * baseline))


def opening_of(face: Seen | None) -> float:
    """The inner lip gap in eye distances; NaN where no face was found."""
    return float("nan") if face is None else lip_gap(face.mesh)
