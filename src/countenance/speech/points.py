"""Marks, loudness and words of an utterance on speech whose words have their times: the same for every voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from countenance.speech.phones import Mark, Speech, Word
from countenance.speech.utterance import Break, Point, Run, Utterance

RAMP_S = 0.01


def marked(speech: Speech, said: Utterance) -> Speech:
    """The speech with the utterance's points as marks: where the next word begins, or the last one ended when a
    pause or the end follows."""
    places = word_places(said.text, speech.words)
    marks = []
    at = 0
    for index, part in enumerate(said.parts):
        if isinstance(part, Run):
            at += len(part.text)
        elif isinstance(part, Point):
            marks.append(Mark(part.name, _time_at(speech, places, at, _pauses(said.parts[index + 1 :]))))
    return replace(speech, marks=tuple(marks)) if marks else speech


def louder(speech: Speech, said: Utterance) -> Speech:
    """The speech with the words of each run as much louder as the utterance asks."""
    if not any(isinstance(part, Run) and part.volume_db for part in said.parts):
        return speech
    places = word_places(said.text, speech.words)
    gain_db = np.zeros(len(speech.samples), np.float32)
    at = 0
    for part in said.parts:
        if isinstance(part, Run):
            inside = [w for w, place in zip(speech.words, places, strict=True) if at <= place < at + len(part.text)]
            if inside and part.volume_db:
                first, last = (round(t * speech.rate_hz) for t in (inside[0].start_s, inside[-1].end_s))
                gain_db[first:last] = part.volume_db
            at += len(part.text)
    size = max(1, round(RAMP_S * speech.rate_hz))
    smooth = np.convolve(gain_db, np.ones(size, np.float32) / size, mode="same")
    samples = speech.samples * np.float32(10) ** (smooth / 20)
    return replace(speech, samples=np.clip(samples, -1, 1).astype(np.float32))


def as_written(words: Sequence[Word], said: Utterance) -> tuple[Word, ...]:
    """Spoken words under the text that captions show: what an author replaced becomes one word again."""
    places = word_places(said.spoken, words)
    result: list[Word] = []
    at = 0
    waiting = list(zip(words, places, strict=True))
    for part in said.parts:
        if not isinstance(part, Run):
            continue
        end = at + len(part.spoken)
        own = [word for word, place in waiting if place < end]
        after = waiting[len(own) :]
        if own and (part.said is not None or part.spelt):
            last, place = waiting[len(own) - 1]
            tail = last.text[max(0, end - place) :]  # punctuation of the next run that stands close to it
            own = [Word(part.text.strip() + tail, own[0].start_s, last.end_s, last.space_after)]
        result += own
        waiting, at = after, end
    return (*result, *(word for word, _ in waiting))


def word_places(text: str, words: Sequence[Word]) -> list[int]:
    """Where in the text each word stands, by looking for them in order."""
    places = []
    at = 0
    for word in words:
        first = word.text.split()[0] if word.text.split() else word.text
        found = text.find(first, at)
        at = found if found >= 0 else at
        places.append(at)
        at += len(first) if found >= 0 else 0
    return places


def _pauses(after: Sequence[object]) -> bool:
    """Whether a pause, or nothing at all, comes before the next word."""
    for part in after:
        if isinstance(part, Break):
            return True
        if isinstance(part, Run) and any(c.isalnum() for c in part.text):
            return False
    return True


def _time_at(speech: Speech, places: Sequence[int], at: int, pauses: bool) -> float:
    before = [word for word, place in zip(speech.words, places, strict=True) if place < at]
    after = [word for word, place in zip(speech.words, places, strict=True) if place >= at]
    if after and not (pauses and before):
        return after[0].start_s
    return before[-1].end_s if before else speech.span_s[0]
