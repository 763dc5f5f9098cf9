"""From the frames of a search to phones with times."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from countenance.speech.acoustic import FRAME_S, Heard
from countenance.speech.arpabet import arpabet
from countenance.speech.senones import STATES

# A state that is first seen in frame i began this long before the middle of frame i.
LATE_S = 0.008


@dataclass(frozen=True, slots=True)
class Placed:
    """A phone of a word in its place, in seconds."""

    word: int
    symbol: str
    start_s: float
    end_s: float


def placed(heard: Heard, first_s: float = 0.0, first_word: int = 0) -> list[Placed]:
    """The phones that are said, in order; `first_s` is the time of the first frame,
    `first_word` the number of its first word."""
    owners = {
        (word, way): [place for place, phone in enumerate(phones) for _ in arpabet(phone) for _ in range(STATES)]
        for word, ways in enumerate(heard.ways)
        for way, phones in enumerate(ways)
    }
    result = []
    frames = (
        (step.word, step.way, owners[step.word, step.way][step.state] if step.state >= 0 else -1)
        for step in heard.steps
    )
    frame = 0
    for (word, way, place), run in groupby(frames):
        last = frame + sum(1 for _ in run)
        if place >= 0:
            start_s, end_s = (_time_s(heard, edge, first_s) for edge in (frame, last))
            result.append(Placed(first_word + word, heard.ways[word][way][place], start_s, end_s))
        frame = last
    return result


def _time_s(heard: Heard, frame: int, first_s: float) -> float:
    """When the step of `frame` begins."""
    between = float(heard.edges[frame]) if frame < len(heard.edges) else 0.5
    return max(0.0, first_s + (frame - 1 + between) * FRAME_S - LATE_S)
