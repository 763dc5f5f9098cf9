"""Notes of sounds among captions, for whoever does not hear them: "[door closes]"."""

from __future__ import annotations

from collections.abc import Sequence

from countenance.delivery.caption_breaks import tied
from countenance.delivery.caption_lines import LONGEST_S, SHORTEST_S, Fabric, limits_of
from countenance.delivery.caption_times import GAP_MS
from countenance.delivery.caption_words import pieces_of
from countenance.delivery.cue import Cue
from countenance.speech.phones import Word

_LEAST_MS = round(SHORTEST_S * 1000)


def with_sounds(
    cues: Sequence[Cue], sounds: Sequence[tuple[float, float, str]], language: str
) -> tuple[list[Cue], tuple[str, ...]]:
    """The captions with notes of sounds (start and end in seconds, text) in the pauses of speech, in order of time.

    What is said goes first: a note is shown for as much of its time as no words are on the screen. The second value
    tells, one sentence each, of notes that find no second for themselves, or no room on two lines.
    """
    whole, untold = list(cues), []
    for start_s, end_s, text in sounds:
        lines = _lines(text, language)
        place = _longest_gap(whole, round(start_s * 1000), round(end_s * 1000))
        if lines is None:
            untold.append(f"The note of a sound “{text}” is too long for a caption: shorten it.")
        elif place is None:
            untold.append(
                f"The note of a sound “{text}” at {start_s:g} s is not shown, because speech leaves it no second: "
                "give it another time."
            )
        else:
            whole.append(Cue(place[0], min(place[1], place[0] + round(LONGEST_S * 1000)), lines, sound=True))
            whole.sort(key=lambda cue: cue.start_ms)
    return whole, tuple(untold)


def _lines(text: str, language: str) -> tuple[str, ...] | None:
    limits = limits_of(language)
    told = text if text[:1] in "[(♪【（" else f"[{text}]"
    pieces = tied(pieces_of([Word(told, 0.0, 0.0)], language, limits.columns), language)
    fabric = Fabric(pieces, limits)
    return fabric.lines(0, len(pieces)) if fabric.broken(0, len(pieces)) else None


def _longest_gap(cues: Sequence[Cue], first_ms: int, last_ms: int) -> tuple[int, int] | None:
    """The longest stretch of the time in which no caption is shown; None when it is shorter than one can read."""
    gaps, at = [], first_ms
    for cue in cues:
        if cue.end_ms + GAP_MS <= first_ms or cue.start_ms - GAP_MS >= last_ms:
            continue
        gaps.append((at, min(cue.start_ms - GAP_MS, last_ms)))
        at = max(at, cue.end_ms + GAP_MS)
    gaps.append((at, last_ms))
    best = max(gaps, key=lambda gap: gap[1] - gap[0])
    return best if best[1] - best[0] >= _LEAST_MS else None
