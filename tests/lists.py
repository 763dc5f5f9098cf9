"""Tracks as playlists see them, without files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from countenance.media.cmaf import Segment, Track

LONGEST = Fraction(96256, 48_000)


def ladder(durations: Sequence[Fraction] = (Fraction(2), Fraction(2), Fraction(13, 25))) -> list[Track]:
    """Two sizes whose segments have these lengths, in seconds."""
    return [
        Track(
            Path(f"video-{height}.mp4"),
            "video",
            codecs,
            (0, 900),
            (900, 90),
            _segments(durations, height * 100),
            size=(height * 16 // 9, height),
            rate=Fraction(25),
        )
        for height, codecs in ((720, "avc1.64001F"), (360, "avc1.640015"))
    ]


def sound() -> Track:
    parts = (LONGEST, LONGEST, Fraction(25_000, 48_000))
    return Track(
        Path("audio.m4a"), "audio", "mp4a.40.2", (0, 700), (700, 90), _segments(parts, 32_000), channels=2,
        rate_hz=48_000,
    )  # fmt: skip


def _segments(durations: Sequence[Fraction], size: int) -> tuple[Segment, ...]:
    made, start = [], Fraction(0)
    for number, duration in enumerate(durations):
        made.append(Segment(990 + number * size, size, start, duration))
        start += duration
    return tuple(made)
