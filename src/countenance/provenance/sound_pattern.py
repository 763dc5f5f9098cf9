"""The keyed pattern of the sound mark: which cells of time and frequency are lifted or lowered, and for what.

All work is done at 16 kHz. The spectrum from 1.5 to 7.2 kHz is cut into cells of 80 Hz and 50 ms; 80 rows of
71 cells make the pattern, which repeats every four seconds. One cell in four is pilot, known to the key holder
whatever the id, and shows where the pattern lies; every other one carries one sign of the code word. Lower
frequencies are left alone: they are what ears and quality meters mind first, and a voice's harmonics are so
uneven there that a cell says little.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from countenance.provenance.payload import CODE_SIGNS

KEY_BYTES = 32
RATE_HZ = 16_000
WINDOW = 400  # samples, 25 ms
HOP = WINDOW // 2
BIN_HZ = RATE_HZ // WINDOW  # 40
FIRST_BIN = 38  # 1520 Hz
BINS_PER_BAND = 2
BANDS = 71
LAST_BIN = FIRST_BIN + BANDS * BINS_PER_BAND  # the first that is not marked any more, 7200 Hz
HOPS_PER_ROW = 4
ROWS = 80
PERIOD_S = ROWS * HOPS_PER_ROW * HOP / RATE_HZ  # 4.0
PILOT_GROUP = 4  # one cell in four is pilot


@dataclass(frozen=True)
class SoundPattern:
    """`pilot` (80, 71) float32: +1 or -1 at pilot cells, else 0. `rows`, `columns`, `signs`, `owners` (n,): where the
    other cells stand, their keyed signs, and which of the 352 code signs each carries."""

    pilot: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    signs: NDArray[np.float32]
    owners: NDArray[np.int64]

    @cached_property
    def pilot_spectra(self) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """What finds the pilot at any row by multiplication: of its signs and of where it stands, (41, 71) each."""
        return scipy.fft.rfft(self.pilot, axis=0).conj(), scipy.fft.rfft(np.abs(self.pilot), axis=0).conj()

    def cells(self, code: NDArray[np.float32]) -> NDArray[np.float32]:
        """The whole pattern (80, 71) of +1 (lift) and -1 (lower) for the 352 `code` signs."""
        cells = self.pilot.copy()
        cells[self.rows, self.columns] = self.signs * code[self.owners]
        return cells

    def votes(self, seen: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum up what the cells (80, 71) as `seen` say about each of the 352 code signs, in units of their noise.

        A code sign in whose cells little was heard, because somebody paused there, thus gets a small value.
        """
        said = seen[self.rows, self.columns] * self.signs
        return np.bincount(self.owners, said, CODE_SIGNS).astype(np.float64)


@lru_cache(maxsize=16)
def keyed_sound_pattern(key: bytes) -> SoundPattern:
    """Lay out the pattern for a 32-byte `key`; the same on every machine and with every library version."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a mark key has {KEY_BYTES} bytes, not {len(key)}")
    cells = ROWS * BANDS
    signs = (1.0 - 2.0 * (_stream(key, "signs", cells) >> np.uint64(63))).astype(np.float32)
    # Cell number n is in row n % ROWS and band n // ROWS, so neighbours in number are of like frequency.
    is_pilot = np.zeros(cells, bool)
    groups = _stream(key, "pilot", cells).reshape(-1, PILOT_GROUP)
    is_pilot[np.arange(0, cells, PILOT_GROUP) + groups.argmax(axis=1)] = True
    number = np.arange(cells)
    pilot = np.zeros((ROWS, BANDS), np.float32)
    pilot[number[is_pilot] % ROWS, number[is_pilot] // ROWS] = signs[is_pilot]
    data = number[~is_pilot]
    return SoundPattern(pilot, data % ROWS, data // ROWS, signs[data], _owners(key, len(data)))


def _owners(key: bytes, count: int) -> NDArray[np.int64]:
    """Code sign of each cell: each has one among 352 cells of like frequency, so all are equally safe."""
    rounds = -(-count // CODE_SIGNS)
    shuffled = np.argsort(_stream(key, "owners", rounds * CODE_SIGNS).reshape(rounds, -1), axis=1)
    return shuffled.ravel()[:count]


def _stream(key: bytes, purpose: str, count: int) -> NDArray[np.uint64]:
    digest = hashlib.shake_256(b"countenance sound mark 1\0" + purpose.encode() + b"\0" + key)
    return np.frombuffer(digest.digest(8 * count), "<u8").astype(np.uint64)
