"""When each word and phone of a known text is said in a recording, in any language that espeak-ng speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import mono, resample
from countenance.speech.acoustic import listen, prepare
from countenance.speech.activity import speech_span
from countenance.speech.cepstra import RATE_HZ
from countenance.speech.phones import Phone, Phones, Word, covering
from countenance.speech.placing import placed
from countenance.speech.pronounce import pronounce


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A place where text and recording disagree, in seconds, with the words it is about ("" for extra sound).

    missing: words of the text that are not said; extra: speech that is not in the text; language: the recording
    does not sound like the text at all; unsure: words whose place is a guess. `certainty` is 0 to 1.
    """

    kind: Literal["missing", "extra", "language", "unsure"]
    start_s: float
    end_s: float
    text: str
    certainty: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Phones that cover all the sound, words in the order of the text, how sure each word's place is (0 to 1),
    and where text and recording disagree.

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

    Errors: InputError for an unknown language, a text without words or a recording in which nobody speaks.
    """
    words = pronounce(text, language, lexicon)
    sound = resample(mono(samples), rate_hz, RATE_HZ)
    if speech_span(sound, RATE_HZ) is None:
        raise InputError("Nobody speaks in the recording: give the sound that belongs to the text.")
    said = placed(listen(prepare(sound), words))
    phones = [Phone(p.symbol, p.start_s, p.end_s) for p in said]
    spans: dict[int, tuple[float, float]] = {}
    for phone in said:
        spans[phone.word] = (spans.get(phone.word, (phone.start_s, 0.0))[0], phone.end_s)
    placed_words, now_s = [], 0.0
    for index, word in enumerate(words):
        start_s, end_s = spans.get(index, (now_s, now_s))
        placed_words.append(Word(word.text, start_s, end_s, word.space_after))
        now_s = end_s
    certainty = tuple(1.0 if index in spans else 0.0 for index in range(len(words)))
    return Alignment(covering(phones, len(sound) / RATE_HZ), tuple(placed_words), certainty, ())
