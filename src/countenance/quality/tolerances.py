"""What offsets between sound and picture the field allows, and offsets put into words.

Everywhere positive means that the sound is early: it comes before the mouth that makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from countenance.quality.series import curve
from countenance.quality.sync import Offset

SIGN = "plus: the sound is early, minus: the sound is late"


@dataclass(frozen=True)
class Tolerance:
    """The sound may be early by `early_ms` and late by `late_ms`."""

    name: str
    early_ms: float
    late_ms: float

    def allows(self, offset_ms: float) -> bool:
        return -self.late_ms <= offset_ms <= self.early_ms

    def describe(self, offset: Offset) -> dict[str, Any]:
        """The limits and whether the offset keeps them: True, False, or None where its interval leaves it open."""
        ends = [value for value in (offset.low_ms, offset.offset_ms, offset.high_ms) if value is not None]
        kept = {self.allows(value) for value in ends}
        return {
            "name": self.name,
            "early_ms": self.early_ms,
            "late_ms": self.late_ms,
            "kept": kept.pop() if len(kept) == 1 else None,
        }


# Narrow to wide. ITU-R BT.1359-1: detectability and acceptability; EBU R37-2007: at the transmitter; ATSC IS-191:
# at the encoder's input. 45, 80 and 120 ms either way are what streaming and dubbing houses commonly ask for.
TOLERANCES = (
    Tolerance("ATSC IS-191", 15, 45),
    Tolerance("EBU R37", 40, 60),
    Tolerance("45 ms", 45, 45),
    Tolerance("80 ms", 80, 80),
    Tolerance("ITU-R BT.1359, detectable", 45, 125),
    Tolerance("120 ms", 120, 120),
    Tolerance("ITU-R BT.1359, acceptable", 90, 185),
)


def told_offset(offset: Offset) -> str:
    """An offset that was measured, in one or two sentences with its interval, and drift where there is some."""
    assert offset.offset_ms is not None and offset.low_ms is not None and offset.high_ms is not None
    told = (
        f"Lips against sound: {offset.offset_ms:+.0f} ms, with 95 % between {offset.low_ms:+.0f} and "
        f"{offset.high_ms:+.0f} ms ({SIGN})."
    )
    if offset.drifts:
        assert offset.drift_ms is not None
        told += f" The sound drifts: the offset changes by {offset.drift_ms:+.0f} ms from beginning to end."
    return told.replace("-", "\u2212")


def offset_curve(offset: Offset) -> dict[str, Any]:
    """The offset over time in the format of qc.json."""
    times = np.array([time for time, _ in offset.curve])
    values = np.array([np.nan if value is None else value for _, value in offset.curve])
    return curve("av_offset_ms", "Lips against sound", "ms", times, values)
