"""When each word and phone of a known text is said in a recording, in any language that espeak-ng speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import Samples, mono, resample
from countenance.speech.acoustic import FRAME_S, listen, prepare
from countenance.speech.agree import agreed
from countenance.speech.cepstra import RATE_HZ
from countenance.speech.disagreement import Mismatch, belonging, certainties, extras, lacking
from countenance.speech.espeak import speak
from countenance.speech.languages import canonical
from countenance.speech.phones import Phone, Phones, Word, covering
from countenance.speech.pieces import pieces
from countenance.speech.placing import Placed, placed
from countenance.speech.pronounce import Pronounced, pronounce

__all__ = ["Alignment", "Mismatch", "align"]

SHORTEST_S = 0.1
MODEL_LANGUAGE = "en"  # in which the acoustic model needs no second witness
STRANGE = 0.5  # below this it is more likely than not that the text is another one


@dataclass(frozen=True, slots=True)
class Alignment:
    """Phones that cover all the sound, words in the order of the text, how sure each word's place is (0 to 1),
    and where text and recording disagree, in order of time.

    A word that is not said has no phones and begins and ends at the moment where it would have come.
    """

    phones: Phones
    words: tuple[Word, ...]
    certainty: tuple[float, ...]
    problems: tuple[Mismatch, ...]


def align(
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
    text: str,
    language: str,
    lexicon: Mapping[str, str] | None = None,
) -> Alignment:
    """Find the words of `text` in (n,) or (n, channels) samples in [-1, 1]; times count from the first sample.

    `lexicon` maps words to their IPA. An hour takes little more memory than its samples. Errors: InputError for an
    unknown language, a text without words or a recording in which nobody speaks.
    """
    words = pronounce(text, language, lexicon)
    sound = resample(mono(np.nan_to_num(samples)), rate_hz, RATE_HZ)
    heard = prepare(sound) if len(sound) >= SHORTEST_S * RATE_HZ else None
    if heard is None:
        raise InputError("Nobody speaks in the recording: give the sound that belongs to the text.")
    said: list[Placed] = []
    certainty: list[float] = []
    fitting: list[bool] = []
    problems: list[Mismatch] = []
    for piece in pieces(heard, words):
        own = words[piece.first_word : piece.last_word]
        first_s = piece.first_frame * FRAME_S
        found = listen(heard.part(piece.first_frame, piece.last_frame), own)
        here = placed(found, first_s, piece.first_word)
        certainty += certainties(found)
        belongs = belonging(found)
        if belongs >= STRANGE and not canonical(language).startswith(MODEL_LANGUAGE):
            here = _agreed(here, sound, first_s, piece.last_frame * FRAME_S, _joined(own), language)
        said += here
        fitting += [belongs >= STRANGE] * len(own)
        if belongs >= STRANGE:
            problems += extras(found, first_s)
        else:  # one sentence about the whole instead of one about every word
            end_s = piece.last_frame * FRAME_S
            problems.append(Mismatch("language", first_s, end_s, _joined(own), 1 - belongs))
    spoken = _words(words, said)
    problems += lacking(spoken, certainty, [len(word.phones) for word in words], fitting)
    phones = covering([Phone(p.symbol, p.start_s, p.end_s) for p in said], len(sound) / RATE_HZ)
    in_order = sorted(problems, key=lambda problem: (problem.start_s, problem.end_s))
    return Alignment(phones, spoken, tuple(certainty), tuple(in_order))


def _agreed(
    said: list[Placed], sound: Samples, first_s: float, last_s: float, text: str, language: str
) -> list[Placed]:
    """The second witness heard on a stretch of the sound: espeak-ng's reading, warped onto it."""
    try:
        reading = speak(text, language)
    except InputError:  # only the lexicon knows how to say this
        return said
    part = sound[round(first_s * RATE_HZ) : round(last_s * RATE_HZ)]
    moved = agreed([_shifted(phone, -first_s) for phone in said], part, reading)
    return [_shifted(phone, first_s) for phone in moved]


def _shifted(phone: Placed, by_s: float) -> Placed:
    return replace(phone, start_s=phone.start_s + by_s, end_s=phone.end_s + by_s)


def _words(words: Sequence[Pronounced], said: Sequence[Placed]) -> tuple[Word, ...]:
    spans: dict[int, tuple[float, float]] = {}
    for phone in said:
        start_s = spans[phone.word][0] if phone.word in spans else phone.start_s
        spans[phone.word] = (start_s, phone.end_s)
    result, now_s = [], 0.0
    for index, word in enumerate(words):
        start_s, end_s = spans.get(index, (now_s, now_s))
        result.append(Word(word.text, start_s, end_s, word.space_after))
        now_s = end_s
    return tuple(result)


def _joined(words: Sequence[Pronounced]) -> str:
    return "".join(word.text + (" " if word.space_after else "") for word in words).strip()
