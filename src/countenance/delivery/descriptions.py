"""Audio description: where in the pauses of speech it finds room, and the track that players read out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from countenance.delivery.webvtt import escaped, vtt_file

Span = tuple[float, float]

LEAST_PAUSE_S = 0.6  # below which a pause belongs to the speech
AROUND_S = 0.12  # silence that stays between speech and description
BETWEEN_S = 0.3  # between one description and the next
LATEST_S = 4.0  # by which a description may come late: then what it tells of is still to be seen, or just gone


@dataclass(frozen=True, slots=True)
class Described:
    """A passage as it is said, from `start_s` to `end_s`; `spoken` False: it found no room, and only stands in the
    text track at the time at which it was wanted."""

    start_s: float
    end_s: float
    text: str
    spoken: bool = True


def pauses(speech: Sequence[Span], duration_s: float) -> tuple[Span, ...]:
    """The stretches in which nobody speaks, in order; `speech` are spans in seconds, in order of their starts."""
    found: list[Span] = []
    at = 0.0
    for start_s, end_s in [*speech, (duration_s, duration_s)]:
        if start_s - at >= LEAST_PAUSE_S:
            found.append((at, min(start_s, duration_s)))
        at = max(at, end_s)
    return tuple(found)


def rooms(free: Sequence[Span], wanted_s: float, after_s: float, duration_s: float) -> tuple[Span, ...]:
    """Where a description that is wanted at a time may be spoken: the parts of pauses from then on, not too late.

    `after_s` is where the one before it ends. At the very beginning and end of the video nothing has to stay free.
    """
    found = []
    for first_s, last_s in free:
        start_s = max(first_s + (AROUND_S if first_s > 0 else 0.0), wanted_s, after_s + BETWEEN_S if after_s else 0.0)
        end_s = last_s - (AROUND_S if last_s < duration_s else 0.0)
        if start_s <= wanted_s + LATEST_S and end_s > start_s:
            found.append((start_s, end_s))
    return tuple(found)


def descriptions_vtt(described: Sequence[Described], language: str, note: str) -> str:
    """A WebVTT file for a track of kind `descriptions`, which screen readers speak; without marks of direction."""
    blocks = [
        (round(one.start_s * 1000), max(round(one.end_s * 1000), round(one.start_s * 1000) + 1), escaped(one.text))
        for one in sorted(described, key=lambda one: one.start_s)
    ]
    return vtt_file(blocks, language, note)
