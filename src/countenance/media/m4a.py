"""Sound alone in a file that plays everywhere: AAC in an MP4."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import at_most_stereo, columns

BIT_RATE = 192_000
_BLOCK = 1024


def write_m4a(target: Path, samples: NDArray[np.floating[Any]], rate_hz: int) -> None:
    """Write `(n,)` or `(n, channels)` as AAC at 192 kbit/s; more than two channels are mixed down to stereo.

    Errors: InputError when there is nothing to write.
    """
    table = at_most_stereo(np.asarray(columns(samples), np.float32))
    if not len(table):
        raise InputError(f"{target.name}: there was no sound to encode.")
    layout = "stereo" if table.shape[1] == 2 else "mono"
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("aac", rate=rate_hz, layout=layout)
        stream.bit_rate = BIT_RATE
        for start in range(0, len(table), _BLOCK):
            part = np.ascontiguousarray(table[start : start + _BLOCK].T)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate = rate_hz
            frame.pts, frame.time_base = start, Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
