"""From the raw events of a synthesiser to phones and words with times one can trust."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from countenance.media.audio import Samples
from countenance.speech.ipa import is_plosive, is_voiced_consonant, is_vowel
from countenance.speech.phones import Phone, Speech, Word, covering

PHONE = 7
STRESS = str.maketrans("", "", "ˈˌ'")
LANGUAGE_SWITCH = "("  # names such as "(en)" announce a word from another language and have no sound
CLOSURE_S = 0.09  # longest silence inside a word that still belongs to the plosive after it
CLOSURE_AFTER_PAUSE_S = 0.06
LATE_S = 0.065  # how late the event of a vowel can be after a voiced consonant
SHORTEST_CONSONANT_S = 0.025
SHORTEST_BURST_S = 0.01  # of a plosive whose closure was silent
HOP_S, FRAME_S, HIGHEST_HZ = 0.0025, 0.0125, 6000
SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


class TextEvent(NamedTuple):
    """One event: type (1 word, 7 phone), character position in the text, length, sample index, phone name."""

    type: int
    position: int
    length: int
    sample: int
    name: str


class _Sound(NamedTuple):
    symbol: str
    start_s: float
    position: int
    event_s: float


def speech_from_events(text: str, events: Sequence[TextEvent], samples: Samples, rate_hz: int) -> Speech:
    """Phones that cover the audio and words with their punctuation.

    Two habits of the synthesiser are corrected with the help of the samples: the closure of a plosive is
    silence *before* its event, and the event of a vowel after a voiced consonant comes up to 60 ms late.
    """
    sounds = _refined(_sounds(events, rate_hz), samples, rate_hz)
    duration_s = len(samples) / rate_hz
    ends = [*(sound.start_s for sound in sounds[1:]), duration_s][: len(sounds)]
    phones = [Phone(s.symbol, s.start_s, end_s) for s, end_s in zip(sounds, ends, strict=True)]
    return Speech(samples, rate_hz, covering(phones, duration_s), _words(text, events, sounds, ends))


def _sounds(events: Sequence[TextEvent], rate_hz: int) -> list[_Sound]:
    """Phone events in order of time, the last of those that share a sample."""
    last: dict[int, _Sound] = {}
    for event in events:
        name = event.name.translate(STRESS)
        if event.type == PHONE and _own_sound(name):
            at_s = event.sample / rate_hz
            last[event.sample] = _Sound(name, at_s, event.position, at_s)
    return [last[sample] for sample in sorted(last)]


def _own_sound(name: str) -> bool:
    """Not so for a switch of language and for a name of modifiers only, which colours the phone before it."""
    if name.startswith(LANGUAGE_SWITCH):
        return False
    return name == "" or any(unicodedata.category(c) in ("Ll", "Lo", "Lu") for c in name)


def _refined(sounds: list[_Sound], samples: Samples, rate_hz: int) -> list[_Sound]:
    result: list[_Sound] = []
    for sound in sounds:
        before = result[-1] if result else _Sound("", 0.0, 0, 0.0)
        start_s = sound.start_s
        if is_plosive(sound.symbol):
            reach_s = CLOSURE_S if before.symbol else CLOSURE_AFTER_PAUSE_S
            start_s = _silence_start(samples, rate_hz, start_s, max(before.start_s + 0.01, start_s - reach_s))
        elif is_vowel(sound.symbol) and is_voiced_consonant(before.symbol):
            silent_s = before.event_s - before.start_s
            shortest_s = SHORTEST_BURST_S if silent_s > 0 else SHORTEST_CONSONANT_S
            earliest_s = max(before.event_s + shortest_s, start_s - LATE_S)
            start_s = _onset(samples, rate_hz, earliest_s, start_s)
        result.append(sound._replace(start_s=start_s))
    return result


def _silence_start(samples: Samples, rate_hz: int, end_s: float, earliest_s: float) -> float:
    """Where the digital silence that ends at `end_s` begins, not before `earliest_s`."""
    first, last = round(earliest_s * rate_hz), round(end_s * rate_hz)
    loud = np.flatnonzero(np.abs(samples[max(0, first) : last]) > 1e-4)
    if len(loud) == 0:
        return min(end_s, max(0.0, earliest_s))
    return (max(0, first) + int(loud[-1]) + 1) / rate_hz


def _onset(samples: Samples, rate_hz: int, first_s: float, last_s: float) -> float:
    """The moment of greatest spectral change in a span; its end when the span is very short.

    Compares the log spectra of 12.5 ms centred 5 ms before and 5 ms after each 2.5 ms step.
    """
    hop, size = round(HOP_S * rate_hz), round(FRAME_S * rate_hz)
    start = round(first_s * rate_hz)
    count = (round(last_s * rate_hz) - start) // hop + 1
    if count < 3:
        return last_s
    index = start + hop * np.arange(-2, count + 2)[:, None] + np.arange(size) - size // 2
    inside = (index >= 0) & (index < len(samples))
    frames = np.where(inside, samples[np.clip(index, 0, len(samples) - 1)], 0.0)
    spectra = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1))[:, : round(HIGHEST_HZ * FRAME_S)]
    level_db = 10 * np.log10(spectra**2 + 1e-4)
    change = np.abs(level_db[4:] - level_db[:-4]).mean(axis=1)
    return min(last_s, (start + hop * int(np.argmax(change))) / rate_hz)


def _words(
    text: str, events: Sequence[TextEvent], sounds: Sequence[_Sound], ends_s: Sequence[float]
) -> tuple[Word, ...]:
    """Pieces of the text with the times of their phones; pieces that are not spoken join a neighbour."""
    pieces = list(_pieces(text, {event.position for event in events if event.type != PHONE}))
    firsts = [first for _, first, _ in pieces]
    times: dict[int, tuple[float, float]] = {}
    for sound, end_s in zip(sounds, ends_s, strict=True):
        if sound.symbol:
            index = max(0, bisect_right(firsts, sound.position) - 1)
            times[index] = (times[index][0] if index in times else sound.start_s, end_s)
    spoken: list[Word] = []
    waiting = ""
    for index, (piece, _, space_after) in enumerate(pieces):
        if index in times:
            spoken.append(Word(waiting + piece, *times[index], space_after))
            waiting = ""
        elif spoken:
            before = spoken[-1]
            joint = " " if before.space_after else ""
            spoken[-1] = Word(before.text + joint + piece, before.start_s, before.end_s, space_after)
        else:
            waiting += piece + (" " if space_after else "")
    return tuple(spoken)


def _pieces(text: str, starts: set[int]) -> Iterator[tuple[str, int, bool]]:
    """(text, position, space after) of each word; scripts without spaces split where the voice does."""
    first = 0
    for index in range(len(text) + 1):
        ended = index == len(text) or text[index].isspace()
        split = not ended and index in starts and _spaceless(text[index])
        if ended or split:
            if index > first:
                yield text[first:index], first, ended
            first = index if split else index + 1


def _spaceless(character: str) -> bool:
    return unicodedata.name(character, "").startswith(SPACELESS)
