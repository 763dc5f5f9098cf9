"""When some words are said, whatever their punctuation and capitals."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from countenance.speech.phones import Word


@dataclass(frozen=True, slots=True)
class Said:
    """From the beginning of the first word to the end of the last one, in seconds."""

    start_s: float
    end_s: float


def starts_of(words: Sequence[Word], wanted: str) -> tuple[Said, ...]:
    """Each time that `wanted` is said, in order; it must begin where a word does, unless the script has no spaces."""
    letters = [_letters(word.text) for word in words]
    text, sought = "".join(letters), _letters(wanted)
    begins = [0, *accumulate(map(len, letters))]
    found: list[Said] = []
    at = text.find(sought) if sought else -1
    while at >= 0:
        first, last = bisect_right(begins, at) - 1, bisect_right(begins, at + len(sought) - 1) - 1
        if at == begins[first] or not words[first].space_after:
            word = words[first]
            into = (at - begins[first]) / max(1, len(letters[first])) * (word.end_s - word.start_s)
            found.append(Said(word.start_s + into, words[last].end_s))
        at = text.find(sought, at + 1)
    return tuple(found)


def _letters(text: str) -> str:
    """What is compared: letters and figures, in one form and small."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in whole if unicodedata.category(letter)[0] in "LNM")
