"""How sure a word's place is, and where a text and a recording disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from countenance.speech.acoustic import FRAME_S, Heard
from countenance.speech.phones import Word

Kind = Literal["missing", "extra", "language", "unsure"]

# A right text fits better than chance by this much; measured on 14 recordings in 10 languages: right texts 1.1 to 4.8
# (times the share of words that are said), wrong ones at most 0.92.
LEAST_LEAD = 1.0
LEAD_SPREAD = 0.2
GREAT_LEAD = 2.0  # so much better than chance that few words said are enough
WELL_FIT = -2.5  # words of wrong texts fit by -3.5 at best
WELL_SPREAD = 0.3
LEAST_FIT = 0.2  # between chance (0) and how the recording's words fit on the whole (1)
FIT_SPREAD = 0.33
UNSURE = 0.15
SHORTEST_EXTRA_S = 0.3
JOINED_WITHIN_S = 0.6
SURE_PHONES = 4.0
SURE_EXTRA_S = 0.3


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A place where text and recording disagree, in seconds, with the words it is about ("" for extra sound).

    missing: words of the text that are not said; extra: speech that is not in the text; language: the recording
    does not sound like the text at all; unsure: words whose place is a guess. `certainty` is 0 to 1.
    """

    kind: Kind
    start_s: float
    end_s: float
    text: str
    certainty: float


def belonging(heard: Heard) -> float:
    """How sure it is, 0 to 1, that the text is what is spoken here."""
    said = len({step.word for step in heard.steps if step.state >= 0}) / max(1, len(heard.ways))
    lead = heard.told - heard.chance
    better = _logistic((max(lead * said, lead - GREAT_LEAD) - LEAST_LEAD) / LEAD_SPREAD)
    spoken = [fit for step, fit in zip(heard.steps, heard.fit, strict=True) if step.state >= 0]
    well = _logistic((float(np.mean(spoken)) - WELL_FIT) / WELL_SPREAD) if spoken and said >= 0.5 else 0.0
    return max(better, well)


def certainties(heard: Heard) -> list[float]:
    """For each word how sure its place is; 0 for one that is not said."""
    belongs = belonging(heard)
    usual = max(0.5, heard.told - heard.chance)
    fits: dict[int, list[float]] = {}
    for step, fit in zip(heard.steps, heard.fit, strict=True):
        if step.state >= 0:
            fits.setdefault(step.word, []).append(float(fit))
    result = []
    for word in range(len(heard.ways)):
        place = (float(np.mean(fits[word])) - heard.chance) / usual if word in fits else 0.0
        result.append(belongs * _logistic((place - LEAST_FIT) / FIT_SPREAD) if word in fits else 0.0)
    return result


def extras(heard: Heard, first_s: float = 0.0) -> list[Mismatch]:
    """Speech between the words that the text does not have."""
    spans: list[list[int]] = []  # first and last frame
    frame = 0
    for state, run in groupby(heard.steps, key=lambda step: min(step.state, 0)):
        last = frame + sum(1 for _ in run)
        if state == -2:
            between = heard.steps[spans[-1][1] : frame] if spans else ()
            near = bool(spans) and len(between) * FRAME_S <= JOINED_WITHIN_S
            if near and all(step.state < 0 for step in between):
                spans[-1][1] = last
            else:
                spans.append([frame, last])
        frame = last
    lengths_s = [(last - first) * FRAME_S for first, last in spans]
    return [
        Mismatch(
            "extra", first_s + first * FRAME_S, first_s + last * FRAME_S, "", 1 - float(np.exp(-size_s / SURE_EXTRA_S))
        )
        for (first, last), size_s in zip(spans, lengths_s, strict=True)
        if size_s >= SHORTEST_EXTRA_S
    ]


def lacking(
    words: Sequence[Word], certainty: Sequence[float], phones: Sequence[int], fitting: Sequence[bool]
) -> list[Mismatch]:
    """Words in a row that are not said, and words in a row whose place is a guess, among those of a fitting text.

    `phones` is how many phones each word would have: the more are missing, the surer it is.
    """
    result: list[Mismatch] = []
    kinds = [_kind(word, sure) if fits else None for word, sure, fits in zip(words, certainty, fitting, strict=True)]
    first = 0
    for kind, run in groupby(kinds):
        last = first + sum(1 for _ in run)
        if kind is not None:
            text = "".join(w.text + (" " if w.space_after else "") for w in words[first:last]).strip()
            sure = (
                1 - float(np.exp(-sum(phones[first:last]) / SURE_PHONES))
                if kind == "missing"
                else 1 - float(np.mean(certainty[first:last]))
            )
            result.append(Mismatch(kind, words[first].start_s, words[last - 1].end_s, text, sure))
        first = last
    return result


def _kind(word: Word, certainty: float) -> Kind | None:
    if word.end_s <= word.start_s:
        return "missing"
    return "unsure" if certainty < UNSURE else None


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))
