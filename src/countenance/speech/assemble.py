"""For voices that make one stretch of sound at a time: cutting an utterance into stretches, and joining the sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.media.audio import Samples
from countenance.speech.activity import speech_span
from countenance.speech.utterance import Break, Part, Point, Run, Utterance

ROOM_S = 0.04  # of its own silence that a stretch keeps at a pause of a given length
SENTENCE_S = 0.3  # between sentences of which nobody said how far they lie apart


@dataclass(frozen=True)
class Stretch:
    """Runs that are said in one go, at `rate` times the tempo of the whole, and the pause after them in seconds."""

    said: Utterance
    rate: float
    pause_s: float


def stretches(whole: Utterance) -> tuple[Stretch, ...]:
    """The utterance cut at pauses of a given length, at sentence ends that are marked, and where the tempo changes.

    Points stay out: they are found by their place in the text.
    """
    found: list[Stretch] = []
    parts: list[Part] = []
    rate = 1.0

    def close(pause_s: float) -> None:
        nonlocal parts
        said = Utterance(tuple(parts))
        if said.says_something:
            found.append(Stretch(said, rate, pause_s))
            parts = []
        elif found:
            last = found[-1]
            found[-1] = Stretch(Utterance((*last.said.parts, *parts)), last.rate, max(last.pause_s, pause_s))
            parts = []

    for part in whole.parts:
        if isinstance(part, Break):
            close(SENTENCE_S if part.seconds is None else part.seconds)
        elif isinstance(part, Run):
            if part.rate != rate and any(c.isalnum() for c in part.spoken):
                close(0.0)
                rate = part.rate
            parts.append(part)
        else:
            assert isinstance(part, Point)
    close(0.0)
    return tuple(found)


def joined(
    sounds: Sequence[Samples],
    pauses_s: Sequence[float],
    rate_hz: int,
    spans_s: Sequence[tuple[float, float] | None] | None = None,
) -> tuple[Samples, tuple[int, ...]]:
    """Sounds in a row with their pauses, and where each begins (in samples; earlier than it is heard when trimmed).

    At a pause the silence that a sound brings along is trimmed, so that the pause has the length that was asked for.
    `spans_s` says where speech begins and ends in each sound, where that is known; else it is listened for.
    """
    room = round(ROOM_S * rate_hz)
    parts: list[Samples] = []
    starts: list[int] = []
    at = 0
    for index, (sound, pause_s) in enumerate(zip(sounds, pauses_s, strict=True)):
        span = spans_s[index] if spans_s else None
        span = span or (speech_span(sound, rate_hz) if len(sound) else None)
        first, last = 0, len(sound)
        pause = round(pause_s * rate_hz)
        if span is not None:
            if index and pauses_s[index - 1]:
                first = max(0, round(span[0] * rate_hz) - room)
                pause_before = min(len(parts[-1]), round(span[0] * rate_hz) - first)
                parts[-1] = parts[-1][: len(parts[-1]) - pause_before]
                at -= pause_before
            if pause_s:
                last = min(len(sound), round(span[1] * rate_hz) + room)
                pause = max(0, pause - (last - round(span[1] * rate_hz)))
        starts.append(at - first)
        parts += [sound[first:last], np.zeros(pause, np.float32)]
        at += last - first + pause
    return (np.concatenate(parts) if parts else np.zeros(0, np.float32)), tuple(starts)
