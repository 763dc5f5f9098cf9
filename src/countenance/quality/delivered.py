"""Whether a file plays sound and pictures when they are due: what encoder and container have done to the clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from countenance.media.audio import Samples, mono, sound_blocks
from countenance.media.probe import probe

HEARD_HZ = 16_000
COMPARED_S = 30  # of sound from the first that is heard
_REACH_S = 0.5
_QUIET = 1e-4
_LEAST_LIKENESS = 0.5


@dataclass(frozen=True)
class Clocks:
    """By how many milliseconds the sound and the pictures of a file come later than they are due, by the file's own
    time stamps, priming and edit lists minded; `sound_ms` None where nothing is heard or another sound is."""

    sound_ms: float | None
    picture_ms: float

    @property
    def apart_ms(self) -> float:
        """What the file adds to the offset of lips and sound, positive where it makes the sound early."""
        return 0.0 if self.sound_ms is None else self.picture_ms - self.sound_ms


def clocks_of(path: Path, times_s: Sequence[float], heard: Iterable[Samples]) -> Clocks:
    """Compare a file with the pictures due at `times_s` and the sound `heard`, blocks (n,) or (n, channels) at 16 kHz.

    Of the sound 30 s are compared, from the first that is not silent, finer than a sample; of the pictures the time
    stamps, the one that is farthest off counts. Raises InputError for a file that is no readable video.
    """
    master = probe(path)
    shown = np.array([float(value * master.time_base) for value in master.pts])
    due = np.asarray(times_s, np.float64)
    count = min(len(shown), len(due))
    off = 1000 * (shown[:count] - due[:count])
    picture = float(off[np.argmax(np.abs(off))]) if count else 0.0
    return Clocks(_later_ms(_opening(heard), _opening(sound_blocks(path, HEARD_HZ, master.origin_s))), picture)


def _opening(blocks: Iterable[Samples]) -> Samples:
    """The first moments of a sound, to `COMPARED_S` after something is heard."""
    kept: list[Samples] = []
    heard = 0
    for block in blocks:
        part = mono(block)
        kept.append(part)
        if heard or bool((np.abs(part) > _QUIET).any()):
            heard += len(part)
        if heard >= COMPARED_S * HEARD_HZ:
            break
    return np.concatenate(kept) if kept else np.zeros(0, np.float32)


def _later_ms(due: Samples, found: Samples) -> float | None:
    count = min(len(due), len(found))
    if not count or float(np.abs(due[:count]).max()) <= _QUIET or float(np.abs(found[:count]).max()) <= _QUIET:
        return None
    one, other = due[:count].astype(np.float64), found[:count].astype(np.float64)
    reach = min(round(_REACH_S * HEARD_HZ), count - 1)
    size = next_fast_len(count + reach + 1, real=True)
    around = irfft(np.conj(rfft(one, size)) * rfft(other, size), size)
    places = np.concatenate([around[-reach:], around[: reach + 1]])
    best = int(np.argmax(places))
    if places[best] < _LEAST_LIKENESS * float(np.sqrt((one @ one) * (other @ other))) or best in (0, 2 * reach):
        return None
    before, here, after = places[best - 1 : best + 2]
    bend = before - 2 * here + after
    between = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(1000 * (best - reach + between) / HEARD_HZ)
