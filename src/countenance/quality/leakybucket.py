"""Whether a stream keeps to its channel: the receiver's buffer, filled at a constant rate, never runs dry."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def least_fullness(sizes: Sequence[int], times: Sequence[Fraction], rate_bps: int, buffer_bits: int) -> float:
    """How full the buffer is at its emptiest, as a share of its size; below 0 it runs dry (ISO 14496-10, annex C).

    `sizes` are the coded pictures in bytes in the order of decoding, each taken out at once at its time in seconds; the
    channel fills at `rate_bps` until the buffer is full, and it is full at the start, as with a receiver that waits.
    """
    full = Fraction(buffer_bits)
    level = lowest = full
    before = times[0] if times else Fraction(0)
    for size, time in zip(sizes, times, strict=True):
        level = min(full, level + rate_bps * (time - before)) - 8 * size
        lowest, before = min(lowest, level), time
    return float(lowest / full)
