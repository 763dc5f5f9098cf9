"""How well two curves over time agree when one of them is moved, piece by piece of the film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from countenance.quality.lips import F64

GRID_HZ = 100
REACH = 40  # grid steps to either side: offsets beyond 0.4 s are not looked for
LAGS = np.arange(-REACH, REACH + 1)
SURROGATES = 499
RESAMPLES = 200
_BLOCK_S, _SHORTEST_BLOCK_S, _LEAST_BLOCKS = 2.0, 0.5, 6
_AT_ONCE = 50
_DRIFTS = np.arange(-400.0, 401.0, 20.0)  # ms over the whole clip


@dataclass(frozen=True)
class Agreement:
    """Sums over pieces of the film `(pieces, lags)`: products of the mouth's curve with the sound that comes `LAGS`
    grid steps later, and the energies of both where they overlap; `middles_s` `(pieces,)` says when the pieces are."""

    products: F64
    mouth: F64
    sound: F64
    middles_s: F64

    def correlation(self, weights: F64 | None = None) -> F64:
        """Correlation -1..1 `(lags,)` over all pieces, or over those that count (`weights` `(pieces,)`, also
        `(n, pieces)` for `(n, lags)`)."""
        if weights is None:
            weights = np.ones(len(self.products))
        return np.asarray(
            weights @ self.products / np.sqrt((weights @ self.mouth) * (weights @ self.sound) + 1e-18), np.float64
        )


def agreement(mouth: F64, sound: F64, first_s: float) -> Agreement:
    """Of two curves `(n,)` on the grid of 100 Hz that begins at `first_s`; NaN in `mouth` is left out."""
    count = len(mouth)
    known = np.isfinite(mouth)
    lips = np.where(known, mouth, 0.0)
    seconds = count / GRID_HZ
    size = round(min(_BLOCK_S, max(_SHORTEST_BLOCK_S, seconds / _LEAST_BLOCKS)) * GRID_HZ)
    starts = np.arange(0, max(1, count - size // 2), size)
    there = np.pad(np.ones(count), REACH)
    beyond = np.pad(sound, REACH)
    sums: list[list[F64]] = [[], [], []]
    for start, stop in zip(starts, [*starts[1:].tolist(), count], strict=True):
        view = np.lib.stride_tricks.sliding_window_view(beyond[start : stop + 2 * REACH], 2 * REACH + 1)
        inside = np.lib.stride_tricks.sliding_window_view(there[start : stop + 2 * REACH], 2 * REACH + 1)
        here, seen = lips[start:stop], known[start:stop].astype(np.float64)
        sums[0].append(here @ view)
        sums[1].append(here**2 @ inside)
        sums[2].append(seen @ view**2)
    middles = first_s + (starts + np.append(starts[1:], count)) / 2 / GRID_HZ
    products, own, heard = (np.array(part) for part in sums)
    return Agreement(products, own, heard, middles)


def peak_ms(correlation: F64, near: tuple[float, float] | None = None) -> float | None:
    """By how many milliseconds the sound is later where curves agree best, between grid steps by a parabola.

    `near` limits the search to (from, to) in ms. None where the best place lies at the edge of what was looked at.
    """
    low, high = 0, len(correlation) - 1
    if near is not None:
        low = max(low, int(np.floor(near[0] / 1000 * GRID_HZ)) + REACH)
        high = min(high, int(np.ceil(near[1] / 1000 * GRID_HZ)) + REACH)
    if high - low < 2:
        return None
    best = low + int(np.argmax(correlation[low : high + 1]))
    if best in (low, high):
        return None
    return (best + _parabola(correlation[best - 1 : best + 2]) - REACH) * 1000 / GRID_HZ


def certainty(mouth: F64, sound: F64) -> float:
    """How surely two curves belong together: the share, 0..1, of false pairs that agree less at their best place.

    The false pairs are 499 curves of the mouth's spectrum and random phases (Theiler et al. 1992; fixed seed).
    """
    known = np.isfinite(mouth)
    lips = np.where(known, mouth, 0.0)
    count = len(lips)
    size = next_fast_len(count + 2 * REACH, real=True)
    heard = rfft(sound, size)
    best = _best(rfft(lips, size)[None], heard, size)[0]
    random = np.random.default_rng(0)
    spectrum = np.abs(rfft(lips))
    less = 0
    for start in range(0, SURROGATES, _AT_ONCE):
        turns = np.exp(2j * np.pi * random.random((min(_AT_ONCE, SURROGATES - start), len(spectrum))))
        others = irfft(spectrum * turns, count) * known
        less += int((_best(rfft(others, size), heard, size) < best).sum())
    return less / SURROGATES


def spread_ms(found: Agreement, near_ms: float) -> float:
    """Standard error of the best place: how it varies when pieces are drawn anew with replacement (Efron 1979)."""
    pieces = len(found.products)
    draws = np.random.default_rng(0).multinomial(pieces, np.full(pieces, 1 / pieces), RESAMPLES)
    curves = found.correlation(draws.astype(np.float64))
    places = [place for curve in curves if (place := peak_ms(curve, (near_ms - 150, near_ms + 150))) is not None]
    if len(places) < RESAMPLES / 2:
        return 150.0
    low, high = np.percentile(places, [16, 84])
    return float((high - low) / 2)


def drift_ms(found: Agreement) -> tuple[float, float, float] | None:
    """By how much the sound's delay grows from the clip's beginning to its end, and the 95 % interval of that.

    For each drift of up to ±400 ms the pieces' correlations are moved along a straight line and added up; the best
    agreement over drifts and delays counts, its interval is that of pieces drawn anew. None with too few pieces.
    """
    pieces = len(found.products)
    if pieces < 2 * _LEAST_BLOCKS:
        return None
    place = (found.middles_s - found.middles_s.mean()) / max(float(np.ptp(found.middles_s)), 1e-9)
    moved = np.stack([_moved(found.products, place * drift * GRID_HZ / 1000) for drift in _DRIFTS])
    draws = np.random.default_rng(0).multinomial(pieces, np.full(pieces, 1 / pieces), RESAMPLES)
    weights = np.concatenate([np.ones((1, pieces)), draws])
    best = np.max(np.tensordot(weights, moved, axes=(1, 1)), axis=2)  # (draws, drifts)
    drifts = np.array([_between(row) for row in best])
    low, high = np.percentile(drifts[1:], [2.5, 97.5])
    return float(drifts[0]), float(low), float(high)


def _between(row: F64) -> float:
    index = int(np.argmax(row))
    if index in (0, len(row) - 1):
        return float(_DRIFTS[index])
    return float(_DRIFTS[index] + _parabola(row[index - 1 : index + 2]) * (_DRIFTS[1] - _DRIFTS[0]))


def _moved(products: F64, steps: F64) -> F64:
    """Each row read that many grid steps further on; what lies beyond the ends counts as nothing."""
    at = np.arange(products.shape[1]) + steps[:, None]
    low = np.floor(at).astype(int)
    share = at - low
    padded = np.pad(products, ((0, 0), (REACH + 1, REACH + 2)))
    rows = np.arange(len(products))[:, None]
    low = np.clip(low + REACH + 1, 0, padded.shape[1] - 2)
    return np.asarray(padded[rows, low] * (1 - share) + padded[rows, low + 1] * share, np.float64)


def _best(mouths: NDArray[np.complex128], heard: NDArray[np.complex128], size: int) -> F64:
    """The highest product within reach, for spectra of mouths `(n, ...)` of equal energy."""
    around = irfft(np.conj(mouths) * heard, size)
    within = np.concatenate([around[:, -REACH:], around[:, : REACH + 1]], axis=1)
    energy = np.sqrt((np.abs(mouths) ** 2).sum(axis=1)) + 1e-12
    return np.asarray(within.max(axis=1) / energy, np.float64)


def _parabola(three: F64) -> float:
    """Where a parabola through three equally spaced values peaks, from the middle one."""
    bend = three[0] - 2 * three[1] + three[2]
    return float(0.5 * (three[0] - three[2]) / bend) if bend < 0 else 0.0
