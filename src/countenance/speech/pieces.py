"""A long recording cut at sure pauses into pieces, each with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from countenance.speech.acoustic import FRAME_S, Listening, skim
from countenance.speech.pronounce import Pronounced
from countenance.speech.trellis import Step

LONGEST_WHOLE_S = 90.0
SHORTEST_S, LONGEST_S = 30.0, 60.0
PAUSE_S = 0.2
MARGIN_S = 1.0  # of silence kept around a piece
SKIM_S = 2 * FRAME_S


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames (of 10 ms) and words [first, last) that belong together."""

    first_frame: int
    last_frame: int
    first_word: int
    last_word: int


@dataclass(frozen=True, slots=True)
class _Pause:
    """Where a pause lies, in frames of 20 ms, and the first word after it."""

    first: int
    last: int
    word: int


def pieces(heard: Listening, words: Sequence[Pronounced]) -> list[Piece]:
    """The whole when it is short; else pieces of half a minute to a minute where there are pauses to cut at."""
    frames = len(heard.features)
    if frames * FRAME_S <= LONGEST_WHOLE_S:
        return [Piece(0, frames, 0, len(words))]
    steps = skim(heard, words)
    result, start, word = [], 0, 0
    for cut in _cuts(_pauses(steps), len(steps)):
        middle = (cut.first + cut.last) // 2
        if cut.word > word:
            result.append(_trimmed(steps, start, middle, word, cut.word))
            start, word = middle, cut.word
    if word < len(words):
        result.append(_trimmed(steps, start, len(steps), word, len(words)))
    elif result:
        final = result[-1]
        result[-1] = Piece(final.first_frame, frames, final.first_word, final.last_word)
    return [Piece(p.first_frame, min(p.last_frame, frames), p.first_word, p.last_word) for p in result]


def _pauses(steps: Sequence[Step]) -> list[_Pause]:
    """Long enough pauses between words, and for want of them every place where a word follows another.

    What the search left out around them stays with the words before.
    """
    result, frame = [], 0
    for quiet, run in groupby(steps, key=lambda step: step.state == -1):
        size = sum(1 for _ in run)
        last = frame + size
        if not quiet:
            pairs = ((at, steps[at - 1], steps[at]) for at in range(frame + 1, last))
            result += [
                _Pause(at, at, new.word)
                for at, old, new in pairs
                if old.state >= 0 and new.state >= 0 and new.word != old.word
            ]
        elif frame > 0 and last < len(steps) and size * SKIM_S >= PAUSE_S and steps[last].state >= 0:
            result.append(_Pause(frame, last, steps[last].word))
        frame = last
    return result


def _cuts(pauses: Sequence[_Pause], end: int) -> list[_Pause]:
    """From half a minute on the longest pause within the next half minute, or the first that comes."""
    result: list[_Pause] = []
    start = 0
    while (end - start) * SKIM_S > LONGEST_S:
        ahead = [pause for pause in pauses if (pause.first - start) * SKIM_S >= SHORTEST_S]
        near = [pause for pause in ahead if (pause.first - start) * SKIM_S <= LONGEST_S]
        if not ahead:
            break
        cut = max(near, key=lambda pause: pause.last - pause.first) if near else ahead[0]
        result.append(cut)
        start = cut.last
    return result


def _trimmed(steps: Sequence[Step], start: int, end: int, word: int, after: int) -> Piece:
    """Without long silence at both ends."""
    margin = round(MARGIN_S / SKIM_S)
    heard = [frame for frame in range(start, end) if steps[frame].state != -1]
    if heard:
        start, end = max(start, heard[0] - margin), min(end, heard[-1] + 1 + margin)
    return Piece(2 * start, 2 * end, word, after)
