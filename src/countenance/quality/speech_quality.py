"""How well speech survived an encode, by published meters that compare it with the speech before.

Optional: `pip install 'countenance[quality]'`. The meters know degradation of a signal, not whether a voice is good.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import mono, resample
from countenance.speech.activity import speech_span

PESQ_HZ, VISQOL_HZ = 16_000, 16_000
_LONGEST_S, _SHORTEST_S = 20, 0.5  # both were made for sentences


@dataclass(frozen=True)
class SpeechQuality:
    """Mean opinion scores 1..5 (PESQ up to 4.64); None where that meter is not installed or gave no figure.

    `pesq`: ITU-T P.862.2, wideband, 16 kHz. `visqol`: ViSQOL v3 in speech mode (Chinen et al. 2020), 16 kHz.
    """

    pesq: float | None
    visqol: float | None


def speech_quality(before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]], rate_hz: int) -> SpeechQuality:
    """Compare `after` with `before`, both (n,) or (n, channels) in [-1, 1] at one rate, laid one on the other.

    The loudest 20 s count. Raises InputError where neither meter is installed, or there is under half a second.
    """
    meters = [_imported("pesq"), _imported("visqol")]
    if meters == [None, None]:
        raise InputError(
            "no meter of speech quality is installed; run `pip install 'countenance[quality]'` for PESQ and ViSQOL."
        )
    count = min(len(before), len(after))
    if count < _SHORTEST_S * rate_hz:
        raise InputError("speech quality needs half a second of sound before and after at least.")
    one, other = _loudest(mono(before[:count]), mono(after[:count]), rate_hz)
    return SpeechQuality(
        None if meters[0] is None else _pesq(meters[0], one, other, rate_hz),
        None if meters[1] is None else _visqol(meters[1], one, other, rate_hz),
    )


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _loudest(
    before: NDArray[np.float32], after: NDArray[np.float32], rate_hz: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    size = _LONGEST_S * rate_hz
    if len(before) <= size:
        return before, after
    energy = np.concatenate([[0.0], np.cumsum(before.astype(np.float64) ** 2)])
    starts = np.arange(0, len(before) - size + 1, rate_hz)
    best = int(starts[np.argmax(energy[starts + size] - energy[starts])])
    return before[best : best + size], after[best : best + size]


def _pesq(meter: Any, before: NDArray[np.float32], after: NDArray[np.float32], rate_hz: int) -> float | None:
    if speech_span(before, rate_hz) is None or speech_span(after, rate_hz) is None:
        return None
    pair = (resample(one, rate_hz, PESQ_HZ) for one in (before, after))
    return float(meter.pesq(PESQ_HZ, *pair, "wb"))


def _visqol(meter: Any, before: NDArray[np.float32], after: NDArray[np.float32], rate_hz: int) -> float | None:
    pair = (resample(one, rate_hz, VISQOL_HZ).astype(np.float64) for one in (before, after))
    api = meter.VisqolApi()
    api.create(mode="speech")
    return float(api.measure_from_arrays(*pair, sample_rate=VISQOL_HZ).moslqo)
