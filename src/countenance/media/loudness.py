"""How loud a sound is, and making it as loud as a platform wants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve, resample_poly

from countenance.errors import InputError
from countenance.media.audio import Samples, columns

BLOCK_S = 0.4
OVERSAMPLING = 4
LOOK_AHEAD_S = 0.005
WITHOUT_LFE = [0, 1, 2, 4, 5]  # FFmpeg's 5.1 order is L R C LFE Ls Rs; BS.1770 leaves the LFE out


def integrated_lufs(samples: NDArray[np.floating[Any]], rate_hz: int) -> float:
    """Gated programme loudness (ITU-R BS.1770-4) of (n,) or (n, channels <= 6); -inf for silence.

    A sound shorter than one 0.4 s gating block is measured ungated over its own length.
    """
    table = columns(samples).astype(np.float64)
    if table.shape[1] > 6:
        raise InputError(f"Loudness of {table.shape[1]} channels is not defined here: mix down to 5.1 or stereo.")
    if table.shape[1] == 6:
        table = table[:, WITHOUT_LFE]
    if len(table) == 0 or not np.any(table):
        return -math.inf
    block, own = math.ceil(BLOCK_S * rate_hz), len(table)
    if own < block:
        table = np.pad(table, ((0, block - own), (0, 0)))
    lufs = float(pyloudnorm.Meter(rate_hz).integrated_loudness(table))
    return lufs + 10 * math.log10(max(block / own, 1.0))


def true_peak_dbtp(samples: NDArray[np.floating[Any]], rate_hz: int) -> float:
    """Highest level between the samples (4x oversampled, ITU-R BS.1770-4 annex 2), in dB of full scale."""
    del rate_hz  # the ratio is the same at every rate; named for symmetry with integrated_lufs
    peak = float(_peaks(samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def normalise(
    samples: NDArray[np.floating[Any]], rate_hz: int, target_lufs: float = -16.0, ceiling_dbtp: float = -1.0
) -> Samples:
    """Bring a sound to `target_lufs`; only where the ceiling would break does a look-ahead limiter pull it
    down.

    The ceiling always holds. A sound of single clicks may stay quieter than the target. Silence comes back as
    is.
    """
    loudness = integrated_lufs(samples, rate_hz)
    if not math.isfinite(loudness):
        return samples.astype(np.float32)
    drive_db = target_lufs - loudness
    result = _limited(samples * 10 ** (drive_db / 20), rate_hz, ceiling_dbtp)
    for _ in range(4):
        missing_db = target_lufs - integrated_lufs(result, rate_hz)
        if abs(missing_db) < 0.05:
            break
        drive_db += missing_db
        result = _limited(samples * 10 ** (drive_db / 20), rate_hz, ceiling_dbtp)
    return result.astype(np.float32)


def _peaks(samples: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """(n,) highest magnitude at and just after each sample, over all channels."""
    table = columns(samples).astype(np.float64)
    if len(table) == 0:
        return np.zeros(0)
    fine = np.abs(resample_poly(table, OVERSAMPLING, 1, axis=0)).max(axis=1)
    peaks: NDArray[np.float64] = np.maximum(fine.reshape(-1, OVERSAMPLING).max(axis=1), np.abs(table).max(axis=1))
    return peaks


def _limited(samples: NDArray[np.floating[Any]], rate_hz: int, ceiling_dbtp: float) -> NDArray[np.floating[Any]]:
    """Turn down before a peak, recover after it; a changing gain can lift the true peak, so repeat."""
    ceiling = 10 ** (ceiling_dbtp / 20)
    aim = ceiling
    for _ in range(4):
        peaks = _peaks(samples)
        if peaks.max(initial=0.0) <= ceiling:
            return samples
        gain = _smooth_gain(np.minimum(1.0, aim / np.maximum(peaks, 1e-12)), rate_hz)
        samples = samples * gain.reshape(-1, *[1] * (samples.ndim - 1))
        aim *= 0.995
    return samples * min(1.0, ceiling / float(_peaks(samples).max(initial=ceiling)))


def _smooth_gain(wanted: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Smooth and never above `wanted`: the minimum over a window, then a mean over the same window."""
    reach = max(1, round(LOOK_AHEAD_S * rate_hz))
    lowest = minimum_filter1d(wanted, 2 * reach + 1, mode="nearest")
    kernel = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(lowest, reach, mode="edge")
    return np.asarray(fftconvolve(padded, kernel / kernel.sum(), mode="valid"), dtype=np.float64)
