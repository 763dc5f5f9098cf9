"""What is asked of a swap, figure by figure, and how several clips become one number."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of the meter: how it is told, what is asked, and which direction is better.

    `better` is "lower", "higher", "near 1", or "" for what only describes; `whole` makes one number of all clips'.
    """

    key: str
    label: str
    better: str
    bar: float | None = None
    scale: float = 1.0
    unit: str = ""
    whole: Callable[[list[float]], float] = statistics.median

    def badness(self, value: float) -> float:
        return {"lower": value, "higher": -value, "near 1": abs(math.log(max(value, 1e-9))), "": 0.0}[self.better]

    def told(self, value: float | None) -> str:
        return "-" if value is None else f"{self.scale * value:.3g}{self.unit}"

    @property
    def asked(self) -> str:
        if self.bar is None:
            return "-"
        return f"{'≤' if self.better == 'lower' else '≥'} {self.told(self.bar)}"

    def met(self, value: float) -> str:
        """Whether a value meets the bar."""
        return "-" if self.bar is None else yes(self.badness(value) <= self.badness(self.bar))

    def beats(self, ours: float, theirs: float) -> str:
        """Whether ours is better than theirs."""
        if not self.better:
            return "-"
        return "equal" if self.told(ours) == self.told(theirs) else yes(self.badness(ours) < self.badness(theirs))

    def worst(self, values: Mapping[str, float]) -> str:
        """The clip that does worst, and how badly."""
        if not self.better:
            return "-"
        name = max(values, key=lambda name: self.badness(values[name]))
        return f"{name}: {self.told(values[name])}"


def yes(so: bool) -> str:
    return "yes" if so else "no"


def _share(key: str, label: str, better: str = "", bar: float | None = None) -> Figure:
    return Figure(key, label, better, bar, 100, " %", statistics.fmean)


# In every clip the same number of pictures is compared by identity, so that the mean over clips is the share of all.
FIGURES = (
    _share("identity_top1", "top-1 identity", "higher", 0.98),
    Figure("identity_wanted", "dlib to the wanted", "lower", 0.42),
    Figure("identity_replaced", "dlib to the replaced", "higher", 0.65),
    Figure("pose_error_deg", "head pose error", "lower", 1.2, unit="°"),
    Figure("pose_motion_deg", "the same but for a constant part", "lower", unit="°"),
    Figure("lids_error", "lids error, of the eye distance", "lower", 0.02, 100, " %"),
    Figure("lips_error", "lips error, of the eye distance", "lower", 0.02, 100, " %"),
    Figure("lids_kept", "lid movement kept", "higher", None, 100, " %"),
    Figure("lips_kept", "lip movement kept", "higher", None, 100, " %"),
    Figure("gaze_error_deg", "gaze error", "lower", unit="°"),
    Figure("flicker_ratio", "flicker, of the master's", "lower", 1.10),
    Figure("jitter_ratio", "trembling, of the master's", "lower"),
    Figure("seam_delta_e_median", "seam ΔE2000, median", "lower", 1.0),
    Figure("seam_delta_e_p95", "seam ΔE2000, 95th percentile", "lower", 2.0),
    Figure("sharpness_ratio", "sharpness, of the master's", "near 1"),
    Figure("noise_ratio", "noise, of the master's", "near 1"),
    Figure("eyes_ssim", "eyes as in the master (SSIM)", ""),
    Figure("mouth_ssim", "mouth as in the master (SSIM)", ""),
    _share("painted_share", "painted"),
    _share("faded_share", "faded"),
    _share("untouched_share", "left as shot"),
    _share("missing_face_share", "face lost", "lower"),
)
