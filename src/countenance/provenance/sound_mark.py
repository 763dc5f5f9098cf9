"""The inaudible sound mark: put the 64-bit id of the release into what is heard.

Cells of the short-time spectrum are lifted or lowered by one to three decibels after a keyed pattern
(`sound_pattern`), all channels alike: a mix-down, another level or polarity leaves the pattern as it is, and so
does a lossy codec that keeps the sound. Because the change is a share of the sound itself, silence stays silent.
The reader is `sound_read`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, tee

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from scipy.signal import fftconvolve, firwin, resample_poly

from countenance.errors import InputError
from countenance.media.audio import Samples, columns, resampled
from countenance.provenance import payload
from countenance.provenance.sound_pattern import (
    BANDS,
    BIN_HZ,
    BINS_PER_BAND,
    FIRST_BIN,
    HOP,
    HOPS_PER_ROW,
    LAST_BIN,
    RATE_HZ,
    ROWS,
    WINDOW,
    keyed_sound_pattern,
)
from countenance.provenance.sound_stream import cut, in_pieces, in_short, noting_sizes, side_by_side

LOWEST_HZ, HIGHEST_HZ = 8_000, 96_000
STRENGTH = 0.11  # nepers in a cell as wide as the ear's own band; wider bands of the ear average over several cells
EASED, EASED_HZ, FULL_HZ = 0.4, 1500, 3000  # share of it where voices have their formants, rising to the whole
STEADY, LEAST_SHARE = 0.3, 0.3  # nepers from hop to hop below which a tone is steady, and what it still carries
BELOW_HOST_DB = -8.0  # the change never stands out of what is heard in its own band within 5 ms
MASKER_S = 0.005
CEILING_DBTP = -1.0
PEAK_REACH_S = 0.002
SILENT_S = 0.002  # a run of zeros this long is digital silence
_PIECE_S = 4
_MARGIN = 8 * HOP  # samples at 16 kHz within which all that a changed sample depends on lies
_PEAK_MARGIN_S = 0.02
_OVERSAMPLING = 4


class SoundMarker:
    """Writes one mark id into consecutive blocks of samples.

    `key`: the project's 32-byte mark key, from which the sound mark derives its own. `mark_id`: 64 bits. The sound
    has `rate_hz` from 8 to 96 kHz and any number of `channels`. Where the sound's true peak is below
    `ceiling_dbtp`, it stays there; the mark lifts no peak above it. Errors: InputError for a rate out of range.
    """

    def __init__(
        self, key: bytes, mark_id: int, rate_hz: int, channels: int, ceiling_dbtp: float = CEILING_DBTP
    ) -> None:
        if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
            raise InputError(f"Sound at {rate_hz} Hz cannot be marked: give it at {LOWEST_HZ} to {HIGHEST_HZ} Hz.")
        self.mark_id = mark_id
        self._rate_hz = rate_hz
        self._channels = channels
        self._ceiling = 10 ** (ceiling_dbtp / 20)
        self._nepers = _cell_nepers() * keyed_sound_pattern(key).cells(payload.encode(mark_id))

    def mark(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The marked sound of consecutive `blocks` (n, channels) float32, in blocks of the same sizes.

        Some seconds are read ahead; nothing is lost, added or moved at either end.
        """
        sizes: deque[int] = deque()
        short = in_short(noting_sizes(self._checked(blocks), sizes), self._rate_hz)
        original, heard = tee(short)
        coarse = resampled(heard, self._rate_hz, RATE_HZ)
        changes = resampled(in_pieces(coarse, _PIECE_S * RATE_HZ, _MARGIN, self._change), RATE_HZ, self._rate_hz)
        beside = side_by_side(original, changes)
        margin = round(_PEAK_MARGIN_S * self._rate_hz)
        yield from cut(in_pieces(beside, _PIECE_S * self._rate_hz, margin, self._add), sizes, self._channels)

    def _checked(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        for block in blocks:
            if block.ndim != 2 or block.shape[1] != self._channels:
                raise ValueError(f"blocks are to be (n, {self._channels}), not {block.shape}")
            yield block

    def _change(self, sound: Samples, start: int) -> Samples:
        """What the mark adds to `sound` (n, channels) at 16 kHz that begins at sample `start`, a multiple of a hop."""
        spectrum = _spectrum(sound)  # (channels, frames, bins)
        rows = (np.arange(spectrum.shape[1]) + start // HOP) // HOPS_PER_ROW % ROWS
        nepers = np.repeat(self._nepers[rows], BINS_PER_BAND, axis=1) * _bearable(spectrum)
        spectrum[..., :FIRST_BIN] = 0
        spectrum[..., FIRST_BIN:LAST_BIN] *= np.expm1(nepers)
        spectrum[..., LAST_BIN:] = 0
        change = _signal(spectrum, len(sound))
        return np.asarray(change * _masked(change, sound)[:, None], np.float32)

    def _add(self, beside: Samples, _start: int) -> Samples:
        """Sound and change side by side (n, 2 * channels) added up: zeros stay zeros, peaks stay below the ceiling."""
        sound, change = beside[:, : self._channels], beside[:, self._channels :]
        reach = 2 * round(SILENT_S * self._rate_hz / 2) + 1
        change = np.where(maximum_filter1d(np.abs(sound), reach, axis=0) > 0, change, np.float32(0))
        return sound + change * _room(sound, change, self._ceiling, self._rate_hz)[:, None]


def mark_blocks(blocks: Iterable[Samples], rate_hz: int, key: bytes, mark_id: int) -> Iterator[Samples]:
    """Mark consecutive blocks (n, channels) as `SoundMarker` does; the first tells how many channels there are."""
    rest = iter(blocks)
    first = next(rest, None)
    if first is not None:
        yield from SoundMarker(key, mark_id, rate_hz, first.shape[1]).mark(chain((first,), rest))


def mark_sound(samples: NDArray[np.float32], rate_hz: int, key: bytes, mark_id: int) -> Samples:
    """Mark a whole sound, (n,) or (n, channels) float32 in [-1, 1], as `SoundMarker` does; same shape."""
    table = np.asarray(columns(samples), np.float32)
    marker = SoundMarker(key, mark_id, rate_hz, table.shape[1])
    return np.concatenate([*marker.mark([table])]).reshape(samples.shape)


def _cell_nepers() -> NDArray[np.float32]:
    """Nepers by which each band's cells are lifted or lowered, (71,): by the width of the ear's band there.

    Equivalent rectangular bandwidth after Glasberg and Moore (1990).
    """
    middle_hz = (FIRST_BIN + BINS_PER_BAND * (np.arange(BANDS) + 0.5) - 0.5) * BIN_HZ
    ear_hz = 24.7 * (4.37 * middle_hz / 1000 + 1)
    eased = np.interp(middle_hz, (EASED_HZ, FULL_HZ), (EASED, 1.0))
    return np.asarray(STRENGTH * eased * np.sqrt(ear_hz / (BINS_PER_BAND * BIN_HZ)), np.float32)


def _window() -> NDArray[np.float32]:
    return np.asarray(np.sin(np.pi * np.arange(WINDOW) / WINDOW), np.float32)


def _spectrum(sound: Samples) -> NDArray[np.complex64]:
    """(channels, frames, bins) of (n, channels): frame number i is centred on sample i * HOP."""
    ends = (HOP, HOP + -len(sound) % HOP)
    padded = np.pad(sound.T, ((0, 0), ends))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP]
    return np.asarray(scipy.fft.rfft(frames * _window(), axis=2), np.complex64)


def _signal(spectrum: NDArray[np.complex64], length: int) -> Samples:
    """The inverse of `_spectrum`: (n, channels)."""
    frames = scipy.fft.irfft(spectrum, WINDOW, axis=2) * _window()
    halves = frames[:, 1:, :HOP] + frames[:, :-1, HOP:]
    return np.asarray(halves.reshape(len(spectrum), -1)[:, :length].T, np.float32)


def _bearable(spectrum: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Share of the full strength (frames, bins) that each place bears: less where a tone stands still.

    A steady tone that becomes louder and softer is heard long before noise or a voice that does the same.
    """
    power = (np.abs(spectrum[..., FIRST_BIN:LAST_BIN]) ** 2).sum(axis=0)
    level = 0.5 * np.log(power + 1e-14)
    steps = np.abs(np.diff(level, axis=0, append=level[-1:]))
    share = uniform_filter1d(steps, 8, axis=0, mode="nearest") / STEADY
    return np.asarray(np.clip(share, LEAST_SHARE, 1.0), np.float32)


def _masked(change: Samples, sound: Samples) -> NDArray[np.float32]:
    """Gain (n,) that keeps the change below what is heard in its own band at that moment, all channels together."""
    high = fftconvolve(sound, _high_pass()[:, None], mode="same", axes=0)
    size = round(MASKER_S * RATE_HZ)
    heard, added = (uniform_filter1d((part**2).sum(axis=1), size, mode="constant") for part in (high, change))
    allowed = 10 ** (BELOW_HOST_DB / 10) * np.maximum(heard, 0.0)
    return np.asarray(np.sqrt(np.minimum(1.0, allowed / np.maximum(added, 1e-20))), np.float32)


def _high_pass() -> NDArray[np.float64]:
    return np.asarray(firwin(63, (FIRST_BIN - 1) * BIN_HZ, pass_zero=False, fs=RATE_HZ), np.float64)


def _room(sound: Samples, change: Samples, ceiling: float, rate_hz: int) -> NDArray[np.float32]:
    """Gain (n,) of the change with which no true peak rises above the ceiling, or above its own height beyond it."""
    if np.abs(sound).max(initial=0.0) * 1.5 < ceiling:
        return np.ones(len(sound), np.float32)
    fine, added = (resample_poly(part, _OVERSAMPLING, 1, axis=0) for part in (sound, change))
    limit = np.maximum(0.99 * ceiling, np.abs(fine))
    toward = np.abs(fine + added) > limit
    share = np.where(toward, (limit - np.abs(fine)) / np.maximum(np.abs(added), 1e-9), 1.0)
    lowest = np.clip(share, 0.0, 1.0).min(axis=1).reshape(-1, _OVERSAMPLING).min(axis=1)
    reach = max(1, round(PEAK_REACH_S * rate_hz))
    lowest = minimum_filter1d(lowest, 2 * reach + 1, mode="nearest")
    return np.asarray(uniform_filter1d(lowest, 2 * reach + 1, mode="nearest"), np.float32)
