"""How loud a sound is, and making it as loud as a platform wants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve, resample_poly, sosfilt

from countenance.errors import InputError
from countenance.media.audio import Samples, columns, resampled

BLOCK_S = 0.4
STEP_S = 0.1  # gating blocks overlap by three quarters
SILENCE_LUFS, BELOW_MEAN_LU = -70.0, 10.0  # gates of BS.1770-4, annex 1
SHORT_TERM_S, RANGE_BELOW_MEAN_LU = 3.0, 20.0  # EBU Tech 3341 and 3342
OVERSAMPLING = 4
LOOK_AHEAD_S = 0.005
WITHOUT_LFE = [0, 1, 2, 4, 5]  # FFmpeg's 5.1 order is L R C LFE Ls Rs; BS.1770 leaves the LFE out
CHANNEL_GAINS = np.array([1.0, 1.0, 1.0, 1.41, 1.41])
_PIECE_S = 10  # what is worked on at a time, so that memory does not grow with the sound
_ROUNDS = 8  # of limiting and measuring anew, at most


@dataclass(frozen=True)
class Loudness:
    """`lufs`: gated programme loudness, `peak_dbtp`: true peak; -inf both for silence."""

    lufs: float
    peak_dbtp: float


def measure_loudness(blocks: Iterable[NDArray[np.floating[Any]]], rate_hz: int) -> Loudness:
    """Loudness and true peak of consecutive blocks (n, channels <= 6), read once and never held.

    Gated programme loudness and 4x oversampled peak after ITU-R BS.1770-4, annexes 1 and 2. A sound shorter than
    one 0.4 s gating block is measured ungated over its own length. Errors: InputError for too many channels.
    """
    gate = _Gate(rate_hz)

    def weighed() -> Iterator[Samples]:
        for block in blocks:
            gate.add(columns(block))
            yield np.asarray(columns(block), np.float32)

    peak_dbtp = _highest_dbtp(weighed(), rate_hz)
    return Loudness(gate.lufs(), peak_dbtp)


@dataclass(frozen=True)
class Programme:
    """A whole sound by EBU R128: `lufs` integrated, `range_lu` loudness range, the highest `momentary_lufs` (0.4 s) and
    `short_term_lufs` (3 s), `peak_dbtp` true peak. Loudness is -inf for silence, `range_lu` 0."""

    lufs: float
    range_lu: float
    momentary_lufs: float
    short_term_lufs: float
    peak_dbtp: float


def measure_programme(blocks: Iterable[NDArray[np.floating[Any]]], rate_hz: int) -> Programme:
    """All figures of EBU R128 of consecutive blocks (n, channels <= 6), read once and never held.

    Momentary and short-term loudness after EBU Tech 3341, in steps of 0.1 s; the range after EBU Tech 3342: between the
    10th and 95th percentile of the short-term loudness that is above -70 LUFS and above the mean of that less 20 LU.
    A sound shorter than 3 s has its integrated loudness as short-term loudness. Errors: as `measure_loudness`.
    """
    gate = _Gate(rate_hz)

    def weighed() -> Iterator[Samples]:
        for block in blocks:
            gate.add(columns(block))
            yield np.asarray(columns(block), np.float32)

    peak_dbtp = _highest_dbtp(weighed(), rate_hz)
    lufs = gate.lufs()
    momentary, short = gate.over(BLOCK_S), gate.over(SHORT_TERM_S)
    return Programme(
        lufs,
        _range_lu(short),
        _lufs_of(float(momentary.max())) if len(momentary) else lufs,
        _lufs_of(float(short.max())) if len(short) else lufs,
        peak_dbtp,
    )


def _range_lu(short: NDArray[np.float64]) -> float:
    """Loudness range of short-term powers after EBU Tech 3342."""
    heard = short[short > _power_of(SILENCE_LUFS)]
    if not len(heard):
        return 0.0
    loud = heard[heard > heard.mean() / 10 ** (RANGE_BELOW_MEAN_LU / 10)]
    low, high = np.percentile(10 * np.log10(loud), [10, 95])
    return float(high - low)


def integrated_lufs(samples: NDArray[np.floating[Any]], rate_hz: int) -> float:
    """Gated programme loudness of (n,) or (n, channels <= 6) as in `measure_loudness`."""
    gate = _Gate(rate_hz)
    for piece in _pieces(columns(samples), rate_hz):
        gate.add(piece)
    return gate.lufs()


def true_peak_dbtp(samples: NDArray[np.floating[Any]], rate_hz: int) -> float:
    """Highest level between the samples of (n,) or (n, channels) as in `measure_loudness`, in dB of full scale."""
    return _highest_dbtp(_pieces(columns(samples), rate_hz), rate_hz)


def _highest_dbtp(blocks: Iterable[Samples], rate_hz: int) -> float:
    peak = 0.0

    def seen() -> Iterator[Samples]:
        nonlocal peak
        for block in blocks:
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            yield block

    for fine in resampled(seen(), rate_hz, OVERSAMPLING * rate_hz):
        peak = max(peak, float(np.abs(fine).max(initial=0.0)))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _pieces(table: NDArray[np.floating[Any]], rate_hz: int) -> Iterator[NDArray[np.floating[Any]]]:
    size = _PIECE_S * rate_hz
    return (table[start : start + size] for start in range(0, len(table), size))


class _Gate:
    """Power of each 0.1 s of K-weighted sound, all channels together, and the gates over it."""

    def __init__(self, rate_hz: int) -> None:
        self._sections = k_weighting(rate_hz)
        self._step = round(STEP_S * rate_hz)
        self._state: NDArray[np.float64] | None = None
        self._rest = np.zeros(0)  # weighted power of the step that is not full yet, sample by sample
        self._powers: list[NDArray[np.float64]] = []
        self._length = 0

    def add(self, block: NDArray[np.floating[Any]]) -> None:
        """The next (n, channels)."""
        channels = block.shape[1]
        if channels > 6:
            raise InputError(f"Loudness of {channels} channels is not defined here: mix down to 5.1 or stereo.")
        if not len(block):
            return
        table = np.asarray(block[:, WITHOUT_LFE] if channels == 6 else block, np.float64)
        if self._state is None:
            self._state = np.zeros((len(self._sections), 2, table.shape[1]))
        weighted, self._state = sosfilt(self._sections, table, axis=0, zi=self._state)
        power = np.concatenate([self._rest, weighted**2 @ CHANNEL_GAINS[: table.shape[1]]])
        full = len(power) // self._step * self._step
        self._powers.append(power[:full].reshape(-1, self._step).mean(axis=1))
        self._rest = power[full:]
        self._length += len(block)

    def over(self, seconds: float) -> NDArray[np.float64]:
        """Power of each stretch of that length, one every 0.1 s; empty for a shorter sound."""
        powers = np.concatenate(self._powers) if self._powers else np.zeros(0)
        steps = round(seconds / STEP_S)
        return np.convolve(powers, np.full(steps, 1 / steps), mode="valid") if len(powers) >= steps else np.zeros(0)

    def lufs(self) -> float:
        steps = round(BLOCK_S / STEP_S)
        least = steps * self._step
        if self._length < least:
            power = np.concatenate([np.repeat(part, self._step) for part in self._powers] + [self._rest])
            return _lufs_of(float(power.sum()) / max(self._length, 1))
        powers = np.concatenate(self._powers)
        blocks = np.convolve(powers, np.full(steps, 1 / steps), mode="valid")
        heard = blocks[blocks > _power_of(SILENCE_LUFS)]
        if not len(heard):
            return -math.inf
        return _lufs_of(float(heard[heard > heard.mean() / 10 ** (BELOW_MEAN_LU / 10)].mean()))


def _lufs_of(power: float) -> float:
    return -0.691 + 10 * math.log10(power) if power > 0 else -math.inf


def _power_of(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def k_weighting(rate_hz: int) -> NDArray[np.float64]:
    """The two filters of BS.1770-4, annex 1, as second-order sections (2, 6) for any sample rate.

    The recommendation gives the numbers for 48 kHz only; these are the analogue filters behind them (De Man,
    "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018), warped anew.
    """
    tan = math.tan(math.pi * 1681.974450955533 / rate_hz)
    high, quality = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    middle = high**0.4996667741545416
    over = 1 + tan / quality + tan**2
    shelf = [
        (high + middle * tan / quality + tan**2) / over,
        2 * (tan**2 - high) / over,
        (high - middle * tan / quality + tan**2) / over,
        1.0,
        2 * (tan**2 - 1) / over,
        (1 - tan / quality + tan**2) / over,
    ]
    tan, quality = math.tan(math.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    over = 1 + tan / quality + tan**2
    cut = [1.0, -2.0, 1.0, 1.0, 2 * (tan**2 - 1) / over, (1 - tan / quality + tan**2) / over]
    return np.array([shelf, cut])


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
    result = limited(samples * 10 ** (drive_db / 20), rate_hz, ceiling_dbtp)
    for _ in range(_ROUNDS):
        missing_db = target_lufs - integrated_lufs(result, rate_hz)
        if abs(missing_db) < 0.05:
            break
        drive_db += missing_db
        result = limited(samples * 10 ** (drive_db / 20), rate_hz, ceiling_dbtp)
    return result.astype(np.float32)


def _peaks(samples: NDArray[np.floating[Any]], rate_hz: int) -> NDArray[np.float64]:
    """(n,) highest magnitude at and just after each sample, over all channels."""
    table, size, reach = columns(samples), _PIECE_S * rate_hz, 10  # samples that resample_poly's filter spans
    peaks = np.zeros(len(table))
    for start in range(0, len(table), size):
        lead = min(start, reach)
        piece = table[start - lead : start + size + reach].astype(np.float64)
        fine = np.abs(resample_poly(piece, OVERSAMPLING, 1, axis=0)).max(axis=1).reshape(-1, OVERSAMPLING).max(axis=1)
        whole = np.maximum(fine, np.abs(piece).max(axis=1))[lead:]
        peaks[start : start + size] = whole[:size]
    return peaks


def limited(samples: NDArray[np.floating[Any]], rate_hz: int, ceiling_dbtp: float) -> NDArray[np.floating[Any]]:
    """Samples (n,) or (n, channels) whose true peak keeps a ceiling: turned down before a peak, up again after it.

    A changing gain can lift the true peak, so it is done again until it does not.
    """
    ceiling = 10 ** (ceiling_dbtp / 20) * (1 - 1e-5)  # float32 rounds, and a ceiling that is met is not broken
    aim = ceiling
    for _ in range(4):
        peaks = _peaks(samples, rate_hz)
        if peaks.max(initial=0.0) <= ceiling:
            return samples
        gain = _smooth_gain(np.minimum(1.0, aim / np.maximum(peaks, 1e-12)), rate_hz)
        samples = samples * gain.reshape(-1, *[1] * (samples.ndim - 1))
        aim *= 0.995
    return samples * min(1.0, ceiling / float(_peaks(samples, rate_hz).max(initial=ceiling)))


def _smooth_gain(wanted: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Smooth and never above `wanted`: the minimum over a window, then a mean over the same window."""
    reach = max(1, round(LOOK_AHEAD_S * rate_hz))
    lowest = minimum_filter1d(wanted, 2 * reach + 1, mode="nearest")
    kernel = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(lowest, reach, mode="edge")
    return np.asarray(fftconvolve(padded, kernel / kernel.sum(), mode="valid"), dtype=np.float64)
