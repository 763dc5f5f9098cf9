"""Which phone of one transcription is which of another, and how far their boundaries lie apart."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.speech.phones import Phone, Word

_CLASSES = (
    "iɪɨyʏeøɘɛœæjᵻ",  # front
    "uʊʉoɵɔɒwɤɯᵿ",  # back
    "aɑɐʌəɜɚɝɞɶ",  # low and central
    "pb", "td", "kɡɟcqɢ", "fvʋ", "szʃʒʂʐɕʑθðx", "hɦxçɣχ", "mɱ", "nɲŋɳ", "lɫʎɭ", "rɾɹʁʀɻɽ",
)  # fmt: skip
_VOWELS = set("".join(_CLASSES[:3])) - {"j", "w"}
_GAP = 0.7
SILENT_ONSET = set("ptkcq")


@dataclass(frozen=True)
class Gap:
    """One boundary: between which phones ("" for a pause), the true time, and found minus true, in seconds."""

    before: str
    after: str
    at_s: float
    error_s: float


def boundaries(true: Sequence[Phone], found: Sequence[Phone]) -> tuple[list[Gap], int]:
    """Errors at the boundaries whose phones are matched, and how many boundaries there are to find.

    Phones are paired by their sound alone, never by time. A boundary is the start of each sounding phone and the
    end of each before a pause. What nobody can hear is left out: where a voiceless plosive begins after a pause.
    """
    truth, guess = [p for p in true if p.symbol], [p for p in found if p.symbol]
    pairs = dict(_paired([p.symbol for p in truth], [p.symbol for p in guess]))
    gaps, count = [], 0
    for index, phone in enumerate(truth):
        pause_before = index == 0 or phone.start_s - truth[index - 1].end_s > 0.002
        pause_after = index == len(truth) - 1 or truth[index + 1].start_s - phone.end_s > 0.002
        audible = not (pause_before and phone.symbol[0] in SILENT_ONSET)
        count += audible + pause_after
        if index not in pairs:
            continue
        match = guess[pairs[index]]
        if audible:
            before = "" if pause_before else truth[index - 1].symbol
            gaps.append(Gap(before, phone.symbol, phone.start_s, match.start_s - phone.start_s))
        if pause_after:
            gaps.append(Gap(phone.symbol, "", phone.end_s, match.end_s - phone.end_s))
    return gaps, count


def word_starts(true: Sequence[Word], found: Sequence[Word]) -> tuple[NDArray[np.float64], int]:
    """Found minus true start in s of the words that match in order, and how many there are to find."""
    truth = [_bare(word.text) for word in true]
    blocks = difflib.SequenceMatcher(None, [_bare(w.text) for w in found], truth, autojunk=False)
    pairs = [(a + k, b + k) for a, b, size in blocks.get_matching_blocks() for k in range(size)]
    return np.array([found[a].start_s - true[b].start_s for a, b in pairs]), len(truth)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", text).casefold())


def _paired(true: Sequence[str], found: Sequence[str]) -> list[tuple[int, int]]:
    n, m = len(true), len(found)
    total = np.zeros((n + 1, m + 1))
    total[:, 0], total[0] = _GAP * np.arange(n + 1), _GAP * np.arange(m + 1)
    unlike = np.array([[_unlike(a, b) for b in found] for a in true]).reshape(n, m)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            total[i, j] = min(
                total[i - 1, j - 1] + unlike[i - 1, j - 1], total[i - 1, j] + _GAP, total[i, j - 1] + _GAP
            )
    pairs = []
    i, j = n, m
    while i and j:
        if total[i, j] == total[i - 1, j - 1] + unlike[i - 1, j - 1]:
            i, j = i - 1, j - 1
            if unlike[i, j] < 1:
                pairs.append((i, j))
        elif total[i, j] == total[i - 1, j] + _GAP:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _unlike(a: str, b: str) -> float:
    """0 the same, 0.2 the same class, 0.5 two vowels, 1.4 apart: such are never paired."""
    a, b = _letters(a), _letters(b)
    if a == b:
        return 0.0
    if a[:1] == b[:1]:
        return 0.1
    if any(a[:1] in group and b[:1] in group for group in _CLASSES):
        return 0.2
    return 0.5 if a[:1] in _VOWELS and b[:1] in _VOWELS else 1.4


def _letters(symbol: str) -> str:
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFC", symbol).replace("ç", "x")).replace("g", "ɡ")
    return "".join(c for c in plain if unicodedata.category(c) in ("Ll", "Lo"))
