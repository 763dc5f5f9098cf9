"""The sounds of an utterance and their times."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from countenance.media.audio import Samples


@dataclass(frozen=True, slots=True)
class Phone:
    """One speech sound: IPA symbol without stress marks, "" for silence; seconds on the audio clock."""

    symbol: str
    start_s: float
    end_s: float

    @property
    def silent(self) -> bool:
        return self.symbol == ""


Phones = tuple[Phone, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """One written word with its punctuation. `space_after` is False inside scripts written without spaces."""

    text: str
    start_s: float
    end_s: float
    space_after: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that the author of a text has named, on the audio clock."""

    name: str
    at_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """Spoken audio: float32 mono in [-1, 1], phones that cover all of it without gaps, words in order.

    `marks` are the named points of an SSML text, in order; `notes` say in words what the voice could not do.
    """

    samples: Samples
    rate_hz: int
    phones: Phones
    words: tuple[Word, ...]
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz

    @property
    def span_s(self) -> tuple[float, float]:
        """Start of the first and end of the last sounding phone; (0, 0) when nothing sounds."""
        return span(self.phones)


def span(phones: Phones) -> tuple[float, float]:
    """Start of the first and end of the last sounding phone; (0, 0) when nothing sounds."""
    sounding = [phone for phone in phones if not phone.silent]
    return (sounding[0].start_s, sounding[-1].end_s) if sounding else (0.0, 0.0)


def place(speech: Speech, start_s: float, duration_s: float) -> Speech:
    """Put speech on another clock: the first sounding phone begins at `start_s`, the whole lasts
    `duration_s`.

    Sound that would fall outside is cut off; phones, words and marks that lie wholly outside are dropped.
    """
    shift_s = start_s - speech.span_s[0]
    length = round(duration_s * speech.rate_hz)
    offset = round(shift_s * speech.rate_hz)
    samples = np.zeros(length, np.float32)
    source = speech.samples[max(0, -offset) : max(0, length - offset)]
    first = max(0, offset)
    samples[first : first + len(source)] = source
    words = (replace(w, start_s=w.start_s + shift_s, end_s=w.end_s + shift_s) for w in speech.words)
    kept = tuple(
        replace(w, start_s=max(0.0, w.start_s), end_s=min(duration_s, w.end_s))
        for w in words
        if w.end_s > 0 and w.start_s < duration_s
    )
    shifted = [Phone(p.symbol, p.start_s + shift_s, p.end_s + shift_s) for p in speech.phones]
    moved = (replace(mark, at_s=mark.at_s + shift_s) for mark in speech.marks)
    marks = tuple(mark for mark in moved if 0 <= mark.at_s <= duration_s)
    return Speech(samples, speech.rate_hz, covering(shifted, duration_s), kept, marks, speech.notes)


def covering(phones: list[Phone], duration_s: float) -> Phones:
    """Clip phones to [0, duration_s], fill what is missing with silence, merge silences, drop empty ones.

    `phones` must be in order of their starts; an overlap is resolved in favour of the later phone.
    """
    result: list[Phone] = []

    def add(symbol: str, start_s: float, end_s: float) -> None:
        if end_s <= start_s:
            return
        if symbol == "" and result and result[-1].silent:
            start_s = result.pop().start_s
        result.append(Phone(symbol, start_s, end_s))

    now_s = 0.0
    for index, phone in enumerate(phones):
        limit_s = phones[index + 1].start_s if index + 1 < len(phones) else duration_s
        start_s, end_s = max(now_s, phone.start_s), min(phone.end_s, limit_s, duration_s)
        if end_s <= start_s:
            continue
        add("", now_s, start_s)
        add(phone.symbol, start_s, end_s)
        now_s = end_s
    add("", now_s, duration_s)
    return tuple(result)
