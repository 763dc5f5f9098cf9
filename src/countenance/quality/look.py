"""Everything about how the painted face looks in the master's picture: its edge, its detail, eyes and mouth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from countenance.media.frame import F32, Frame
from countenance.quality.colour import F64
from countenance.quality.detail import Detail, Part, part_of
from countenance.quality.kept import Kept
from countenance.quality.measured import Measured
from countenance.quality.regions import EYES, MOUTH, likeness_of
from countenance.quality.sampling import before_sparse, sparse
from countenance.quality.seam import seam_steps
from countenance.synthesis.engine import Laid

_LEAST_PICTURES = 3
_TOO_FEW = "too few painted pictures were there to be compared"


@dataclass
class Look:
    """Collects what a few pictures of each stretch show; `dubbed` leaves out the mouth, painted on purpose."""

    dubbed: bool
    painted: bool = False  # whether any picture was
    _seams: list[F64] = field(default_factory=list)
    _detail: Detail = field(default_factory=Detail)
    _eyes: list[float] = field(default_factory=list)
    _mouth: list[float] = field(default_factory=list)
    _earlier: Part | None = None

    def add(self, place: int, before: Frame, after: Frame, mesh: F32, laid: Sequence[Laid]) -> None:
        """One painted picture at its place in a stretch, the face expected at `mesh` `(468, 3)`."""
        self.painted = True
        if sparse(place):
            if self._earlier is not None:
                self._detail.add(self._earlier, before, after, laid)
            steps = seam_steps(before, after, laid, mesh)
            if len(steps):
                self._seams.append(steps)
            self._keep(self._eyes, likeness_of(before, after, mesh, EYES))
            if not self.dubbed:
                self._keep(self._mouth, likeness_of(before, after, mesh, MOUTH))
        self.remember(place, before, after, mesh)

    def remember(self, place: int, before: Frame, after: Frame, mesh: F32) -> None:
        """A painted picture that the next one is compared with; in a section, one before it."""
        self._earlier = part_of(before, after, mesh) if before_sparse(place) else None

    @staticmethod
    def _keep(values: list[float], value: float | None) -> None:
        if value is not None:
            values.append(value)

    def cut(self) -> None:
        """What follows does not follow on what was."""
        self._earlier = None

    def state(self) -> Kept:
        return {
            "painted": self.painted,
            "seams": np.concatenate(self._seams or [np.zeros(0)]),
            "edges": [len(steps) for steps in self._seams],
            "sharpness": np.array(self._detail.sharpness),
            "noise": np.array(self._detail.noise),
            "eyes": np.array(self._eyes),
            "mouth": np.array(self._mouth),
        }

    def extend(self, state: Kept) -> None:
        self.painted = self.painted or state["painted"]
        self._seams.extend(np.split(state["seams"], np.cumsum(state["edges"])[:-1]) if state["edges"] else [])
        self._detail.sharpness.extend(state["sharpness"].tolist())
        self._detail.noise.extend(state["noise"].tolist())
        self._eyes.extend(state["eyes"].tolist())
        self._mouth.extend(state["mouth"].tolist())

    def tell(self, found: Measured) -> None:
        """Add the figures."""
        seams = np.concatenate(self._seams) if len(self._seams) >= _LEAST_PICTURES else None
        figures = {
            "seam_delta_e_median": None if seams is None else float(np.median(seams)),
            "seam_delta_e_p95": None if seams is None else float(np.percentile(seams, 95)),
            "sharpness_ratio": _median(self._detail.sharpness),
            "noise_ratio": _median(self._detail.noise),
            "eyes_ssim": _median(self._eyes),
        }
        if not self.dubbed:
            figures["mouth_ssim"] = _median(self._mouth)
        for key, value in figures.items():
            if value is None:
                found.none(key, _TOO_FEW)
            else:
                found.figures[key] = value


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if len(values) >= _LEAST_PICTURES else None
