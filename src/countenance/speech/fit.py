"""Speech as long as the master's, by speaking faster or slower rather than by stretching sound."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.errors import InputError
from countenance.media.audio import Samples, resample
from countenance.media.loudness import normalise
from countenance.speech.espeak import NATURAL_WPM, speak
from countenance.speech.phones import Phones, Speech, Word, span

RATE_HZ = 48000
TARGET_LUFS = -16.0
CEILING_DBTP = -1.0
ATTEMPTS = 5
CLOSE_ENOUGH_S = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class FittedSpeech:
    """Speech fitted to a length.

    `audio` is float32 mono at `rate_hz` (48 kHz), -16 LUFS, true peak at most -1 dBTP; `rate_factor` is the
    speed relative to the natural one (1.1: 10 % faster); `shortfall_s` is the wanted minus the spoken length,
    negative where the speech is still longer than wanted.
    """

    audio: Samples
    rate_hz: int
    phones: Phones
    words: tuple[Word, ...]
    rate_factor: float
    shortfall_s: float

    @property
    def speech(self) -> Speech:
        """The same as a plain `Speech`, for `phones.place` and others."""
        return Speech(self.audio, self.rate_hz, self.phones, self.words)

    @property
    def span_s(self) -> tuple[float, float]:
        """Start of the first and end of the last sounding phone."""
        return span(self.phones)


def fit_speech(
    text: str, language: str, target_s: float, limit: float = 0.15, voice: str | None = None
) -> FittedSpeech:
    """Speak `text` so that it lasts `target_s` from the first to the last phone.

    The rate stays within `limit` of the natural 160 words a minute; what is then missing or too much is in
    `shortfall_s`, for the picture to be held or trimmed. Rates are whole words a minute, so a fit inside the
    limit is good to about 1 % of the length. Errors: InputError as for `speak`, or for a length that is not
    positive.
    """
    if target_s <= 0:
        raise InputError(f"Speech cannot be fitted to {target_s} s: give the length of the master's speech.")
    rate_wpm, speech = _closest(text, language, target_s, limit, voice)
    audio = normalise(resample(speech.samples, speech.rate_hz, RATE_HZ), RATE_HZ, TARGET_LUFS, CEILING_DBTP)
    return FittedSpeech(
        audio, RATE_HZ, speech.phones, speech.words, rate_wpm / NATURAL_WPM, target_s - _length_s(speech)
    )


def _closest(text: str, language: str, target_s: float, limit: float, voice: str | None) -> tuple[int, Speech]:
    """Secant search on speed = 1 / rate, in which the length of speech is nearly a straight line."""
    slowest, fastest = round(NATURAL_WPM * (1 - limit)), round(NATURAL_WPM * (1 + limit))
    tried: dict[int, Speech] = {}
    rate = NATURAL_WPM
    for _ in range(ATTEMPTS):
        tried[rate] = speak(text, language, rate, voice)
        if abs(_length_s(tried[rate]) - target_s) <= CLOSE_ENOUGH_S:
            break
        rate = min(fastest, max(slowest, _next_rate(tried, target_s)))
        if rate in tried:
            break
    best = min(tried, key=lambda r: abs(_length_s(tried[r]) - target_s))
    return best, tried[best]


def _next_rate(tried: dict[int, Speech], target_s: float) -> int:
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
    return round(1 / inverse) if inverse > 0 else 10**6


def _length_s(speech: Speech) -> float:
    start_s, end_s = speech.span_s
    return end_s - start_s
