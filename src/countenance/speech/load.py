"""Whether a text fits into the time that the master gives it: how fast it would have to be spoken, before it is.

Measured by reading it: espeak-ng says how long the text lasts at its natural rate, sentence by sentence, and how many
syllables (vowels) it has. Voices differ; another one's natural rate is within about a tenth of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from countenance.speech.espeak import speak
from countenance.speech.ipa import is_vowel
from countenance.speech.phones import Phone, Speech, Word
from countenance.speech.sentences import Sentence, sentences
from countenance.speech.wording import wording_of

LIMIT = 0.15  # speech may be that much faster or slower than natural
VERDICTS = ("fits", "tight", "too long", "too short")
TIGHT = 0.08


@dataclass(frozen=True)
class Load:
    """A stretch of text against the time there is for it, in seconds.

    `rate` is how fast it must be spoken, 1.0 being natural; `shortfall_s` is the time that stays empty (positive) or is
    missing (negative) at the slowest or fastest rate allowed; `syllables_per_s` is at the rate that is needed.
    """

    text: str
    available_s: float
    needed_s: float
    syllables: int

    @property
    def rate(self) -> float:
        return self.needed_s / self.available_s if self.available_s > 0 else float("inf")

    @property
    def syllables_per_s(self) -> float:
        return self.syllables / self.available_s if self.available_s > 0 else float("inf")

    @property
    def shortfall_s(self) -> float:
        nearest = min(max(self.rate, 1 - LIMIT), 1 + LIMIT)
        return self.available_s - self.needed_s / nearest

    @property
    def verdict(self) -> str:
        """One of VERDICTS."""
        if self.rate > 1 + LIMIT:
            return "too long"
        if self.rate < 1 - LIMIT:
            return "too short"
        return "tight" if abs(self.rate - 1) > TIGHT else "fits"


@dataclass(frozen=True)
class LanguageLoad:
    """The whole text of a language and, where its sentences answer to the master's, each of them."""

    language: str
    whole: Load
    sentences: tuple[Load, ...] = ()

    @property
    def crowded(self) -> tuple[Load, ...]:
        """The sentences that are too long for theirs in the master although the whole may fit."""
        return tuple(one for one in self.sentences if one.verdict == "too long")


def predict(text: str, language: str, available_s: float, own: Sequence[tuple[float, float]] = ()) -> LanguageLoad:
    """The load of a text in a BCP-47 language against `available_s` seconds of the master's speech.

    `own` are the times of the master's own sentences; they are used where the text has as many. InputError for a
    language or a text that cannot be spoken.
    """
    wording = wording_of(text, language)
    speech = speak(wording.spoken, language)
    start_s, end_s = speech.span_s
    whole = Load(text, available_s, end_s - start_s, _syllables(speech.phones))
    parts = sentences(text, language)
    if len(parts) != len(own) or len(parts) < 2:
        return LanguageLoad(language, whole)
    spans = spans_of(parts, wording.written(speech.words))
    if len(spans) != len(own):
        return LanguageLoad(language, whole)
    loads = (
        Load(part.text, room_s, length_s, _syllables(_within(speech, span)))
        for part, span, room_s, length_s in zip(parts, spans, _rooms(own), _rooms(spans), strict=True)
    )
    return LanguageLoad(language, whole, tuple(loads))


def spans_of(parts: Sequence[Sentence], words: Sequence[Word]) -> tuple[tuple[float, float], ...]:
    """Start and end in seconds of each sentence, from the words of the whole text; () where they do not match."""
    counted = [sum(not c.isspace() for c in part.text) for part in parts]
    ends = [sum(counted[: n + 1]) for n in range(len(counted))]
    spans: list[list[float]] = [[] for _ in parts]
    at, current = 0, 0
    for word in words:
        while current < len(parts) - 1 and at >= ends[current]:
            current += 1
        spans[current] += [word.start_s, word.end_s]
        at += sum(not c.isspace() for c in word.text)
    return tuple((min(times), max(times)) for times in spans) if all(spans) else ()


def _rooms(spans: Sequence[tuple[float, float]]) -> list[float]:
    """The time that each sentence has: up to where the next one begins, the pause between them included."""
    starts = [start for start, _ in spans]
    return [*(after - before for before, after in pairwise(starts)), spans[-1][1] - spans[-1][0]]


def _within(speech: Speech, span: tuple[float, float]) -> list[Phone]:
    return [phone for phone in speech.phones if span[0] <= (phone.start_s + phone.end_s) / 2 <= span[1]]


def _syllables(phones: Sequence[Phone]) -> int:
    """Vowels; two that follow each other are counted as two, a diphthong is one phone."""
    return sum(is_vowel(phone.symbol) for phone in phones if not phone.silent)
