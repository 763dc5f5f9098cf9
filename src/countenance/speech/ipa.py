"""IPA symbols as gestures of the mouth: which of the 15 visemes, how far open, how wide, how dominant.

The 15 visemes and their order are those of MPEG-4 and OVR. Openness, width and dominance are starting values
per class of sound after Cohen and Massaro (1993) and Edwards et al. (2016), with fuller steps between vowels.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from countenance.speech.phones import Phones

VISEMES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
Kind = Literal["rest", "closure", "tuck", "vowel", "plosive", "fricative", "nasal", "liquid", "glide", "free"]


@dataclass(frozen=True, slots=True)
class Gesture:
    """What one sound asks of the mouth.

    `aperture` 0 closed to 1 wide open, `width` -1 rounded to +1 spread; `jaw` and `lips` say how strongly it
    insists on them (a vowel's jaw has 1); it reaches `before_s` ahead of and `after_s` behind itself.
    """

    kind: Kind
    viseme: str
    aperture: float
    width: float
    jaw: float = 1.0
    lips: float = 1.0
    before_s: float = 0.09
    after_s: float = 0.09


@dataclass(frozen=True, slots=True)
class Segment:
    """A gesture and its time."""

    gesture: Gesture
    start_s: float
    end_s: float


def _vowel(viseme: str, aperture: float, width: float) -> Gesture:
    if width <= -0.5:
        return Gesture("vowel", viseme, aperture, width, lips=1.5, before_s=0.12, after_s=0.08)
    return Gesture("vowel", viseme, aperture, width)


def _tongue(kind: Kind, viseme: str, aperture: float, jaw: float = 0.6) -> Gesture:
    """Made by the tongue alone: the lips follow the neighbours."""
    return Gesture(kind, viseme, aperture, 0.0, jaw=jaw, lips=0.1, before_s=0.05, after_s=0.05)


def _narrow(kind: Kind, viseme: str, aperture: float, width: float, lips: float) -> Gesture:
    return Gesture(kind, viseme, aperture, width, jaw=2.0, lips=lips, before_s=0.055, after_s=0.055)


REST = Gesture("rest", "sil", 0.0, 0.0, jaw=0.6, lips=0.6, before_s=0.15, after_s=0.15)
CLOSURE = Gesture("closure", "PP", 0.0, 0.0, jaw=1.5, lips=0.3, before_s=0.04, after_s=0.04)
TUCK = Gesture("tuck", "FF", 0.05, 0.1, jaw=1.5, lips=0.5, before_s=0.045, after_s=0.045)
NEAR_CLOSURE = Gesture("fricative", "PP", 0.07, -0.05, jaw=2.5, lips=0.5, before_s=0.045, after_s=0.045)
FREE = Gesture("free", "E", 0.35, 0.0, jaw=0.1, lips=0.05, before_s=0.05, after_s=0.05)
SCHWA = Gesture("vowel", "E", 0.35, 0.0, jaw=0.5, lips=0.1)
ROUND_GLIDE = Gesture("glide", "U", 0.1, -0.95, jaw=1.2, lips=1.8, before_s=0.1, after_s=0.06)

_OPENINGS: dict[str, Gesture] = {
    **{symbol: CLOSURE for symbol in "pbmɓʙʘ"},
    **{symbol: TUCK for symbol in "fvɱʋⱱ"},
    **{symbol: NEAR_CLOSURE for symbol in "ɸβ"},
    **{symbol: _tongue("fricative", "TH", 0.22, 1.0) for symbol in "θð"},
    **{symbol: _tongue("plosive", "DD", 0.18) for symbol in "tdʈɖɗcɟʄǀǃǂǁ"},
    "ɾ": _tongue("liquid", "DD", 0.22),
    **{symbol: _tongue("plosive", "kk", 0.28, 0.4) for symbol in "kgɡqɢɠʛ"},
    **{symbol: _tongue("nasal", "kk", 0.26, 0.4) for symbol in "ŋɴ"},
    **{symbol: _tongue("fricative", "kk", 0.28, 0.4) for symbol in "xɣχɰç"},
    **{symbol: FREE for symbol in "hɦħʕʔʜʢʡ"},
    **{symbol: _narrow("fricative", "CH", 0.14, -0.55, 1.5) for symbol in "ʃʒɧ"},
    **{symbol: _narrow("fricative", "CH", 0.14, -0.3, 1.0) for symbol in "ʂʐ"},
    **{symbol: _narrow("fricative", "CH", 0.14, 0.0, 0.5) for symbol in "ɕʑ"},
    **{symbol: _narrow("fricative", "SS", 0.1, 0.3, 0.5) for symbol in "szɬɮ"},
    **{symbol: _tongue("nasal", "nn", 0.2) for symbol in "nɲɳ"},
    **{symbol: _tongue("liquid", "nn", 0.24) for symbol in "lɫʎɭʟɺ"},
    **{symbol: _narrow("liquid", "RR", 0.2, -0.4, 0.8) for symbol in "ɹɻ"},
    **{symbol: _tongue("liquid", "RR", 0.25) for symbol in "rɽʁʀ"},
    **{symbol: ROUND_GLIDE for symbol in "wʍɥ"},
    "j": Gesture("glide", "I", 0.2, 0.5, jaw=0.8, lips=0.6, before_s=0.06, after_s=0.06),
    **{symbol: _vowel("aa", 0.92, 0.1) for symbol in "aɑ"},
    "æ": _vowel("aa", 0.85, 0.35),
    "ɐ": _vowel("aa", 0.7, 0.05),
    "ʌ": _vowel("aa", 0.65, 0.05),
    "ɶ": _vowel("aa", 0.7, -0.4),
    "ɛ": _vowel("E", 0.6, 0.35),
    "e": _vowel("E", 0.45, 0.5),
    "ə": SCHWA,
    "ɘ": SCHWA,
    "ɜ": _vowel("E", 0.45, -0.05),
    "ɞ": _vowel("O", 0.45, -0.4),
    **{symbol: _vowel("RR", 0.35, -0.25) for symbol in "ɚɝ"},
    "i": _vowel("I", 0.22, 0.75),
    "ɪ": _vowel("I", 0.3, 0.45),
    "ɨ": _vowel("I", 0.25, 0.3),
    "ᵻ": _vowel("I", 0.28, 0.25),
    "ɯ": _vowel("U", 0.24, 0.1),
    "ɤ": _vowel("O", 0.4, 0.0),
    "ɔ": _vowel("O", 0.6, -0.5),
    "ɒ": _vowel("O", 0.75, -0.35),
    "o": _vowel("O", 0.4, -0.7),
    "ɵ": _vowel("O", 0.35, -0.55),
    "œ": _vowel("O", 0.5, -0.5),
    "ø": _vowel("O", 0.35, -0.65),
    "u": _vowel("U", 0.16, -0.95),
    "ʊ": _vowel("U", 0.25, -0.65),
    "ʉ": _vowel("U", 0.18, -0.85),
    "y": _vowel("U", 0.18, -0.85),
    "ʏ": _vowel("U", 0.25, -0.7),
    "ᵿ": _vowel("U", 0.25, -0.5),
}
LABIALISED = "ʷ"


@cache
def gestures(symbol: str) -> tuple[Gesture, ...]:
    """The gestures of one phone name, in order; ("rest",) for silence, a schwa for a name without known
    letters.

    Stress, length, tone, ties and diacritics are ignored, except that ʷ adds a rounding.
    """
    if not symbol:
        return (REST,)
    found = tuple(
        ROUND_GLIDE if letter == LABIALISED else _OPENINGS[letter]
        for letter in _letters(symbol)
        if letter == LABIALISED or letter in _OPENINGS
    )
    return found or (SCHWA,)


def segments(phones: Phones) -> tuple[Segment, ...]:
    """Phones cut into gestures: diphthongs 60/40, affricates 30/70, a vowel with a consonant about 2/1."""
    result = []
    for phone in phones:
        parts = gestures(phone.symbol)
        shares = _shares(parts)
        start_s, length_s = phone.start_s, phone.end_s - phone.start_s
        for part, share in zip(parts, shares, strict=True):
            result.append(Segment(part, start_s, start_s + share * length_s))
            start_s += share * length_s
    return tuple(result)


def is_plosive(symbol: str) -> bool:
    """Whether a phone begins with a stop of the air (an affricate does, a nasal does not)."""
    first = next(iter(_letters(symbol)), "")
    return first in "pbɓ" or _kind(first) == "plosive" if first else False


def is_vowel(symbol: str) -> bool:
    """Whether a phone begins with a vowel."""
    return _kind(next(iter(_letters(symbol)), "")) == "vowel"


def is_voiced_consonant(symbol: str) -> bool:
    """Whether a phone ends with a voiced consonant."""
    last = "".join(_letters(symbol))[-1:]
    return bool(last) and last in "bdɡgɓɗɟɖɢmnŋɲɳɱɴvzðʒʑʐβɣʁɹrɾlɫɭʎɻwjɥ"


def _kind(letter: str) -> str:
    gesture = _OPENINGS.get(letter)
    return gesture.kind if gesture else ""


def _letters(symbol: str) -> list[str]:
    """Base letters without diacritics; ç is a letter of its own."""
    composed = unicodedata.normalize("NFC", symbol)
    bases = (c if c == "ç" else unicodedata.normalize("NFD", c)[0] for c in composed)
    return [c for c in bases if c in _OPENINGS or c == LABIALISED]


def _shares(parts: tuple[Gesture, ...]) -> list[float]:
    weights = []
    for index, part in enumerate(parts):
        before = parts[index - 1].kind if index else ""
        after = parts[index + 1].kind if index + 1 < len(parts) else ""
        if part.kind == "vowel":
            weights.append(2.0 if before == "vowel" else 3.0)
        elif part.kind in ("plosive", "closure") and after in ("fricative", "tuck"):
            weights.append(0.9)
        elif before in ("plosive", "closure") and part.kind in ("fricative", "tuck"):
            weights.append(2.1)
        else:
            weights.append(1.5)
    total = sum(weights)
    return [weight / total for weight in weights]
