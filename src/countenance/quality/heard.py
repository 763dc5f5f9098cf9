"""How a variant's mouth agrees with what is heard, for its report."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.quality.measured import Measured
from countenance.quality.series import curve
from countenance.quality.sync import av_offset, loudness_curve
from countenance.quality.tolerances import offset_curve, told_offset
from countenance.speech.phones import Phones


def tell_heard(
    found: Measured,
    opening: NDArray[np.float64],
    followed: slice,
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
    phones: Phones | None,
) -> None:
    """Add the offset between sound `(n,)` or `(n, channels)` and mouth, and the loudness over time.

    `opening` `(n,)` is that of the pictures whose mouth belongs to the sound, NaN in the others; `followed` are the
    pictures in which it was looked at; `phones`, where known, are what is said.
    """
    offset = av_offset(found.times_s[followed], opening[followed], samples, rate_hz, phones)
    found.figures["av_offset_ms"] = offset.offset_ms
    if offset.reason:
        found.reasons["av_offset_ms"] = offset.reason
    if offset.offset_ms is not None:
        found.notes.append(told_offset(offset))
        found.curves.append(offset_curve(offset))
    loudness = loudness_curve(samples, rate_hz, found.times_s)
    found.curves.append(curve("loudness", "Loudness of the speech", "dB", found.times_s, loudness))
