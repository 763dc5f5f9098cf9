"""Speech as long as the master's, by speaking faster or slower rather than by stretching sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from countenance.errors import InputError
from countenance.media.audio import Samples, resample
from countenance.media.loudness import normalise
from countenance.speech.espeak import NATURAL_WPM
from countenance.speech.espeak_voice import EspeakVoice
from countenance.speech.phones import Mark, Phone, Phones, Speech, Word, covering, span
from countenance.speech.sentences import sentences
from countenance.speech.utterance import Utterance, cut, utterance
from countenance.speech.voice import Voice

RATE_HZ = 48000
TARGET_LUFS = -16.0
CEILING_DBTP = -1.0
CLOSE_ENOUGH_S = 0.01
SHORTEST_PAUSE_S = 0.12  # between two phrases, however much they need the room
STEP = 1 / NATURAL_WPM  # of tempo: espeak-ng's whole words a minute, and as fine as anybody hears

Slot = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class FittedSpeech:
    """Speech fitted to a length.

    `audio` is float32 mono at `rate_hz` (48 kHz), -16 LUFS, true peak at most -1 dBTP; `rate_factor` is the
    speed relative to the natural one (1.1: 10 % faster); `shortfall_s` is the wanted minus the spoken length,
    negative where the speech is still longer than wanted. `phrases` counts the sentences that were placed one by one,
    1 where the whole was fitted at once.
    """

    audio: Samples
    rate_hz: int
    phones: Phones
    words: tuple[Word, ...]
    rate_factor: float
    shortfall_s: float
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    phrases: int = 1

    @property
    def speech(self) -> Speech:
        """The same as a plain `Speech`, for `phones.place` and others."""
        return Speech(self.audio, self.rate_hz, self.phones, self.words, self.marks, self.notes)

    @property
    def span_s(self) -> tuple[float, float]:
        """Start of the first and end of the last sounding phone."""
        return span(self.phones)


def fit_speech(
    text: str, language: str, target_s: float, limit: float = 0.15, voice: str | None = None
) -> FittedSpeech:
    """Speak `text` with espeak-ng so that it lasts `target_s` from the first to the last phone.

    `voice` is one of its variants, such as "f2". The rest as for `fit_voice`, in one piece.
    """
    return fit_voice(EspeakVoice(voice), utterance(text), language, target_s, limit=limit)


def fit_voice(
    voice: Voice,
    said: Utterance,
    language: str,
    target_s: float,
    *,
    slots: Sequence[Slot] = (),
    limit: float = 0.15,
    lexicon: Mapping[str, str] | None = None,
) -> FittedSpeech:
    """Let a voice say something so that it lasts `target_s` from the first to the last phone.

    Of a few tempos within `limit` of the natural one, the best is taken; what is then missing or too much is in
    `shortfall_s`, for the picture to be held or trimmed. With as many `slots` (start and end in seconds, in order, the
    first one's start being 0) as there are sentences, each sentence is placed where its slot begins and may borrow the
    silence around it; sentences never overlap, and none is cut. A voice with one tempo, a recording, stays as it is.
    Errors: InputError as for the voice, or for a length that is not positive.
    """
    if target_s <= 0:
        raise InputError(f"Speech cannot be fitted to {target_s} s: give the length of the master's speech.")

    def say(part: Utterance) -> Callable[[float], Speech]:
        return lambda rate: voice.say(part, language, rate, lexicon)

    parts = _sentences(said, language) if voice.tempos > 1 and len(slots) > 1 else ()
    if len(parts) > 1 and len(parts) == len(slots):
        speech, rate = _placed([say(part) for part in parts], slots, limit, voice.tempos)
    else:
        parts = (said,)
        rate, speech = _closest(say(said), target_s, limit, voice.tempos)
    audio = normalise(resample(speech.samples, speech.rate_hz, RATE_HZ), RATE_HZ, TARGET_LUFS, CEILING_DBTP)
    return FittedSpeech(
        audio, RATE_HZ, speech.phones, speech.words, rate, target_s - _length_s(speech), speech.marks, speech.notes,
        len(parts),
    )  # fmt: skip


def _sentences(said: Utterance, language: str) -> tuple[Utterance, ...]:
    starts = [one.start for one in sentences(said.text, language)]
    return tuple(part for part in cut(said, starts[1:]) if part.says_something)


def _placed(
    voices: Sequence[Callable[[float], Speech]], slots: Sequence[Slot], limit: float, tempos: int
) -> tuple[Speech, float]:
    """Each sentence in its slot, and the tempo of the whole."""
    with ThreadPoolExecutor(4) as pool:
        natural = list(pool.map(lambda say: say(1.0), voices))
    lengths = [_length_s(one) for one in natural]
    latest = _latest_starts(lengths, slots, limit)
    found: list[tuple[float, Speech]] = []
    now = 0.0
    for number, (say, own, slot) in enumerate(zip(voices, natural, slots, strict=True)):
        start = max(now, min(slot[0], latest[number])) if number else 0.0
        room = (max(slots[number + 1][0], slot[1]) - SHORTEST_PAUSE_S if number + 1 < len(slots) else slot[1]) - start
        wanted = slot[1] - start
        if lengths[number] > wanted:
            wanted = min(lengths[number], max(wanted, room))  # at ease, if the silence after it is long enough
        speech = own
        if abs(wanted - lengths[number]) > CLOSE_ENOUGH_S and wanted > 0:
            _, speech = _closest(say, wanted, limit, tempos, own)
        elif wanted <= 0:
            speech = say(_step(1 + limit))
        found.append((start, speech))
        now = start + _length_s(speech) + SHORTEST_PAUSE_S
    spoken = sum(_length_s(speech) for _, speech in found)
    return _together(found), sum(lengths) / spoken if spoken else 1.0


def _latest_starts(lengths: Sequence[float], slots: Sequence[Slot], limit: float) -> list[float]:
    """When each sentence must begin, so that all that follow fit at the highest tempo; never after its slot does."""
    found: list[float] = []
    limit_s = slots[-1][1]
    for length, slot in zip(reversed(lengths), reversed(slots), strict=True):
        start = min(slot[0], limit_s - length / (1 + limit))
        found.append(start)
        limit_s = start - SHORTEST_PAUSE_S
    return found[::-1]


def _together(placed: Sequence[tuple[float, Speech]]) -> Speech:
    """Sentences on one clock, added up, so that no start and no tail is cut; time 0 is where the first one sounds."""
    rate_hz = placed[0][1].rate_hz
    shifts = [start - speech.span_s[0] for start, speech in placed]
    shifts = [shift - shifts[0] for shift in shifts]  # the silence before the first word stays
    offsets = [max(0, round(shift * rate_hz)) for shift in shifts]
    size = max(offset + len(speech.samples) for offset, (_, speech) in zip(offsets, placed, strict=True))
    samples = np.zeros(size, np.float32)
    phones: list[Phone] = []
    words: list[Word] = []
    marks: list[Mark] = []
    notes: dict[str, None] = {}
    for offset, (_, speech) in zip(offsets, placed, strict=True):
        samples[offset : offset + len(speech.samples)] += speech.samples
        by_s = offset / rate_hz
        phones += [Phone(p.symbol, p.start_s + by_s, p.end_s + by_s) for p in speech.phones if not p.silent]
        words += [replace(w, start_s=w.start_s + by_s, end_s=w.end_s + by_s) for w in speech.words]
        marks += [replace(m, at_s=m.at_s + by_s) for m in speech.marks]
        notes |= dict.fromkeys(speech.notes)
    return Speech(samples, rate_hz, covering(phones, size / rate_hz), tuple(words), tuple(marks), tuple(notes))


def _closest(
    say: Callable[[float], Speech], target_s: float, limit: float, tempos: int, natural: Speech | None = None
) -> tuple[float, Speech]:
    """Secant search on speed = 1 / rate, in which the length of speech is nearly a straight line."""
    slowest, fastest = _step(1 - limit), _step(1 + limit)
    tried: dict[float, Speech] = {1.0: natural} if natural else {}
    rate = 1.0
    for _ in range(tempos):
        if rate not in tried:
            tried[rate] = say(rate)
        if abs(_length_s(tried[rate]) - target_s) <= CLOSE_ENOUGH_S:
            break
        rate = min(fastest, max(slowest, _step(_next_rate(tried, target_s))))
        if rate in tried:
            break
    best = min(tried, key=lambda r: abs(_length_s(tried[r]) - target_s))
    return best, tried[best]


def _step(rate: float) -> float:
    return round(rate / STEP) * STEP


def _next_rate(tried: Mapping[float, Speech], target_s: float) -> float:
    """Where the line through the two best attempts (or through zero and the only one) meets the target."""
    ranked = sorted(tried, key=lambda r: abs(_length_s(tried[r]) - target_s))
    near, near_s = ranked[0], _length_s(tried[ranked[0]])
    slope = near_s * near
    if len(ranked) > 1:
        far = ranked[1]
        slope = (near_s - _length_s(tried[far])) / (1 / near - 1 / far)
    if slope <= 0:
        return near
    inverse = 1 / near + (target_s - near_s) / slope
    return 1 / inverse if inverse > 0 else 10**6


def _length_s(speech: Speech) -> float:
    start_s, end_s = speech.span_s
    return end_s - start_s
