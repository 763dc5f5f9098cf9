"""The sound of a file at the loudness of a profile, bit by bit: an hour of it needs no more memory than a minute."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from countenance.media.audio import Samples, at_most_stereo, sound_blocks
from countenance.media.loudness import Loudness, limited, measure_loudness
from countenance.media.mix import Profile, widened

_PIECE_S, _CONTEXT_S = 10.0, 0.1  # what is limited at a time, and what is looked at on both sides of it
_ROUNDS = 8  # of measuring and driving anew, at most: limiting takes loudness away
_CLOSE_LU = 0.05

Sounds = Callable[[], Iterator[Samples]]


def levelled(path: Path, rate_hz: int, channels: int, profile: Profile, origin_s: Fraction = Fraction(0)) -> Sounds:
    """A function that begins the sound of a file anew: blocks (n, channels) at `rate_hz` and the profile's loudness.

    `channels` is 1 or 2. The true peak keeps the profile's ceiling; silence stays silence, and there are no blocks when
    the file has no sound. The file is read twice, and more often only where peaks must be limited. Errors: InputError.
    """

    def plain() -> Iterator[Samples]:
        blocks = (at_most_stereo(block) for block in sound_blocks(path, rate_hz, origin_s) if len(block))
        for block in blocks:
            yield block.mean(axis=1, keepdims=True) if channels == 1 else widened(block, channels)

    found = measure_loudness(plain(), rate_hz)
    if not math.isfinite(found.lufs):
        return plain
    gain_db = profile.lufs - found.lufs
    made = _driven(plain, rate_hz, gain_db, profile.ceiling_dbtp, found)
    for _ in range(_ROUNDS):
        if found.peak_dbtp + gain_db <= profile.ceiling_dbtp:
            break  # nothing is limited, so the gain alone is exact
        missing_lu = profile.lufs - measure_loudness(made(), rate_hz).lufs
        if abs(missing_lu) < _CLOSE_LU:
            break
        gain_db += missing_lu
        made = _driven(plain, rate_hz, gain_db, profile.ceiling_dbtp, found)
    return made


def _driven(plain: Sounds, rate_hz: int, gain_db: float, ceiling_dbtp: float, found: Loudness) -> Sounds:
    gain = np.float32(10 ** (gain_db / 20))
    if found.peak_dbtp + gain_db <= ceiling_dbtp:
        return lambda: (np.asarray(block * gain, np.float32) for block in plain())

    def held() -> Iterator[Samples]:
        context = round(_CONTEXT_S * rate_hz)
        for before, piece, after in _pieces(plain(), round(_PIECE_S * rate_hz), context):
            whole = limited(np.concatenate([before, piece, after]) * gain, rate_hz, ceiling_dbtp)
            yield np.asarray(whole[len(before) : len(before) + len(piece)], np.float32)

    return held


def _pieces(blocks: Iterable[Samples], size: int, context: int) -> Iterator[tuple[Samples, Samples, Samples]]:
    """The sound in pieces of `size`, each with what lies just before and after it."""
    kept: list[Samples] = []
    length, before = 0, None
    for block in blocks:
        kept.append(block)
        length += len(block)
        while length >= size + context:
            table = np.concatenate(kept)
            piece, rest = table[:size], table[size:]
            yield piece[:0] if before is None else before, piece, rest[:context]
            before, kept, length = piece[-context:], [rest], len(rest)
    if length:
        table = np.concatenate(kept)
        yield table[:0] if before is None else before, table, table[:0]
