"""What is asked of a swap, figure by figure, and how several clips become one number."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of the meter: how it is told, what is asked, and which direction is better.

    `better` is "lower", "higher" or "near 1"; `whole` makes one number of all clips' values.
    """

    key: str
    label: str
    better: str
    bar: float | None = None
    scale: float = 1.0
    unit: str = ""
    whole: Callable[[list[float]], float] = statistics.median

    def badness(self, value: float) -> float:
        return {"lower": value, "higher": -value, "near 1": abs(value - 1)}[self.better]

    def met(self, value: float) -> bool:
        return self.bar is None or self.badness(value) <= self.badness(self.bar)

    def told(self, value: float | None) -> str:
        return "-" if value is None else f"{self.scale * value:.3g}{self.unit}"

    @property
    def asked(self) -> str:
        if self.bar is None:
            return "-"
        sign = {"lower": "≤", "higher": "≥", "near 1": "±"}[self.better]
        return f"{sign} {self.told(self.bar)}"

    def worst(self, values: Mapping[str, float]) -> str:
        """The name of the clip that does worst."""
        return max(values, key=lambda name: self.badness(values[name]))


# Five pictures a clip are compared by their identity, so that the mean over clips is the share of all of them.
FIGURES = (
    Figure("identity_top1", "top-1 identity among everybody", "higher", 0.98, 100, " %", statistics.fmean),
    Figure("identity_wanted", "dlib distance to the wanted", "lower", 0.42),
    Figure("identity_replaced", "dlib distance to the replaced", "higher", 0.65),
    Figure("flicker_ratio", "flicker, of the master's", "lower", 1.10),
    Figure("jitter_ratio", "trembling, of the master's", "lower"),
    Figure("missing_face_share", "frames that lost the face", "lower", None, 100, " %", statistics.fmean),
)
