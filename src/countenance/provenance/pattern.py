"""The keyed pattern of the picture mark: which frequencies carry what, and one tile of it.

The mark is a square tile of noise that repeats over the picture without seams. Its discrete Fourier spectrum
is filled in a ring: every fifth frequency is pilot, known to the key holder whatever the id, and shows where
the tiles lie; the real and the imaginary part of every other one carry one sign of the code word each. What
carries which sign how comes in `VARIANTS` layouts, so that one shot's tile tells little about the next one's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from countenance.provenance.payload import CODE_SIGNS

KEY_BYTES = 32
TILE_PX = 256
MARK_SPACE_PX = 720
LOWEST_CYCLES = 10  # per tile: period 26 px; coarser noise would show as blotches on skin
HIGHEST_CYCLES = 28  # period 9 px; finer noise would not survive a halved picture
PILOT_GROUP = 5  # one frequency in five is pilot
VARIANTS = 4


@dataclass(frozen=True)
class Layout:
    """How one variant's data frequencies carry the code signs.

    `phases` (n,) complex are their keyed signs ±1 ± 1j; `owners` (n, 2) which code sign the real and the
    imaginary part carry.
    """

    phases: NDArray[np.complex128]
    owners: NDArray[np.int64]


@dataclass(frozen=True)
class Pattern:
    """Where in a tile's spectrum (256, 256) the pilot and the code signs stand.

    `rows`, `columns` (n,) are the data frequencies of a half plane in cycles per tile, sorted by radius;
    `pilot_rows`, `pilot_columns`, `pilot_values` (p,) those of the pilot and what it is there, ±1 ± 1j;
    `layouts` one for each variant.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    pilot_rows: NDArray[np.int64]
    pilot_columns: NDArray[np.int64]
    pilot_values: NDArray[np.complex128]
    layouts: tuple[Layout, ...]

    @cached_property
    def pilot_conjugate(self) -> NDArray[np.complex64]:
        """Complex conjugate of the pilot's half spectrum (256, 129)."""
        whole = _spectrum(self.pilot_rows, self.pilot_columns, self.pilot_values)
        return np.asarray(whole[:, : TILE_PX // 2 + 1].conj(), np.complex64)

    def tile(self, signs: NDArray[np.float32], variant: int = 0) -> NDArray[np.float32]:
        """One tile (256, 256) float32 of variance 1 that carries the 352 code `signs`."""
        layout = self.layouts[variant]
        carried = signs[layout.owners]
        values = layout.phases.real * carried[:, 0] + 1j * layout.phases.imag * carried[:, 1]
        pilot = _spectrum(self.pilot_rows, self.pilot_columns, self.pilot_values)
        tile = np.fft.ifft2(pilot + _spectrum(self.rows, self.columns, values)).real
        return np.asarray(tile / tile.std(), np.float32)

    def votes(self, spectrum: NDArray[np.complexfloating], down: int = 0, across: int = 0) -> NDArray[np.float64]:
        """Sum up what a tile's spectrum says about the 352 code signs, (VARIANTS, 352).

        `spectrum`: whole (256, 256) or half (256, 129); `down`, `across`: pixels that the tile is shifted by.
        """
        turn = np.exp(2j * np.pi / TILE_PX * (self.rows * down + self.columns * across))
        read = spectrum[self.rows, self.columns] * turn
        sums = []
        for layout in self.layouts:
            parts = np.stack([read.real * layout.phases.real, read.imag * layout.phases.imag], axis=1)
            sums.append(np.bincount(layout.owners.ravel(), parts.ravel(), CODE_SIGNS))
        return np.array(sums, np.float64)


def mark_space(width: int, height: int) -> tuple[int, int]:
    """Size (width, height) at which a picture's tiles have 256 px: its own, or 720 for the shorter side."""
    shrink = min(1.0, MARK_SPACE_PX / min(width, height))
    return round(width * shrink), round(height * shrink)


@lru_cache(maxsize=16)
def keyed_pattern(key: bytes) -> Pattern:
    """Lay out the spectrum for a 32-byte `key`; the same on every machine and with every library version."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a mark key has {KEY_BYTES} bytes, not {len(key)}")
    rows, columns = _ring()
    is_pilot = _one_of_each_group(_stream(key, "pilot", len(rows)), PILOT_GROUP)
    data = int((~is_pilot).sum())
    return Pattern(
        rows=rows[~is_pilot],
        columns=columns[~is_pilot],
        pilot_rows=rows[is_pilot],
        pilot_columns=columns[is_pilot],
        pilot_values=_signs(key, "pilot phases", int(is_pilot.sum())),
        layouts=tuple(
            Layout(_signs(key, f"phases {variant}", data), _owners(key, f"owners {variant}", 2 * data))
            for variant in range(VARIANTS)
        ),
    )


def shot_variants(key: bytes, mark_id: int) -> tuple[int, ...]:
    """The order in which the shots of a release take turns with the variants, the first shot first."""
    order = np.argsort(_stream(key, f"shots {mark_id:016x}", VARIANTS), kind="stable")
    return tuple(int(variant) for variant in order)


def _signs(key: bytes, purpose: str, count: int) -> NDArray[np.complex128]:
    turns = _stream(key, purpose, 2 * count).reshape(2, -1) >> np.uint64(63)
    return np.asarray((1.0 - 2.0 * turns[0]) + 1j * (1.0 - 2.0 * turns[1]), np.complex128)


def _ring() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Signed frequencies (cycles per tile) of the half plane columns > 0, sorted by radius."""
    reach = np.arange(-HIGHEST_CYCLES, HIGHEST_CYCLES + 1)
    rows, columns = (grid.ravel() for grid in np.meshgrid(reach, reach[reach > 0], indexing="ij"))
    squared = rows**2 + columns**2
    order = np.argsort(squared, kind="stable")
    order = order[(squared[order] >= LOWEST_CYCLES**2) & (squared[order] <= HIGHEST_CYCLES**2)]
    return rows[order], columns[order]


def _one_of_each_group(values: NDArray[np.uint64], size: int) -> NDArray[np.bool_]:
    chosen = np.zeros(len(values), bool)
    for start in range(0, len(values), size):
        chosen[start + int(values[start : start + size].argmax())] = True
    return chosen


def _owners(key: bytes, purpose: str, parts: int) -> NDArray[np.int64]:
    """Code sign of each part: each has one among 352 parts of like radius, so all are equally safe."""
    rounds = -(-parts // CODE_SIGNS)
    shuffled = np.argsort(_stream(key, purpose, rounds * CODE_SIGNS).reshape(rounds, -1), axis=1)
    return shuffled.ravel()[:parts].reshape(-1, 2)


def _spectrum(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.complex128]
) -> NDArray[np.complex128]:
    spectrum = np.zeros((TILE_PX, TILE_PX), complex)
    spectrum[rows, columns] = values
    spectrum[-rows, -columns] = values.conj()  # of a real tile
    return spectrum


def _stream(key: bytes, purpose: str, count: int) -> NDArray[np.uint64]:
    digest = hashlib.shake_256(b"countenance picture mark 2\0" + purpose.encode() + b"\0" + key)
    return np.frombuffer(digest.digest(8 * count), "<u8").astype(np.uint64)
