"""Everything about how the variant's face moves against the master's, picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from countenance.media.frame import F32, U8, Frame
from countenance.perception.attention import MESH_PX
from countenance.perception.crop import Square, cut_square
from countenance.perception.head import posed
from countenance.perception.networks import FaceNetworks
from countenance.perception.refine import refined
from countenance.perception.topology import POINTS
from countenance.quality.expression import LIDS, LIPS, Expression
from countenance.quality.gaze import gaze_error_deg
from countenance.quality.kept import Kept
from countenance.quality.measured import Measured
from countenance.quality.pose_error import PoseError
from countenance.quality.sampling import CLOSE
from countenance.quality.series import curve

FACE_SCORE = 0.5  # the mesh network's own probability that it looks at a face
_LEAST_PICTURES, _LEAST_CLOSE = 10, 5
_LEAST_GAZES = 3
_LEAST_MOVEMENT = 0.004  # eye distances; below, the mesh's own restlessness is as large
_TOO_FEW = "too few pictures show the face both in the master and here"


@dataclass(frozen=True)
class Seen:
    """A face as found in a picture: mesh `(468, 3)` by the plain network, and the crop and square it was found in."""

    mesh: F32
    crop: U8
    square: Square
    networks: FaceNetworks

    @cached_property
    def closer(self) -> F32:
        """The mesh `(478, 3)` with refined lips and lids, and the irises; looked at once, when first asked for."""
        return refined(self.mesh, self.networks.closeup(self.crop, self.square))[0]


def seen(networks: FaceNetworks, frame: Frame, square: Square) -> Seen | None:
    """Look for a face in a square of a picture; None where the network does not believe that there is one."""
    crop = cut_square(frame, square, MESH_PX)
    mesh, score = networks.follow(crop, square)
    return Seen(mesh, crop, square, networks) if score >= FACE_SCORE else None


@dataclass
class Motion:
    """Collects head, lips, lids and gaze; `dubbed` leaves out the lips, which then say other words on purpose."""

    dubbed: bool
    _times: list[float] = field(default_factory=list)
    _pose: PoseError = field(default_factory=PoseError)
    _angles: list[float] = field(default_factory=list)
    _close_times: list[float] = field(default_factory=list)
    _lips: Expression = field(default_factory=lambda: Expression(LIPS))
    _lids: Expression = field(default_factory=lambda: Expression(LIDS))
    _gazes: list[float] = field(default_factory=list)

    def add(self, time_s: float, master: Seen, variant: Seen, *, closely: bool) -> None:
        """The face as found in one picture of the master and in that of the variant; `closely`, which is dearer:
        with lips, lids and irises."""
        self._times.append(time_s)
        self._angles.append(self._pose.add(posed(master.mesh).turn, posed(variant.mesh).turn))
        if closely:
            self._close_times.append(time_s)
            self._look(master.closer, variant.closer)

    def _look(self, master: F32, variant: F32) -> None:
        shapes = posed(master[:POINTS]).shape, posed(variant[:POINTS]).shape
        self._lids.add(*shapes)
        if not self.dubbed:
            self._lips.add(*shapes)
        error = gaze_error_deg(master, variant)
        if error is not None:
            self._gazes.append(error)

    def state(self) -> Kept:
        return {
            "times": np.array(self._times),
            "angles": np.array(self._angles),
            "close_times": np.array(self._close_times),
            "gazes": np.array(self._gazes),
            "pose": self._pose.state(),
            "lips": self._lips.state(),
            "lids": self._lids.state(),
        }

    def extend(self, state: Kept) -> None:
        self._times.extend(state["times"].tolist())
        self._angles.extend(state["angles"].tolist())
        self._close_times.extend(state["close_times"].tolist())
        self._gazes.extend(state["gazes"].tolist())
        self._pose.extend(state["pose"])
        self._lips.extend(state["lips"])
        self._lids.extend(state["lids"])

    def tell(self, found: Measured) -> None:
        """Add the figures and curves."""
        parts = [("lids", "Lids", self._lids)] + ([] if self.dubbed else [("lips", "Lips", self._lips)])
        if self._pose.count < _LEAST_PICTURES:
            found.none("pose_error_deg", _TOO_FEW)
            found.none("pose_motion_deg", _TOO_FEW)
        else:
            found.figures["pose_error_deg"] = self._pose.error_deg()
            found.figures["pose_motion_deg"] = self._pose.motion_deg()
            found.curves.append(
                _curve(found, "pose", "Turn of the head against the master's", "°", self._times, self._angles)
            )
        for name, label, part in parts:
            self._tell_part(found, name, label, part)
        if len(self._gazes) >= _LEAST_GAZES:
            found.figures["gaze_error_deg"] = float(np.median(self._gazes))
        else:
            found.none("gaze_error_deg", "too few pictures show the eyes open both in the master and here")

    def _tell_part(self, found: Measured, name: str, label: str, part: Expression) -> None:
        if part.count < _LEAST_CLOSE:
            found.none(f"{name}_error", _TOO_FEW)
            found.none(f"{name}_kept", _TOO_FEW)
            return
        errors = part.errors()
        found.figures[f"{name}_error"] = float(np.median(errors))
        label = f"{label} against the master's"
        found.curves.append(_curve(found, name, label, "%", self._close_times, 100 * errors))
        if part.movement() < _LEAST_MOVEMENT:
            found.none(f"{name}_kept", f"the master's {name} hardly move")
        else:
            found.figures[f"{name}_kept"] = part.kept()


def _curve(
    found: Measured, key: str, label: str, unit: str, times: Sequence[float], values: Sequence[float] | F32
) -> dict[str, Any]:
    """A curve over all pictures of the clip, with gaps between the stretches where nothing was measured."""
    whole = np.full(len(found.times_s), np.nan)
    whole[np.searchsorted(found.times_s, times)] = values
    return curve(key, label, unit, found.times_s, whole, bridged=CLOSE - 1)
