"""When each word and phone of a known text is said in a recording, in any language that espeak-ng speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from countenance.errors import InputError
from countenance.media.audio import Samples, mono, resample
from countenance.speech.activity import speech_span
from countenance.speech.arpabet import arpabet
from countenance.speech.phones import Phone, Phones, Word, covering
from countenance.speech.pronounce import Pronounced, pronounce

RATE_HZ = 16000
FRAME_S = 0.01


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
    and where text and recording disagree."""

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
    speaking = speech_span(sound, RATE_HZ)
    if speaking is None:
        raise InputError("Nobody speaks in the recording: give the sound that belongs to the text.")
    duration_s = len(sound) / RATE_HZ
    spans = _decode(sound, words)
    certainty = (1.0,) * len(words)
    problems: tuple[Mismatch, ...] = ()
    if spans is None:
        spans = _spread(words, *speaking)
        certainty = (0.0,) * len(words)
        problems = (Mismatch("unsure", *speaking, text, 1.0),)
    phones = [phone for word in spans for phone in word]
    said = tuple(
        Word(word.text, own[0].start_s, own[-1].end_s, word.space_after) for word, own in zip(words, spans, strict=True)
    )
    return Alignment(covering(phones, duration_s), said, certainty, problems)


def _decode(sound: Samples, words: Sequence[Pronounced]) -> list[list[Phone]] | None:
    """Phones of each word by the acoustic model; None when it finds no way through."""
    decoder = Decoder(lm=None, loglevel="FATAL")
    names = [f"w{index}" for index in range(len(words))]
    parts = [[arpabet(phone) for phone in word.phones] for word in words]
    for name, phones in zip(names, parts, strict=True):
        decoder.add_word(name, " ".join(p for phone in phones for p in phone), name == names[-1])
    pcm = np.rint(np.clip(sound, -1, 32767 / 32768) * 32768).astype("<i2").tobytes()
    try:
        decoder.set_align_text(" ".join(names))
        _listen(decoder, pcm)
        decoder.set_alignment()
        _listen(decoder, pcm)
        # The library's entries do not outlive their iterator: take the numbers at once.
        found = {
            entry.name: [(p.start * FRAME_S, (p.start + p.duration) * FRAME_S) for p in entry]
            for entry in decoder.get_alignment()
        }
    except (RuntimeError, TypeError):
        return None
    if not all(name in found for name in names):
        return None
    result = []
    for name, word, phones in zip(names, words, parts, strict=True):
        times = iter(found[name])
        own = []
        for symbol, pieces in zip(word.phones, phones, strict=True):
            inside = [next(times) for _ in pieces]
            own.append(Phone(symbol, inside[0][0], inside[-1][1]))
        result.append(own)
    return result


def _listen(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, no_search=False, full_utt=True)
    decoder.end_utt()


def _spread(words: Sequence[Pronounced], start_s: float, end_s: float) -> list[list[Phone]]:
    """Equal time for every phone between two moments: the last resort."""
    count = sum(len(word.phones) for word in words)
    edges = iter(np.linspace(start_s, end_s, count + 1))
    now = float(next(edges))
    result = []
    for word in words:
        own = []
        for symbol in word.phones:
            until = float(next(edges))
            own.append(Phone(symbol, now, until))
            now = until
        result.append(own)
    return result
